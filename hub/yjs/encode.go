package yjs

import (
	"cmp"
	"fmt"
	"slices"
)

// EncodeState returns an update with everything that the document holds and a replica with the state vector sv does
// not: structs, all deletions, and what waits here for missing parts. nil asks for everything.
func (d *Doc) EncodeState(sv []byte) (update []byte, err error) {
	if d.txn.open {
		return nil, fmt.Errorf("encode state: a transaction is running: %w", ErrTxn)
	}
	known, err := decodeVector(sv)
	if err != nil {
		return nil, fmt.Errorf("encode state: %w", err)
	}
	broken := d.guard("encode state", func() error {
		d.settle()
		update = d.encodeFrom(known)
		if d.pending.any() {
			update, err = d.withPending(update, known)
		}
		return nil
	})
	if broken != nil {
		return nil, broken
	}
	return update, err
}

// encodeFrom encodes all structs from the given clocks on, and all deletions.
func (d *Doc) encodeFrom(known map[uint64]uint64) []byte {
	dst := make([]byte, 0, d.sizeHint)
	order := d.inOrder()
	n := 0
	for _, ci := range order {
		if uint64(d.clients[ci].clock) > known[d.clients[ci].id] {
			n++
		}
	}
	dst = AppendVarUint(dst, uint64(n))
	for _, ci := range order {
		if c := d.clients[ci]; uint64(c.clock) > known[c.id] {
			dst = d.appendStructs(dst, c, uint32(known[c.id]))
		}
	}
	dst = d.appendDeletes(dst, order)
	d.txn.deletes = d.txn.deletes[:0] // the last change is not told any more
	if known == nil {
		d.sizeHint = len(dst) + len(dst)/16
	}
	return dst
}

// inOrder returns the clients that wrote something, the highest id first.
func (d *Doc) inOrder() []uint32 {
	order := make([]uint32, 0, len(d.clients))
	for ci, c := range d.clients {
		if ci > 0 && c.count > 0 {
			order = append(order, uint32(ci))
		}
	}
	slices.SortFunc(order, func(a, b uint32) int { return cmp.Compare(d.clients[b].id, d.clients[a].id) })
	return order
}

// appendStructs appends the section of one client, from clock on.
func (d *Doc) appendStructs(dst []byte, c *client, clock uint32) []byte {
	at, ok := c.find(clock), true
	dst = AppendVarUint(dst, uint64(c.countFrom(at)))
	dst = AppendVarUint(dst, c.id)
	dst = AppendVarUint(dst, uint64(clock))
	for ; ok; at, ok = c.next(at) {
		it := c.at(at)
		offset := uint32(0)
		if it.id.clock < clock {
			offset = clock - it.id.clock
		}
		dst = d.appendItem(dst, it, offset)
	}
	return dst
}

// countFrom returns how many structs there are from s on.
func (c *client) countFrom(s spot) int {
	if s.block == 0 {
		return c.count - s.index
	}
	n := -s.index
	for _, b := range c.blocks[s.block:] {
		n += len(b.items)
	}
	return n
}

// appendItem appends the struct of an item from its offset-th unit on.
func (d *Doc) appendItem(dst []byte, it *item, offset uint32) []byte {
	if it.kind == kindGC {
		return AppendVarUint(append(dst, byte(kindGC)), uint64(it.length-offset))
	}
	origin := it.origin
	if offset > 0 {
		origin = ref{it.id.client, it.id.clock + offset - 1}
	}
	info := byte(it.kind)
	if !origin.none() {
		info |= bitOrigin
	}
	if !it.rorig.none() {
		info |= bitRight
	}
	if it.key != 0 {
		info |= bitKey
	}
	dst = append(dst, info)
	if !origin.none() {
		dst = d.appendRef(dst, origin)
	}
	if !it.rorig.none() {
		dst = d.appendRef(dst, it.rorig)
	}
	if info&(bitOrigin|bitRight) == 0 {
		dst = d.appendParent(dst, it)
	}
	return appendContent(dst, it.kind, it.data, int(offset), int(it.length))
}

// appendRef appends the id that r stands for.
func (d *Doc) appendRef(dst []byte, r ref) []byte {
	return AppendVarUint(AppendVarUint(dst, d.clients[r.client].id), uint64(r.clock))
}

// appendParent appends where an item without neighbours belongs.
func (d *Doc) appendParent(dst []byte, it *item) []byte {
	if it.parent.item == nil {
		dst = AppendVarString(append(dst, 1), d.keys[it.parent.key])
	} else {
		dst = d.appendRef(append(dst, 0), it.parent.id)
	}
	if it.key != 0 {
		dst = AppendVarString(dst, d.keys[it.key])
	}
	return dst
}

// appendDeletes appends the delete set of the whole document.
func (d *Doc) appendDeletes(dst []byte, order []uint32) []byte {
	n := 0
	for _, ci := range order {
		if len(d.clients[ci].erased.list) > 0 {
			n++
		}
	}
	dst = AppendVarUint(dst, uint64(n))
	for _, ci := range order {
		c := d.clients[ci]
		if c.erased.order(); len(c.erased.list) == 0 {
			continue
		}
		dst = AppendVarUint(AppendVarUint(dst, c.id), uint64(len(c.erased.list)))
		for _, x := range c.erased.list {
			dst = AppendVarUint(AppendVarUint(dst, x.clock), x.end-x.clock)
		}
	}
	return dst
}

// appendSpans appends a delete set of spans that are grouped by client, n clients in all.
func (d *Doc) appendSpans(dst []byte, spans []span, n int) []byte {
	dst = AppendVarUint(dst, uint64(n))
	for len(spans) > 0 {
		k := 1
		for k < len(spans) && spans[k].ci == spans[0].ci {
			k++
		}
		dst = AppendVarUint(dst, d.clients[spans[0].ci].id)
		dst = AppendVarUint(dst, uint64(k))
		for _, s := range spans[:k] {
			dst = AppendVarUint(AppendVarUint(dst, uint64(s.clock)), uint64(s.length))
		}
		spans = spans[k:]
	}
	return dst
}

// encodeTxn encodes what the running transaction did.
func (d *Doc) encodeTxn() []byte {
	t := &d.txn
	if len(t.touched) > 1 {
		slices.SortFunc(t.touched, func(a, b uint32) int { return cmp.Compare(d.clients[b].id, d.clients[a].id) })
	}
	wrote := 0
	for _, ci := range t.touched {
		if c := d.clients[ci]; c.clock > c.before {
			wrote++
		}
	}
	groups := 0
	for i := range t.deletes {
		if i == 0 || t.deletes[i].ci != t.deletes[i-1].ci {
			groups++
		}
	}
	if wrote == 0 && groups == 0 {
		return nil
	}
	dst := AppendVarUint(make([]byte, 0, 48), uint64(wrote))
	for _, ci := range t.touched {
		if c := d.clients[ci]; c.clock > c.before {
			dst = d.appendStructs(dst, c, c.before)
		}
	}
	return d.appendSpans(dst, t.deletes, groups)
}
