package nbdoc

import (
	"fmt"

	"github.com/notebookhub/hub/hub/notebook"
	"github.com/notebookhub/hub/hub/yjs"
)

// faulty reports whether a cell is not as the schema says, so that some client
// would throw when it reads or shows it.
func (d *Document) faulty(c *cell) bool { return brokenParts(c) || oddValues(c) }

// brokenParts reports whether a part of the cell has a type under which clients
// cannot take it. They hold on to the parts of a cell, so such a cell is made
// anew as a whole.
func brokenParts(c *cell) bool {
	if kind := c.kind(); kind == "" || kind != knownType(kind) {
		return true
	}
	v, _ := c.shared.Get(keyMetadata)
	_, metadata := v.(*yjs.Map)
	return !metadata || c.text() == nil || c.kind() == notebook.Code && c.outputs() == nil
}

// oddValues reports whether plain values of the cell are out of shape; these
// can be set right in place.
func oddValues(c *cell) bool {
	count, _ := c.shared.Get(keyExecutionCount)
	state, has := c.shared.Get(keyExecutionState)
	_, text := state.(string)
	attachments, some := c.shared.Get(keyAttachments)
	return !isCount(count) || has && !text || some && !isObject(attachments) || hasOddOutput(c.outputs())
}

// isCount reports whether clients can take v as an execution count: BigInts
// make them throw.
func isCount(v any) bool {
	_, whole := wholeNumber(v)
	_, number := v.(float64)
	return v == nil || whole && number
}

func isObject(v any) bool {
	m, ok := v.(map[string]any)
	return ok && !odd(m)
}

func hasOddOutput(a *yjs.Array) bool {
	found := false
	if a != nil {
		a.Range(func(_ int, v any) bool {
			found = isOddOutput(v)
			return !found
		})
	}
	return found
}

// isOddOutput reports whether an element of outputs is no output in any form.
func isOddOutput(v any) bool {
	switch v.(type) {
	case *yjs.Map, map[string]any:
		return false
	}
	return true
}

// metaFaulty reports whether the notebook's own facts are out of shape. A
// document without content has none yet.
func (d *Document) metaFaulty() bool {
	if d.meta.Len() == 0 && d.cells.Len() == 0 {
		return false
	}
	v, _ := d.meta.Get(keyMetadata)
	_, ok := v.(*yjs.Map)
	major, _ := d.meta.Get(keyMajor)
	minor, _ := d.meta.Get(keyMinor)
	return !ok || !isFormat(major) || !isFormat(minor)
}

func isFormat(v any) bool {
	f, ok := v.(float64)
	return ok && f == float64(int(f)) && f >= 0
}

// remedy puts the findings right in one transaction.
func (d *Document) remedy(x *delta, f findings) error {
	if f.none() {
		return nil
	}
	c, err := d.doc.Transact(x.origin, func(tx *yjs.Txn) error { return d.repair(&Edit{d: d, tx: tx, x: x}, f) })
	d.note(x, c)
	if err != nil {
		return fmt.Errorf("repair document: %w", err)
	}
	return nil
}

func (d *Document) repair(e *Edit, f findings) error {
	x := e.x
	x.repaired = x.repaired || f.foreign || f.meta || len(f.bad)+len(f.doubles) > 0
	if f.foreign {
		e.removeForeign(x)
		f.bad, f.doubles = d.faultyNew(nil), d.doubles(nil)
	}
	for _, m := range f.moves {
		m.from.runs = without(m.from.runs, f.late)
		d.trail.follow(e, m.from, m.to)
		if out := d.kernelOut[m.to.id]; out != nil {
			out.follow(m.to)
		}
	}
	if err := e.erase(f.erased); err != nil {
		return err
	}
	for _, c := range f.doubles {
		if err := e.settleDouble(c, f.named); err != nil {
			return err
		}
	}
	for _, c := range f.bad {
		if !d.holds(c) {
			continue
		}
		if err := e.mend(c); err != nil {
			return err
		}
	}
	if f.meta {
		e.mendMeta()
	}
	return e.applyLate(f.late)
}

// removeForeign makes the list of cells a list of shared maps: plain objects
// become cells, the rest (null, numbers, texts) goes.
func (e *Edit) removeForeign(x *delta) {
	d := e.d
	for i := d.cells.Len() - 1; i >= 0; i-- {
		v := d.cells.Get(i)
		if _, ok := v.(*yjs.Map); ok {
			continue
		}
		if m, ok := v.(map[string]any); ok {
			d.cells.Insert(e.tx, i+1, plainCell(plainMap(m)))
		}
		d.cells.Delete(e.tx, i, 1)
	}
	x.order = true
	d.reindex()
}

// plainCell is the form of a cell that came as a plain object.
func plainCell(m map[string]any) yjs.Prelim {
	c := notebook.Cell{Source: joinText(m[keySource]), Metadata: objectOf(m[keyMetadata]), Attachments: objectOf(m[keyAttachments])}
	c.ID, _ = m[keyID].(string)
	c.Type, _ = m[keyType].(string)
	outputs, _ := m[keyOutputs].([]any)
	for _, v := range outputs {
		if o := readOutput(v); o != nil {
			c.Outputs = append(c.Outputs, o)
		}
	}
	if n, ok := wholeNumber(m[keyExecutionCount]); ok {
		c.ExecutionCount = &n
	}
	return cellForm(c)
}

// settleDouble deals with a cell whose id another one keeps. When two peers moved
// the same cell at once, the copy is folded into that one; else it goes when it
// says no more than that one. A cell that is none of that gets an id of its own.
func (e *Edit) settleDouble(c *cell, named *yjs.Units) error {
	d := e.d
	owner := d.byID[c.id]
	for _, other := range d.list {
		if owner == c && other != c && other.id == c.id { // the index kept the wrong one
			owner = other
			d.byID[c.id] = owner
		}
	}
	if owner != nil && owner != c && c.id != "" {
		if d.foldable(c, owner) {
			return e.fold(c, owner, named)
		}
		if saysNoMore(c.read(contentFields), owner.read(contentFields)) {
			return e.yield(c, owner)
		}
	}
	id := newID()
	c.shared.Set(e.tx, keyID, id)
	c.id, c.fresh = id, 0
	d.byID[id] = c
	d.notebook = nil
	return e.tx.Err()
}

// saysNoMore reports whether a cell has nothing that the other one of the same
// id lacks.
func saysNoMore(c, other notebook.Cell) bool {
	if rest := []rune(c.Source); len(rest) > 0 {
		for _, r := range other.Source {
			if len(rest) > 0 && rest[0] == r {
				rest = rest[1:]
			}
		}
		if len(rest) > 0 {
			return false
		}
	}
	c.Source = other.Source
	return sameEdit(c, other)
}

// mend sets one cell right.
func (e *Edit) mend(c *cell) error {
	if brokenParts(c) {
		return e.replace(c, c.pos, cloneForm(c.shared))
	}
	if v, _ := c.shared.Get(keyExecutionCount); !isCount(v) {
		var count any
		if n, ok := wholeNumber(v); ok {
			count = float64(n)
		}
		c.shared.Set(e.tx, keyExecutionCount, count)
	}
	if v, has := c.shared.Get(keyExecutionState); has {
		if _, ok := v.(string); !ok {
			c.shared.Set(e.tx, keyExecutionState, idle)
		}
	}
	if v, has := c.shared.Get(keyAttachments); has && !isObject(v) {
		if m := objectOf(v); len(m) > 0 {
			c.shared.Set(e.tx, keyAttachments, m)
		} else {
			c.shared.Delete(e.tx, keyAttachments)
		}
	}
	e.mendOutputs(c.outputs())
	e.stale(c, contentFields)
	return e.tx.Err()
}

// mendOutputs removes what is no output.
func (e *Edit) mendOutputs(a *yjs.Array) {
	if a == nil {
		return
	}
	for i := a.Len() - 1; i >= 0; i-- {
		if isOddOutput(a.Get(i)) {
			a.Delete(e.tx, i, 1)
		}
	}
}

// mendMeta sets the notebook's own facts right.
func (e *Edit) mendMeta() {
	d := e.d
	v, _ := d.meta.Get(keyMetadata)
	if _, ok := v.(*yjs.Map); !ok {
		d.meta.Set(e.tx, keyMetadata, mapForm(objectOf(v)))
	}
	for key, otherwise := range map[string]int{keyMajor: 4, keyMinor: 5} {
		if v, _ := d.meta.Get(key); !isFormat(v) {
			d.meta.Set(e.tx, key, max(d.metaNumber(key, otherwise), 0))
		}
	}
	d.metadata, d.notebook = nil, nil
}
