package hub

import (
	"slices"
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
