package hub

import (
	"context"
	"fmt"
	"log/slog"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
)

// room is one open notebook. One goroutine, run, owns its state; everything
// else sends that goroutine functions to call. Run never takes Hub.mu while it
// waits for something, and never waits for a peer, the disk or a kernel.
//
// A room is made by Hub.admit and ended by Hub.teardown, or by itself when it
// cannot be loaded.
type room struct {
	// Static after newRoom.
	hub      *Hub
	id       uuid.UUID
	log      *slog.Logger
	commands chan command
	loaded   chan struct{} // closed when loading ended; loadErr is set before
	loadErr  error
	closeErr error         // of the record's last update; valid after done
	stop     chan struct{} // closed by teardown, once
	done     chan struct{} // closed when nothing is left of the room
	wake     chan struct{} // capacity one: the store or the disk has news

	info    atomic.Pointer[RoomInfo] // published by run, read by anyone
	changes atomic.Uint64            // counts edits, for the reaper to compare
	news    news
	work    sync.WaitGroup // I/O on behalf of the room; each ends by posting what came of it

	// Guarded by Hub.mu.
	holds     int
	idleSince time.Time
	retryAt   time.Time // no eviction before, after a failed flush
	evicting  bool
	idClaim   *claim
	pathClaim *claim

	state state // owned by run
}

// command is a function for the room's goroutine. done, when set, is told that
// it was called; it has room for that.
type command struct {
	call func(*state)
	done chan struct{}
	err  *error // set when the call panicked
}

func newRoom(h *Hub, id uuid.UUID) *room {
	r := &room{
		hub: h, id: id, log: h.log.With("room", id),
		commands: make(chan command, 16), loaded: make(chan struct{}), stop: make(chan struct{}),
		done: make(chan struct{}), wake: make(chan struct{}, 1), idleSince: time.Now(),
	}
	r.state = newState(r)
	return r
}

// do has the room call f and returns when it did. It fails when the room is
// gone or f panicked; f's own failures are f's to keep.
func (r *room) do(ctx context.Context, f func(*state)) error {
	return r.exec(ctx, f, make(chan struct{}, 1))
}

// exec is do with a channel that the caller keeps for its next calls.
func (r *room) exec(ctx context.Context, f func(*state), done chan struct{}) error {
	var panicked error
	select {
	case r.commands <- command{f, done, &panicked}:
	case <-ctx.Done():
		return ctx.Err()
	case <-r.stop:
		return r.goneError()
	case <-r.done:
		return r.goneError()
	}
	// Not r.stop: f may be under way, and what it writes is the caller's to read.
	select {
	case <-done:
		return panicked
	case <-r.done:
		return r.goneError()
	}
}

// post has the room call f, some time, unless it is gone before.
func (r *room) post(f func(*state)) {
	select {
	case r.commands <- command{call: f}:
	case <-r.stop:
	case <-r.done:
	}
}

// rouse makes the room look at its news. It never blocks.
func (r *room) rouse() {
	select {
	case r.wake <- struct{}{}:
	default:
	}
}

func (r *room) goneError() error {
	if r.hub.isClosing() {
		return errClosing()
	}
	return fail(CodeRoomClosed, nil, "the room was closed meanwhile; open it again")
}

func (r *room) awaitReady(ctx context.Context) error {
	select {
	case <-r.loaded:
		return r.loadErr
	case <-ctx.Done():
		return ctx.Err()
	}
}

// run is the room's goroutine, from loading to the end.
func (r *room) run(t loadTarget) {
	s := &r.state
	err := r.guard(func() error { return s.load(t) })
	if err != nil {
		r.decline()
		s.discard()
		s.forgetFresh()
		r.loadErr = err
		close(r.done)
		r.hub.gone(r)
		close(r.loaded)
		return
	}
	s.publishInfo()
	close(r.loaded)
	r.hub.stats.opened.Add(1)
	r.hub.publish("opened", r.id, map[string]any{"path": s.path})
	r.loop(s)
	r.decline()
	s.discard()
	if r.closeErr = s.rememberRest(); r.closeErr != nil {
		r.log.Error("record not updated", "error", r.closeErr)
	}
	close(r.done)
	r.hub.gone(r) // the claims last: nobody opens the notebook before
}

func (r *room) loop(s *state) {
	for {
		select {
		case c := <-r.commands:
			r.step(c)
		case <-r.wake:
			r.step(command{call: (*state).heed})
		case <-s.timer.C:
			r.step(command{call: (*state).tick})
		case <-r.stop:
			return
		}
	}
}

// decline answers what is still asked of a room that has ended, until the work
// on its behalf is over.
func (r *room) decline() {
	over := make(chan struct{})
	go func() {
		r.work.Wait()
		close(over)
	}()
	for {
		select {
		case c := <-r.commands:
			if c.done != nil {
				*c.err = r.goneError()
				c.done <- struct{}{}
			}
		case <-over:
			return
		}
	}
}

// step calls one command and brings everything that follows from it to an end.
// A panic costs the document, which is rebuilt, not the hub.
func (r *room) step(c command) {
	err := r.guard(func() error {
		c.call(&r.state)
		r.state.settle()
		return nil
	})
	if err != nil {
		if c.err != nil {
			*c.err = err
		}
		if again := r.guard(r.state.rebuild); again != nil {
			r.state.giveUp(again)
		}
	}
	if c.done != nil {
		c.done <- struct{}{}
	}
}

// guard turns a panic into an error and records it.
func (r *room) guard(f func() error) (err error) {
	defer func() {
		if v := recover(); v != nil {
			r.hub.stats.panics.Add(1)
			r.log.Error("room panicked", "panic", v, "stack", string(debug.Stack()))
			err = fail(CodeInternal, fmt.Errorf("panic: %v", v), "something went wrong inside the room; its log says more")
		}
	}()
	return f()
}
