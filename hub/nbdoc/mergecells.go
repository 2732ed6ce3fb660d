package nbdoc

import (
	"slices"

	"github.com/notebookhub/hub/hub/notebook"
)

// match finds, for each cell of the file, what it was and what lives of it. A
// cell that both sides have new, by id or by equal content, is one cell.
func (m *merge) match() {
	m.from = notebook.MatchCells(m.was.Cells, m.disk.Cells)
	m.live = make([]*cell, len(m.disk.Cells))
	taken := make(map[*cell]bool, len(m.known))
	for _, c := range m.known {
		taken[c] = true
	}
	for i, f := range m.from {
		if f >= 0 {
			m.live[i] = m.known[m.was.Cells[f].ID]
		} else if c := m.d.byID[m.disk.Cells[i].ID]; c != nil && !taken[c] {
			m.live[i], taken[c] = c, true
		}
	}
	for i, f := range m.from {
		if f < 0 && m.live[i] == nil {
			m.live[i] = m.twin(m.disk.Cells[i], taken)
		}
	}
}

// twin finds a cell that is new in the room and equal to one that is new in
// the file.
func (m *merge) twin(c notebook.Cell, taken map[*cell]bool) *cell {
	for _, l := range m.d.list {
		if !taken[l] && l.kind() == knownType(c.Type) && l.read(FieldSource).Source == c.Source &&
			sameEdit(l.read(contentFields&^FieldOutputs), c) {
			taken[l] = true
			return l
		}
	}
	return nil
}

// planCell decides what becomes of cell i of the file.
func (m *merge) planCell(i int) {
	disk, live := m.disk.Cells[i], m.live[i]
	var was notebook.Cell
	switch f := m.from[i]; {
	case live == nil && f < 0:
		m.steps[i].insert = true
		return
	case live == nil:
		if !sameEdit(m.was.Cells[f], disk) { // the room deleted what the file edited
			m.steps[i].insert = true
			m.conflict(DeletedInRoom, i, "")
		}
		return
	case f < 0:
		was = commonCell(live.read(contentFields), disk)
	default:
		was = m.was.Cells[f]
	}
	if m.blind && !sameEdit(live.read(contentFields), disk) {
		m.conflict(Unrelated, i, "")
	}
	m.planFields(i, was, disk, live)
}

// planFields compares one cell on the three sides.
func (m *merge) planFields(i int, was, disk notebook.Cell, live *cell) {
	s, now := &m.steps[i], live.read(contentFields)
	s.rename = disk.ID != was.ID && disk.ID != "" && now.ID == was.ID
	m.planType(i, was, disk, now)
	m.planText(i, was.Source, disk.Source, live)
	s.meta = m.values(now.ID, &disk, withoutTrusted(was.Metadata), withoutTrusted(disk.Metadata), now.Metadata)
	s.attach = m.values(now.ID, &disk, attachmentsOf(was), attachmentsOf(disk), attachmentsOf(now))
	same := func(a, b notebook.Cell) bool {
		return sameOutputs(a.Outputs, b.Outputs) && sameCount(a.ExecutionCount, b.ExecutionCount)
	}
	// What a cell printed belongs together: one side's outputs, and the room's
	// when both have new ones or the cell is just running.
	s.output = knownType(disk.Type) == notebook.Code && !same(was, disk) && same(was, now) && !live.isRunning()
}

// planType decides about the type of a cell: of a change on one side against
// an edit on the other a person decides.
func (m *merge) planType(i int, was, disk, now notebook.Cell) {
	before, theirs, ours := knownType(was.Type), knownType(disk.Type), knownType(now.Type)
	switch {
	case theirs == ours:
	case ours == before && was.Source == now.Source:
		m.steps[i].kind = theirs
	case theirs == before && was.Source == disk.Source:
	default:
		m.conflict(Retyped, i, "")
	}
}

// planDeletions decides about the cells that the file lost.
func (m *merge) planDeletions() {
	kept := make(map[int]bool, len(m.from))
	for _, f := range m.from {
		kept[f] = true
	}
	for f, was := range m.was.Cells {
		live := m.known[was.ID]
		if kept[f] || live == nil {
			continue
		}
		if sameEdit(was, live.read(contentFields&^FieldOutputs)) && !live.isRunning() {
			m.gone = append(m.gone, live)
			continue
		}
		m.conflicts = append(m.conflicts, Conflict{Kind: DeletedOnDisk, Cell: live.id})
	}
}

// planOrder decides which cells move: the fewest whose moves make the order of
// the file. A cell that the room moved stays where the room has it.
func (m *merge) planOrder() {
	ours := m.movedInRoom()
	var seq, at []int
	for i, f := range m.from {
		if f >= 0 && m.live[i] != nil {
			seq, at = append(seq, f), append(at, i)
		}
	}
	stay := make(map[int]bool, len(seq))
	for _, k := range notebook.LongestIncreasing(seq) {
		stay[at[k]] = true
	}
	for n, i := range at {
		if stay[i] || ours[m.live[i]] {
			continue
		}
		m.steps[i].move = n == 0 || !m.follows(m.live[i], m.live[at[n-1]])
	}
}

// movedInRoom are the cells that the room moved since the former state.
func (m *merge) movedInRoom() map[*cell]bool {
	at := make(map[*cell]int, len(m.known))
	for f, c := range m.was.Cells {
		if l := m.known[c.ID]; l != nil {
			at[l] = f
		}
	}
	var seq []int
	var cells []*cell
	for _, c := range m.d.list {
		if f, ok := at[c]; ok {
			seq, cells = append(seq, f), append(cells, c)
		}
	}
	moved := make(map[*cell]bool, len(cells))
	for _, c := range cells {
		moved[c] = true
	}
	for _, k := range notebook.LongestIncreasing(seq) {
		delete(moved, cells[k])
	}
	return moved
}

// follows reports whether c stands right behind prev, but for cells that only
// the room has.
func (m *merge) follows(c, prev *cell) bool {
	for i := c.pos - 1; i >= 0; i-- {
		l := m.d.list[i]
		if l == prev {
			return true
		}
		if slices.Contains(m.live, l) {
			return false
		}
	}
	return false
}

// conflict notes a disagreement about cell i of the file.
func (m *merge) conflict(kind ConflictKind, i int, key string) {
	id := m.disk.Cells[i].ID
	if m.live[i] != nil {
		id = m.live[i].id
	}
	m.conflicts = append(m.conflicts, Conflict{Kind: kind, Cell: id, Disk: &m.disk.Cells[i], Key: key})
}
