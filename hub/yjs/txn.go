package yjs

import "fmt"

// txn is the record of the running transaction, or of the last one until the next begins. Its slices are reused, so
// that a keystroke allocates nothing for them.
type txn struct {
	seq     uint32
	open    bool
	origin  any
	touched []uint32 // clients that wrote
	deletes []span   // what was deleted, as it happened; sorted and merged at the end
	waste   []span   // those of deletes that were alive here before
	splits  []cut    // right halves of items that were split
	changed []changed
	orphans []Orphan
	swept   []span           // texts that died with a type around them
	named   map[uint64]*gaps // what the update deletes, when anything was swept
	types   []TypeChange     // scratch of Change.Types
	doomed  []*node          // scratch of delete
	work    int              // steps of conflict resolution that are left
	stop    error            // why applying must end

	// plain: everything was new, whole and integrated at once, so the received bytes say all that happened.
	plain    bool
	applying bool // an update, not own edits
	dirty    bool // anything happened at all

	unmerged bool // deleted neighbours are still to be merged
	settled  bool // deleted content has been collected
}

// changed says what happened to one type.
type changed struct {
	node              *node
	inserted, deleted bool // in its list
	keys              []uint32
}

// Txn is the running transaction of [Doc.Transact]: edits take it. The first edit that cannot be done (a position out
// of range, a deleted type) makes it fail: later edits do nothing and Transact returns that error.
type Txn struct {
	doc     *Doc
	err     error
	scratch []byte // of judging values
}

// Err returns why the transaction failed, nil while it has not.
func (t *Txn) Err() error { return t.err }

// ready reports whether an edit of n may be done.
func (t *Txn) ready(verb string, n *node) bool {
	switch {
	case t.err != nil:
	case t.doc == nil || t.doc != n.doc:
		t.err = fmt.Errorf("%s: %w", verb, ErrTxn)
	case !n.alive():
		t.err = fmt.Errorf("%s: %w", verb, ErrDead)
	default:
		return true
	}
	return false
}

// fail makes the transaction fail with err.
func (t *Txn) fail(verb string, err error) {
	if t.err == nil {
		t.err = fmt.Errorf("%s: %w", verb, err)
	}
}

// Transact runs f, whose edits become one update. origin is any value that says who asked; it is handed on in the
// [Change]. When f returns an error, or an edit in it fails, what was done before stays, is in the Change, and the
// error is returned with it. Transactions do not nest.
func (d *Doc) Transact(origin any, f func(*Txn) error) (c *Change, err error) {
	if d.txn.open {
		return nil, fmt.Errorf("begin transaction: one is running: %w", ErrTxn)
	}
	broken := d.guard("transact", func() error {
		d.begin(origin)
		t := &Txn{doc: d}
		err = f(t)
		if err == nil {
			err = t.err
		}
		t.doc = nil
		d.wakeTouched()
		d.retryDeletes()
		c = d.commit(nil)
		return nil
	})
	if broken != nil {
		return nil, broken
	}
	return c, err
}

// begin starts a transaction.
func (d *Doc) begin(origin any) {
	d.settle()
	t := &d.txn
	t.seq++
	t.open = true
	t.origin = origin
	clear(t.splits)
	t.touched, t.deletes, t.splits = t.touched[:0], t.deletes[:0], t.splits[:0]
	clear(t.changed)
	clear(t.orphans)
	t.changed, t.orphans, t.swept, t.named = t.changed[:0], t.orphans[:0], t.swept[:0], nil
	t.work, t.stop = d.limits.Work, nil
	t.plain, t.dirty, t.settled, t.applying = true, false, false, false
	if d.marks > 1<<31 {
		d.resetMarks()
	}
}

// commit ends a transaction. raw is the update that was applied, nil for own edits.
func (d *Doc) commit(raw []byte) *Change {
	t := &d.txn
	d.rejoin(false)
	t.deletes = mergeSpans(t.deletes, d.clients)
	for _, s := range t.deletes {
		d.clients[s.ci].erased.add(gap{uint64(s.clock), uint64(s.end())})
	}
	t.open = false
	c := &Change{Origin: t.origin, doc: d, seq: t.seq}
	t.origin = nil
	switch {
	case !t.dirty:
	case raw != nil && t.plain:
		c.Update = raw
	default:
		c.Update = d.encodeTxn()
	}
	return c
}

// keepIdentity takes a new client id when an update shows that another replica writes under ours, or speaks of units
// that we have not written yet: what we would write there would be taken for something else.
func (d *Doc) keepIdentity(streams []stream) {
	ci := d.clientOf(d.self)
	s := findStream(streams, d.self)
	if ci != 0 && d.clients[ci].seq == d.txn.seq || s != nil && s.end > d.stateOf(d.self) || d.pending.deletes[d.self] != nil {
		d.self = randomClient()
	}
}

// touch notes that client ci is about to write.
func (d *Doc) touch(ci uint32, c *client) {
	d.txn.dirty = true
	if c.seq == d.txn.seq {
		return
	}
	c.seq, c.before = d.txn.seq, c.clock
	d.txn.touched = append(d.txn.touched, ci)
}

// isNew reports whether a unit was written in the running or last transaction.
func (d *Doc) isNew(r ref) bool {
	c := d.clients[r.client]
	return c.seq == d.txn.seq && r.clock >= c.before
}

// noteChange records that the list of n (key 0) or one of its keys changed.
func (d *Doc) noteChange(n *node, key uint32, inserted bool) {
	t := &d.txn
	if n.seq != t.seq {
		n.seq = t.seq
		n.change = -1
		if n.item == nil || !n.item.deleted() && !d.isNew(n.id) { // a new or dying type is told by its parent
			n.change = int32(len(t.changed))
			t.changed = append(t.changed, changed{node: n})
		}
	}
	if n.change < 0 {
		return
	}
	ch := &t.changed[n.change]
	switch {
	case key != 0:
		if i := n.find(key); i >= 0 && n.entries[i].seq != t.seq {
			n.entries[i].seq = t.seq
			ch.keys = append(ch.keys, key)
		}
	case inserted:
		ch.inserted = true
	default:
		ch.deleted = true
	}
}

// resetMarks zeroes the scratch numbers of all items, long before their counter could overflow.
func (d *Doc) resetMarks() {
	d.marks = 0
	for _, c := range d.clients[1:] {
		for _, b := range c.blocks {
			for _, it := range b.items {
				it.mark = 0
			}
		}
	}
}
