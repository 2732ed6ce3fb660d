package hub

import (
	"bytes"
	"errors"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/notebookhub/hub/hub/nbdoc"
	"github.com/notebookhub/hub/hub/notebook"
	"github.com/notebookhub/hub/hub/store"
	"github.com/notebookhub/hub/hub/yjs"
)

// restore continues a lineage from the store, and takes in what happened to the
// file meanwhile.
func (s *state) restore(rec store.Record, recovered store.Recovered) error {
	doc, err := loadDocument(recovered)
	if err != nil {
		return s.replaceLineage(rec, err)
	}
	s.doc, s.lineage, s.seed, s.rev = doc, rec.Lineage, rec.Seed, rec.Rev
	s.form, s.baseline = newForm(s.h.blobs), recovered.Baseline
	if s.baseline != nil {
		if s.form, err = s.h.parseOwn(s.baseline.File, s.baseline.IDs); err != nil {
			return s.replaceLineage(rec, err)
		}
		s.saved = &Saved{SHA256: hashOf(s.baseline.File), Time: rec.Modified}
	}
	s.catchUp(recovered.Baseline)
	s.catchUp(recovered.Pending)
	s.cut = s.cutOff(recovered.Pending)
	s.finishMerge(recovered.Merging)
	if err := s.meetDisk(recovered.Pending, rec.Hash); err != nil {
		return err
	}
	s.clearAway(recovered.Pending)
	if s.baseline != nil && notebook.Equal(s.doc.Notebook(), s.form.Notebook()) {
		s.covered = s.edits
		s.saver.auto.begun()
		return nil
	}
	s.edits = s.covered + 1
	if s.path != "" && s.baseline != nil {
		s.saver.auto.changed(time.Now())
	}
	return nil
}

// catchUp takes over what went into a file and not into the journal: a save
// does not wait for a journal that lags behind or fails, and what was saved
// must not be taken back.
func (s *state) catchUp(saved *store.Baseline) {
	if saved == nil || len(saved.State) == 0 {
		return
	}
	ev, err := s.doc.CatchUp(saved.State)
	if err != nil {
		s.r.log.Warn("state of the saved file not taken over", "error", err)
	}
	s.commit(ev, nil)
}

// finishMerge moves the baseline to the file of a merge that the document has,
// when the room ended in between: what has happened to the file since is merged
// from there.
func (s *state) finishMerge(theirs *store.Baseline) {
	if theirs == nil || s.baseline == nil {
		return
	}
	form, err := s.h.parseOwn(theirs.File, theirs.IDs)
	if err != nil {
		s.r.log.Warn("file of a merge not read again", "error", err)
		return
	}
	disputes, done := s.doc.Merged(s.baseline.State, s.form.Notebook(), form.Notebook())
	if !done {
		return
	}
	content := FileContent{FileStat: FileStat{ID: s.file, Modified: s.saved.Time}, Data: theirs.File, Hash: hashOf(theirs.File)}
	s.rebase(sight{content: content, form: form}, s.standing(disputes, form.Notebook()), (*state).reconciled)
}

// clearAway removes what a save that a crash cut short left beside the user's
// files. As long as the store takes it for pending, it tells that the file was not
// replaced.
func (s *state) clearAway(pending *store.Baseline) {
	if pending != nil && pending.Path != s.path {
		s.clearTemp(pending.Path)
	}
	if s.path == "" || s.cut != nil {
		return
	}
	if pending != nil && pending.Path == s.path {
		if err := s.log.DropPending(s.h.ctx); err != nil {
			s.r.log.Warn("save that was cut short not forgotten", "error", err)
			return
		}
	}
	s.clearTemp(s.path)
}

func (s *state) clearTemp(path string) {
	if err := s.h.files.Remove(tempName(path, s.r.writer())); err != nil && CodeOf(err) != CodeNotFound {
		s.r.log.Warn("temporary file not removed", "error", err)
	}
}

func loadDocument(recovered store.Recovered) (*nbdoc.Document, error) {
	updates := recovered.Updates
	if recovered.Snapshot != nil {
		updates = slices.Insert(slices.Clone(updates), 0, recovered.Snapshot)
	}
	if len(updates) == 0 {
		return nil, errors.New("the history is empty")
	}
	return nbdoc.Load(yjs.Options{}, updates...)
}

// meetDisk compares the file with what the room last knew of it. After a crash
// a file equal to the pending bytes is our own write, and one that is as the
// record says is no news, although a save-as that was cut short left the
// baseline of another path.
func (s *state) meetDisk(pending *store.Baseline, recorded string) error {
	if s.path == "" {
		return nil
	}
	content, err := s.h.files.Read(s.path, s.readLimit(pending))
	switch {
	case CodeOf(err) == CodeNotFound && s.baseline == nil:
		return nil // never written yet
	case CodeOf(err) == CodeNotFound:
		s.setMissing()
		return nil
	case err != nil:
		s.degrade(err)
		return nil
	}
	s.file = content.ID
	if pending != nil && content.Hash == hashOf(pending.File) {
		return s.wasWritten(pending, content.Modified)
	}
	if s.baseline != nil && bytes.Equal(content.Data, s.baseline.File) {
		s.cut = nil
		if len(s.baseline.Disputes) > 0 {
			s.fileAgrees()
		}
		return nil
	}
	if s.baseline != nil && s.baseline.Path != s.path && content.Hash == recorded {
		if form, err := s.h.parseAfter(content.Data, s.form.Notebook().Cells, s.ownSize()); err == nil {
			s.rebase(sight{content: content, form: form}, s.baseline.Disputes, (*state).reconciled)
			return nil
		}
	}
	s.takeIn(content, (*state).reconciled)
	return nil
}

// wasWritten takes over the baseline of a save that a crash cut off behind the
// rename.
func (s *state) wasWritten(pending *store.Baseline, modified time.Time) (err error) {
	if s.form, err = s.h.parseOwn(pending.File, pending.IDs); err != nil {
		return err
	}
	if err := s.log.PromotePending(s.h.ctx); err != nil {
		s.r.log.Warn("the baseline moves with the next save", "error", err)
	}
	s.baseline, s.owed, s.cut = pending, nil, nil
	s.saved = &Saved{SHA256: hashOf(pending.File), Time: modified}
	return nil
}

// cutOff is a save of the room's file of which it is not known whether it came to
// the rename, nil if it is: while the temporary file is there, it did not.
func (s *state) cutOff(pending *store.Baseline) *store.Baseline {
	if pending == nil || s.path == "" || pending.Path != s.path {
		return nil
	}
	if _, err := s.h.files.Stat(tempName(s.path, s.r.writer())); err == nil {
		return nil
	}
	return pending
}

// settleCut decides what a file that somebody else changed came of: of what the
// room had saved before a crash, or of what that save was to replace; of the one
// to which it is nearer. Were it always the latter, what the save wrote could look
// like their edits.
func (s *state) settleCut(seen sight) sight {
	cut, former := s.cut, s.form
	s.cut = nil
	if cut == nil || cut.Path != s.path {
		return seen
	}
	written, err := s.h.parseOwn(cut.File, cut.IDs)
	if err != nil {
		return seen
	}
	now, err := s.h.parseAfter(seen.content.Data, written.Notebook().Cells, 2*len(cut.File))
	if err != nil || notebook.Distance(written.Notebook(), now.Notebook()) >= notebook.Distance(former.Notebook(), seen.form.Notebook()) {
		return seen
	}
	s.baseline, s.form, s.owed = cut, written, cut
	s.saved = &Saved{SHA256: hashOf(cut.File), Time: seen.content.Modified}
	seen.form = now
	return seen
}

// replaceLineage gives a notebook whose history cannot be read a new room: the
// old id is never used for another history, so that returning clients cannot
// merge what does not belong together.
func (s *state) replaceLineage(rec store.Record, cause error) error {
	s.r.log.Error("history cannot be read; the notebook gets a new room", "path", rec.Path, "error", cause)
	if rec.Path == "" {
		return fail(CodeStorage, cause, "the history of this untitled notebook cannot be read; what was found is kept in the state directory")
	}
	successor := store.Record{
		Room: uuid.New(), Lineage: uuid.New(), Path: rec.Path, Status: store.StatusOpen,
		Created: time.Now(), Modified: time.Now(),
	}
	rec.Status, rec.Replacement, rec.Path = store.StatusReplaced, successor.Room, ""
	if err := s.h.store.PutRecord(rec); err != nil {
		return storeError(err)
	}
	if err := s.h.store.PutRecord(successor); err != nil {
		return storeError(err)
	}
	return errMoved
}
