package hub

import (
	"context"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/notebookhub/hub/hub/yjs"
)

// Bounds of a lobby. Together with the cap of an awareness message they bound
// its memory.
const (
	maxVisitors   = 256
	maxIDs        = 4        // awareness clients of one visitor; honest ones have one
	lobbyMessage  = 64 << 10 // bytes of whatever is not awareness
	lobbyCapacity = "the lobby is full; come back later"
)

// Lobby relays who is in which notebook among the clients of a hub: awareness
// without a document, which Jupyter's front ends call the global awareness. It
// starts no goroutine but each visitor's writer, holds nothing while nobody is
// there, and ends with its Hub. All methods may be called concurrently.
type Lobby struct {
	hub *Hub

	visitors map[*visitor]struct{} // guarded by Hub.mu, as is all below
	presence *yjs.Awareness
	owner    map[uint64]*visitor  // who announced an id last
	leaving  map[uint64]time.Time // ids whose connection ended, and when they go
	timer    *time.Timer          // of the next leave
	swept    time.Time            // when it was last looked for the silent
}

// NewLobby returns the lobby of a hub.
func NewLobby(h *Hub) *Lobby {
	l := &Lobby{hub: h, visitors: make(map[*visitor]struct{})}
	l.clear()
	return l
}

// clear forgets everybody. The caller holds Hub.mu, or is the only one.
func (l *Lobby) clear() {
	l.presence = &yjs.Awareness{}
	l.owner = make(map[uint64]*visitor)
	l.leaving = make(map[uint64]time.Time)
	if l.timer != nil {
		l.timer.Stop()
		l.timer = nil
	}
}

// Join lets a client in and returns when both halves of its connection have
// ended. accept is called once there is room for it; its error ends Join.
func (l *Lobby) Join(ctx context.Context, o JoinOptions, accept func() (Conn, error)) error {
	v := &visitor{
		peer: &peer{id: uuid.NewString(), opts: o}, ready: make(chan struct{}, 1),
		ids: make(map[uint64]struct{}), lacks: make(map[uint64]struct{}),
	}
	if err := l.enter(v); err != nil {
		return err
	}
	defer l.hub.wg.Done()
	defer l.leave(v)
	conn, err := accept()
	if err != nil {
		return err
	}
	v.conn = conn
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var writer sync.WaitGroup
	writer.Go(func() {
		defer cancel()
		l.write(ctx, v)
	})
	l.read(ctx, v)
	cancel()
	writer.Wait()
	return nil
}

// enter counts a visitor in, while the hub is open: Close waits for it.
func (l *Lobby) enter(v *visitor) error {
	l.hub.mu.Lock()
	defer l.hub.mu.Unlock()
	if l.hub.closing {
		return errClosing()
	}
	if len(l.visitors) >= maxVisitors {
		return fail(CodeBusy, nil, lobbyCapacity)
	}
	l.visitors[v] = struct{}{}
	for _, id := range l.presence.Clients() {
		v.lacks[id] = struct{}{}
	}
	v.rouse()
	l.hub.wg.Add(1)
	return nil
}

// leave starts the leave of everything that a visitor announced: who reconnects
// at once does not flicker.
func (l *Lobby) leave(v *visitor) {
	l.hub.mu.Lock()
	defer l.hub.mu.Unlock()
	delete(l.visitors, v)
	if len(l.visitors) == 0 {
		l.clear()
		return
	}
	for id := range v.ids {
		if l.owner[id] == v {
			l.leaving[id] = time.Now().Add(l.hub.options.LeaveDelay)
		}
	}
	if len(l.leaving) > 0 && l.timer == nil {
		l.timer = time.AfterFunc(l.hub.options.LeaveDelay, l.expire)
	}
}

// expire removes those whose time is up.
func (l *Lobby) expire() {
	l.hub.mu.Lock()
	defer l.hub.mu.Unlock()
	now := time.Now()
	var gone []uint64
	var next time.Time
	for id, at := range l.leaving {
		if now.Before(at) {
			next = earlier(next, at)
			continue
		}
		gone = append(gone, id)
	}
	l.forget(gone)
	if l.timer = nil; !next.IsZero() {
		l.timer = time.AfterFunc(next.Sub(now), l.expire)
	}
}

// forget removes clients at their last clock and says so.
func (l *Lobby) forget(ids []uint64) {
	l.presence.Remove(ids)
	for _, id := range ids {
		if v := l.owner[id]; v != nil {
			delete(v.ids, id)
		}
		delete(l.owner, id)
		delete(l.leaving, id)
	}
	l.spread(ids)
}

// spread has everyone sent the state of these ids.
func (l *Lobby) spread(ids []uint64) {
	if len(ids) == 0 {
		return
	}
	for v := range l.visitors {
		for _, id := range ids {
			v.lacks[id] = struct{}{}
		}
		v.rouse()
	}
}
