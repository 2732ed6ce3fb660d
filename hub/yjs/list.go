package yjs

import "fmt"

// locate returns the visible item that holds the i-th unit of a list, and the unit's offset in it.
// i must be below the length.
func (n *node) locate(i uint32) (*item, uint32) {
	it := n.start
	if n.tree != nil {
		it, i = n.tree.locate(i)
	}
	steps := 0
	for ; ; it = it.right {
		if it.visible() {
			if i < it.length {
				break
			}
			i -= it.length
		}
		steps++
	}
	if steps > longWalk && n.tree == nil {
		n.tree = newTree(n.start)
	}
	return it, i
}

// gapAt returns the items around the place before the i-th unit, splitting one if need be. Of the places between deleted
// items it takes the one that Yjs takes: behind them at the end of a list and in texts, so that those who hear of a
// deletion and an insert at once see them in this order.
func (d *Doc) gapAt(n *node, i uint32) (left, right *item) {
	text := n.shape() == KindText
	switch {
	case !text && i == n.length:
		return n.lastItem(), nil
	case i == 0 && n.length > 0:
		return nil, n.start
	case i == 0:
		return pastDeleted(nil, n.start)
	}
	it, offset := n.locate(i - 1)
	if offset++; offset < it.length {
		c := d.clients[it.id.client]
		right = d.split(c, c.find(it.id.clock), offset)
		return right.left, right
	}
	if text {
		return pastDeleted(it, it.right)
	}
	return it, it.right
}

// pastDeleted moves a place between two neighbours behind the deleted items that follow.
func pastDeleted(left, right *item) (_, _ *item) {
	for right != nil && right.deleted() {
		left, right = right, right.right
	}
	return left, right
}

// lastItem returns the last item of a list, deleted or not, nil when there is none.
func (n *node) lastItem() *item {
	it := n.start
	if n.tree != nil {
		it = n.tree.last()
	}
	steps := 0
	for it != nil && it.right != nil {
		it = it.right
		steps++
	}
	if steps > longWalk && n.tree == nil {
		n.tree = newTree(n.start)
	}
	return it
}

// within reports whether count units from i on exist; else the transaction fails.
func (n *node) within(tx *Txn, verb string, i, count int) bool {
	if i < 0 || count < 0 || i > int(n.length) || count > int(n.length)-i {
		tx.fail(verb, ErrRange)
		return false
	}
	return true
}

// deleteRange deletes count units from i on.
func (n *node) deleteRange(tx *Txn, verb string, i, count int) {
	if !n.within(tx, verb, i, count) || count == 0 {
		return
	}
	d := n.doc
	_, it := d.gapAt(n, uint32(i))
	for left := uint32(count); left > 0; it = it.right {
		if !it.visible() {
			continue
		}
		if it.length > left {
			c := d.clients[it.id.client]
			d.split(c, c.find(it.id.clock), left)
		}
		left -= it.length
		d.delete(it)
	}
}

// insertLocal writes a struct of our own between two neighbours of a list, or as the value of a key.
func (d *Doc) insertLocal(n *node, left, right *item, key uint32, k kind, length int, content []byte) *item {
	ci := d.intern(d.self)
	c := d.clients[ci]
	if uint64(c.clock)+uint64(length) > maxClock {
		panic(fmt.Sprintf("client %d wrote too much", d.self))
	}
	d.touch(ci, c)
	b := birth{ci: ci, client: c, left: left, right: right, parent: n, key: key, kind: k, length: uint32(length), bytes: content}
	if left != nil {
		b.origin = left.last()
	}
	if right != nil {
		b.rorig = right.id
	}
	if !d.typeOn(&b) {
		d.link(&b)
	}
	return c.last
}
