package nbdoc

import (
	"slices"

	"github.com/notebookhub/hub/hub/yjs"
)

// lateTexts are the orphans that are text.
func lateTexts(orphans []yjs.Orphan) []yjs.Orphan {
	var late []yjs.Orphan
	for _, o := range orphans {
		if s, text := o.Value.(string); text && s != "" {
			late = append(late, o)
		}
	}
	return late
}

// applyLate puts text that arrived under the old source of a moved cell, or
// that whoever moved the cell had not seen, into the cell as it is now: beside
// the units that it was written beside. Text of cells that were deleted goes
// with them.
func (e *Edit) applyLate(late []yjs.Orphan) error {
	grown := make(map[*moved]bool)
	for _, o := range late {
		c, at, ok := e.d.placeOf(o)
		if !ok {
			continue
		}
		text := o.Value.(string)
		id := yjs.ID{Client: e.d.doc.ClientID(), Clock: e.d.doc.State()[e.d.doc.ClientID()]}
		c.source.Insert(e.tx, at, text)
		e.stale(c, FieldSource)
		e.x.repaired = true
		grown[e.d.trail.extend(e, c, run{o.ID, o.Length, false}, run{id, o.Length, false}, text)] = true
	}
	for _, m := range e.d.trail.moves {
		if grown[m] {
			e.d.trail.write(e, m)
		}
	}
	return e.tx.Err()
}

// extend remembers where late text went, so that what its author writes beside
// it finds the way too.
func (t *trail) extend(e *Edit, c *cell, old, next run, text string) *moved {
	m := t.late[c.place]
	if m == nil || len(m.old) >= textRuns {
		m = &moved{cell: c.id, to: c.place}
		t.late[c.place] = m
		t.remember(e, m)
	}
	before := 0
	for _, r := range m.next {
		before += r.n
	}
	t.enterRun(station{old, before, m})
	m.old, m.next, m.texts = append(m.old, old), append(m.next, next), append(m.texts, text)
	t.runs++
	return m
}

// placeOf finds the cell that an orphan belongs to, and the index in its source.
func (d *Document) placeOf(o yjs.Orphan) (*cell, int, bool) {
	if c, at, ok := d.beside(o.Origin, true); ok {
		return c, at, true
	}
	if c, at, ok := d.beside(o.Right, false); ok {
		return c, at, true
	}
	if o.Origin != (yjs.ID{}) || o.Right != (yjs.ID{}) {
		return nil, 0, false
	}
	return d.startOf(o.Parent) // it was written into an empty text
}

// beside finds where the place behind (or before) a unit of a dead source is
// now, following the cell through all its moves.
func (d *Document) beside(id yjs.ID, behind bool) (*cell, int, bool) {
	for range len(d.trail.moves) {
		s, ok := d.trail.find(id)
		if !ok {
			return nil, 0, false
		}
		if len(s.move.next) == 0 {
			return d.startOf(s.move.to)
		}
		id, behind = s.successor(id, behind)
		if c := d.holder(s.move); c != nil {
			if at, ok := indexIn(c.source, id, behind); ok {
				return c, at, true
			}
		}
	}
	return nil, 0, false
}

// startOf finds where the start of a text is now.
func (d *Document) startOf(text yjs.ID) (*cell, int, bool) {
	for range len(d.trail.moves) + 1 {
		for _, c := range d.list {
			if c.place == text && c.source != nil && c.source.Alive() {
				return c, 0, true
			}
		}
		m := d.trail.texts[text]
		if m == nil {
			break
		}
		text = m.to
	}
	return nil, 0, false
}

// holder is the living cell whose source is the text that a move went to, nil
// when it has moved on. Its id may have changed since.
func (d *Document) holder(m *moved) *cell {
	if c := d.byID[m.cell]; c != nil && c.place == m.to && c.source != nil {
		return c
	}
	if d.trail.texts[m.to] != nil {
		return nil
	}
	for _, c := range d.list {
		if c.place == m.to && c.source != nil {
			return c
		}
	}
	return nil
}

// successor is the unit of the copy behind (or before) which something belongs
// that stood behind (or before) a unit of the old source. One that had been
// deleted before has no copy: its place is behind the live one before it.
func (s station) successor(id yjs.ID, behind bool) (yjs.ID, bool) {
	index := s.before
	if s.dead {
		if behind = index > 0; behind {
			index--
		}
	} else {
		index += int(id.Clock - s.id.Clock)
	}
	for _, r := range s.move.next {
		if index < r.n {
			return yjs.ID{Client: r.id.Client, Clock: r.id.Clock + uint64(index)}, behind
		}
		index -= r.n
	}
	last := s.move.next[len(s.move.next)-1]
	return yjs.ID{Client: last.id.Client, Clock: last.id.Clock + uint64(last.n) - 1}, true
}

// indexIn is the index behind (or before) a unit of a text; a deleted unit has
// its place still. ok is false when the text does not have the unit.
func indexIn(t *yjs.Text, id yjs.ID, behind bool) (index int, ok bool) {
	t.Runs(func(at yjs.ID, n int, deleted bool) bool {
		r := run{at, n, deleted}
		if ok = r.holds(id); ok && !deleted {
			index += int(id.Clock - at.Clock)
			if behind {
				index++
			}
		} else if !deleted {
			index += n
		}
		return !ok
	})
	return index, ok && t.Alive()
}

// without marks the units of orphans as dead: whoever moved the cell did not
// know them, so the copy does not have them.
func without(runs []run, orphans []yjs.Orphan) []run {
	for _, o := range orphans {
		for i := 0; i < len(runs); i++ {
			r := runs[i]
			if r.dead || !r.holds(o.ID) {
				continue
			}
			skip := int(o.ID.Clock - r.id.Clock)
			n := min(o.Length, r.n-skip)
			rest := yjs.ID{Client: r.id.Client, Clock: o.ID.Clock + uint64(n)}
			parts := []run{{r.id, skip, false}, {o.ID, n, true}, {rest, r.n - skip - n, false}}
			parts = slices.DeleteFunc(parts, func(p run) bool { return p.n == 0 })
			runs = slices.Replace(slices.Clone(runs), i, i+1, parts...)
			break
		}
	}
	return runs
}
