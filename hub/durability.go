package hub

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
)

// news is what other goroutines leave for a room's to find; none of them ever
// waits for the room.
type news struct {
	durable atomic.Uint64         // the journal has everything up to here on disk
	failure atomic.Pointer[error] // why it could not; nil: it can
	disk    atomic.Bool           // something happened to the file
}

// durability is what of the journal is on disk, and who waits for it. The room
// owns it.
type durability struct {
	appended uint64
	reached  uint64
	failing  bool
	failure  error // why, while failing
	waiters  []waiter
}

type waiter struct {
	seq  uint64
	ctx  context.Context // of who waits
	done chan error
}

// heard is called by the store, from its own goroutine.
func (r *room) heard(seq uint64, err error) {
	if err != nil {
		r.news.failure.Store(&err)
	} else {
		r.news.failure.Store(nil)
		r.news.durable.Store(seq)
	}
	r.rouse()
}

// journal appends an update. It is on disk when heedJournal says so. A journal
// that takes no more leaves the document with something that nobody may be told
// is safe: the room goes back to what the journal has, as after any panic.
func (s *state) journal(update []byte) uint64 {
	seq, err := s.log.Append(update)
	if err != nil {
		panic(fmt.Errorf("journal an update: %w", err))
	}
	s.h.stats.journaled.Add(1)
	s.durable.appended = seq
	s.expectAck()
	return seq
}

// heedJournal acts on what the store said last.
func (s *state) heedJournal() {
	s.durable.reached = max(s.durable.reached, s.r.news.durable.Load())
	if failure := s.r.news.failure.Load(); failure != nil {
		s.journalFailed(*failure)
	} else if s.durable.failing {
		s.durable.failing = false
		if s.status == StateDegraded {
			s.backToLive()
		}
	}
	s.revealDurable()
	s.acknowledge()
	waiting := s.durable.waiters[:0]
	for _, w := range s.durable.waiters {
		if w.seq <= s.durable.reached {
			w.done <- nil
			continue
		}
		waiting = append(waiting, w)
	}
	s.durable.waiters = waiting
	s.maybeCompact()
}

// journalFailed says so, once, and to everyone who waits for the disk. What was
// queued stays queued in the store, which tries again.
func (s *state) journalFailed(err error) {
	if !s.durable.failing {
		s.durable.failing = true
		s.h.stats.journalFailures.Add(1)
		s.r.log.Error("journal failed", "error", err)
	}
	coded := storeError(err)
	s.durable.failure = coded
	s.degrade(coded)
	for _, w := range s.durable.waiters {
		w.done <- coded
	}
	s.durable.waiters = nil
}

// awaitDurable returns when the journal has an edit on disk.
func (r *room) awaitDurable(ctx context.Context, seq uint64) error {
	if seq == 0 || r.news.durable.Load() >= seq {
		return nil
	}
	done := make(chan error, 1)
	if err := r.do(ctx, func(s *state) { s.await(ctx, seq, done) }); err != nil {
		return err
	}
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		return ctx.Err()
	case <-r.done:
		if r.news.durable.Load() >= seq {
			return nil
		}
		return fail(CodeStorage, errors.New("room gone"), "the edit was made but its way to the disk was not seen to the end")
	}
}

// await answers when the journal has seq on disk. Those who gave up are forgotten
// when the next one comes.
func (s *state) await(ctx context.Context, seq uint64, done chan error) {
	s.durable.reached = max(s.durable.reached, s.r.news.durable.Load())
	switch failure := s.r.news.failure.Load(); {
	case s.durable.reached >= seq:
		done <- nil
	case failure != nil:
		done <- storeError(*failure)
	default:
		s.durable.waiters = slices.DeleteFunc(s.durable.waiters, func(w waiter) bool { return w.ctx.Err() != nil })
		s.durable.waiters = append(s.durable.waiters, waiter{seq, ctx, done})
	}
}
