package hub

import (
	"slices"
	"time"

	"github.com/notebookhub/hub/hub/nbdoc"
)

// withheld is what peers are not told yet: that a file was merged, that a cell
// moved, and what the hub made of an edit to put it right, while the document has
// it and the journal has not on the disk, and what the hub has written since. Were
// it shown, a crash would make it twice: those who saw it bring it back, and the
// hub merges the file again, or puts the edit right again when its author repeats
// it; and who learns that a cell went has no longer what he typed there. So it
// waits as long as the disk does. Reading it brings nothing back. What peers write
// is passed on meanwhile. The room owns it.
type withheld struct {
	seq     uint64             // the journal's number of the newest such change; 0: there is none
	updates []waiting          // in order
	bytes   int                // of updates
	dropped bool               // updates were too many: peers are brought level from the document
	asked   map[*peer]struct{} // those whose question waits for its answer
	due     time.Time          // when the first of them has waited long enough
}

// waiting is an update that may leave when the journal has reached seq.
type waiting struct {
	update []byte
	seq    uint64
}

// answerLimit is how long an answer may wait for the disk. Whoever comes back in a
// while fares better than who looks at an empty page.
const answerLimit = 30 * time.Second

// diskWaits is what those are told whose answer waited for so long.
const diskWaits = "the hub's disk takes nothing at present; try again later"

// commitMerge is commit for what the hub would have to do again after a crash.
func (s *state) commitMerge(ev nbdoc.Event) {
	if len(ev.Update) == 0 {
		return
	}
	s.withheld.seq = s.note(ev)
	s.show(ev, nil)
}

// waitsForDisk tells whether a change is to be shown when it is on the disk only.
func waitsForDisk(ev nbdoc.Event, author *peer) bool {
	takesCells := func(c nbdoc.CellEvent) bool { return c.Kind == nbdoc.Moved || c.Kind == nbdoc.Deleted }
	return ev.Added || author == nil && slices.ContainsFunc(ev.Cells, takesCells)
}

// withholding tells whether the document has what may not leave.
func (s *state) withholding() bool { return s.withheld.seq != 0 }

// relay shows of a change what may be shown while a merge waits: what a peer
// sent, byte for byte. Nobody was shown the merge, so nobody's edit builds on it;
// but what the engine makes of an edit may, when it collects what was typed into
// a cell that the merge deleted. That waits, and so does what the hub had to put
// right, with the edit that it belongs to, and all that its author sends next: it
// builds on that, and may repeat it when it is collected already.
func (s *state) relay(ev nbdoc.Event, author *peer) {
	if ev.Added && author != nil {
		author.held = true
	}
	free := ev.Sent != nil && !author.held
	if free {
		s.deliver(ev.Sent, author)
	}
	if len(ev.Update) > 0 && !(free && ev.AsSent()) {
		s.withhold(ev.Update)
	}
}

// withhold keeps an update for everybody, its author too. It is kept once,
// however many peers there are.
func (s *state) withhold(update []byte) {
	w := &s.withheld
	if w.dropped {
		return
	}
	w.updates = append(w.updates, waiting{update, w.seq})
	if w.bytes += len(update); w.bytes > s.h.options.Caps.Unsent {
		w.updates, w.bytes, w.dropped = nil, 0, true
	}
}

// answerLater remembers a question that comes while the answer must not leave.
func (s *state) answerLater(p *peer) {
	if s.withheld.asked == nil {
		s.withheld.asked = make(map[*peer]struct{})
	}
	s.withheld.asked[p] = struct{}{}
	s.withheld.due = earlier(s.withheld.due, p.asked.Add(answerLimit))
}

// sendAway lets those go whose question has waited for too long.
func (s *state) sendAway(now time.Time) {
	if s.withheld.due.IsZero() || now.Before(s.withheld.due) {
		return
	}
	s.withheld.due = time.Time{}
	for p := range s.withheld.asked {
		if until := p.asked.Add(answerLimit); now.Before(until) {
			s.withheld.due = earlier(s.withheld.due, until)
			continue
		}
		delete(s.withheld.asked, p)
		p.question = nil
		if _, here := s.peers[p]; here {
			s.dismissBecause(p, closing{CloseSlow, diskWaits}, "slow", diskWaits)
		}
	}
}

// revealDurable shows what is on the disk now. Where more and more is to be put
// right, the first of it does not wait for the last: its author may write into what
// is gone for as long as nobody says so.
func (s *state) revealDurable() {
	w := &s.withheld
	switch {
	case !s.withholding():
	case s.durable.reached >= w.seq:
		s.reveal()
	default:
		n := 0
		for n < len(w.updates) && w.updates[n].seq <= s.durable.reached {
			w.bytes -= len(w.updates[n].update)
			n++
		}
		if n > 0 {
			s.queueForAll(withheld{updates: w.updates[:n]})
			w.updates = w.updates[n:]
		}
	}
}

// reveal sends everybody what waited, behind what waits for them already, for it
// may build on that.
func (s *state) reveal() {
	was := s.withheld
	s.withheld = withheld{}
	s.queueForAll(was)
	for p := range was.asked {
		if _, here := s.peers[p]; here && p.question != nil {
			s.answer(p)
		}
	}
}

func (s *state) queueForAll(was withheld) {
	for p := range s.peers {
		s.touch(p)
		p.held = p.held && s.withholding()
		if p.synced && !p.parting {
			s.queueWithheld(p, was)
		}
	}
}

func (s *state) queueWithheld(p *peer, was withheld) {
	if was.dropped {
		p.updates, p.bytes, p.behind = nil, 0, true
		return
	}
	for _, w := range was.updates {
		s.h.stats.deliveries.Add(1)
		s.queueUpdate(p, w.update)
	}
}
