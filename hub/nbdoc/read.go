package nbdoc

import (
	"slices"

	"github.com/notebookhub/hub/hub/notebook"
	"github.com/notebookhub/hub/hub/yjs"
)

// Notebook returns the content in document form. Only what changed since the
// last call is read again, so its cost after a keystroke is one text; while
// nothing changed the same pointer is returned.
func (d *Document) Notebook() *notebook.Notebook {
	if d.notebook != nil {
		return d.notebook
	}
	nb := &notebook.Notebook{
		Major: d.metaNumber(keyMajor, 4), Minor: d.metaNumber(keyMinor, 5),
		Metadata: d.Metadata(), Cells: make([]notebook.Cell, len(d.list)),
	}
	for i, c := range d.list {
		nb.Cells[i] = c.read(contentFields)
	}
	d.notebook = nb
	return nb
}

// Metadata returns the notebook's own metadata.
func (d *Document) Metadata() map[string]any {
	if d.metadata == nil {
		v, _ := d.meta.Get(keyMetadata)
		d.metadata = objectOf(v)
	}
	return d.metadata
}

func (d *Document) metaNumber(key string, otherwise int) int {
	v, _ := d.meta.Get(key)
	if n, ok := wholeNumber(v); ok {
		return int(n)
	}
	return otherwise
}

// Len returns the number of cells.
func (d *Document) Len() int { return len(d.list) }

// Cells returns the cells in order, read as [Document.Notebook] does.
func (d *Document) Cells() []notebook.Cell { return d.Notebook().Cells }

// IDs returns the ids of the cells in order.
func (d *Document) IDs() []string {
	ids := make([]string, len(d.list))
	for i, c := range d.list {
		ids[i] = c.id
	}
	return ids
}

// Cell returns the cell with the given id.
func (d *Document) Cell(id string) (notebook.Cell, bool) {
	c := d.byID[id]
	if c == nil {
		return notebook.Cell{}, false
	}
	return c.read(contentFields), true
}

// Source returns the source of a cell without reading its outputs.
func (d *Document) Source(id string) (string, bool) {
	c := d.byID[id]
	if c == nil {
		return "", false
	}
	return c.read(FieldSource).Source, true
}

// Index returns the position of a cell, -1 when there is none with that id.
func (d *Document) Index(id string) int {
	if c := d.byID[id]; c != nil {
		return c.pos
	}
	return -1
}

// Running reports whether the cell is marked as being executed.
func (d *Document) Running(id string) bool {
	c := d.byID[id]
	return c != nil && c.isRunning()
}

// ChangedSince returns the ids of the living cells whose content or place may
// have changed after the given [Document.Revision], in order.
func (d *Document) ChangedSince(revision uint64) []string {
	var ids []string
	for _, c := range d.list {
		if c.since > revision {
			ids = append(ids, c.id)
		}
	}
	return ids
}

// OutputBytes returns roughly how many bytes the outputs of a cell take in the
// document and in the file, for caps; 0 for cells without outputs.
func (d *Document) OutputBytes(id string) int {
	c := d.byID[id]
	if c == nil {
		return 0
	}
	if out := d.kernelOut[id]; out != nil && out.counted {
		return out.bytes
	}
	c.read(FieldOutputs)
	return c.bytes
}

// read returns the cell with at least the given parts up to date.
func (c *cell) read(want Fields) notebook.Cell {
	stale := want &^ c.fresh
	if stale == 0 {
		return c.data
	}
	c.data.ID, c.data.Type = c.id, knownType(c.kind())
	if stale.Has(FieldSource) {
		v, _ := c.shared.Get(keySource)
		c.data.Source = joinText(v)
	}
	if stale.Has(FieldMetadata) {
		v, _ := c.shared.Get(keyMetadata)
		c.data.Metadata = withoutTrusted(objectOf(v))
	}
	code := c.data.Type == notebook.Code
	if stale.Has(FieldOutputs | FieldType) {
		c.readOutputs(code)
	}
	if stale.Has(FieldExecutionCount | FieldType) {
		c.readCount(code)
	}
	if stale.Has(FieldAttachments | FieldType) {
		c.readAttachments(code)
	}
	c.fresh |= stale
	return c.data
}

func (c *cell) readCount(code bool) {
	c.data.ExecutionCount = nil
	v, _ := c.shared.Get(keyExecutionCount)
	if n, ok := wholeNumber(v); ok && code {
		c.data.ExecutionCount = &n
	}
}

func (c *cell) readAttachments(code bool) {
	c.data.Attachments = nil
	if v, _ := c.shared.Get(keyAttachments); v != nil && !code {
		if m := objectOf(v); len(m) > 0 {
			c.data.Attachments = m
		}
	}
}

// readOutputs reads the outputs of a code cell; what is no object is no output.
func (c *cell) readOutputs(code bool) {
	c.data.Outputs, c.bytes = nil, 0
	if !code {
		return
	}
	c.data.Outputs = []notebook.Output{}
	v, _ := c.shared.Get(keyOutputs)
	add := func(_ int, v any) bool {
		if o := readOutput(v); o != nil {
			c.data.Outputs = append(c.data.Outputs, o)
			c.bytes += sizeOf(map[string]any(o))
		}
		return true
	}
	switch v := v.(type) {
	case *yjs.Array:
		v.Range(add)
	case []any:
		for i, o := range v {
			add(i, o)
		}
	}
}

// readOutput reads one output in any of the forms that clients write: a shared
// map or a plain object, its stream text shared, a string or a list.
func readOutput(v any) notebook.Output {
	var o map[string]any
	switch v := v.(type) {
	case *yjs.Map:
		o = plainShared(v)
	case map[string]any:
		o = plainMap(v)
	default:
		return nil
	}
	text, listed := o[keyText].([]any)
	if listed && o[keyOutputType] == stream {
		o = plainCopy(o)
		o[keyText] = joinText(text)
	}
	return o
}

// objectOf reads an object in any of the forms that clients write; whatever
// else stands there is an empty one.
func objectOf(v any) map[string]any {
	switch v := v.(type) {
	case *yjs.Map:
		return plainShared(v)
	case map[string]any:
		return plainMap(v)
	}
	return map[string]any{}
}

// withoutTrusted returns metadata without Jupyter's mark of trust, which is
// about this session and never saved.
func withoutTrusted(metadata map[string]any) map[string]any {
	if _, ok := metadata[keyTrusted]; !ok {
		return metadata
	}
	metadata = plainCopy(metadata)
	delete(metadata, keyTrusted)
	return metadata
}

// sizeOf is roughly the length of the JSON form of a value.
func sizeOf(v any) int {
	switch v := v.(type) {
	case string:
		return len(v) + 3
	case []any:
		n := 2
		for _, e := range v {
			n += sizeOf(e)
		}
		return n
	case map[string]any:
		n := 2
		for k, e := range v {
			n += len(k) + 4 + sizeOf(e)
		}
		return n
	}
	return 5
}

// sameCells reports whether two lists hold the same cells in the same order.
func sameCells(a, b []*cell) bool { return slices.Equal(a, b) }
