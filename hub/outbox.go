package hub

import (
	"slices"
	"time"

	"github.com/notebookhub/hub/hub/yjs"
)

// outbox is what one peer is still to be sent. The room owns it. While the
// writer is idle a frame goes out at once; while it is busy updates gather and
// leave as one, presence is only remembered by client id, and above a bound of
// bytes the updates are dropped and the peer's lack is computed from the
// document instead.
type outbox struct {
	synced   bool      // the first handshake is done: updates may be sent
	verified bool      // its history was checked to be this document's
	returned bool      // it came with a history
	question []byte    // state vector that is still to be answered
	asked    time.Time // when the first such one came
	busy     bool      // the writer has a batch
	parting  bool      // nothing but the goodbye is sent any more

	frames   [][]byte            // of the protocol, in order, before everything else
	told     [][]byte            // events and replies, in order, after the document that they are about
	unsent   int                 // bytes of both
	updates  [][]byte            // document updates, bare
	bytes    int                 // of updates
	level    []byte              // state vector of what was handed to the writer
	behind   bool                // updates were dropped: level tells from where
	presence map[uint64]struct{} // awareness clients whose state is to be sent
	lastSent time.Time
	resyncs  int    // without an idle moment in between
	ackSeq   uint64 // journal number of its last update
	acked    uint64 // journal number up to which it was told
	received uint64 // sync updates, empty ones too
	marked   uint64 // of these, how many the next acknowledgement covers
	repeats  bool   // it sent what was there already, and was not told so
	held     bool   // an edit of it is withheld, and so is what it sends next
	goodbye  *closing
	farewell []byte // the last frame, nil when it listens to none
	warned   bool   // that it may only read
}

// maxResyncs is how often a peer may fall behind without ever catching up.
const maxResyncs = 3

// control queues a frame that must arrive. A peer that asks and asks and does
// not listen to the answers is sent away.
func (s *state) control(p *peer, frame []byte) {
	switch {
	case p.parting:
		return
	case p.unsent > s.h.options.Caps.Unsent:
		s.h.stats.slowClosed.Add(1)
		s.dismiss(p, CloseSlow, "slow")
		return
	}
	if kind := frame[0]; p.synced && (kind == KindEvent || kind == KindReply) {
		p.told = append(p.told, frame)
	} else {
		p.frames = append(p.frames, frame)
	}
	p.unsent += len(frame)
	s.touch(p)
}

// deliver queues an update for every synced peer but its author. frame is the
// update as a message, encoded once for all that are idle.
func (s *state) deliver(update []byte, author *peer) {
	s.publishDue()
	var frame []byte
	for p := range s.peers {
		if p == author || !p.synced || p.parting {
			continue
		}
		if frame == nil {
			frame = yjs.AppendUpdate(make([]byte, 0, len(update)+8), update)
		}
		s.h.stats.deliveries.Add(1)
		if s.idle(p) {
			s.hand(p, batch{frames: [][]byte{frame}})
			continue
		}
		s.queueUpdate(p, update)
	}
}

func (s *state) idle(p *peer) bool {
	return !p.busy && len(p.frames) == 0 && len(p.told) == 0 && len(p.updates) == 0 && !p.behind
}

func (s *state) queueUpdate(p *peer, update []byte) {
	s.touch(p)
	if p.behind {
		return
	}
	p.updates = append(p.updates, update)
	p.bytes += len(update)
	if p.bytes > s.h.options.Caps.Unsent {
		p.updates, p.bytes, p.behind = nil, 0, true
		s.h.stats.resyncs.Add(1)
		if p.resyncs++; p.resyncs > maxResyncs {
			s.h.stats.slowClosed.Add(1)
			s.dismiss(p, CloseSlow, "slow")
		}
	}
}

// touch notes that a peer has something to be sent when this step ends.
func (s *state) touch(p *peer) { s.touched[p] = struct{}{} }

// wrote is the writer's word that it is idle again.
func (s *state) wrote(p *peer) {
	p.busy = false
	if _, here := s.peers[p]; here {
		s.touch(p)
	}
}

// flush hands every touched and idle peer what it lacks.
func (s *state) flush() {
	for p := range s.touched {
		if p.busy {
			continue
		}
		delete(s.touched, p)
		if b := s.compose(p); len(b.frames) > 0 || b.close != nil {
			s.hand(p, b)
		} else {
			p.resyncs = 0
		}
	}
}

// hand gives a batch to an idle writer; the channel has room for it. While
// something is withheld the peer stays below the document.
func (s *state) hand(p *peer, b batch) {
	p.busy, p.lastSent = true, time.Now()
	if !s.withholding() {
		p.level = s.vector()
	}
	p.out <- b
}

// compose empties an outbox into one batch.
func (s *state) compose(p *peer) batch {
	b, told := batch{frames: p.frames, close: p.goodbye}, p.told
	p.frames, p.told, p.unsent = nil, nil, 0
	if p.parting {
		b.frames = append(b.frames, told...)
		if p.farewell != nil {
			b.frames = append(b.frames, p.farewell)
		}
		return b
	}
	if update := s.lacking(p); update != nil {
		b.frames = append(b.frames, yjs.AppendUpdate(make([]byte, 0, len(update)+8), update))
	}
	if len(p.presence) > 0 && p.synced {
		if frame := s.presence.frame(p.presence); frame != nil {
			b.frames = append(b.frames, frame)
		}
		clear(p.presence)
	}
	b.frames = append(b.frames, told...)
	return b
}

// lacking returns one update with everything that waited. What is withheld is in
// the document too: who is to be brought level from there waits with it.
func (s *state) lacking(p *peer) []byte {
	if p.behind && s.withholding() {
		return nil
	}
	defer func() { p.updates, p.bytes, p.behind = nil, 0, false }()
	switch {
	case p.behind:
		update, err := s.doc.Encode(p.level)
		if err != nil {
			s.dismiss(p, CloseSlow, "slow")
		}
		return update
	case len(p.updates) == 0:
		return nil
	case len(p.updates) == 1:
		return p.updates[0]
	}
	s.h.stats.merged.Add(uint64(len(p.updates)))
	return s.mergeShared(p.updates)
}

// mergeShared merges waiting updates, once for all peers that wait for the same
// ones in this step. Authors wait for all but their own.
func (s *state) mergeShared(updates [][]byte) []byte {
	for _, m := range s.merges {
		if m.of(updates) {
			return m.merged
		}
	}
	merged, err := yjs.MergeUpdates(updates...)
	if err != nil { // they were all made by our own engine
		s.h.stats.panics.Add(1)
		return nil
	}
	s.merges = append(s.merges, sharedMerge{updates, merged})
	return merged
}

// sharedMerge is what some updates add up to.
type sharedMerge struct {
	updates [][]byte
	merged  []byte
}

// of tells whether these very updates were merged.
func (m sharedMerge) of(updates [][]byte) bool {
	return slices.EqualFunc(m.updates, updates, func(a, b []byte) bool { return &a[0] == &b[0] })
}
