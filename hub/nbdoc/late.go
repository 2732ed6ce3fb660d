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
	for _, o := range late {
		c, at, ok := e.d.place(o)
		if !ok {
			continue
		}
		text := o.Value.(string)
		id := yjs.ID{Client: e.d.doc.ClientID(), Clock: e.d.doc.State()[e.d.doc.ClientID()]}
		c.source.Insert(e.tx, at, text)
		e.stale(c, FieldSource)
		e.x.repaired = true
		e.d.trail.remember(e.tx, e.d.hub, moved{cell: c.id, old: []run{{o.ID, o.Length, false}}, next: []run{{id, o.Length, false}}, text: text})
	}
	return e.tx.Err()
}

// place finds the cell that an orphan belongs to, and the index in its source.
func (d *Document) place(o yjs.Orphan) (*cell, int, bool) {
	if c, at, ok := d.beside(o.Origin, true); ok {
		return c, at, true
	}
	return d.beside(o.Right, false)
}

// beside finds where the place behind (or before) a unit of a dead source is
// now, following the cell through all its moves.
func (d *Document) beside(id yjs.ID, behind bool) (*cell, int, bool) {
	for range trailLength {
		m, ok := d.trail.find(id)
		if !ok {
			return nil, 0, false
		}
		c := d.byID[m.cell]
		if c == nil || c.source == nil {
			return nil, 0, false
		}
		if len(m.next) == 0 { // the copy was empty
			return c, c.source.Len(), true
		}
		id, behind = successor(m, id, behind)
		if at, ok := indexIn(c.source, id, behind); ok {
			return c, at, true
		}
	}
	return nil, 0, false
}

// find returns the move of the source that had a unit, the latest first.
func (t *trail) find(id yjs.ID) (moved, bool) {
	for _, m := range slices.Backward(t.moves) {
		if slices.ContainsFunc(m.old, func(r run) bool { return r.holds(id) }) {
			return m, true
		}
	}
	return moved{}, false
}

// successor is the unit of the copy behind (or before) which something belongs
// that stood behind (or before) a unit of the old source.
func successor(m moved, id yjs.ID, behind bool) (yjs.ID, bool) {
	index := 0
	for _, r := range m.old {
		if r.holds(id) {
			if !r.dead {
				index += int(id.Clock - r.id.Clock)
				if behind {
					index++
				}
			}
			break
		}
		if !r.dead {
			index += r.n
		}
	}
	if index == 0 {
		return m.next[0].id, false
	}
	for _, r := range m.next {
		if index <= r.n {
			return yjs.ID{Client: r.id.Client, Clock: r.id.Clock + uint64(index) - 1}, true
		}
		index -= r.n
	}
	last := m.next[len(m.next)-1]
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
