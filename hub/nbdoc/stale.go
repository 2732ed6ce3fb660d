package nbdoc

import (
	"slices"
	"unicode/utf16"

	"github.com/notebookhub/hub/hub/notebook"
	"github.com/notebookhub/hub/hub/yjs"
)

// A copy of a cell holds what its author knew, also what others have deleted
// meanwhile. Of that only the places are known, not what it said. But when the
// author wrote nothing into the old source before, what the copy has and the
// source lacks can be nothing else.

// copiesOnly reports whether the update that foresee saw brings nothing that was
// written into what is gone by now.
func (d *Document) copiesOnly() bool {
	if d.knew == nil {
		return false
	}
	for client, clock := range d.doc.State() {
		if from := d.knew[client]; d.doc.Buried(yjs.ID{Client: client, Clock: from}, int(clock-from)) {
			return false
		}
	}
	return true
}

// stale are the units of a copy of the old source that others had deleted there:
// it has more where units are gone, as many at most, and its author did not know
// all that was written meanwhile. One who did wrote the cell anew on purpose.
func (m *moved) stale(c *cell, named *yjs.Units) []run {
	if !m.whole || count(m.old, isTold) == m.toldIn(named) {
		return nil
	}
	known, holes := m.knownTo(named)
	born, text := c.born()
	var stale []run
	shift := 0 // from a place in known to that in text
	for _, e := range notebook.DiffCharacters(known, text) {
		n := utf16Length(e.Insert)
		from, _ := slices.BinarySearch(holes, e.At)
		to, _ := slices.BinarySearch(holes, e.At+e.Delete+1)
		if n > 0 && n <= to-from {
			rest := take(slices.Clone(born), e.At+shift, func(run) {})
			take(rest, n, func(r run) { stale = append(stale, r) })
		}
		shift += n - e.Delete
	}
	return stale
}

// toldIn is how many units of the old source that are told are in a set.
func (m *moved) toldIn(units *yjs.Units) int {
	in := 0
	for _, r := range m.old {
		for _, n := range among(units, r) {
			if r.told {
				in += n
			}
		}
	}
	return in
}

// born are the units that a copy still has of those that it was made with, and
// what they say. They stand between the source itself and the part of the cell
// that every client makes after it.
func (c *cell) born() (runs []run, text string) {
	v, _ := c.shared.Get(keyMetadata)
	meta, ok := v.(*yjs.Map)
	if !ok || meta.ID().Client != c.place.Client || meta.ID().Clock < c.place.Clock {
		return nil, ""
	}
	first := run{id: c.place, n: int(meta.ID().Clock - c.place.Clock)}
	units := utf16.Encode([]rune(c.read(FieldSource).Source))
	var said []uint16
	for _, r := range liveRuns(c.source) {
		if r.n > len(units) {
			return nil, "" // not all of it is text
		}
		if part, skip, ok := r.overlap(first); ok {
			runs, said = append(runs, part), append(said, units[skip:skip+part.n]...)
		}
		units = units[r.n:]
	}
	return runs, string(utf16.Decode(said))
}

// overlap is the part of r that is in s as well, and where in r it begins.
func (r run) overlap(s run) (part run, skip int, ok bool) {
	from, to := max(r.id.Clock, s.id.Clock), min(r.id.Clock+uint64(r.n), s.id.Clock+uint64(s.n))
	if r.id.Client != s.id.Client || from >= to {
		return run{}, 0, false
	}
	skip = int(from - r.id.Clock)
	return r.part(skip, int(to-from)), skip, true
}

// sourceWithout is the source of a cell without some of its units.
func (c *cell) sourceWithout(gone []run) string {
	source := c.read(FieldSource).Source
	if len(gone) == 0 {
		return source
	}
	var set yjs.Units
	for _, r := range gone {
		set.Add(r.id, r.n)
	}
	units := utf16.Encode([]rune(source))
	var rest []uint16
	for _, r := range liveRuns(c.source) {
		at := 0
		for id, n := range set.Among(r.id, r.n) {
			skip := int(id.Clock - r.id.Clock)
			rest = append(rest, units[at:skip]...)
			at = skip + n
		}
		rest, units = append(rest, units[at:r.n]...), units[r.n:]
	}
	return string(utf16.Decode(rest))
}
