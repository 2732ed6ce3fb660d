package nbdoc

import (
	"slices"
	"unicode/utf16"

	"github.com/notebookhub/hub/hub/yjs"
)

// late is a piece of what arrived under a source that is gone, or that whoever
// moved the cell had not seen.
type late struct {
	run                  // dead: deleted by its author meanwhile; else told
	text        []uint16 // what it says, unless it is dead
	left, right yjs.ID   // the units that it was written between; the zero ID: none
	parent      yjs.ID   // the source; the zero ID when it is not known
}

// lateRuns cuts orphans into runs that their author deleted meanwhile and
// others. Of the former only the place matters: others stand beside them. What
// they said counts as nothing that the cell ever had, for a copy may bring it yet.
func lateRuns(orphans []yjs.Orphan, gone func(yjs.ID) bool) []late {
	var runs []late
	for _, o := range orphans {
		s, _ := o.Value.(string)
		text := utf16.Encode([]rune(s))
		if len(text) != o.Length && o.Value != nil {
			continue // no text
		}
		left, start := o.Origin, len(runs)
		for i := range o.Length {
			id := yjs.ID{Client: o.ID.Client, Clock: o.ID.Clock + uint64(i)}
			dead := o.Value == nil || gone(id)
			r := run{id, 1, dead, !dead}
			if n := len(runs) - 1; n >= start && runs[n].goesOn(r) {
				runs[n].n++
			} else {
				runs = append(runs, late{run: r, left: left, right: o.Right, parent: o.Parent})
			}
			if !dead {
				l := &runs[len(runs)-1]
				l.text = append(l.text, text[i])
			}
			left = id
		}
	}
	return runs
}

// applyLate puts late text into the cell as it is now: beside the units that it
// was written beside. Text of cells that were deleted goes with them.
func (e *Edit) applyLate(runs []late) error {
	grown := make(map[*moved]bool)
	for _, l := range runs {
		m := e.d.trail.takes(l)
		if m == nil {
			continue
		}
		if l.dead {
			grown[m] = e.d.trail.admit(m, l, run{}) || grown[m]
			continue
		}
		c, at, ok := e.d.placeOf(l)
		if !ok {
			continue
		}
		next := run{yjs.ID{Client: e.d.doc.ClientID(), Clock: e.d.doc.State()[e.d.doc.ClientID()]}, l.n, false, true}
		c.source.Insert(e.tx, at, string(utf16.Decode(l.text)))
		e.stale(c, FieldSource)
		e.x.repaired = true
		grown[m] = e.d.trail.admit(m, l, next) || grown[m]
	}
	for _, m := range e.d.trail.moves {
		if grown[m] {
			e.d.trail.write(e, m)
		}
	}
	if len(grown) > 0 {
		e.d.trail.bound(e)
	}
	return e.tx.Err()
}

// takes finds the move of the source that a late run was written into.
func (t *trail) takes(l late) *moved {
	for _, id := range []yjs.ID{l.id, l.left, l.right} {
		if m := t.find(id); m != nil {
			return m
		}
	}
	return t.texts[l.parent]
}

// admit enters a late run among the units of the old source, and where it went,
// so that what its author writes beside it finds the way too.
func (t *trail) admit(m *moved, l late, next run) bool {
	known := t.find(l.id) == m
	if known && l.dead || len(m.old) > trailRuns/2 {
		return false
	}
	var at spot
	if known { // whoever moved the cell did not know it
		at = m.mark(l.run, false)
	} else {
		at = m.enter(l, t.placeIn(m, l))
		t.enterRun(l.run, m)
	}
	if !l.dead {
		m.image(at.live, next)
		t.runs++
	}
	return true
}

// placeIn is where in the old source a late run belongs.
func (t *trail) placeIn(m *moved, l late) spot {
	if t.find(l.left) == m {
		at, skip, _ := m.locate(l.left)
		return m.cut(at, skip+1)
	}
	if t.find(l.right) == m {
		at, skip, _ := m.locate(l.right)
		return m.cut(at, skip)
	}
	return spot{}
}

// enter puts a late run into the old source.
func (m *moved) enter(l late, at spot) spot {
	r := l.run
	if r.told = r.told && m.whole; r.told {
		if m.units == nil {
			m.units = utf16.Encode([]rune(m.text))
		}
		m.units = slices.Insert(m.units, at.told, l.text...)
	}
	m.old = slices.Insert(m.old, at.i, r)
	return at
}

// spot is a place between two runs of an old source, and how many live and told
// units stand before it.
type spot struct{ i, live, told int }

// behind is the spot behind r.
func (s spot) behind(r run) spot {
	s.i++
	if !r.dead {
		s.live += r.n
	}
	if r.told {
		s.told += r.n
	}
	return s
}

// locate finds a unit of the old source: the run and the place in it. It begins
// where it last found something, as people type in order.
func (m *moved) locate(id yjs.ID) (at spot, skip int, ok bool) {
	at = m.near
	for range len(m.old) + 1 {
		if at.i >= len(m.old) {
			at = spot{}
			continue
		}
		if r := m.old[at.i]; r.holds(id) {
			m.near = at
			return at, int(id.Clock - r.id.Clock), true
		}
		at = at.behind(m.old[at.i])
	}
	return spot{}, 0, false
}

// cut cuts the run at a spot in two, and returns the spot of the second.
func (m *moved) cut(at spot, skip int) spot {
	r := m.old[at.i]
	if skip == 0 {
		return at
	}
	if skip < r.n {
		m.old = slices.Replace(m.old, at.i, at.i+1, r.part(0, skip), r.part(skip, r.n-skip))
	}
	return at.behind(m.old[at.i])
}

// mark makes units of the old source dead, or such that have an image.
func (m *moved) mark(units run, dead bool) spot {
	at, skip, _ := m.locate(units.id)
	at = m.cut(at, skip)
	m.cut(at, min(units.n, m.old[at.i].n))
	m.old[at.i].dead, m.near = dead, spot{}
	return at
}

// image enters the image of units of which so many live ones stand before.
func (m *moved) image(before int, next run) {
	for i, r := range m.next {
		if before == 0 {
			m.next = slices.Insert(m.next, i, next)
			return
		}
		if before < r.n {
			m.next = slices.Replace(m.next, i, i+1, r.part(0, before), next, r.part(before, r.n-before))
			return
		}
		before -= r.n
	}
	m.next = append(m.next, next)
}

// placeOf finds the cell that a late run belongs to, and the index in its source.
func (d *Document) placeOf(l late) (*cell, int, bool) {
	if c, at, ok := d.beside(l.left, true); ok {
		return c, at, true
	}
	if c, at, ok := d.beside(l.right, false); ok {
		return c, at, true
	}
	if l.left != (yjs.ID{}) || l.right != (yjs.ID{}) {
		return nil, 0, false
	}
	c := d.holder(l.parent) // it was written into an empty text
	return c, 0, c != nil
}

// beside finds where the place behind (or before) a unit of a dead source is
// now, following the cell through all its moves.
func (d *Document) beside(id yjs.ID, behind bool) (*cell, int, bool) {
	for range len(d.trail.moves) {
		m := d.trail.find(id)
		if m == nil {
			return nil, 0, false
		}
		c := d.holder(m.to)
		if len(m.next) == 0 {
			return c, 0, c != nil
		}
		id, behind = m.successor(id, behind)
		if c != nil {
			if at, ok := indexIn(c.source, id, behind); ok {
				return c, at, true
			}
		}
	}
	return nil, 0, false
}

// holder is the living cell whose source is a text, or what became of it; nil
// when it is gone.
func (d *Document) holder(text yjs.ID) *cell {
	id := ""
	for range len(d.trail.moves) {
		m := d.trail.texts[text]
		if m == nil {
			break
		}
		id, text = m.cell, m.to
	}
	if c := d.byID[id]; c != nil && c.place == text && c.source != nil {
		return c
	}
	for _, c := range d.list { // its id changed
		if c.place == text && c.source != nil {
			return c
		}
	}
	return nil
}

// successor is the unit of the copy behind (or before) which something belongs
// that stood behind (or before) a unit of the old source. One that has no image
// has its place behind the image before it.
func (m *moved) successor(id yjs.ID, behind bool) (yjs.ID, bool) {
	at, skip, _ := m.locate(id)
	index := at.live
	if !m.old[at.i].dead {
		index += skip
	} else if behind = index > 0; behind {
		index--
	}
	for _, r := range m.next {
		if index < r.n {
			return r.at(index), behind
		}
		index -= r.n
	}
	last := m.next[len(m.next)-1]
	return last.at(last.n - 1), true
}

// indexIn is the index behind (or before) a unit of a text; a deleted unit has
// its place still. ok is false when the text does not have the unit.
func indexIn(t *yjs.Text, id yjs.ID, behind bool) (index int, ok bool) {
	t.Runs(func(at yjs.ID, n int, deleted bool) bool {
		r := run{id: at, n: n}
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

// without marks the units of late runs as dead: whoever moved the cell did not
// know them, so the copy does not have them.
func without(runs []run, late []late) []run {
	m := moved{old: slices.Clone(runs)}
	for _, l := range late {
		if at, _, ok := m.locate(l.id); ok && !l.dead && !m.old[at.i].dead {
			m.mark(l.run, true)
		}
	}
	return m.old
}
