package hub

import (
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/notebookhub/hub/hub/nbdoc"
	"github.com/notebookhub/hub/hub/notebook"
	"github.com/notebookhub/hub/hub/store"
	"github.com/notebookhub/hub/hub/yjs"
)

// load brings the room to life: from what the store has, else from the file,
// else empty. Until it has succeeded nothing of the room can be read, and
// nothing of it can ever write the file.
func (s *state) load(t loadTarget) error {
	rec, known, err := s.recall(t)
	if err != nil {
		return err
	}
	s.path, s.file, s.fresh = t.path, t.file, !known
	if known && s.file == (FileID{}) {
		s.file = rec.File // by which a file that moved is found
	}
	log, recovered, err := s.h.store.OpenLog(s.r.id, s.r.heard)
	if err != nil {
		return storeError(err)
	}
	s.log = log
	s.watch() // before the first look, so that nothing falls in between
	switch {
	case !recovered.Empty() && known:
		err = s.restore(rec, recovered)
	default:
		err = s.begin(t)
	}
	if err != nil {
		return err
	}
	if recovered.Damaged {
		s.r.log.Warn("journal was damaged; what could not be read was set aside", "detail", recovered.Detail)
	}
	if s.status == StateOpening {
		s.status = StateLive
	}
	s.freshenShared(t.kernel)
	if s.status == StateMissing {
		s.followMove()
	}
	s.recent = s.view()
	return s.remember()
}

// recall finds what the store knows of the room, and checks that nothing moved
// between the look into the store and the claims.
func (s *state) recall(t loadTarget) (rec store.Record, known bool, err error) {
	rec, err = s.h.store.Room(s.r.id)
	known = err == nil
	switch {
	case err != nil && !errors.Is(err, store.ErrNotFound):
		return rec, false, storeError(err)
	case known && (rec.Path != t.path || rec.Status == store.StatusReplaced):
		return rec, true, errMoved
	case t.path == "" && !known && !t.untitled:
		return rec, false, fail(CodeRoomNotFound, nil, "no room has the id %s", s.r.id)
	}
	if t.path != "" {
		holder, err := s.h.store.ByPath(t.path)
		if err == nil && holder.Room != s.r.id {
			return rec, known, errMoved
		}
	}
	return rec, known, nil
}

// begin starts a lineage: its first content is made once, by this hub, under a
// client id of its own.
func (s *state) begin(t loadTarget) error {
	content, err := FileContent{}, error(nil)
	form := newForm(s.h.blobs)
	if t.path != "" {
		content, err = s.h.files.Read(t.path, s.h.options.MaxNotebook)
		switch {
		case err == nil:
			if form, err = s.h.parse(content.Data, nil); err != nil {
				return err
			}
		case CodeOf(err) != CodeNotFound || !t.create:
			return err
		}
	}
	doc, change, err := nbdoc.Seed(yjs.Options{}, firstContent(form, content))
	if err != nil {
		return fmt.Errorf("seed document: %w", err)
	}
	s.doc, s.form, s.lineage, s.seed = doc, form, uuid.New(), doc.ClientID()
	s.journal(change.Update)
	if content.Data == nil {
		return nil
	}
	s.agree(content, form, func(_ *state, failed error) { err = failed })
	return err
}

// firstContent is what a new document holds: the file's cells, or one empty
// cell to type into.
func firstContent(form *form, content FileContent) *notebook.Notebook {
	nb := form.Notebook()
	if content.Data == nil {
		fresh := *nb
		fresh.Cells = []notebook.Cell{{ID: newCellID(), Type: "code", Metadata: map[string]any{}}}
		return &fresh
	}
	return nb
}

// remember writes the room's record: where its notebook is, and that attaching
// by id may open it.
func (s *state) remember() error {
	return storeError(s.h.store.PutRecord(s.record()))
}

// rememberRest says in the record how the room went to rest. Closed on purpose,
// attaching by id fails until the path is opened; an untitled notebook has no
// other way in than its id, and one that was thrown away none at all.
func (s *state) rememberRest() error {
	rec := s.record()
	switch {
	case s.discarded:
		rec.Status, rec.Path, rec.File = store.StatusReplaced, "", FileID{}
	case s.closed && rec.Path != "":
		rec.Status = store.StatusClosed
	default:
		former, err := s.h.store.Room(s.r.id)
		if err == nil && sameRest(former, rec) {
			return nil // most go as they came
		}
	}
	return storeError(s.h.store.PutRecord(rec))
}

// sameRest tells whether two records say the same of a room at rest.
func sameRest(a, b store.Record) bool {
	return a.Standing == b.Standing && a.Code == b.Code && a.Reason == b.Reason && a.Unsaved == b.Unsaved && a.Cells == b.Cells
}

func (s *state) record() store.Record {
	rec := store.Record{
		Room: s.r.id, Lineage: s.lineage, Seed: s.seed, Path: s.path, File: s.file, Rev: s.rev,
		Status: store.StatusOpen, Created: s.created, Modified: time.Now(),
		Standing: string(s.status), Code: string(s.code), Reason: s.reason, Unsaved: s.edits > s.covered, Cells: s.doc.Len(),
	}
	if s.saved != nil {
		rec.Hash = s.saved.SHA256
	}
	return rec
}

// forgetFresh leaves nothing of a notebook that could not be opened and was never
// known: else what the store has of it would turn up as somebody's work.
func (s *state) forgetFresh() {
	if !s.fresh || s.doc == nil {
		return
	}
	if err := s.h.store.Forget(s.r.id); err != nil {
		s.r.log.Warn("room that was never opened not forgotten", "error", err)
	}
}

// discard lets go of everything that the room holds outside of memory.
func (s *state) discard() {
	s.timer.Stop()
	if s.outside.stop != nil {
		s.outside.stop()
		s.h.stats.watchers.Add(-1)
	}
	if s.log != nil {
		if err := s.log.Close(); err != nil {
			s.r.log.Error("journal could not be closed", "error", err)
		}
	}
	for _, w := range s.durable.waiters {
		w.done <- s.r.goneError()
	}
}
