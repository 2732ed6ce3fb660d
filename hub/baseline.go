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

// moveBaseline makes durable what room and file agree on, and the record of it,
// beside the room, and then goes on in it. Nobody waits for a room that is being loaded: there it is
// done at once.
func (s *state) moveBaseline(base *store.Baseline, rec store.Record, then func(*state, error)) {
	if s.loading() {
		then(s, s.r.storeBaseline(base)) // the record is written when loading ends
		return
	}
	s.settling = true
	s.r.work.Go(func() {
		err := s.r.storeBaseline(base)
		if err == nil {
			s.r.putRecord(rec)
		}
		s.r.post(func(s *state) {
			s.settling = false
			defer s.tellQuiet()
			then(s, err)
			s.nextSave()
		})
	})
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
			s.baseline, s.form, s.file = base, form, content.ID
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
// disputes. The room may have edits that the file has not.
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
	edits := s.edits
	rec := s.recordOf(seen.content, !same)
	rec.Rev++
	s.moveBaseline(base, rec, func(s *state, err error) {
		if err == nil {
			s.rebased(seen, base)
			s.afterRebase(same, edits)
		}
		then(s, err)
	})
}

// rebased takes over the new baseline.
func (s *state) rebased(seen sight, base *store.Baseline) {
	s.baseline, s.form, s.file = base, seen.form, seen.content.ID
	s.r.refile(seen.content.ID)
	s.saved = &Saved{SHA256: seen.content.Hash, Time: seen.content.Modified}
	s.decided = "" // that was about other bytes
	s.rev++
	if !s.loading() || len(base.Disputes) > 0 {
		s.fileAgrees()
	}
}

// afterRebase says what the file still lacks. Up to edits it has everything, if
// it was the same.
func (s *state) afterRebase(same bool, edits uint64) {
	switch {
	case !same:
		s.saver.auto.changed(time.Now())
	case s.edits == edits:
		s.covered = edits
		s.saver.auto.begun()
	default:
		s.covered = edits
	}
	s.infoDue = true
	s.shareSaved()
	s.h.publish("merged", s.r.id, map[string]any{"path": s.path, "sha256": s.saved.SHA256})
}
