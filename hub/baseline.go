package hub

import (
	"fmt"
	"time"

	"github.com/notebookhub/hub/hub/notebook"
	"github.com/notebookhub/hub/hub/store"
)

// loading tells whether the room is still being brought to life.
func (s *state) loading() bool { return s.r.info.Load() == nil }

// fileBusy tells whether a save or a move of the baseline is under way: one at a
// time.
func (s *state) fileBusy() bool { return s.saver.running || s.settling }

// ownSize is how large the room's file may be whatever the limits say: twice what
// it was when they last agreed. What the hub wrote itself, with what somebody adds
// to it, is never too large.
func (s *state) ownSize() int {
	if s.baseline == nil {
		return 0
	}
	return 2 * len(s.baseline.File)
}

// readLimit is how much of the room's file is read.
func (s *state) readLimit(pending *store.Baseline) int64 {
	limit := max(s.h.options.MaxNotebook, int64(s.ownSize()))
	if pending != nil {
		limit = max(limit, int64(len(pending.File)))
	}
	return limit
}

// beside does something slow for the room's file, one thing at a time, and then
// goes on in the room. Nobody waits for a room that is being loaded: there it is
// done at once.
func (s *state) beside(slow func() error, then func(*state, error)) {
	if s.loading() {
		then(s, slow())
		return
	}
	s.settling = true
	s.r.work.Go(func() {
		err := slow()
		s.r.post(func(s *state) {
			s.settling = false
			defer s.tellQuiet()
			then(s, err)
			s.nextSave()
		})
	})
}

// moveBaseline makes durable what room and file agree on, and the record of it.
func (s *state) moveBaseline(base *store.Baseline, rec store.Record, then func(*state, error)) {
	loading := s.loading() // then the record is written when it ends
	s.beside(func() error {
		err := s.r.storeBaseline(base)
		if err == nil && !loading {
			s.r.putRecord(rec)
		}
		return err
	}, then)
}

// storeBaseline comes after the journal, unless the baseline itself holds the
// room's state: else a crash could leave a room that believes to have what is in
// the file, and has not.
func (r *room) storeBaseline(base *store.Baseline) error {
	if base.State == nil {
		if err := r.state.log.Sync(r.hub.ctx); err != nil {
			return storeError(err)
		}
	}
	return r.setBaseline(base)
}

// storeMerging comes after the baseline from which the file is merged.
func (r *room) storeMerging(owed, theirs *store.Baseline) error {
	if owed != nil {
		if err := r.storeBaseline(owed); err != nil {
			return err
		}
	}
	return storeError(r.state.log.SetMerging(r.hub.ctx, theirs))
}

// agree makes a file's bytes the baseline: room and file are equal at this
// moment.
func (s *state) agree(content FileContent, form *form, then func(*state, error)) {
	encoded, err := s.doc.Encode(nil)
	if err != nil {
		then(s, fmt.Errorf("encode document: %w", err))
		return
	}
	base := &store.Baseline{File: content.Data, State: encoded, IDs: form.IDs(), Path: s.path}
	edits := s.edits
	s.moveBaseline(base, s.recordOf(content, false), func(s *state, err error) {
		if err == nil {
			s.baseline, s.form, s.file, s.owed = base, form, content.ID, nil
			s.cut = nil
			s.r.refile(content.ID)
			s.saved = &Saved{SHA256: content.Hash, Time: content.Modified}
			s.covered, s.decided, s.infoDue = edits, "", true
		}
		then(s, err)
	})
}

// recordOf is the room's record once it agrees with these bytes of its file.
func (s *state) recordOf(content FileContent, unsaved bool) store.Record {
	rec := s.record()
	rec.File, rec.Hash, rec.Unsaved = content.ID, content.Hash, unsaved
	return rec
}

// rebase makes the disk's bytes what room and file last agreed on, but for the
// disputes. The room may have edits that the file has not. It holds at once: what
// comes next is merged from here, whether or not the disk takes the baseline.
func (s *state) rebase(seen sight, disputes []string, then func(*state, error)) {
	base := &store.Baseline{File: seen.content.Data, IDs: seen.form.IDs(), Path: s.path, Disputes: disputes}
	same := notebook.Equal(s.doc.Notebook(), seen.form.Notebook())
	if same {
		// Otherwise no state of ours is equal to the file, until the next save.
		encoded, err := s.doc.Encode(nil)
		if err != nil {
			then(s, fmt.Errorf("encode document: %w", err))
			return
		}
		base.State = encoded
	}
	s.rebased(seen, base, same)
	s.payBaseline(s.recordOf(seen.content, !same), then)
}

// rebased takes over the new baseline.
func (s *state) rebased(seen sight, base *store.Baseline, same bool) {
	s.baseline, s.form, s.file, s.owed = base, seen.form, seen.content.ID, base
	s.r.refile(seen.content.ID)
	s.saved = &Saved{SHA256: seen.content.Hash, Time: seen.content.Modified}
	s.decided = "" // that was about other bytes
	s.rev++
	if !s.loading() || len(base.Disputes) > 0 {
		s.fileAgrees()
	}
	if same {
		s.covered = s.edits
		s.saver.auto.begun()
	} else {
		s.saver.auto.changed(time.Now())
	}
	s.infoDue = true
	s.shareSaved()
	s.h.publish("merged", s.r.id, map[string]any{"path": s.path, "sha256": s.saved.SHA256})
}

// payBaseline brings the owed baseline to the disk. Until that succeeds the store
// knows by the merge under way what the file held.
func (s *state) payBaseline(rec store.Record, then func(*state, error)) {
	owed := s.owed
	s.moveBaseline(owed, rec, func(s *state, err error) {
		if err == nil && s.owed == owed {
			s.owed = nil
		}
		then(s, err)
	})
}
