package nbdoc

import (
	"cmp"
	"slices"

	"github.com/notebookhub/hub/hub/yjs"
)

// erasure is text of a cell that somebody deleted in an old source, not knowing
// that the cell has moved.
type erasure struct {
	cell *cell
	run  run
}

// erasures finds what living cells have of units that an update deletes in
// sources which were left behind. Whoever deletes such a source as well has moved
// the cell, or knows that it was.
func (d *Document) erasures(named *yjs.Units) []erasure {
	direct, reached := make(map[*moved]bool), make(map[*moved]bool)
	for id, n := range named.All() {
		for _, s := range d.trail.stations(id, n) {
			if s.move.from != (yjs.ID{}) && !named.Has(s.move.from) {
				direct[s.move], reached[s.move] = true, true
			}
		}
	}
	if len(direct) == 0 {
		return nil
	}
	gone, cells := new(yjs.Units), make(map[*cell]bool)
	for _, m := range d.trail.moves { // a later move takes on what an earlier one left
		if !reached[m] {
			continue
		}
		images := m.images(gone)
		if direct[m] {
			images = append(images, m.images(named)...)
		}
		for _, r := range images {
			gone.Add(r.id, r.n)
			for _, s := range d.trail.stations(r.id, r.n) {
				reached[s.move] = true
			}
		}
		if c := d.holder(m.to); c != nil && len(images) > 0 {
			cells[c] = true
		}
	}
	return d.remains(cells, gone)
}

// remains lists the units that cells still have of a set.
func (d *Document) remains(cells map[*cell]bool, gone *yjs.Units) []erasure {
	var found []erasure
	for _, c := range d.list {
		if !cells[c] {
			continue
		}
		for _, r := range runsOf(c.source) {
			if r.dead {
				continue
			}
			for id, n := range gone.Among(r.id, r.n) {
				found = append(found, erasure{c, run{id: id, n: n}})
			}
		}
	}
	return found
}

// erase deletes what was found.
func (e *Edit) erase(found []erasure) error {
	for _, f := range found {
		if at, ok := indexIn(f.cell.source, f.run.id, false); ok && e.d.holds(f.cell) {
			f.cell.source.Delete(e.tx, at, f.run.n)
			e.stale(f.cell, FieldSource)
			e.x.repaired = true
		}
	}
	return e.tx.Err()
}

// stations are those that have some of n units from id on.
func (t *trail) stations(id yjs.ID, n int) []station {
	list, end := t.units[id.Client], id.Clock+uint64(n)
	clockOf := func(s station, clock uint64) int { return cmp.Compare(s.clock, clock) }
	from, found := slices.BinarySearchFunc(list, id.Clock, clockOf)
	if !found && from > 0 && id.Clock < list[from-1].clock+uint64(list[from-1].n) {
		from--
	}
	to, _ := slices.BinarySearchFunc(list, end, clockOf)
	return list[from:max(from, to)]
}

// images are the units of the copy that stand for those of a set.
func (m *moved) images(units *yjs.Units) []run {
	var images []run
	next := slices.Clone(m.next)
	for _, r := range m.old {
		if r.dead {
			continue
		}
		var mine []run
		next = take(next, r.n, func(r run) { mine = append(mine, r) })
		at := r.id.Clock
		for id, n := range units.Among(r.id, r.n) {
			mine = take(mine, int(id.Clock-at), func(run) {})
			mine = take(mine, n, func(r run) { images = append(images, r) })
			at = id.Clock + uint64(n)
		}
	}
	return images
}
