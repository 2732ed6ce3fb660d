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

// rereadLimit bounds how long a rebuild waits for a compaction under way.
const rereadLimit = 10 * time.Second

// rebuild replaces the document after a panic by what the journal has, on the
// disk or on its way there. The journal itself goes on: whoever waits for the
// disk still does, and a save beside the room is of a state that was journaled.
// Peers are asked for what they know, and sent everything.
func (s *state) rebuild() error {
	now := time.Now()
	if now.Sub(s.rebuilt) < twice {
		return fmt.Errorf("rebuild document: it failed twice within %v", twice)
	}
	s.rebuilt = now
	ctx, cancel := context.WithTimeout(s.h.ctx, rereadLimit)
	defer cancel()
	recovered, err := s.log.Reread(ctx)
	if err != nil {
		return fmt.Errorf("rebuild document: %w", err)
	}
	if s.doc, err = loadDocument(recovered); err != nil {
		return fmt.Errorf("rebuild document: %w", err)
	}
	s.r.log.Warn("document rebuilt from the store")
	s.known, s.ack.vector = nil, nil
	s.resyncAll()
	s.nextSave()
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
