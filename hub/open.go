package hub

import (
	"context"
	"errors"
	"sort"

	"github.com/google/uuid"

	"github.com/notebookhub/hub/hub/store"
)

// Open returns the room of a notebook, loading it if needed. The same file is
// the same room, whatever links or spellings lead to it.
func (h *Hub) Open(ctx context.Context, req OpenRequest) (OpenResult, error) {
	if req.Path == "" {
		return h.openUntitled(ctx, req)
	}
	path, err := notebookPath(req.Path)
	if err != nil {
		return OpenResult{}, err
	}
	opened := false
	l, err := h.retry(ctx, func() (lease, <-chan struct{}, error) {
		opened = false
		target, err := h.findPath(ctx, path, req)
		if err != nil {
			return lease{}, nil, err
		}
		if l, wait, err := h.leasePath(target); err != nil || wait != nil || l.room != nil {
			return l, wait, err
		}
		opened = true
		l, wait, err := h.admit(target)
		if CodeOf(err) == CodePathOpen {
			return lease{}, lookAgain(), nil // opened by somebody else since we looked
		}
		return l, wait, err
	})
	if err != nil {
		return OpenResult{}, err
	}
	defer l.release()
	return OpenResult{Room: *l.info.Load(), Opened: opened}, nil
}

// findPath tells which room a path belongs to: the one that the store
// remembers for the path, else the one whose file was moved here, else a new
// one.
func (h *Hub) findPath(ctx context.Context, path string, req OpenRequest) (loadTarget, error) {
	canonical, file, err := h.locate(path)
	if err != nil {
		return loadTarget{}, err
	}
	t := loadTarget{path: canonical, file: file, create: req.Create, kernel: req.Kernel}
	if file == (FileID{}) && !req.Create {
		if err := h.mustBeThere(canonical, path); err != nil {
			return loadTarget{}, err
		}
	}
	rec, err := h.store.ByPath(canonical)
	if errors.Is(err, store.ErrNotFound) && file != (FileID{}) {
		rec, err = h.movedHere(ctx, canonical, file)
	}
	switch {
	case errors.Is(err, store.ErrNotFound), err == nil && rec.Status == store.StatusReplaced:
		t.id = uuid.New()
	case err != nil:
		return loadTarget{}, storeError(err)
	default:
		t.id = rec.Room
	}
	return t, nil
}

// mustBeThere lets a path be opened whose file is gone when a room with its
// edits is still known.
func (h *Hub) mustBeThere(canonical, asked string) error {
	if _, err := h.files.Stat(canonical); err == nil {
		return nil // a file system that tells no identity
	}
	if _, err := h.store.ByPath(canonical); err != nil {
		return notFound(asked)
	}
	return nil
}

// movedHere recognises a file that was renamed while no hub looked: the same
// file, with the very bytes that its room last agreed with, and nothing left
// at the old path, or that path leads here now.
func (h *Hub) movedHere(ctx context.Context, canonical string, file FileID) (store.Record, error) {
	rec, err := h.store.ByFile(file)
	if err != nil {
		return rec, err
	}
	if now, _, err := h.files.Resolve(rec.Path); rec.Path == "" || err != nil || now != canonical {
		if _, statErr := h.files.Stat(rec.Path); statErr == nil {
			return store.Record{}, store.ErrNotFound
		}
	}
	content, err := h.files.Read(canonical, anySize)
	if err != nil {
		return rec, err
	}
	if content.Hash != rec.Hash {
		return store.Record{}, store.ErrNotFound
	}
	if open, err := h.fetch(ctx, rec, canonical, file); open || err != nil {
		return rec, err
	}
	rec.Path = canonical
	return rec, h.store.PutRecord(rec)
}

// fetch has a room that is open, and waits for its file, come to where the file
// is. A room that does not come leaves the file to another one.
func (h *Hub) fetch(ctx context.Context, rec store.Record, canonical string, file FileID) (open bool, err error) {
	l, err := h.retry(ctx, func() (lease, <-chan struct{}, error) {
		l, wait, err := h.leaseOpen(rec.Room)
		if err == nil && wait == nil && l.room == nil {
			err = store.ErrNotFound
		}
		return l, wait, err
	})
	switch {
	case errors.Is(err, store.ErrNotFound):
		return false, nil
	case err != nil:
		return false, err
	}
	defer l.release()
	if !l.follow(rec.Path, canonical, file) {
		return true, store.ErrNotFound
	}
	return true, nil
}

// leasePath returns the room that holds a path or the file that is there.
func (h *Hub) leasePath(t loadTarget) (lease, <-chan struct{}, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closing {
		return lease{}, nil, errClosing()
	}
	c := h.index.lookup(t.path, t.file)
	if c == nil {
		return lease{}, nil, nil
	}
	if c.room != nil && h.rooms[c.room.id] == c.room {
		c.room.holds++
		return lease{c.room}, nil, nil
	}
	return lease{}, c.settled, nil
}

func (h *Hub) openUntitled(ctx context.Context, req OpenRequest) (OpenResult, error) {
	target := loadTarget{id: uuid.New(), untitled: true, kernel: req.Kernel}
	l, err := h.retry(ctx, func() (lease, <-chan struct{}, error) { return h.admit(target) })
	if err != nil {
		return OpenResult{}, err
	}
	defer l.release()
	return OpenResult{Room: *l.info.Load(), Opened: true}, nil
}

// Rooms lists the open rooms, and with atRest what only the hub has besides: the
// untitled notebooks that are not open, and those with edits that their file has
// not, as it is gone or a person must decide. Oldest first. It enters no room.
func (h *Hub) Rooms(_ context.Context, atRest bool) ([]RoomInfo, error) {
	var list []RoomInfo
	open := make(map[uuid.UUID]bool)
	for _, r := range h.openRooms() {
		if info := r.info.Load(); info != nil {
			list = append(list, *info)
			open[r.id] = true
		}
	}
	if atRest {
		err := h.store.Records(func(rec store.Record) bool {
			if !open[rec.Room] && rec.Status != store.StatusReplaced && (rec.Path == "" || rec.Unsaved) {
				list = append(list, restingInfo(rec))
			}
			return true
		})
		if err != nil {
			return nil, storeError(err)
		}
	}
	sort.Slice(list, func(i, j int) bool { return list[i].Since.Before(list[j].Since) })
	return list, nil
}

// Room tells about one room, open or known to the store. It opens nothing.
func (h *Hub) Room(_ context.Context, id uuid.UUID) (RoomInfo, error) {
	h.mu.Lock()
	r := h.rooms[id]
	h.mu.Unlock()
	if r != nil {
		if info := r.info.Load(); info != nil {
			return *info, nil
		}
	}
	rec, err := h.knownRoom(id)
	info := restingInfo(rec)
	switch {
	case CodeOf(err) == CodeRoomClosed:
		info.State, info.Code, info.Reason = StateClosed, CodeRoomClosed, DetailOf(err)
	case err != nil:
		return RoomInfo{}, err
	}
	return info, nil
}

// restingInfo describes a room from what the store knows of it.
func restingInfo(rec store.Record) RoomInfo {
	info := RoomInfo{
		ID: rec.Room, Lineage: rec.Lineage, Path: rec.Path, Rev: rec.Rev,
		State: StateLive, Since: rec.Modified, Unsaved: rec.Path == "" || rec.Unsaved, Cells: rec.Cells,
		Kernel: KernelInfo{Status: kernelNone},
	}
	if rec.Standing != "" && rec.Standing != string(StateOpening) {
		info.State, info.Code, info.Reason = RoomState(rec.Standing), Code(rec.Code), rec.Reason
	}
	if rec.Hash != "" {
		info.Saved = &Saved{SHA256: rec.Hash, Time: rec.Modified}
	}
	return info
}
