package nbdoc

import (
	"slices"
	"strings"

	"github.com/notebookhub/hub/hub/notebook"
	"github.com/notebookhub/hub/hub/yjs"
)

// foldable reports whether c is another copy of the cell that became owner: two
// peers moved it at once. In Yjs each then has a copy of its own.
func (d *Document) foldable(c, owner *cell) bool {
	if c.source == nil || owner.source == nil || c.kind() != owner.kind() {
		return false
	}
	return slices.ContainsFunc(d.trail.moves, func(m *moved) bool { return m.cell == owner.id && m.to == owner.place })
}

// fold puts what c has and owner lacks into owner, and removes c. What one of
// them deleted and the other kept is told from the cell as it was when it moved,
// while that is remembered; nothing that only owner has goes. mine is what c
// holds, without what late text will bring anyway.
func (e *Edit) fold(c, owner *cell, mine, theirs notebook.Cell) error {
	was, known := e.d.trail.former[owner.id]
	if !known {
		was = commonCell(mine, theirs)
		was.Source = sharedText(mine.Source, theirs.Source)
	}
	added, ours := notebook.DiffCharacters(was.Source, mine.Source), notebook.DiffCharacters(was.Source, theirs.Source)
	left, _ := untaken(was.Source, added, ours)
	for i := range left {
		left[i].At, left[i].Delete = left[i].At+left[i].Delete, 0 // it may not know what it lacks
	}
	if err := e.splice(owner, onLive(left, ours)); err != nil {
		return err
	}
	lost := func(string) {}
	if meta := mergeObjects(was.Metadata, mine.Metadata, theirs.Metadata, "", lost); !equalMaps(meta, theirs.Metadata) {
		if err := e.SetCellMetadata(owner.id, meta); err != nil {
			return err
		}
	}
	if all := mergeObjects(attachmentsOf(was), attachmentsOf(mine), attachmentsOf(theirs), "", lost); !equalMaps(all, attachmentsOf(theirs)) {
		if err := e.SetAttachments(owner.id, all); err != nil {
			return err
		}
	}
	e.d.trail.lead(e, c, owner)
	e.remove(c)
	return e.tx.Err()
}

// lacks returns source without texts that are going to be put into the cell.
func lacks(source string, late []yjs.Orphan) string {
	for _, o := range late {
		if text, ok := o.Value.(string); ok {
			source = strings.Replace(source, text, "", 1)
		}
	}
	return source
}

// lead remembers where each unit of one source is in another that holds most of
// it; what it does not hold counts as deleted.
func (t *trail) lead(e *Edit, from, to *cell) {
	old, next := liveUnits(from.source), liveUnits(to.source)
	m := &moved{cell: to.id, from: from.place, to: to.place}
	i, j := 0, 0
	keep := func(n int) {
		for range min(n, len(old)-i, len(next)-j) {
			m.old, m.next = addUnit(m.old, old[i], false), addUnit(m.next, next[j], false)
			i, j = i+1, j+1
		}
	}
	for _, edit := range notebook.DiffCharacters(from.source.String(), to.source.String()) {
		keep(edit.At - i)
		for range min(edit.Delete, len(old)-i) {
			m.old = addUnit(m.old, old[i], true)
			i++
		}
		j += utf16Length(edit.Insert)
	}
	keep(len(old) - i)
	if len(m.old) <= textRuns {
		t.remember(e, m)
	}
}

// liveUnits are the ids of the units of a text, in order.
func liveUnits(text *yjs.Text) []yjs.ID {
	var ids []yjs.ID
	for _, r := range runsOf(text) {
		if r.dead {
			continue
		}
		for n := range r.n {
			ids = append(ids, yjs.ID{Client: r.id.Client, Clock: r.id.Clock + uint64(n)})
		}
	}
	return ids
}

// addUnit appends a unit to runs, to the last one where it goes on.
func addUnit(runs []run, id yjs.ID, dead bool) []run {
	if l := len(runs) - 1; l >= 0 && runs[l].dead == dead && runs[l].id.Client == id.Client && runs[l].id.Clock+uint64(runs[l].n) == id.Clock {
		runs[l].n++
		return runs
	}
	return append(runs, run{id, 1, dead})
}
