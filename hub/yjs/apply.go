package yjs

import (
	"cmp"
	"fmt"
	"slices"
)

// Apply integrates an update that a replica sent or that was stored. Updates may arrive in any order, more than once,
// and with parts missing: what cannot be integrated yet waits. origin is handed on in the [Change].
//
// With [ErrMalformed] and [ErrLimit] the document is as it was. With [ErrBudget] a prefix was integrated; it is in the
// Change, and valid. With [ErrBroken] the document must be abandoned.
//
// Change.Update may be update itself, so the caller must not overwrite it afterwards.
func (d *Doc) Apply(update []byte, origin any) (c *Change, err error) {
	if d.txn.open {
		return nil, fmt.Errorf("apply update: a transaction is running: %w", ErrTxn)
	}
	broken := d.guard("apply update", func() error {
		c, err = d.apply(update, origin)
		return nil
	})
	if broken != nil {
		return nil, broken
	}
	if err != nil {
		return c, fmt.Errorf("apply update: %w", err)
	}
	return c, nil
}

// apply judges an update as a whole before it touches the document.
func (d *Doc) apply(update []byte, origin any) (*Change, error) {
	s := &d.scan
	if err := s.run(update, d.limits); err != nil {
		return nil, err
	}
	if err := d.admit(s); err != nil {
		return nil, err
	}
	d.begin(origin)
	d.txn.work += len(update) * workPerByte
	d.txn.applying, d.txn.plain = true, !s.skips
	if len(d.clients) == 1 && len(update) >= loadSize {
		d.loading = update
		d.slabs.reserve(s.structs)
	}
	d.integrateStreams(s.streams)
	d.applyDeletes(s)
	d.loading = nil
	c := d.commit(update)
	d.keepIdentity(s.streams)
	s.release()
	return c, d.txn.stop
}

// loadSize is from when on the first update of an empty document is kept as a whole, its content being views into it,
// instead of being copied piece by piece.
const loadSize = 1 << 12

// admit counts the clients that an update would add.
func (d *Doc) admit(s *scan) error {
	room := d.limits.Clients - (len(d.clients) - 1)
	if len(s.streams) <= room {
		return nil
	}
	for i := range s.streams {
		if d.clientOf(s.streams[i].client) == 0 {
			if room--; room < 0 {
				return fmt.Errorf("more than %d clients: %w", d.limits.Clients, ErrLimit)
			}
		}
	}
	return nil
}

// stream is a run of structs of one client that are still to be integrated, in clock order.
type stream struct {
	client uint64
	clock  uint64 // of the first struct left
	end    uint64 // clock behind the last
	count  int    // structs left
	data   []byte // their bytes
	need   ID     // the unit that the first struct waits for

	busy bool // others wait for it, or it for them

	// For streams that outlive their update:
	queued bool   // waits
	turn   uint32 // counts its waits
	owned  bool   // data is the stream's own
	size   int    // what it counts for in pending.bytes
	start  ID     // its key in pending.byStart
}

// needs are the resolved references of a record.
type needs struct{ origin, right, parent ref }

// integrateStreams integrates what an update brought and whatever that wakes; the rest waits.
func (d *Doc) integrateStreams(streams []stream) {
	d.again()
	for i := range streams {
		if s := &streams[i]; s.count > 0 && d.txn.stop == nil {
			d.start(s, streams)
		}
	}
	d.wakeTouched()
	waits := false
	waits, d.txn.stop = d.pending.own(d.limits, d.txn.stop)
	d.txn.plain = d.txn.plain && !waits && d.txn.stop == nil
}

// wakeTouched integrates what waited for units that the transaction has written.
func (d *Doc) wakeTouched() {
	for i := 0; i < len(d.txn.touched) && len(d.pending.waiting) > 0; i++ {
		c := d.clients[d.txn.touched[i]]
		d.runReady(d.pending.wake(nil, c.id, uint64(c.clock)))
	}
}

// start integrates a stream of an update. When it must wait for another one of the same update, that one goes ahead,
// but only as far as needed: the order in which Yjs integrates, for documents so odd that it matters.
func (d *Doc) start(s *stream, streams []stream) {
	stack := append(d.stack[:0], s)
	for len(stack) > 0 && d.txn.stop == nil {
		top := stack[len(stack)-1]
		top.busy = true
		until := uint64(maxClock)
		if len(stack) > 1 {
			until = stack[len(stack)-2].need.Clock
		}
		if !d.advance(top, until) {
			top.busy = false
			stack = stack[:len(stack)-1]
			continue
		}
		if next := findStream(streams, top.need.Client); next != nil && next.count > 0 && next.clock <= top.need.Clock && !next.busy {
			stack = append(stack, next)
			continue
		}
		for _, w := range stack {
			w.busy = false
			fresh := d.pending.wait(w)
			d.txn.plain = d.txn.plain && fresh
		}
		stack = stack[:0]
	}
	d.stack = stack
}

// findStream returns the stream of a client, nil when there is none. They are sorted by falling client.
func findStream(streams []stream, client uint64) *stream {
	i, ok := slices.BinarySearchFunc(streams, client, func(s stream, c uint64) int { return cmp.Compare(c, s.client) })
	if !ok {
		return nil
	}
	return &streams[i]
}

// again goes on with what a spent work budget stopped.
func (d *Doc) again() {
	if ready := d.pending.retry; len(ready) > 0 {
		d.pending.retry = nil
		d.runReady(ready)
	}
}

// runReady integrates woken streams as far as they go, and what they wake.
func (d *Doc) runReady(ready []*stream) {
	for len(ready) > 0 {
		w := ready[len(ready)-1]
		ready = ready[:len(ready)-1]
		d.txn.plain = d.txn.plain && !w.owned
		before := d.stateOf(w.client)
		blocked := d.advance(w, maxClock)
		switch {
		case blocked:
			d.pending.wait(w)
		case w.count == 0:
			d.pending.drop(w)
		case w.owned:
			d.pending.retry = append(d.pending.retry, w)
		}
		if state := d.stateOf(w.client); state > before && d.txn.stop == nil {
			ready = d.pending.wake(ready, w.client, state)
		}
	}
}

// advance integrates structs of s until none is left, its clock passes until, or one must wait: then blocked is true
// and s.need says for what. It stops when the transaction does.
func (d *Doc) advance(s *stream, until uint64) (blocked bool) {
	r := reader{buf: s.data}
	rec := &d.rec
	var n needs
	for s.count > 0 && s.clock <= until && d.txn.stop == nil {
		r.record(rec, s.client, s.clock)
		state := d.stateOf(s.client)
		end := rec.clock + rec.length
		switch {
		case rec.kind == kindSkip:
		case end <= state:
			d.txn.plain = false
		case rec.clock > state:
			s.need = ID{s.client, rec.clock - 1}
			return true
		default:
			if !d.missing(rec, &n, rec.clock < state, &s.need) {
				return true
			}
			d.integrate(rec, &n, uint32(state-rec.clock))
			if d.txn.stop != nil {
				return false
			}
		}
		s.clock = end
		s.count--
		s.data = s.data[r.pos:]
		r = reader{buf: s.data}
	}
	return false
}

// missing resolves the references of rec. When a unit is not known yet it returns false with that unit. Of a struct
// whose first part is known only the right neighbour can be missing.
func (d *Doc) missing(rec *record, n *needs, cut bool, need *ID) bool {
	*n = needs{}
	ok := true
	if rec.hasOrigin && !cut {
		if n.origin, ok = d.lookup(rec.origin); !ok {
			*need = rec.origin
			return false
		}
	}
	if rec.hasRight {
		if n.right, ok = d.lookup(rec.right); !ok {
			*need = rec.right
			return false
		}
	}
	if rec.hasParent && !cut {
		if n.parent, ok = d.lookup(rec.parent); !ok {
			*need = rec.parent
			return false
		}
	}
	return true
}

// applyDeletes deletes what an update says, and what earlier ones said of units that are known by now.
func (d *Doc) applyDeletes(s *scan) {
	if d.txn.stop != nil {
		return
	}
	r := reader{buf: s.deletes}
	for sections := r.uint(); sections > 0; sections-- {
		client := r.uint()
		d.deleteRanges(&r, client)
	}
	d.retryDeletes()
	if len(d.txn.swept) > 0 {
		d.txn.named = make(map[uint64]*gaps)
		s.collectDeletes(d.txn.named)
	}
	if err := d.pending.trim(d.limits); err != nil && d.txn.stop == nil {
		d.txn.stop = err
	}
}

// deleteRanges deletes what the delete set says of one client. Peers send all deletions of a document again and again:
// most runs were deleted before, and need no look at the items.
func (d *Doc) deleteRanges(r *reader, client uint64) {
	erased := &d.clients[d.clientOf(client)].erased
	at, known := 0, false
	for ranges := r.uint(); ranges > 0; ranges-- {
		clock := r.uint()
		end := clock + r.uint()
		if at, known = erased.covers(gap{clock, end}, at); known {
			d.txn.plain = false // known deletions are not told again
			continue
		}
		d.deleteKnown(client, clock, end)
	}
}

// deleteKnown deletes the known units from clock to end of a client; the others wait.
func (d *Doc) deleteKnown(client, clock, end uint64) {
	state := d.stateOf(client)
	if end > state {
		d.txn.plain = false
		d.pending.addDelete(client, max(clock, state), end)
	}
	if clock < state {
		d.deleteSpan(span{d.clientOf(client), uint32(clock), uint32(min(end, state) - clock)})
	}
}

// retryDeletes deletes waiting units of the clients that have written by now.
func (d *Doc) retryDeletes() {
	if len(d.pending.deletes) == 0 {
		return
	}
	for _, ci := range d.txn.touched {
		c := d.clients[ci]
		for _, w := range d.pending.takeDeletes(c.id, uint64(c.clock)) {
			d.txn.plain = false
			d.deleteSpan(span{ci, uint32(w.clock), uint32(w.end - w.clock)})
		}
	}
}
