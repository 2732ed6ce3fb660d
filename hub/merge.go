package hub

import (
	"fmt"
	"slices"
	"strings"

	"github.com/notebookhub/hub/hub/nbdoc"
	"github.com/notebookhub/hub/hub/notebook"
	"github.com/notebookhub/hub/hub/store"
)

// reconcile merges what others made of the file into the document: what they
// changed since room and file last agreed, and nothing else. What cannot be
// decided becomes a conflict; the file is not written then. It calls then when
// room and file agree, or cannot.
func (s *state) reconcile(seen sight, then func(*state, error)) {
	if seen.err == nil && s.cut != nil {
		seen = s.settleCut(seen)
	}
	switch {
	case seen.err != nil:
		s.conflict(CodeOf(seen.err), "the file cannot be read as a notebook: "+DetailOf(seen.err))
		then(s, nil)
	case s.baseline == nil && notebook.Equal(seen.form.Notebook(), s.doc.Notebook()):
		s.rebase(seen, nil, then)
	case s.baseline == nil:
		s.conflict(CodeConflict, "somebody else created "+s.path+" with another content")
		then(s, nil)
	default:
		s.beginMerge(seen, then)
	}
}

// beginMerge writes down which file is merged, so that after a crash it is known
// together with the merge itself.
func (s *state) beginMerge(seen sight, then func(*state, error)) {
	owed := s.owed
	theirs := &store.Baseline{File: seen.content.Data, IDs: seen.form.IDs(), Path: s.path}
	s.beside(func() error { return s.r.storeMerging(owed, theirs) }, func(s *state, err error) {
		switch {
		case err != nil:
			then(s, err)
		case s.durable.failing:
			then(s, s.durable.failure)
		default:
			s.owed = nil
			s.merge(seen, then)
		}
	})
}

// merge takes the file's change over. When it leaves something that a person
// must decide about, room and file have nevertheless met: the next change is
// merged from here, and only the file is not written.
func (s *state) merge(seen sight, then func(*state, error)) {
	s.keepIfCellsGo(seen.form)
	ev, conflicts, err := s.doc.Merge(s.baseline.State, s.form.Notebook(), seen.form.Notebook())
	s.commitMerge(ev)
	if err != nil {
		then(s, fmt.Errorf("merge %s: %w", s.path, err))
		return
	}
	s.h.stats.merges.Add(1)
	s.rebase(seen, s.standing(nbdoc.Disputes(conflicts), seen.form.Notebook()), then)
}

// standing are the disputes that are open now that the file holds disk: the new
// ones, and what is left of the former.
func (s *state) standing(disputes []nbdoc.Dispute, disk *notebook.Notebook) []string {
	open := s.stillOpen(disk)
	for _, d := range disputes {
		if text := d.String(); !slices.Contains(open, text) {
			open = append(open, text)
		}
	}
	return open
}

// stillOpen are the former disputes about which room and file differ.
func (s *state) stillOpen(disk *notebook.Notebook) []string {
	if s.baseline == nil {
		return nil
	}
	var open []string
	for _, text := range s.baseline.Disputes {
		if d, ok := nbdoc.ParseDispute(text); ok && s.doc.Stands(d, disk) {
			open = append(open, text)
		}
	}
	return open
}

// openDisputes are those that are open as the file was last seen.
func (s *state) openDisputes() []string { return s.stillOpen(s.form.Notebook()) }

// disputesMayEnd looks whether an edit settled what was open: whoever gives the
// cell up decides too.
func (s *state) disputesMayEnd() {
	if s.status == StateConflict && s.baseline != nil && len(s.baseline.Disputes) > 0 && s.code == CodeConflict && len(s.openDisputes()) == 0 {
		s.backToLive()
	}
}

// conflict stops the writing of the file until a person decided, or the disk
// became readable again.
func (s *state) conflict(code Code, reason string) {
	s.decided = "" // that was about other bytes
	if s.status != StateConflict {
		s.h.stats.conflicts.Add(1)
	}
	if s.loading() {
		s.status, s.code, s.reason = StateConflict, code, reason
		return
	}
	s.setStatus(StateConflict, code, reason)
}

// disputeWords says to a person what is to be decided.
func (s *state) disputeWords(disputes []string) string {
	var parts []string
	for _, text := range disputes {
		if d, ok := nbdoc.ParseDispute(text); ok {
			parts = append(parts, s.cellWords(d.Cell)+" was "+conflictWords(d.Kind))
		}
	}
	return strings.Join(parts, "; ")
}

// titleBytes is how much of a cell's first line names it.
const titleBytes = 40

// cellWords names a cell by where it is and how it begins: its id may be in no
// file.
func (s *state) cellWords(id string) string {
	cell, here := s.doc.Cell(id)
	if !here {
		return "cell " + id
	}
	words := fmt.Sprintf("cell %d", slices.Index(s.doc.IDs(), id)+1)
	line, _, _ := strings.Cut(strings.TrimSpace(cell.Source), "\n")
	if title := cutText(line, min(len(line), titleBytes)); title != "" {
		words += fmt.Sprintf(" (%q)", title)
	}
	return words
}

func conflictWords(kind nbdoc.ConflictKind) string {
	switch kind {
	case nbdoc.DeletedOnDisk:
		return "deleted in the file and edited here"
	case nbdoc.DeletedInRoom:
		return "deleted here and edited in the file"
	case nbdoc.Retyped:
		return "given another type on one side and edited on the other"
	}
	return "changed on both sides"
}
