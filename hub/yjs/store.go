package yjs

import "slices"

// client is what a document knows of one client: its structs in clock order, without gaps.
type client struct {
	id     uint64
	blocks []block
	firsts []uint32 // the first clock of each block
	last   *item    // the last struct, nil: none
	clock  uint32   // the next clock that is unknown
	count  int      // structs
	erased gaps     // its deleted units, but for those of the running transaction

	// The running or last transaction.
	seq    uint32 // which transaction touched the client last
	before uint32 // its clock before that transaction

	arena arena
}

// block is a part of a struct list. Blocks keep splitting an item in the middle of a long list cheap. The clocks stand
// beside the items, so that a search does not have to touch those in between.
type block struct {
	clocks []uint32
	items  []*item
}

const maxBlock = 128

// newBlock returns a block with room for n items.
func newBlock(n int) block {
	return block{clocks: make([]uint32, 0, n), items: make([]*item, 0, n)}
}

// append adds it at the end of a block.
func (b *block) append(it *item) {
	b.clocks = append(b.clocks, it.id.clock)
	b.items = append(b.items, it)
}

// insert puts it at index i of a block.
func (b *block) insert(i int, it *item) {
	b.clocks = slices.Insert(b.clocks, i, it.id.clock)
	b.items = slices.Insert(b.items, i, it)
}

// cut takes the items from i on out of a block and returns them as a block with room for n.
func (b *block) cut(i, n int) block {
	right := newBlock(n)
	right.clocks = append(right.clocks, b.clocks[i:]...)
	right.items = append(right.items, b.items[i:]...)
	b.truncate(i)
	return right
}

// truncate drops the items from i on.
func (b *block) truncate(i int) {
	clear(b.items[i:])
	b.clocks, b.items = b.clocks[:i], b.items[:i]
}

// append adds the next struct.
func (c *client) append(it *item) {
	c.last = it
	c.clock = it.end()
	c.count++
	if n := len(c.blocks); n == 0 || len(c.blocks[n-1].items) == maxBlock {
		room := 1
		if c.count > maxBlock {
			room = maxBlock
		}
		c.blocks = append(c.blocks, newBlock(room))
		c.firsts = append(c.firsts, it.id.clock)
	}
	c.blocks[len(c.blocks)-1].append(it)
}

// spot is a place in a struct list.
type spot struct{ block, index int }

// at returns the item at s.
func (c *client) at(s spot) *item { return c.blocks[s.block].items[s.index] }

// next returns the place behind s; ok is false at the end.
func (c *client) next(s spot) (_ spot, ok bool) {
	if s.index++; s.index < len(c.blocks[s.block].items) {
		return s, true
	}
	return spot{s.block + 1, 0}, s.block+1 < len(c.blocks)
}

// find returns the place of the item that holds clock, which must be known.
func (c *client) find(clock uint32) spot {
	if c.last.id.clock <= clock {
		n := len(c.blocks) - 1
		return spot{n, len(c.blocks[n].items) - 1}
	}
	bi := lastUpTo(c.firsts, clock)
	return spot{bi, lastUpTo(c.blocks[bi].clocks, clock)}
}

// lastUpTo returns the index of the last of some rising clocks that is not above clock; the first one is not. The search
// has no branch that depends on the clocks, because nobody can guess where edits go.
func lastUpTo(clocks []uint32, clock uint32) int {
	at := 0
	for n := len(clocks); n > 1; {
		half := n / 2
		next := at + half
		if clocks[next] > clock {
			next = at
		}
		at = next
		n -= half
	}
	return at
}

// get returns the item that holds clock, which must be known.
func (c *client) get(clock uint32) *item {
	if c.last.id.clock <= clock {
		return c.last
	}
	return c.at(c.find(clock))
}

// insertAfter puts it behind the struct at s.
func (c *client) insertAfter(s spot, it *item) {
	c.count++
	b := &c.blocks[s.block]
	if c.last == b.items[s.index] {
		c.last = it
	}
	if len(b.items) < maxBlock {
		b.insert(s.index+1, it)
		return
	}
	half := maxBlock / 2
	right := b.cut(half, maxBlock*3/4)
	if s.index < half {
		b.insert(s.index+1, it)
	} else {
		right.insert(s.index+1-half, it)
	}
	c.blocks = slices.Insert(c.blocks, s.block+1, right)
	c.firsts = slices.Insert(c.firsts, s.block+1, right.clocks[0])
}

// shrink drops an empty block.
func (c *client) shrink(bi int) {
	c.blocks = slices.Delete(c.blocks, bi, bi+1)
	c.firsts = slices.Delete(c.firsts, bi, bi+1)
}

// tidy joins small neighbouring blocks around bi, so that lists stay short after merging.
func (c *client) tidy(bi int) {
	for i := min(bi+1, len(c.blocks)-1); i > 0 && i >= bi; i-- {
		l, r := &c.blocks[i-1], &c.blocks[i]
		if len(l.items)+len(r.items) <= maxBlock/2 {
			l.clocks = append(l.clocks, r.clocks...)
			l.items = append(l.items, r.items...)
			c.shrink(i)
		}
	}
}

// clientOf returns the index of the client with the given id, 0 when the document does not know it.
func (d *Doc) clientOf(id uint64) uint32 {
	r := &d.recent[id%uint64(len(d.recent))]
	if id == r.id && r.index != 0 {
		return r.index
	}
	ci := d.byID[id]
	if ci != 0 {
		r.id, r.index = id, ci
	}
	return ci
}

// intern returns the index of the client with the given id, making it known.
func (d *Doc) intern(id uint64) uint32 {
	if ci := d.clientOf(id); ci != 0 {
		return ci
	}
	ci := uint32(len(d.clients))
	d.clients = append(d.clients, &client{id: id})
	d.byID[id] = ci
	return ci
}

// stateOf returns the next unknown clock of a client.
func (d *Doc) stateOf(id uint64) uint64 {
	if ci := d.clientOf(id); ci != 0 {
		return uint64(d.clients[ci].clock)
	}
	return 0
}

// lookup returns the unit id as a ref; ok is false when it is not known yet.
func (d *Doc) lookup(id ID) (_ ref, ok bool) {
	ci := d.clientOf(id.Client)
	if ci == 0 || id.Clock >= uint64(d.clients[ci].clock) {
		return ref{}, false
	}
	return ref{ci, uint32(id.Clock)}, true
}

// idOf returns a ref as the ID it stands for.
func (d *Doc) idOf(r ref) ID { return ID{d.clients[r.client].id, uint64(r.clock)} }

// itemAt returns the item that holds r, which must be known.
func (d *Doc) itemAt(r ref) *item { return d.clients[r.client].get(r.clock) }

// cleanStart returns the item that begins with r, splitting one if need be. Collected runs are not split.
func (d *Doc) cleanStart(r ref) *item {
	c := d.clients[r.client]
	s := c.find(r.clock)
	it := c.at(s)
	if it.id.clock == r.clock || it.kind == kindGC {
		return it
	}
	return d.split(c, s, r.clock-it.id.clock)
}

// cleanEnd returns the item that ends with r, splitting one if need be. Collected runs are not split.
func (d *Doc) cleanEnd(r ref) *item {
	c := d.clients[r.client]
	if c.last.end() == r.clock+1 {
		return c.last
	}
	s := c.find(r.clock)
	it := c.at(s)
	if it.end() != r.clock+1 && it.kind != kindGC {
		return d.split(c, s, r.clock+1-it.id.clock).left
	}
	return it
}

// split cuts the item at s before its n-th unit and returns the right half, whose left neighbour is the other one. A
// character that is cut in two becomes an item of its own before: what changes is then not copied with a long text.
func (d *Doc) split(c *client, s spot, n uint32) *item {
	it := c.at(s)
	if it.kind == kindString && it.length > 2 {
		if _, half := unitOffset(it.data, int(n), int(it.length)); half {
			if n > 1 {
				it, n = d.cleave(c, s, n-1), 1
				s = c.find(it.id.clock)
			}
			if it.length > 2 {
				d.cleave(c, s, 2)
				s = c.find(it.id.clock)
			}
		}
	}
	whole := it.data
	r := d.cleave(c, s, n)
	d.txn.splits = append(d.txn.splits, cut{r.id, whole})
	return r
}

// cut is a split of the running transaction: the right half, and what both halves were.
type cut struct {
	right ref
	whole string
}

// cleave cuts the item at s before its n-th unit and returns the right half.
func (d *Doc) cleave(c *client, s spot, n uint32) *item {
	l := c.at(s)
	r := d.slabs.take()
	*r = item{
		id: ref{l.id.client, l.id.clock + n}, origin: ref{l.id.client, l.id.clock + n - 1}, rorig: l.rorig,
		left: l, right: l.right, parent: l.parent, length: l.length - n, key: l.key, kind: l.kind, flags: l.flags,
	}
	l.data, r.data = splitContent(l.kind, l.data, int(n), int(l.length))
	l.length = n
	l.right = r
	if r.right != nil {
		r.right.left = r
	} else if r.key != 0 {
		r.parent.setEntry(r.key, r)
	}
	if l.leaf != nil {
		l.leaf.split(r)
	}
	c.insertAfter(s, r)
	return r
}
