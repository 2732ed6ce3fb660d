package notebook

import (
	"fmt"
	"slices"
	"strconv"
)

// Render writes nb in the form of the file: the same bytes when nb has the
// content of the file, else the lines of what differs changed. Cells are known
// by their id: a cell that moved takes its bytes along, with everything in them
// that nb has no field for. The result may be the file's own bytes; do not
// change it. The error says which value of nb is not JSON, or that nb is not of
// format 4.
func (f *File) Render(nb *Notebook) ([]byte, error) {
	if nb.Major != 4 {
		return nil, fmt.Errorf("render notebook: format %d is not 4", nb.Major)
	}
	if Equal(f.content, nb) {
		return f.data, nil
	}
	return f.Standalone(nb)
}

// Standalone is Render, but of format 4 also for a file of format 1 to 3 that
// nobody edited.
func (f *File) Standalone(nb *Notebook) ([]byte, error) {
	if f.upgrade != nil {
		return f.upgrade.Render(nb)
	}
	if nb.Major != 4 {
		return nil, fmt.Errorf("render notebook: format %d is not 4", nb.Major)
	}
	r := &renderer{File: f, out: make([]byte, 0, len(f.data)+len(f.data)/8+256)}
	r.raw(span{0, f.root.start})
	r.notebook(nb)
	r.raw(span{f.root.end, len(f.data)})
	if r.err != nil {
		return nil, fmt.Errorf("render notebook: %w", r.err)
	}
	return r.out, nil
}

// notebook writes the root object.
func (r *renderer) notebook(nb *Notebook) {
	var slots []slot
	cells := r.root.find(r.data, "cells")
	meta := r.root.find(r.data, "metadata")
	minor := r.root.find(r.data, "nbformat_minor")
	for i := range r.root.items {
		s, sp := slot{from: i, key: keyOf(r.data, r.root.items[i])}, r.root.items[i].value
		switch {
		case i == cells:
			s.write = func(at string) { r.cellList(nb, at) }
		case i == meta:
			s.write = func(at string) { r.metadata(notebookMeta, sp, r.content.Metadata, nb.Metadata, at) }
		case i == minor && nb.Minor != r.content.Minor:
			s.write = func(string) { r.out = strconv.AppendInt(r.out, int64(nb.Minor), 10) }
		}
		slots = append(slots, s)
	}
	if meta < 0 && len(nb.Metadata) > 0 {
		slots = place(slots, slot{from: -1, key: "metadata", write: func(at string) {
			r.encode(notebookMeta, nb.Metadata, at)
		}})
	}
	if minor < 0 && nb.Minor != 0 {
		slots = place(slots, slot{from: -1, key: "nbformat_minor", write: func(string) {
			r.out = strconv.AppendInt(r.out, int64(nb.Minor), 10)
		}})
	}
	r.emit('{', &r.root, slots, r.style.lineBreak)
}

// metadata writes a metadata map over the value at sp, which may be anything.
func (r *renderer) metadata(s shape, sp span, old, v map[string]any, at string) {
	switch {
	case sameMaps(s, old, v):
		r.raw(sp)
	case r.data[sp.start] == '{':
		r.patchMap(s, sp, old, v, at)
	default:
		r.encode(s, v, at)
	}
}

// cellList writes the cells in the order of nb.
func (r *renderer) cellList(nb *Notebook, at string) {
	used := make(map[int]bool, len(nb.Cells))
	r.ids = make(map[string]bool, len(nb.Cells))
	for i := range nb.Cells {
		r.ids[nb.Cells[i].ID] = true
	}
	slots := make([]slot, len(nb.Cells))
	for i := range nb.Cells {
		c := &nb.Cells[i]
		from, known := r.at[c.ID]
		if !known || used[from] {
			slots[i] = slot{from: -1, write: func(at string) { r.newCell(c, nb.Minor, at) }}
			continue
		}
		used[from] = true
		slots[i] = slot{from: from}
		if !EqualCells(&r.content.Cells[from], c) || nb.Minor != r.content.Minor || r.unmasked(from) {
			slots[i].write = func(at string) { r.cell(from, c, nb.Minor, at) }
		}
	}
	if len(slots) == 0 && len(r.cells.items) == 0 {
		r.raw(r.cells.span)
		return
	}
	r.emit('[', &r.cells, slots, at)
}

// unmasked reports whether cell i of the file repeats the id of a cell that nb
// no longer has. It would then be taken for that cell, so its own id has to be
// written.
func (r *renderer) unmasked(i int) bool {
	id, ok := r.shadow[i]
	return ok && !r.ids[id]
}

// cell writes a cell over the one the file has at position i.
func (r *renderer) cell(i int, c *Cell, minor int, at string) {
	old := &r.content.Cells[i]
	lay := layoutOf(r.data, r.cells.items[i].value)
	last := map[string]int{}
	for i, it := range lay.items {
		last[keyOf(r.data, it)] = i
	}
	var slots []slot
	for i, it := range lay.items {
		key := keyOf(r.data, it)
		if c.Type != old.Type && !belongs(key, c) {
			continue
		}
		s := slot{from: i, key: key}
		if i == last[key] {
			s.write = r.cellField(key, it.value, old, c)
			if key == "id" && r.unmasked(r.at[c.ID]) {
				s.write = r.newField(key, c)
			}
		}
		if key != "attachments" || s.write == nil || len(c.Attachments) > 0 {
			slots = append(slots, s)
		}
	}
	for _, key := range r.missing(last, old, c, minor) {
		slots = r.placeCellField(slots, slot{from: -1, key: key, write: r.newField(key, c)}, c.Type)
	}
	r.emit('{', lay, slots, at)
}

// belongs reports whether the schema lets a cell of this type have the key;
// it has no say in keys it does not know.
func belongs(key string, c *Cell) bool {
	switch key {
	case "outputs", "execution_count":
		return c.Type == Code
	case "attachments":
		return c.Type != Code && len(c.Attachments) > 0
	}
	return true
}

// cellField writes one field over the file's, nil when it did not change.
func (r *renderer) cellField(key string, sp span, old, c *Cell) func(at string) {
	retyped := c.Type != old.Type
	switch {
	case key == "cell_type" && retyped:
		return r.newField(key, c)
	case key == "source" && c.Source != old.Source:
		return func(at string) { r.source(sp, old.Source, c.Source, at) }
	case key == "metadata" && !sameMaps(cellMeta, old.Metadata, c.Metadata):
		return func(at string) { r.metadata(cellMeta, sp, old.Metadata, c.Metadata, at) }
	case key == "attachments" && c.Type != Code && (retyped || !sameMaps(attachments, old.Attachments, c.Attachments)):
		return func(at string) { r.patch(attachments, sp, decodeSpan(r.data, sp), c.Attachments, at) }
	case key == "outputs" && c.Type == Code && retyped:
		return r.newField(key, c)
	case key == "outputs" && c.Type == Code && !EqualOutputs(old.Outputs, c.Outputs):
		return func(at string) { r.outputs(sp, old.Outputs, c.Outputs, at) }
	case key == "execution_count" && c.Type == Code && (retyped || !sameCount(old.ExecutionCount, c.ExecutionCount)):
		return r.newField(key, c)
	}
	return nil
}

// source writes a source over the value at sp, which may be anything.
func (r *renderer) source(sp span, old, v, at string) {
	if b := r.data[sp.start]; b != '"' && b != '[' {
		r.encodeSource(v, at)
		return
	}
	r.patchText(sp, old, v, at)
}

// missing names the fields that the cell in the file lacks and that have to be
// written: those with content, what a new type asks for, and the id when the
// format has come to know ids.
func (r *renderer) missing(has map[string]int, old, c *Cell, minor int) []string {
	retyped := c.Type != old.Type
	want := map[string]bool{
		"cell_type":       retyped,
		"source":          c.Source != "",
		"metadata":        !sameMaps(cellMeta, nil, c.Metadata),
		"id":              minor >= 5 && r.content.Minor < 5,
		"attachments":     c.Type != Code && len(c.Attachments) > 0,
		"outputs":         c.Type == Code && (retyped || len(c.Outputs) > 0),
		"execution_count": c.Type == Code && (retyped || c.ExecutionCount != nil),
	}
	var keys []string
	for key, ok := range want {
		if _, there := has[key]; ok && !there {
			keys = append(keys, key)
		}
	}
	slices.Sort(keys)
	return keys
}
