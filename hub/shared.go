package hub

import (
	"time"

	"github.com/notebookhub/hub/hub/nbdoc"
)

// What late joiners must know is in the document: Jupyter's own keys in the
// root "state", the rest in the root "hub", which only the hub writes.

// share changes those roots, in one transaction. Values that are already there
// cost nothing.
func (s *state) share(set func(e *nbdoc.Edit) error) {
	ev, err := s.doc.Update(nil, set)
	if err != nil {
		s.r.log.Error("shared state not written", "error", err)
	}
	s.commit(ev, nil)
}

func (s *state) setHub(key string, value any) {
	s.share(func(e *nbdoc.Edit) error { return e.SetHub(key, value) })
}

func (s *state) setDirty(dirty bool) {
	s.share(func(e *nbdoc.Edit) error { return e.SetState("dirty", dirty) })
}

// freshenShared writes what is true of this life of the room over what an
// earlier one left: no kernel, no queue, nothing running.
func (s *state) freshenShared(kernel string) {
	s.exec.choose(s, kernel)
	s.share(s.endRuns)
	s.share(func(e *nbdoc.Edit) error {
		return firstError(
			s.fillSaved(e),
			e.SetHub("lineage", s.lineage.String()),
			e.SetHub("state", s.statusValue()),
			e.SetHub("kernel", s.exec.kernelValue()),
			e.SetHub("queue", []any{}),
			e.SetHub("prompt", nil),
			e.SetHub("error", nil),
		)
	})
}

// endRuns takes the running marks off cells whose kernel is gone.
func (s *state) endRuns(e *nbdoc.Edit) error {
	var errs []error
	for _, id := range s.doc.IDs() {
		if s.doc.Running(id) {
			errs = append(errs, e.FinishRun(id, nil))
		}
	}
	return firstError(errs...)
}

// shareSaved writes what a save changed.
func (s *state) shareSaved() {
	s.share(func(e *nbdoc.Edit) error {
		return firstError(s.fillSaved(e), e.SetHub("error", nil))
	})
}

func (s *state) fillSaved(e *nbdoc.Edit) error {
	var hash, saved any
	if s.saved != nil {
		hash = s.saved.SHA256
		saved = map[string]any{"sha256": s.saved.SHA256, "time": s.saved.Time.UTC().Format(time.RFC3339Nano)}
	}
	return firstError(
		e.SetState("path", s.path),
		e.SetState("dirty", s.edits > s.covered),
		e.SetState("hash", hash),
		e.SetHub("rev", float64(s.rev)),
		e.SetHub("saved", saved),
	)
}

func (s *state) statusValue() map[string]any {
	value := map[string]any{"name": string(s.status)}
	if s.code != "" {
		value["code"], value["reason"] = string(s.code), s.reason
	}
	return value
}

// pathChanged announces that the room's notebook is at another path: first as
// state, for who comes late, then as an event.
func (s *state) pathChanged(former, by string) {
	s.infoDue = true
	s.watch()
	s.share(s.fillSaved)
	s.tell("path_changed", map[string]any{"path": s.path, "rev": s.rev, "by": by})
	s.r.log.Info("path changed", "path", s.path, "former", former)
}
