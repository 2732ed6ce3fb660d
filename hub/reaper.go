package hub

import (
	"context"
	"time"
)

const (
	maxSweep   = 5 * time.Second
	evictions  = 16 // at work at once
	flushLimit = time.Minute
	partLimit  = 5 * time.Second // for peers to take their goodbye
)

// reap evicts idle rooms until the hub closes. There are no timers of rooms: a
// sweep compares how long each has been idle, so that nothing from an earlier
// life of a room can end a later one.
func (h *Hub) reap() {
	sweep := time.NewTicker(min(maxSweep, max(h.options.RoomIdle/4, time.Millisecond)))
	defer sweep.Stop()
	slots := make(chan struct{}, evictions)
	for {
		select {
		case <-sweep.C:
			for _, c := range h.idleRooms(time.Now()) {
				slots <- struct{}{}
				h.goWait(func() {
					h.evict(c)
					<-slots
				})
			}
			h.forgetRuns(time.Now())
		case <-h.ctx.Done():
			return
		}
	}
}

// candidate is a room as a sweep saw it: this very room, idle since then.
type candidate struct {
	room  *room
	since time.Time
}

func (h *Hub) idleRooms(now time.Time) []candidate {
	h.mu.Lock()
	defer h.mu.Unlock()
	var found []candidate
	for _, r := range h.rooms {
		if r.holds > 0 || r.evicting || now.Sub(r.idleSince) < h.options.RoomIdle || now.Before(r.retryAt) {
			continue
		}
		r.evicting = true
		found = append(found, candidate{r, r.idleSince})
	}
	return found
}

// evict ends an idle room. What is unsaved is written first; if that fails the
// room stays. It goes only if the registry still holds this very room, nobody
// took a hold since, and nothing changed after the flush.
func (h *Hub) evict(c candidate) {
	r := c.room
	ctx, cancel := context.WithTimeout(h.ctx, flushLimit)
	defer cancel()
	flushed, err := r.flush(ctx)
	if err != nil {
		h.keep(r, err)
		return
	}
	unchanged := func() bool {
		return r.holds == 0 && r.idleSince.Equal(c.since) && r.changes.Load() == flushed
	}
	if !h.remove(r, unchanged) {
		h.spare(r)
		return
	}
	h.teardown(ctx, r, "evicted")
	h.stats.evicted.Add(1)
	h.publish("evicted", r.id, map[string]any{"reason": "idle"})
	r.log.Info("room evicted")
}

// keep leaves a room open whose flush failed, and tries again later.
func (h *Hub) keep(r *room, err error) {
	h.stats.evictionsKept.Add(1)
	r.log.Warn("room kept: it could not be flushed", "error", err)
	h.mu.Lock()
	r.evicting = false
	r.retryAt = time.Now().Add(min(max(h.options.RoomIdle, minBackoff), maxBackoff))
	h.mu.Unlock()
}

func (h *Hub) spare(r *room) {
	h.mu.Lock()
	r.evicting = false
	h.mu.Unlock()
}

// teardown is the one way in which a room ends: idle, closed on purpose, or
// with the hub. The room is out of the registry, and its state is on disk; its
// claims are released last.
func (h *Hub) teardown(ctx context.Context, r *room, why string) {
	h.part(ctx, r, why)
	r.endKernel()
	r.endSaves()
	close(r.stop)
	<-r.done
}

// endSaves lets the save, the rename or the merge that is under way come to its
// end, and refuses others: who asked hears what became of it.
func (r *room) endSaves() {
	quiet := make(chan struct{})
	err := r.do(context.WithoutCancel(r.hub.ctx), func(s *state) {
		s.saver.ending, s.saver.quiet = true, append(s.saver.quiet, quiet)
		s.nextSave()
	})
	if err != nil {
		return
	}
	select {
	case <-quiet:
	case <-r.done:
	}
}

// endKernel cancels what runs, starts and waits, and lets the kernel go. It has
// no limit of its own: what is cancelled ends, a kernel's way out is bounded,
// and a room is not gone before.
func (r *room) endKernel() {
	quiet := make(chan struct{})
	err := r.do(context.WithoutCancel(r.hub.ctx), func(s *state) { s.exec.end(s, quiet) })
	if err != nil {
		return
	}
	select {
	case <-quiet:
	case <-r.done:
	}
}

// part sends the peers away and waits until they are gone, by force if they do
// not take their leave.
func (h *Hub) part(ctx context.Context, r *room, why string) {
	parted := make(chan struct{})
	err := r.do(context.WithoutCancel(ctx), func(s *state) {
		s.dismissAll(CloseRestart, why)
		s.whenEmpty(parted)
	})
	if err != nil {
		return
	}
	patience := time.NewTimer(partLimit)
	defer patience.Stop()
	select {
	case <-parted:
		return
	case <-patience.C:
	case <-ctx.Done():
	}
	_ = r.do(context.WithoutCancel(ctx), func(s *state) {
		for p := range s.peers {
			p.cancel()
		}
	})
}
