package nbdoc

import (
	"bytes"
	"fmt"
	"slices"

	"github.com/notebookhub/hub/hub/yjs"
)

// Apply integrates an update of a peer, then puts right what it broke: faults
// in the structure are repaired, writes to the root that is the hub's alone are
// taken back, and text that was typed into a cell which has been moved
// meanwhile is put into the moved cell.
//
// The errors are those of [yjs.Doc.Apply]. After ErrMalformed and ErrLimit the
// document is as it was. After ErrBudget a part was integrated: the Event must
// be journaled and sent, and the peer be closed. After ErrBroken the document
// must be loaded anew.
func (d *Document) Apply(update []byte, origin any) (Event, error) {
	x := d.begin(origin)
	d.foresee(update)
	c, failed := d.doc.Apply(update, origin)
	if c == nil {
		return Event{Origin: origin}, wrapApply(failed)
	}
	d.note(&x, c)
	found := d.inspect(&x, c)
	d.consult(&found, update)
	if x.hub {
		taken, err := d.doc.Revert(c, rootHub)
		if err != nil {
			return Event{Origin: origin}, fmt.Errorf("take back writes to root %q: %w", rootHub, err)
		}
		d.note(&x, taken)
		x.repaired = true
	}
	if err := d.remedy(&x, found); err != nil {
		return Event{Origin: origin}, err
	}
	x.hub = false // it is as it was, but for where moved cells went
	e, err := d.finish(&x)
	if err == nil {
		err = wrapApply(failed)
	}
	if e.Sent = update; err != nil || e.Added || !e.AsSent() && d.doc.Pending() {
		e.Sent = nil
	}
	return e, err
}

// CatchUp integrates a state that the document itself was saved in: it is trusted
// as what [Load] takes, and what the hub noted in it stays, such as where moved
// cells went.
func (d *Document) CatchUp(state []byte) (Event, error) {
	x := d.begin(nil)
	c, failed := d.doc.Apply(state, nil)
	if c == nil {
		return Event{}, fmt.Errorf("catch up with a saved state: %w", failed)
	}
	d.note(&x, c)
	d.trail.load(d.hub)
	e, err := d.finish(&x)
	if err == nil && failed != nil {
		err = fmt.Errorf("catch up with a saved state: %w", failed)
	}
	return e, err
}

// foresee notes the units of all sources, and reads them, when an update brings a
// new cell: it may be a moved one, and then they are gone afterwards.
func (d *Document) foresee(update []byte) {
	if !bytes.Contains(update, []byte(keyType)) {
		return
	}
	for _, c := range d.list {
		c.foresee()
	}
}

func wrapApply(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("apply update of a peer: %w", err)
}

// Repair looks through the whole document for faults and puts them right, as
// Apply does for what a peer changed. It is for documents loaded from a store
// that others may have written.
func (d *Document) Repair(origin any) (Event, error) {
	x := d.begin(origin)
	if err := d.remedy(&x, d.inspectAll()); err != nil {
		return Event{Origin: origin}, err
	}
	return d.finish(&x)
}

// findings are what there is to put right after an update.
type findings struct {
	foreign bool         // the list of cells holds things that are no cells
	meta    bool         // the notebook's own facts are out of shape
	bad     []*cell      // cells out of shape
	doubles []*cell      // cells without an id, or with one that an earlier cell has
	moves   []move       // cells that a peer moved
	late    []late       // what arrived under what is gone
	erased  []erasure    // what was deleted where it had been
	orphans []yjs.Orphan // as the engine tells the late ones

	named *yjs.Units // what the update deletes; nil when there is none, or nothing to ask it
}

// move is a cell and what it has become.
type move struct{ from, to *cell }

func (f *findings) none() bool {
	return !f.foreign && !f.meta && len(f.bad) == 0 && len(f.doubles) == 0 && len(f.moves)+len(f.late)+len(f.erased) == 0
}

// inspect looks for faults among what an update changed. For a keystroke there
// is nothing to look at.
func (d *Document) inspect(x *delta, c *yjs.Change) findings {
	var f findings
	for _, c := range d.touched {
		if c.marks.Has(fieldShape) && d.holds(c) && d.faulty(c) {
			f.bad = append(f.bad, c)
		}
	}
	if x.order {
		known := make(map[*cell]bool, len(x.before))
		for _, c := range x.before {
			known[c] = true
		}
		f.moves = d.moves(x.before, known)
		f.bad = append(f.bad, d.faultyNew(known)...)
		f.doubles = d.doubles(known)
		f.foreign = d.cells.Len() != len(d.list)
	} else if len(d.byID) != len(d.list) {
		f.doubles = d.doubles(nil)
	}
	f.meta = x.meta && d.metaFaulty()
	f.orphans = slices.Clone(c.Orphans())
	return f
}

// consult reads from what an update deletes what its author knew of sources that
// were left behind.
func (d *Document) consult(f *findings, update []byte) {
	if len(f.doubles)+len(f.orphans)+len(d.trail.moves) == 0 {
		return
	}
	gone := func(yjs.ID) bool { return false }
	if named, err := yjs.DeletionsOf(update); err == nil { // it is an update: it was applied
		f.named, f.erased, gone = named, d.erasures(named), named.Has
	}
	f.late = lateRuns(f.orphans, gone)
}

// inspectAll is inspect for everything.
func (d *Document) inspectAll() findings {
	f := findings{foreign: d.cells.Len() != len(d.list), meta: d.metaFaulty(), bad: d.faultyNew(nil)}
	if len(d.byID) != len(d.list) {
		f.doubles = d.doubles(nil)
	}
	return f
}

// holds reports whether the cell is still in the document.
func (d *Document) holds(c *cell) bool { return c.pos < len(d.list) && d.list[c.pos] == c }

// faultyNew are the faulty ones of the cells that are not known.
func (d *Document) faultyNew(known map[*cell]bool) []*cell {
	var bad []*cell
	for _, c := range d.list {
		if !known[c] && d.faulty(c) {
			bad = append(bad, c)
		}
	}
	return bad
}

// moves pairs the cells that went with those that came under the same id.
func (d *Document) moves(before []*cell, known map[*cell]bool) []move {
	var moves []move
	for _, was := range before {
		if d.holds(was) || was.id == "" {
			continue
		}
		if is := d.byID[was.id]; is != nil && !known[is] {
			moves = append(moves, move{was, is})
		}
	}
	return moves
}

// doubles are the cells that need another id: those without one, and of those
// with the same one all but one. A cell that was there before keeps it, else
// the first.
func (d *Document) doubles(known map[*cell]bool) []*cell {
	owner := make(map[string]*cell, len(d.list))
	for _, c := range d.list {
		if was := owner[c.id]; c.id != "" && (was == nil || known[c] && !known[was]) {
			owner[c.id] = c
		}
	}
	var doubles []*cell
	for _, c := range d.list {
		if owner[c.id] != c {
			doubles = append(doubles, c)
		}
	}
	return doubles
}
