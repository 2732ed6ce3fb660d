package hub

import (
	"context"
	"fmt"
	"time"

	"github.com/notebookhub/hub/hub/yjs"
)

// twice is how soon after a first one a second rebuild means that it does not
// help.
const twice = time.Minute

// rebuild replaces the document after a panic by what the store has. Peers are
// asked for what they know, and sent everything.
func (s *state) rebuild() error {
	now := time.Now()
	if now.Sub(s.rebuilt) < twice {
		return fmt.Errorf("rebuild document: it failed twice within %v", twice)
	}
	s.rebuilt = now
	if err := s.log.Close(); err != nil {
		return fmt.Errorf("close journal: %w", err)
	}
	log, recovered, err := s.h.store.OpenLog(s.r.id, s.r.heard)
	if err != nil {
		return fmt.Errorf("reopen journal: %w", err)
	}
	s.r.log.Warn("document rebuilt from the store")
	s.log = log
	s.r.news.durable.Store(0)
	s.durable.appended, s.durable.reached = 0, 0
	for _, w := range s.durable.waiters {
		w.done <- fail(CodeInternal, nil, "the room was rebuilt; whether the edit is in it must be looked up")
	}
	s.durable.waiters = nil
	if s.doc, err = loadDocument(recovered); err != nil {
		return err
	}
	s.known, s.ack.vector = nil, nil
	s.resyncAll()
	s.settle()
	return nil
}

// resyncAll brings every synced peer level with a document that is not the one
// they knew.
func (s *state) resyncAll() {
	for p := range s.peers {
		if !p.synced {
			continue
		}
		p.updates, p.bytes, p.behind, p.level = nil, 0, true, nil
		p.ackSeq, p.acked = 0, 0
		s.control(p, yjs.AppendSyncStep1(nil, s.vector()))
	}
}

// giveUp ends a room that panics again and again. Whoever comes back loads it
// from the store.
func (s *state) giveUp(cause error) {
	s.r.log.Error("room given up", "error", cause)
	s.dismissAll(CloseInternal, "internal")
	s.flush()
	h, r := s.h, s.r
	h.goWait(func() {
		if h.remove(r, func() bool { return true }) {
			ctx, cancel := context.WithTimeout(context.WithoutCancel(h.ctx), flushLimit)
			defer cancel()
			h.teardown(ctx, r, "evicted")
		}
	})
}
