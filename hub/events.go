package hub

import (
	"context"
	"time"

	"github.com/google/uuid"
)

// remembered is how many events a follower may lag behind without a gap.
const remembered = 4096

// eventRing keeps the newest events. Hub.mu must be held around every call.
type eventRing struct {
	last uint64
	ring [remembered]Event
	wake chan struct{} // closed and replaced with the next event, while somebody waits
}

func (e *eventRing) add(ev Event) {
	e.last++
	ev.Seq = e.last
	e.ring[e.last%remembered] = ev
	e.rouse()
}

func (e *eventRing) rouse() {
	if e.wake != nil {
		close(e.wake)
		e.wake = nil
	}
}

// after returns what came after seq, or else a channel to wait on.
func (e *eventRing) after(room uuid.UUID, seq uint64) ([]Event, <-chan struct{}) {
	var found []Event
	from := seq + 1
	if e.last >= remembered {
		from = max(from, e.last-remembered+1)
	}
	for ; from <= e.last; from++ {
		if ev := e.ring[from%remembered]; room == uuid.Nil || ev.Room == room {
			found = append(found, ev)
		}
	}
	if len(found) == 0 && e.wake == nil {
		e.wake = make(chan struct{})
	}
	return found, e.wake
}

// publish tells followers that something happened. data must not change
// afterwards.
func (h *Hub) publish(kind string, room uuid.UUID, data map[string]any) {
	now := time.Now()
	h.mu.Lock()
	h.events.add(Event{Type: kind, Room: room, Time: now, Data: data})
	h.mu.Unlock()
}

// LastEvent returns the number of the newest event, to follow from now on.
func (h *Hub) LastEvent() uint64 {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.events.last
}

// Events returns what happened in one room, or with uuid.Nil in all of them,
// after the event numbered after, oldest first; it waits until there is
// something or ctx ends. What is no longer remembered is skipped: a gap in Seq
// tells. It fails with CodeClosing once the hub is closed.
func (h *Hub) Events(ctx context.Context, room uuid.UUID, after uint64) ([]Event, error) {
	for {
		h.mu.Lock()
		found, wake := h.events.after(room, after)
		closing, last := h.closing, h.events.last
		h.mu.Unlock()
		switch {
		case len(found) > 0:
			return found, nil
		case closing:
			return nil, errClosing()
		}
		after = max(after, last) // what was of other rooms is not looked at again
		select {
		case <-wake:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}
