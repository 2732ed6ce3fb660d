package notebook

import (
	"slices"
	"strconv"
)

// newField writes a field of a cell that the file has no earlier form of.
func (r *renderer) newField(key string, c *Cell) func(at string) {
	return func(at string) {
		switch key {
		case "id":
			r.encode(plain, c.ID, at)
		case "cell_type":
			r.encode(plain, c.Type, at)
		case "source":
			r.encodeSource(c.Source, at)
		case "metadata":
			r.encode(cellMeta, c.Metadata, at)
		case "attachments":
			r.encode(attachments, c.Attachments, at)
		case "outputs":
			r.outputs(span{}, nil, c.Outputs, at)
		case "execution_count":
			if c.ExecutionCount == nil {
				r.encode(plain, nil, at)
				return
			}
			r.out = strconv.AppendInt(r.out, *c.ExecutionCount, 10)
		}
	}
}

// newCell writes a cell that the file does not have, with the keys in the
// order and the layout that its other cells have.
func (r *renderer) newCell(c *Cell, minor int, at string) {
	like := r.template(c.Type)
	fields := fieldsOf(c, minor)
	var slots []slot
	for _, key := range like.order {
		if i := slices.Index(fields, key); i >= 0 {
			slots = append(slots, slot{from: -1, key: key, write: r.newField(key, c)})
			fields = slices.Delete(fields, i, i+1)
		}
	}
	for _, key := range fields {
		slots = place(slots, slot{from: -1, key: key, write: r.newField(key, c)})
	}
	r.emit('{', like.layout, slots, at)
}

// fieldsOf names the fields that a new cell has, sorted.
func fieldsOf(c *Cell, minor int) []string {
	keys := []string{"cell_type", "metadata", "source"}
	if minor >= 5 && c.ID != "" {
		keys = append(keys, "id")
	}
	switch {
	case c.Type == Code:
		keys = append(keys, "execution_count", "outputs")
	case len(c.Attachments) > 0:
		keys = append(keys, "attachments")
	}
	slices.Sort(keys)
	return keys
}

// template is what new cells of a type look like.
type template struct {
	layout *container
	order  []string // of the keys
}

// template takes after the first cell of the type, else of any type. Without
// any cell the keys have no order and are sorted.
func (r *renderer) template(cellType string) template {
	if t, ok := r.cellsOf[cellType]; ok {
		return t
	}
	t := template{layout: &container{}}
	if len(r.cells.items) > 0 {
		i := slices.IndexFunc(r.content.Cells, func(c Cell) bool { return c.Type == cellType })
		t.layout = layoutOf(r.data, r.cells.items[max(i, 0)].value)
		t.order = r.keysOf(t.layout)
	}
	if r.cellsOf == nil {
		r.cellsOf = map[string]template{}
	}
	r.cellsOf[cellType] = t
	return t
}

// placeCellField adds a field to a cell: behind the field that it follows in
// other cells of the type, else where place puts it.
func (r *renderer) placeCellField(slots []slot, add slot, cellType string) []slot {
	order := r.template(cellType).order
	for at := slices.Index(order, add.key) - 1; at >= 0; at-- {
		if i := slices.IndexFunc(slots, func(s slot) bool { return s.key == order[at] }); i >= 0 {
			return slices.Insert(slots, i+1, add)
		}
	}
	return place(slots, add)
}

// keysOf are the different keys of an object in order.
func (r *renderer) keysOf(c *container) []string {
	var keys []string
	seen := make(map[string]bool, len(c.items))
	for _, it := range c.items {
		if key := keyOf(r.data, it); !seen[key] {
			seen[key] = true
			keys = append(keys, key)
		}
	}
	return keys
}
