package hub

import (
	"context"

	"github.com/google/uuid"

	"github.com/notebookhub/hub/hub/notebook"
)

// Difference says in short how one state of a notebook became another.
type Difference struct {
	Inserted, Deleted, Changed, Moved int
	Metadata                          bool // the notebook's own metadata differ
	Cells                             []CellDifference
}

// CellDifference is one cell that is not the same on both sides, in the order
// of the later one; deleted ones come last.
type CellDifference struct {
	ID   string
	Kind string // inserted, deleted, changed, moved
	Type string
	// What differs of a changed or moved cell: source, outputs, metadata, type.
	Fields        []string
	Before, After string // sources
}

// DiffVersion compares a former state of a room's notebook with the present
// one.
func (h *Hub) DiffVersion(ctx context.Context, id uuid.UUID, version string) (Difference, error) {
	kept, err := h.Version(ctx, id, version)
	if err != nil {
		return Difference{}, err
	}
	l, err := h.leaseRoom(ctx, id)
	if err != nil {
		return Difference{}, err
	}
	defer l.release()
	now, err := l.view(ctx)
	if err != nil {
		return Difference{}, err
	}
	former, err := h.parseAfter(kept.Data, now.content.Cells, len(kept.Data))
	if err != nil {
		return Difference{}, err
	}
	return Diff(former.Notebook(), now.content), nil
}

// Diff compares two notebooks cell by cell: by id, then by content.
func Diff(old, now *notebook.Notebook) Difference {
	d := Difference{Metadata: !notebook.EqualValues(old.Metadata, now.Metadata), Cells: []CellDifference{}}
	from := notebook.MatchCells(old.Cells, now.Cells)
	stays := staying(from)
	seen := make([]bool, len(old.Cells))
	for i, c := range now.Cells {
		if from[i] < 0 {
			d.add(CellDifference{ID: c.ID, Kind: "inserted", Type: c.Type, After: c.Source})
			continue
		}
		seen[from[i]] = true
		was := old.Cells[from[i]]
		fields := differing(was, c)
		switch {
		case !stays[i]:
			d.add(CellDifference{ID: c.ID, Kind: "moved", Type: c.Type, Fields: fields, Before: was.Source, After: c.Source})
		case len(fields) > 0:
			d.add(CellDifference{ID: c.ID, Kind: "changed", Type: c.Type, Fields: fields, Before: was.Source, After: c.Source})
		}
	}
	for i, c := range old.Cells {
		if !seen[i] {
			d.add(CellDifference{ID: c.ID, Kind: "deleted", Type: c.Type, Before: c.Source})
		}
	}
	return d
}

// staying tells which cells kept their place, when the fewest moved.
func staying(from []int) []bool {
	var matched, at []int
	for i, f := range from {
		if f >= 0 {
			matched, at = append(matched, f), append(at, i)
		}
	}
	stays := make([]bool, len(from))
	for _, i := range notebook.LongestIncreasing(matched) {
		stays[at[i]] = true
	}
	return stays
}

func differing(a, b notebook.Cell) []string {
	fields := []string{}
	note := func(name string, same bool) {
		if !same {
			fields = append(fields, name)
		}
	}
	note("type", a.Type == b.Type)
	note("source", a.Source == b.Source)
	note("outputs", notebook.EqualOutputs(a.Outputs, b.Outputs))
	note("metadata", notebook.EqualValues(a.Metadata, b.Metadata))
	return fields
}

func (d *Difference) add(c CellDifference) {
	counts := map[string]*int{"inserted": &d.Inserted, "deleted": &d.Deleted, "changed": &d.Changed, "moved": &d.Moved}
	*counts[c.Kind]++
	d.Cells = append(d.Cells, c)
}
