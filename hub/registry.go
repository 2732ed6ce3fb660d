package hub

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"

	"github.com/notebookhub/hub/hub/store"
)

// errMoved is internal: between the look into the store and the claims, the
// room got another path. Whoever meets it looks again.
var errMoved = errors.New("the room moved meanwhile")

// lease is a hold on a room: while it lasts the room is not evicted. Release
// is called once.
type lease struct {
	*room
}

func (l lease) release() { l.hub.release(l.room) }

func (h *Hub) release(r *room) {
	h.mu.Lock()
	r.holds--
	if r.holds == 0 {
		r.idleSince = time.Now()
	}
	h.mu.Unlock()
}

// hold adds a hold for something that already has one, such as an execution.
func (h *Hub) hold(r *room) lease {
	h.mu.Lock()
	r.holds++
	h.mu.Unlock()
	return lease{r}
}

// leaseRoom returns the room of an id, opening it again if the store knows it.
// An id that was never given out is never made into a room.
func (h *Hub) leaseRoom(ctx context.Context, id uuid.UUID) (lease, error) {
	return h.retry(ctx, func() (lease, <-chan struct{}, error) {
		if l, wait, err := h.leaseOpen(id); err != nil || wait != nil || l.room != nil {
			return l, wait, err
		}
		rec, err := h.knownRoom(id)
		if err != nil {
			return lease{}, nil, err
		}
		target := loadTarget{id: id}
		if rec.Path != "" {
			if target.path, target.file, err = h.locate(rec.Path); err != nil {
				return lease{}, nil, err
			}
			if err = h.respell(rec, target.path); err != nil {
				return lease{}, nil, err
			}
		}
		return h.admit(target)
	})
}

// knownRoom returns the record of a room that may be opened by its id.
func (h *Hub) knownRoom(id uuid.UUID) (store.Record, error) {
	rec, err := h.store.Room(id)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return rec, fail(CodeRoomNotFound, nil, "no room has the id %s", id)
	case err != nil:
		return rec, storeError(err)
	case rec.Status == store.StatusReplaced && rec.Replacement == uuid.Nil:
		return rec, fail(CodeRoomReplaced, nil, "this notebook was deleted; it can be restored from the trash")
	case rec.Status == store.StatusReplaced:
		return rec, fail(CodeRoomReplaced, nil, "the history of this room was lost; the notebook is in room %s now", rec.Replacement)
	case rec.Status == store.StatusClosed && rec.Path != "":
		return rec, fail(CodeRoomClosed, nil, "room %s was closed; open %s again first", id, rec.Path)
	case rec.Path != "":
		if holder, err := h.store.ByPath(rec.Path); err == nil && holder.Room != id {
			return rec, fail(CodeRoomReplaced, nil, "another notebook was saved as %s; it is in room %s", rec.Path, holder.Room)
		}
	}
	return rec, nil
}

// respell notes that the path of a room at rest has another canonical form now,
// because a folder on the way became a link.
func (h *Hub) respell(rec store.Record, canonical string) error {
	if rec.Path == canonical {
		return nil
	}
	holder, err := h.store.ByPath(canonical)
	switch {
	case err == nil && holder.Room != rec.Room:
		return fail(CodeRoomReplaced, nil, "%s leads to %s now; it is in room %s", rec.Path, canonical, holder.Room)
	case err != nil && !errors.Is(err, store.ErrNotFound):
		return storeError(err)
	}
	rec.Path = canonical
	return storeError(h.store.PutRecord(rec))
}

// leaseOpen returns a room that is in the registry. wait is set when the id is
// being opened or torn down.
func (h *Hub) leaseOpen(id uuid.UUID) (l lease, wait <-chan struct{}, err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	switch {
	case h.closing:
		return lease{}, nil, errClosing()
	case h.rooms[id] != nil:
		h.rooms[id].holds++
		return lease{h.rooms[id]}, nil, nil
	case h.index.byRoom[id] != nil:
		return lease{}, h.index.byRoom[id].settled, nil
	}
	return lease{}, nil, nil
}

// loadTarget is what a room is opened from.
type loadTarget struct {
	id       uuid.UUID
	path     string // canonical; "" for an untitled notebook
	file     FileID
	create   bool // the file may be missing
	untitled bool // a new untitled notebook: nothing is in the store yet
	kernel   string
}

// lookAgain is what to wait for when there is nothing to wait for.
func lookAgain() <-chan struct{} {
	c := make(chan struct{})
	close(c)
	return c
}

// admit puts a room into the registry, with its claims, and starts it. It
// returns what to wait for when a claim is held: nothing is held meanwhile, so
// that two of them cannot wait for each other.
func (h *Hub) admit(t loadTarget) (lease, <-chan struct{}, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closing {
		return lease{}, nil, errClosing()
	}
	if c := h.index.byRoom[t.id]; c != nil {
		if h.rooms[t.id] != nil {
			return lease{}, lookAgain(), nil // somebody was faster
		}
		return lease{}, c.settled, nil
	}
	var pathClaim *claim
	if t.path != "" {
		mine, held := h.index.claimPath(t.path, t.file)
		switch {
		case held != nil && held.room != nil && h.rooms[held.room.id] == held.room:
			return lease{}, nil, &PathAlreadyOpenError{Path: t.path, Room: held.room.id}
		case held != nil:
			return lease{}, held.settled, nil
		}
		pathClaim = mine
	}
	idClaim, _ := h.index.claimRoom(t.id)
	r := newRoom(h, t.id)
	r.holds, r.idClaim, r.pathClaim = 1, idClaim, pathClaim
	h.index.bind(idClaim, r)
	if pathClaim != nil {
		h.index.bind(pathClaim, r)
	}
	h.rooms[t.id] = r
	h.goWait(func() { r.run(t) })
	return lease{r}, nil, nil
}

// retry repeats an attempt to get a lease until it is had, for good or not, and
// waits until the room is loaded. A caller who gives up lets the load go on.
func (h *Hub) retry(ctx context.Context, attempt func() (lease, <-chan struct{}, error)) (lease, error) {
	for {
		l, wait, err := attempt()
		if err != nil {
			return lease{}, err
		}
		if wait == nil {
			if err = l.awaitReady(ctx); err == nil {
				return l, nil
			}
			l.release()
			if !errors.Is(err, errMoved) {
				return lease{}, err
			}
			continue
		}
		select {
		case <-wait:
		case <-ctx.Done():
			return lease{}, ctx.Err()
		}
	}
}

// remove takes a room out of the registry, if the registry still holds this
// very room, and if still agrees. From then on nobody can join it; its claims
// stay until it is gone.
func (h *Hub) remove(r *room, still func() bool) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.rooms[r.id] != r || !still() {
		return false
	}
	delete(h.rooms, r.id)
	return true
}

// gone ends a room's claims. It is the last thing that happens to a room.
func (h *Hub) gone(r *room) {
	h.mu.Lock()
	if h.rooms[r.id] == r {
		delete(h.rooms, r.id) // a room that failed to load
	}
	h.index.release(r.pathClaim)
	h.index.release(r.idClaim)
	h.mu.Unlock()
}

// openRooms copies the registry, so that work is done outside of the lock.
func (h *Hub) openRooms() []*room {
	h.mu.Lock()
	defer h.mu.Unlock()
	rooms := make([]*room, 0, len(h.rooms))
	for _, r := range h.rooms {
		rooms = append(rooms, r)
	}
	return rooms
}
