package nbdoc

import "github.com/notebookhub/hub/hub/notebook"

// Replace brings the document to the content of nb by small edits: cells are
// matched by id, then by content; those that keep their order stay where they
// are, and equal parts of them are not touched. nb's cells need unique ids or
// none.
func (e *Edit) Replace(nb *notebook.Notebook) error {
	if err := e.SetFormat(nb.Major, nb.Minor); err != nil {
		return err
	}
	if err := e.SetNotebookMetadata(nb.Metadata); err != nil {
		return err
	}
	old := make([]notebook.Cell, len(e.d.list))
	for i, c := range e.d.list {
		old[i] = c.read(contentFields &^ FieldOutputs)
	}
	from := notebook.MatchCells(old, nb.Cells)
	kept := e.removeUnmatched(from)
	if err := e.renameMatched(from, old, nb.Cells); err != nil {
		return err
	}
	stay := staying(from)
	var last *cell
	for i, want := range nb.Cells {
		c, err := e.settle(last, from[i], stay[i], kept, want)
		if err != nil {
			return err
		}
		last = c
	}
	return e.tx.Err()
}

// removeUnmatched deletes the cells that have no successor, and returns the
// others by their former position.
func (e *Edit) removeUnmatched(from []int) []*cell {
	cells := e.d.list
	used := make([]bool, len(cells))
	for _, i := range from {
		if i >= 0 {
			used[i] = true
		}
	}
	for i := len(cells) - 1; i >= 0; i-- {
		if !used[i] {
			e.remove(cells[i])
		}
	}
	return cells
}

// renameMatched gives the cells that were matched by content the ids of their
// successors. Two rounds let ids change places.
func (e *Edit) renameMatched(from []int, old, want []notebook.Cell) error {
	var waiting []int
	for i, f := range from {
		if f >= 0 && want[i].ID != "" && want[i].ID != old[f].ID {
			waiting = append(waiting, i)
		}
	}
	interim := make(map[int]string, len(waiting))
	for _, i := range waiting {
		if e.d.byID[want[i].ID] == nil {
			continue
		}
		interim[i] = newID()
		if err := e.SetCellID(old[from[i]].ID, interim[i]); err != nil {
			return err
		}
	}
	for _, i := range waiting {
		id := old[from[i]].ID
		if s, ok := interim[i]; ok {
			id = s
		}
		if e.d.byID[want[i].ID] != nil {
			continue // given twice
		}
		if err := e.SetCellID(id, want[i].ID); err != nil {
			return err
		}
	}
	return nil
}

// staying says which of the matched cells keep their place relative to each
// other: the most that can.
func staying(from []int) []bool {
	stay := make([]bool, len(from))
	var seq, at []int
	for i, f := range from {
		if f >= 0 {
			seq, at = append(seq, f), append(at, i)
		}
	}
	for _, k := range notebook.LongestIncreasing(seq) {
		stay[at[k]] = true
	}
	return stay
}

// settle puts the wanted cell behind the last one that is in its place. Cells
// in between, which are still to move, do not matter.
func (e *Edit) settle(last *cell, from int, stays bool, kept []*cell, want notebook.Cell) (*cell, error) {
	at := 0
	if last != nil {
		at = last.pos + 1
	}
	if from < 0 {
		_, err := e.InsertCell(at, want)
		return e.cellAt(at), err
	}
	c := kept[from]
	if !stays {
		if c.pos < at {
			at--
		}
		if err := e.MoveCell(c.id, at); err != nil {
			return nil, err
		}
		c = e.cellAt(at)
	}
	err := e.setCell(c, want)
	return e.d.byID[c.id], err
}

// cellAt returns the cell at position i, nil when the transaction failed.
func (e *Edit) cellAt(i int) *cell {
	if i >= len(e.d.list) {
		return nil
	}
	return e.d.list[i]
}

// setCell brings one cell to the wanted content.
func (e *Edit) setCell(c *cell, want notebook.Cell) error {
	id := c.id
	steps := []func() error{
		func() error { return e.SetCellType(id, knownType(want.Type)) },
		func() error { return e.SetSource(id, want.Source) },
		func() error { return e.SetCellMetadata(id, want.Metadata) },
	}
	if knownType(want.Type) == notebook.Code {
		steps = append(steps, func() error { return e.SetOutputs(id, want.Outputs, want.ExecutionCount) })
	} else {
		steps = append(steps, func() error { return e.SetAttachments(id, want.Attachments) })
	}
	for _, step := range steps {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}
