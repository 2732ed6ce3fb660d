package hub

import (
	"time"

	"github.com/notebookhub/hub/hub/nbdoc"
)

// withheld is what peers are not told yet: a merge that the document has and
// the journal has not on the disk. Were it shown at once, a crash would make it
// twice: those who saw it bring it back, and the hub merges the file again.
// Nothing of the document goes to a peer meanwhile, neither updates nor answers,
// for what is written later may stand beside it; reading it brings nothing back.
// The room owns it.
type withheld struct {
	seq   uint64 // the journal's number of the newest such merge; 0: there is none
	since time.Time
	asked map[*peer]struct{} // those whose question waits for its answer
}

// withholdLimit bounds how long a slow or failing disk keeps people from seeing
// each other's edits.
const withholdLimit = 30 * time.Second

// commitMerge is commit for what the hub would have to do again after a crash.
func (s *state) commitMerge(ev nbdoc.Event) {
	if len(ev.Update) == 0 {
		return
	}
	seq := s.note(ev)
	if s.withheld.seq == 0 {
		s.withheld.since = time.Now()
	}
	s.withheld.seq = seq
	s.show(ev, nil)
}

// withholding tells whether nothing of the document may leave.
func (s *state) withholding() bool { return s.withheld.seq != 0 }

// answerLater remembers a question that comes while the answer must not leave.
func (s *state) answerLater(p *peer) {
	if s.withheld.asked == nil {
		s.withheld.asked = make(map[*peer]struct{})
	}
	s.withheld.asked[p] = struct{}{}
}

// revealDurable shows what is on the disk now.
func (s *state) revealDurable() {
	if s.withholding() && s.durable.reached >= s.withheld.seq {
		s.reveal()
	}
}

// revealLate shows a merge although the disk does not take it.
func (s *state) revealLate(now time.Time) {
	if s.withholding() && now.Sub(s.withheld.since) >= withholdLimit {
		s.r.log.Warn("merge shown before it is on the disk", "waited", now.Sub(s.withheld.since))
		s.reveal()
	}
}

// reveal sends everybody what waited.
func (s *state) reveal() {
	asked := s.withheld.asked
	s.withheld = withheld{}
	for p := range s.peers {
		s.touch(p)
	}
	for p := range asked {
		if _, here := s.peers[p]; here && p.question != nil {
			s.answer(p)
		}
	}
}
