package hub

import (
	"time"
)

// outside is what the room knows of what others do to its file. The room owns
// it.
type outside struct {
	stop     func()        // of the watch
	checking bool          // a look at the disk is on its way
	again    bool          // something happened meanwhile
	due      time.Time     // of the next look without being told
	backoff  time.Duration // until what failed is tried again
	torn     int           // how often in a row the file could not be decoded
}

const (
	tornWait  = 300 * time.Millisecond // until a half-written file is read again
	tornReads = 5
	// mergeBackoff is how long a change outside waits at most after the disk is back.
	mergeBackoff = 10 * time.Second
)

// sight is what a look at the disk found.
type sight struct {
	content FileContent
	form    *form
	err     error // of the read, or of the decoding
	saves   uint64
}

// watch follows the room's file, at its present path.
func (s *state) watch() {
	if s.outside.stop != nil {
		s.outside.stop()
		s.outside.stop = nil
		s.h.stats.watchers.Add(-1)
	}
	if s.path == "" || s.h.options.Watcher == nil {
		return
	}
	stop, err := s.h.options.Watcher.Watch(s.h.files.Absolute(s.path), s.r.poke)
	if err != nil {
		s.r.log.Warn("file is not watched; changes outside are seen when it is saved", "path", s.path, "error", err)
		return
	}
	s.outside.stop = stop
	s.h.stats.watchers.Add(1)
}

// poke is the watcher's word that something happened to the file.
func (r *room) poke() {
	r.news.disk.Store(true)
	r.rouse()
}

// diskChanged looks at the disk, beside the room. While a save is under way the
// change may be our own, and while a baseline moves it may be known: the look
// waits for the end.
func (s *state) diskChanged() {
	if s.path == "" || s.saver.ending {
		return
	}
	if s.outside.checking || s.fileBusy() {
		s.outside.again = true
		return
	}
	s.outside.checking = true
	path, prior, saves := s.path, s.form.Notebook().Cells, s.rev
	own, limit := s.ownSize(), s.readLimit(nil)
	s.r.work.Go(func() {
		seen := sight{saves: saves}
		seen.content, seen.err = s.h.files.Read(path, limit)
		if seen.err == nil {
			seen.form, seen.err = s.h.parseAfter(seen.content.Data, prior, own)
		}
		s.r.post(func(s *state) { s.diskSeen(seen) })
	})
}

// diskSeen acts on a look at the disk, unless a save made it stale.
func (s *state) diskSeen(seen sight) {
	s.outside.checking = false
	if s.fileBusy() || seen.saves != s.rev {
		s.diskChanged()
		return
	}
	again := s.outside.again
	s.outside.again = false
	s.meet(seen)
	if again {
		s.diskChanged()
	}
}

// meet brings room and file together again. Our own writes are known by their
// hash.
func (s *state) meet(seen sight) {
	code := CodeOf(seen.err)
	switch {
	case seen.content.Hash != "" && s.saved != nil && seen.content.Hash == s.saved.SHA256:
		s.file, s.outside.torn, s.cut = seen.content.ID, 0, nil
		s.r.refile(seen.content.ID)
		s.fileUnchanged()
	case seen.content.Hash != "" && seen.err != nil && s.outside.torn < tornReads:
		s.outside.torn++
		s.outside.due = time.Now().Add(tornWait)
	case seen.content.Hash != "":
		s.outside.torn = 0
		s.reconcile(seen, (*state).reconciled)
	case code == CodeNotFound && s.baseline == nil:
		// Not written yet.
	case code == CodeNotFound:
		s.setMissing()
	default:
		s.degrade(seen.err)
	}
}

// fileUnchanged is what a look at a file without news is good for: what the disk
// did not take is tried again, and what was wrong ends.
func (s *state) fileUnchanged() {
	if s.owed != nil {
		s.payBaseline(s.record(), func(s *state, err error) {
			s.reconciled(err)
			if err == nil {
				s.fileUnchanged()
			}
		})
		return
	}
	if s.status != StateLive {
		s.backToLive()
	}
}

// fileAgrees ends what was wrong between room and file; the journal may still be
// failing, and a dispute still be open.
func (s *state) fileAgrees() {
	if open := s.openDisputes(); len(open) > 0 {
		s.conflict(CodeConflict, s.disputeWords(open))
		return
	}
	if s.durable.failing {
		s.setStatus(StateDegraded, CodeOf(s.durable.failure), DetailOf(s.durable.failure))
		return
	}
	s.setStatus(StateLive, "", "")
}

func (s *state) backToLive() {
	s.fileAgrees()
	if s.edits > s.covered {
		s.saver.auto.changed(time.Now())
	}
}

// tick looks again at a file that was half written.
func (o *outside) tick(s *state, now time.Time) {
	if !o.due.IsZero() && !now.Before(o.due) {
		o.due = time.Time{}
		s.diskChanged()
	}
}

// reconciled is the end of what an outside change needed. What failed is tried
// again, and told once.
func (s *state) reconciled(err error) {
	o := &s.outside
	if err == nil {
		o.backoff = 0
		return
	}
	if o.backoff == 0 {
		s.r.log.Error("outside change not merged; it is tried again", "path", s.path, "error", err)
	}
	o.backoff = min(max(2*o.backoff, minBackoff), mergeBackoff)
	o.due = time.Now().Add(o.backoff)
	s.degrade(err)
}

// degrade says that a disk fails. That a file is missing or in conflict stays the
// room's state: nothing may be written over it.
func (s *state) degrade(err error) {
	switch {
	case s.status == StateMissing || s.status == StateConflict:
	case s.loading():
		s.status, s.code, s.reason = StateDegraded, CodeOf(err), DetailOf(err)
	default:
		s.setStatus(StateDegraded, CodeOf(err), DetailOf(err))
	}
}

// takeIn decodes and merges bytes that somebody else wrote.
func (s *state) takeIn(content FileContent, then func(*state, error)) {
	form, err := s.h.parseAfter(content.Data, s.form.Notebook().Cells, s.ownSize())
	s.reconcile(sight{content: content, form: form, err: err}, then)
}

// setMissing notes that the file is gone. Edits are kept; nothing is recreated
// without consent.
func (s *state) setMissing() {
	reason := s.path + " was deleted outside; the notebook is kept here"
	if s.status == StateOpening {
		s.status, s.code, s.reason = StateMissing, CodeMissing, reason
		return
	}
	s.setStatus(StateMissing, CodeMissing, reason)
	s.followMove()
}
