package nbdoc

import (
	"fmt"
	"slices"

	"github.com/notebookhub/hub/hub/notebook"
	"github.com/notebookhub/hub/hub/yjs"
)

// Edit is a running transaction of [Document.Update]. Its methods change the
// document at once, so reads within the transaction see them.
type Edit struct {
	d    *Document
	tx   *yjs.Txn
	x    *delta
	told int // what the trail remembers of cells that moved in it
}

// Update runs f, whose edits become one transaction and one [Event]. origin is
// any value that says who asked. When f returns an error, what it did before
// stays, is in the Event, and must be journaled and sent like any other; the
// error is returned with it.
func (d *Document) Update(origin any, f func(*Edit) error) (Event, error) {
	x := d.begin(origin)
	c, failed := d.doc.Transact(origin, func(tx *yjs.Txn) error { return f(&Edit{d: d, tx: tx, x: &x}) })
	d.note(&x, c)
	e, err := d.finish(&x)
	if failed != nil {
		err = failed
	}
	if err != nil {
		return e, fmt.Errorf("edit notebook: %w", err)
	}
	return e, nil
}

// InsertCell puts a new cell at position i, from 0 to the number of cells. A
// cell without an id, or with one that is taken, gets a new one; the id is
// returned.
func (e *Edit) InsertCell(i int, c notebook.Cell) (string, error) {
	if i < 0 || i > len(e.d.list) {
		return "", fmt.Errorf("insert cell at %d of %d: %w", i, len(e.d.list), ErrRange)
	}
	if c.ID == "" || e.d.byID[c.ID] != nil {
		c.ID = newID()
	}
	return c.ID, e.insert(i, cellForm(c))
}

// insert puts the form of a cell at position i and enters it into the index.
func (e *Edit) insert(i int, form yjs.Prelim) error {
	d := e.d
	d.cells.Insert(e.tx, i, form)
	if err := e.tx.Err(); err != nil {
		return err
	}
	m, ok := d.cells.Get(i).(*yjs.Map)
	if !ok {
		return fmt.Errorf("insert cell at %d: %w", i, ErrValue)
	}
	c := newCell(m)
	d.byMap[m], d.byID[c.id] = c, c
	e.place(slices.Insert(slices.Clone(d.list), i, c), i)
	return nil
}

// place makes list the order of the cells; positions from i on are new.
func (e *Edit) place(list []*cell, i int) {
	for ; i < len(list); i++ {
		list[i].pos = i
	}
	e.d.list, e.d.notebook = list, nil
}

// DeleteCell removes a cell.
func (e *Edit) DeleteCell(id string) error {
	c, err := e.d.find(id)
	if err != nil {
		return err
	}
	e.remove(c)
	return e.tx.Err()
}

// remove deletes the cell and takes it out of the index.
func (e *Edit) remove(c *cell) {
	d, i := e.d, c.pos
	d.cells.Delete(e.tx, i, 1)
	if e.tx.Err() != nil {
		return
	}
	if d.byID[c.id] == c {
		delete(d.byID, c.id)
	}
	e.place(slices.Delete(slices.Clone(d.list), i, i+1), i)
}

// MoveCell moves a cell to position i of the list without it. The cell keeps
// its id and all its keys; text that peers are just typing into it follows.
func (e *Edit) MoveCell(id string, i int) error {
	c, err := e.d.find(id)
	if err != nil {
		return err
	}
	if i < 0 || i >= len(e.d.list) {
		return fmt.Errorf("move cell to %d of %d: %w", i, len(e.d.list)-1, ErrRange)
	}
	if i == c.pos {
		return nil
	}
	return e.replace(c, i, cloneForm(c.shared))
}

// replace deletes the cell and inserts form in its stead, at position i of the
// list without it.
func (e *Edit) replace(c *cell, i int, form yjs.Prelim) error {
	c.read(contentFields &^ FieldOutputs) // so that the event can tell what is different
	out := e.d.kernelOut[c.id]
	c.foresee()
	e.remove(c)
	if err := e.insert(i, form); err != nil {
		return err
	}
	next := e.d.list[i]
	e.d.trail.follow(e, c, next)
	if out != nil {
		out.follow(next)
	}
	return e.tx.Err()
}

// SetCellType makes a cell code, markdown or raw. It becomes a new shared type
// under the same id, as clients decide once what a cell is; outputs go when it
// ceases to be code.
func (e *Edit) SetCellType(id, kind string) error {
	c, err := e.d.find(id)
	if err != nil {
		return err
	}
	if kind != knownType(kind) {
		return fmt.Errorf("set cell type %q: %w", kind, ErrValue)
	}
	if c.kind() == kind {
		return nil
	}
	return e.replace(c, c.pos, retypedForm(c.shared, kind))
}

// SetSource brings the source of a cell to text by a small difference, so that
// cursors and concurrent edits in what stays survive.
func (e *Edit) SetSource(id, text string) error {
	c, err := e.d.find(id)
	if err != nil {
		return err
	}
	return e.splice(c, notebook.DiffText(c.read(FieldSource).Source, text))
}

// SpliceSource changes parts of the source of a cell. The edits are in
// ascending order, apart from each other, with positions in UTF-16 units of the
// source as it was before all of them, as [notebook.DiffText] gives them.
func (e *Edit) SpliceSource(id string, edits []notebook.TextEdit) error {
	c, err := e.d.find(id)
	if err != nil {
		return err
	}
	if at, ok := orderly(edits, c.text()); !ok {
		return fmt.Errorf("splice source of cell %q at %d: %w", id, at, ErrRange)
	}
	return e.splice(c, edits)
}

// orderly checks the positions of edits; at is the first wrong one.
func orderly(edits []notebook.TextEdit, t *yjs.Text) (at int, ok bool) {
	end := 0
	for _, ed := range edits {
		if ed.At < end || ed.Delete < 0 || t == nil || ed.At+ed.Delete > t.Len() {
			return ed.At, false
		}
		end = ed.At + ed.Delete
	}
	return 0, true
}

// splice applies edits from the last to the first, inserting before it deletes
// so that a cursor behind what is replaced stays behind. An insertion and a
// deletion at one place are a replacement that stands before what goes.
func (e *Edit) splice(c *cell, edits []notebook.TextEdit) error {
	t := c.text()
	if t == nil {
		return fmt.Errorf("edit source of cell %q: %w", c.id, ErrValue)
	}
	for i := len(edits) - 1; i >= 0; i-- {
		ed := edits[i]
		at, end, text := ed.At, ed.At+ed.Delete, ed.Insert
		if i > 0 && text == "" && edits[i-1].At == at && edits[i-1].Delete == 0 {
			i-- // an insertion of its own stands before what goes
			end, text = at, edits[i].Insert
			at += utf16Length(text)
		}
		if text != "" {
			t.Insert(e.tx, end, text)
		}
		if ed.Delete > 0 {
			t.Delete(e.tx, at, ed.Delete)
		}
	}
	if len(edits) > 0 {
		e.stale(c, FieldSource)
	}
	return e.tx.Err()
}

// stale makes later reads in the same transaction look again.
func (e *Edit) stale(c *cell, f Fields) {
	c.fresh &^= f
	e.d.notebook = nil
}
