package hub

import (
	"slices"
	"strings"
	"time"

	"github.com/notebookhub/hub/hub/nbdoc"
)

const (
	formerAge   = 2 * time.Second  // so much of the latest typing may be missing in what is kept
	formerPause = 10 * time.Second // cells that go one after the other go together
)

// keepIfEmptied keeps what there was before every cell was deleted. Then it is
// too late to look, so the content is looked at a moment after each edit, which
// costs next to nothing: unchanged cells are shared.
func (s *state) keepIfEmptied(ev nbdoc.Event, now time.Time) {
	switch {
	case s.doc.Len() == 0:
		if s.recent.content != nil && len(s.recent.content.Cells) > 0 {
			s.keepLater(versionDeleteAll, s.recent)
		}
		s.recent, s.look = view{}, time.Time{}
	case slices.ContainsFunc(ev.Cells, func(c nbdoc.CellEvent) bool { return c.Kind == nbdoc.Deleted }):
		s.look = now.Add(formerPause)
	case s.look.IsZero():
		s.look = now.Add(formerAge)
	}
}

// lookAgain remembers the content when it is time.
func (s *state) lookAgain(now time.Time) {
	if !s.look.IsZero() && !now.Before(s.look) {
		s.recent, s.look = s.view(), time.Time{}
	}
}

// keepIfCellsGo keeps the room's state before an outside change takes out cells,
// or text that was typed here: a program that read the file before and writes
// it back now does not know that text.
func (s *state) keepIfCellsGo(disk *form) {
	there := disk.sources()
	for id, was := range s.form.sources() {
		is, stays := there[id]
		if !stays || (lacks(is, was) && s.typedHere(id, was)) {
			s.keepLater(versionOutside, s.view())
			break
		}
	}
	s.foreign = there
}

// typedHere tells whether the file has a cell's source from this room, or may
// have it from a former life of the room.
func (s *state) typedHere(id, source string) bool {
	if s.foreign == nil {
		return !s.fresh || s.edits > 0
	}
	left, known := s.foreign[id]
	return !known || left != source
}

// lacks tells whether a text is more than another one with an insertion.
func lacks(is, was string) bool {
	if len(is) < len(was) {
		return true
	}
	at := 0
	for at < len(was) && is[at] == was[at] {
		at++
	}
	return !strings.HasSuffix(is, was[at:])
}
