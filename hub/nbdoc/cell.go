package nbdoc

import (
	"crypto/rand"
	"fmt"

	"github.com/notebookhub/hub/hub/notebook"
	"github.com/notebookhub/hub/hub/yjs"
)

// Fields is a set of the parts of a cell.
type Fields uint16

// The parts of a cell that events tell apart.
const (
	FieldSource Fields = 1 << iota
	FieldMetadata
	FieldType
	FieldID
	FieldOutputs
	FieldExecutionCount
	FieldAttachments
	// FieldExecutionState is execution_state; it is never saved.
	FieldExecutionState
	// FieldTrusted is metadata.trusted; it is never saved.
	FieldTrusted
	// FieldOther is any key that the schema does not know; it is never saved.
	FieldOther

	// fieldShape marks in addition that more than the inside of a text changed.
	fieldShape Fields = 1 << 15

	contentFields = FieldSource | FieldMetadata | FieldType | FieldID | FieldOutputs | FieldExecutionCount | FieldAttachments
)

// Has reports whether any of the parts in g is in f.
func (f Fields) Has(g Fields) bool { return f&g != 0 }

// Names returns the parts by the names of the schema, for people and logs.
func (f Fields) Names() []string {
	var names []string
	for i, name := range []string{keySource, keyMetadata, keyType, keyID, keyOutputs, keyExecutionCount, keyAttachments,
		keyExecutionState, "trusted", "other"} {
		if f.Has(1 << i) {
			names = append(names, name)
		}
	}
	return names
}

// fieldOf is the part of a cell that a key of its shared map holds.
func fieldOf(key string) Fields {
	switch key {
	case keySource:
		return FieldSource
	case keyMetadata:
		return FieldMetadata
	case keyType:
		return FieldType
	case keyID:
		return FieldID
	case keyOutputs:
		return FieldOutputs
	case keyExecutionCount:
		return FieldExecutionCount
	case keyAttachments:
		return FieldAttachments
	case keyExecutionState:
		return FieldExecutionState
	}
	return FieldOther
}

// cell is what the document remembers of one cell. It belongs to the shared
// map, so a moved cell has a new one.
type cell struct {
	shared *yjs.Map
	source *yjs.Text // its source, also after it is gone
	place  yjs.ID    // of the source; the zero ID when there is none
	runs   []run     // the units of its source, just before it moves
	id     string
	pos    int           // index in Document.list
	data   notebook.Cell // cached reading; only the parts in fresh are right
	fresh  Fields
	bytes  int    // size of the outputs, valid while FieldOutputs is fresh
	since  uint64 // revision of its last change of content
	marks  Fields // scratch of note: what changed in the running operation
}

// reindex reads the order of the cells from the document. Cells whose shared
// map is known keep what is cached.
func (d *Document) reindex() {
	list := make([]*cell, 0, d.cells.Len())
	clear(d.byID)
	d.cells.Range(func(_ int, v any) bool {
		m, ok := v.(*yjs.Map)
		if !ok {
			return true // a fault of a peer, repaired at once
		}
		c := d.byMap[m]
		if c == nil {
			c = newCell(m)
			d.byMap[m] = c
		}
		c.pos = len(list)
		list = append(list, c)
		if d.byID[c.id] == nil && c.id != "" {
			d.byID[c.id] = c
		}
		return true
	})
	d.list = list
	if len(d.byMap) > len(list) {
		d.dropDead()
	}
}

// dropDead forgets the shared maps of cells that are gone.
func (d *Document) dropDead() {
	for m, c := range d.byMap {
		if c.pos >= len(d.list) || d.list[c.pos] != c {
			delete(d.byMap, m)
		}
	}
}

func newCell(m *yjs.Map) *cell {
	id, _ := m.Get(keyID)
	s, _ := id.(string)
	c := &cell{shared: m, id: s}
	c.hold()
	return c
}

// hold remembers the source of the cell for when it is gone.
func (c *cell) hold() {
	c.source, c.place = c.text(), yjs.ID{}
	if c.source != nil {
		c.place = c.source.ID()
	}
}

// foresee notes what the trail needs of a cell that may be about to go.
func (c *cell) foresee() {
	c.runs = runsOf(c.source)
	c.read(FieldSource | FieldMetadata)
}

// find returns the cell with the given id.
func (d *Document) find(id string) (*cell, error) {
	if c := d.byID[id]; c != nil {
		return c, nil
	}
	return nil, fmt.Errorf("find cell %q: %w", id, ErrNoCell)
}

// text returns the live source of the cell, nil when a peer put something else
// in its place.
func (c *cell) text() *yjs.Text {
	v, _ := c.shared.Get(keySource)
	t, _ := v.(*yjs.Text)
	return t
}

// outputs returns the live list of outputs, nil when the cell has none.
func (c *cell) outputs() *yjs.Array {
	v, _ := c.shared.Get(keyOutputs)
	a, _ := v.(*yjs.Array)
	return a
}

// kind is the type of the cell as the document says.
func (c *cell) kind() string {
	v, _ := c.shared.Get(keyType)
	s, _ := v.(string)
	return s
}

// isRunning reports whether the cell is marked as being executed.
func (c *cell) isRunning() bool {
	v, _ := c.shared.Get(keyExecutionState)
	return v == running
}

// newID returns a random UUID (RFC 9562, version 4), which nbformat 4.5 allows
// as a cell id and JupyterLab uses.
func newID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails
	b[6] = b[6]&0x0f | 0x40
	b[8] = b[8]&0x3f | 0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}
