package nbdoc

import (
	"fmt"

	"github.com/notebookhub/hub/hub/yjs"
)

// Kind says what happened to a cell.
type Kind uint8

// What can happen to a cell.
const (
	// Changed: parts of it are different.
	Changed Kind = iota
	// Inserted: it is new.
	Inserted
	// Deleted: it is gone.
	Deleted
	// Moved: it was deleted and inserted under the same id at once, which is
	// how every client moves cells and changes their type. It is still the same
	// cell for people; its shared types are new.
	Moved
)

// String returns the kind in lower case.
func (k Kind) String() string { return [...]string{"changed", "inserted", "deleted", "moved"}[k&3] }

// CellEvent says what happened to one cell.
type CellEvent struct {
	ID     string
	Kind   Kind
	Index  int    // where it is now; -1 when deleted
	Fields Fields // Changed: which parts; Moved: which parts may differ from before
}

// Event says what one operation did to the document.
type Event struct {
	// Update is everything to journal and to send, as one message: a client
	// that gets it in two would see faults that were repaired. nil: nothing
	// changed.
	Update []byte
	Origin any
	// Cells lists what happened to cells: the deleted ones in their old order,
	// then the rest in no particular order.
	Cells []CellEvent
	// Meta, State and Hub say whether the notebook's metadata, the session's
	// state and the hub's own facts changed.
	Meta, State, Hub bool
	// Content says whether the change counts as a change of the file. Session
	// state, execution states and marks of trust do not count. Hiding outputs
	// (metadata.collapsed and jupyter.outputs_hidden) does: it is saved, even
	// though clients also write the one when they see the other.
	Content bool
	// Repaired says that a peer's update left faults, or wrote what is the
	// hub's alone, and that Update holds the remedy too: then the author needs
	// Update as well, not only the others.
	Repaired bool
	// Sent is an applied update as its author sent it, if all of it was integrated
	// and nothing had to be put right; nil otherwise. It depends on nothing that
	// its author has not seen. Update may: where the two differ, it leaves out what
	// was known here, and tells what went because of what others wrote.
	Sent []byte
	// Added says that Update holds more than what the author of an applied
	// update sent: a remedy, or a note of where a moved cell went. The author
	// needs Update then, or misses every later edit of ours.
	Added bool
}

// AsSent reports whether Update is what the author of an applied update sent,
// byte for byte.
func (e *Event) AsSent() bool {
	return len(e.Sent) > 0 && len(e.Sent) == len(e.Update) && &e.Sent[0] == &e.Update[0]
}

// Change reports what happened to the cell with the given id; ok is false when
// nothing did.
func (e *Event) Change(id string) (CellEvent, bool) {
	for _, c := range e.Cells {
		if c.ID == id {
			return c, true
		}
	}
	return CellEvent{}, false
}

// delta gathers what one operation does to the document, over one or more
// transactions.
type delta struct {
	before   []*cell // the cells when the operation began
	order    bool    // the list of cells changed
	ids      bool    // ids changed
	meta     bool
	state    bool
	hub      bool
	repaired bool
	origin   any
	update   []byte
	more     [][]byte // further updates
	wrote    []*cell  // cells whose outputs we wrote ourselves
}

// begin starts gathering.
func (d *Document) begin(origin any) delta {
	for _, c := range d.touched {
		c.marks = 0
	}
	d.touched = d.touched[:0]
	return delta{before: d.list, origin: origin}
}

// note adds what a transaction changed. It runs for every keystroke: no
// allocation, and work in proportion to the types that changed.
func (d *Document) note(x *delta, c *yjs.Change) {
	if c == nil || c.Update == nil {
		return
	}
	if x.update == nil {
		x.update = c.Update
	} else {
		x.more = append(x.more, c.Update)
	}
	order := false
	for _, t := range c.Types() {
		switch {
		case d.noteCell(x, t):
		case t.Target == yjs.Type(d.cells):
			order = true
		case t.Target == yjs.Type(d.state):
			x.state = true
		case t.Target == yjs.Type(d.hub):
			x.hub = true
		case below(t.Target, d.meta):
			x.meta = true
			d.metadata = nil
		}
	}
	if order || x.ids {
		x.order = x.order || order
		x.ids = false
		d.reindex()
	}
}

// noteCell marks what changed in the cell that the changed type belongs to; it
// reports false when that is no cell.
func (d *Document) noteCell(x *delta, t yjs.TypeChange) bool {
	var part yjs.Type // the type right below the cell
	for at := t.Target; ; {
		parent := at.Parent()
		if parent == nil {
			return false
		}
		if parent == yjs.Type(d.cells) {
			m, _ := at.(*yjs.Map)
			c := d.byMap[m]
			if c == nil {
				return false
			}
			d.mark(x, c, changedFields(part, t))
			return true
		}
		part, at = at, parent
	}
}

// mark notes that parts of a cell changed.
func (d *Document) mark(x *delta, c *cell, f Fields) {
	if c.marks == 0 {
		d.touched = append(d.touched, c)
	}
	c.marks |= f
	c.fresh &^= f
	if f.Has(FieldType) {
		c.fresh = 0
	}
	if f.Has(FieldSource) && f.Has(fieldShape) {
		c.hold()
	}
	if f.Has(FieldOutputs) {
		d.outputsTouched(x, c)
	}
	if f.Has(FieldID) {
		id, _ := c.shared.Get(keyID)
		c.id, _ = id.(string)
		c.fresh = 0
		x.ids = true
	}
}

// changedFields says which parts of a cell a changed type stands for: part is
// the type right below the cell, nil when the cell's own keys changed.
func changedFields(part yjs.Type, t yjs.TypeChange) Fields {
	var f Fields
	switch {
	case part == nil:
		f = fieldShape
		for _, key := range t.Keys {
			f |= fieldOf(key)
		}
	case part.Key() == keyMetadata && part == t.Target:
		for _, key := range t.Keys {
			if key == keyTrusted {
				f |= FieldTrusted
			} else {
				f |= FieldMetadata
			}
		}
	default:
		f = fieldOf(part.Key())
		if _, text := t.Target.(*yjs.Text); !text {
			f |= fieldShape
		}
	}
	return f
}

// below reports whether t is the root, or within it.
func below(t yjs.Type, root *yjs.Map) bool {
	for ; t != nil; t = t.Parent() {
		if t == yjs.Type(root) {
			return true
		}
	}
	return false
}

// finish makes the event of an operation.
func (d *Document) finish(x *delta) (Event, error) {
	e := Event{Update: x.update, Origin: x.origin, Meta: x.meta, State: x.state, Hub: x.hub, Repaired: x.repaired, Added: len(x.more) > 0}
	if len(x.more) > 0 {
		merged, err := yjs.MergeUpdates(append([][]byte{x.update}, x.more...)...)
		if err != nil {
			return e, fmt.Errorf("merge updates of one operation: %w", err)
		}
		e.Update = merged
	}
	e.Content = x.meta
	if x.order && !sameCells(x.before, d.list) {
		e.Content = true
		d.tellOrder(&e, x.before)
	}
	d.tellChanges(&e)
	if e.Content {
		d.revision++
		d.notebook = nil
		for _, c := range e.Cells {
			if cell := d.byID[c.ID]; cell != nil && (c.Kind != Changed || c.Fields.Has(contentFields)) {
				cell.since = d.revision
			}
		}
	}
	return e, nil
}

// tellChanges lists the cells whose parts changed.
func (d *Document) tellChanges(e *Event) {
	moved := len(e.Cells) > 0
	for _, c := range d.touched {
		f := c.marks &^ fieldShape
		c.marks = 0
		if f == 0 || c.pos >= len(d.list) || d.list[c.pos] != c || moved && e.tells(c.id) {
			continue // gone, or new
		}
		e.Cells = append(e.Cells, CellEvent{ID: c.id, Index: c.pos, Fields: f})
		e.Content = e.Content || f.Has(contentFields)
	}
}

// tells reports whether the event has the cell already.
func (e *Event) tells(id string) bool { _, ok := e.Change(id); return ok }

// tellOrder lists the cells that came, went and moved.
func (d *Document) tellOrder(e *Event, before []*cell) {
	gone := make(map[string]*cell, len(before))
	old := make(map[*cell]bool, len(before))
	for _, c := range before {
		old[c] = true
		if c.pos >= len(d.list) || d.list[c.pos] != c {
			gone[c.id] = c
		}
	}
	var arrived []CellEvent
	for i, c := range d.list {
		if old[c] {
			continue
		}
		ev := CellEvent{ID: c.id, Kind: Inserted, Index: i}
		if was := gone[c.id]; was != nil {
			ev.Kind, ev.Fields = Moved, differences(was, c)
			delete(gone, c.id)
		}
		arrived = append(arrived, ev)
	}
	for _, c := range before {
		if gone[c.id] == c {
			e.Cells = append(e.Cells, CellEvent{ID: c.id, Kind: Deleted, Index: -1})
			delete(d.kernelOut, c.id)
		}
	}
	e.Cells = append(e.Cells, arrived...)
}

// differences says which parts of a moved cell may differ from what it was:
// what was not read before it went cannot be told.
func differences(was, is *cell) Fields {
	now := is.read(contentFields)
	same := Fields(0)
	check := func(f Fields, equal bool) {
		if was.fresh.Has(f) && equal {
			same |= f
		}
	}
	check(FieldSource, was.data.Source == now.Source)
	check(FieldType, was.data.Type == now.Type)
	check(FieldMetadata, equalMaps(was.data.Metadata, now.Metadata))
	check(FieldOutputs, sameOutputs(was.data.Outputs, now.Outputs))
	check(FieldExecutionCount, sameCount(was.data.ExecutionCount, now.ExecutionCount))
	check(FieldAttachments, equalMaps(was.data.Attachments, now.Attachments))
	return contentFields &^ (same | FieldID)
}
