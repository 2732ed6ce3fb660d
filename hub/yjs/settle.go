package yjs

// Deleted content is collected when the next transaction begins or the state is encoded, not when its transaction
// ends: until then changes can still show what was there, and be taken back.

// settle collects what the last transaction deleted, and merges what became alike.
func (d *Doc) settle() {
	t := &d.txn
	t.settled = true
	if t.unmerged {
		t.unmerged = false
		d.rejoin(true)
	}
	if len(t.waste) == 0 {
		return
	}
	t.waste = mergeSpans(t.waste, d.clients)
	spans := t.waste
	if !d.options.KeepDeleted {
		for _, s := range t.waste {
			spans = d.collectSpan(s, spans)
		}
	}
	if len(spans) > len(t.waste) {
		spans = mergeSpans(spans, d.clients)
	}
	for _, s := range spans {
		d.mergeSpan(d.clients[s.ci], s.clock, s.end(), true)
	}
	t.waste = t.waste[:0]
	if cap(t.waste) > maxScratch {
		t.waste, t.deletes, t.splits = nil, nil, nil
	}
}

// collectSpan collects the items that s deleted. Children that were deleted earlier are appended to spans, because they
// may merge now.
func (d *Doc) collectSpan(s span, spans []span) []span {
	c := d.clients[s.ci]
	at, ok := c.find(s.clock), true
	for ; ok; at, ok = c.next(at) {
		it := c.at(at)
		if it.id.clock >= s.end() {
			break
		}
		if it.deleted() && it.kind != kindGC && it.kind != kindDeleted {
			spans = d.collect(it, spans)
		}
	}
	return spans
}

// collect drops the content of a deleted item, and everything below.
func (d *Doc) collect(it *item, spans []span) []span {
	n := it.node
	it.kind, it.data, it.node = kindDeleted, "", nil
	if n == nil {
		return spans
	}
	doomed := d.below(n)
	for _, n := range doomed {
		n.eachItem(func(c *item) {
			spans = noteSpan(spans, c)
			c.collect()
		})
		n.die()
	}
	clear(doomed)
	d.txn.doomed = doomed[:0]
	return spans
}

// below returns n and all types that it holds, and buries them while the way to their root is still there.
func (d *Doc) below(n *node) []*node {
	doomed := append(d.txn.doomed[:0], n)
	for i := 0; i < len(doomed); i++ {
		d.bury(doomed[i])
		doomed[i].eachItem(func(c *item) {
			if c.node != nil {
				doomed = append(doomed, c.node)
			}
		})
	}
	return doomed
}

// eachItem calls f for every item of a type: its list and the history of its keys. f may unlink the item.
func (n *node) eachItem(f func(*item)) {
	for c := n.start; c != nil; {
		next := c.right
		f(c)
		c = next
	}
	for _, e := range n.entries {
		for c := e.item; c != nil; {
			next := c.left
			f(c)
			c = next
		}
	}
}

// noteSpan appends the units of an item.
func noteSpan(spans []span, it *item) []span {
	return append(spans, span{it.id.client, it.id.clock, it.length})
}

// collect makes an item of a collected type a run of collected units.
func (it *item) collect() {
	it.kind, it.flags, it.data = kindGC, flagDeleted, ""
	it.left, it.right, it.parent, it.node, it.leaf = nil, nil, nil, nil, nil
	it.origin, it.rorig, it.key = ref{}, ref{}, 0
}

// die marks a type as collected.
func (n *node) die() {
	n.dead = true
	n.item, n.start, n.tree, n.entries, n.index, n.length = nil, nil, nil, nil, nil, 0
}

// rejoin merges what the transaction wrote and what it split where that stayed whole. What is deleted is left as it is
// while the change has to tell one deletion from another; settle asks for all.
func (d *Doc) rejoin(all bool) {
	for _, ci := range d.txn.touched {
		if c := d.clients[ci]; c.last != nil && c.last.id.clock > c.before {
			d.mergeSpan(c, c.before, c.clock, all)
		}
	}
	for i := len(d.txn.splits) - 1; i >= 0; i-- {
		r := d.txn.splits[i].right
		c := d.clients[r.client]
		it := c.get(r.clock)
		if it.id == r && it.left != nil && mergeable(it.left, it) {
			d.run.whole = d.txn.splits[i].whole
			d.mergeSpan(c, r.clock, r.clock, all)
			d.run.whole = ""
		}
	}
}

// mergeSpan merges neighbours among the structs of c from clock to end, and with the ones before and behind: the
// deleted ones, too, when all is asked for.
func (d *Doc) mergeSpan(c *client, clock, end uint32, all bool) {
	at := c.find(clock)
	l := c.at(at)
	if at.index > 0 {
		l = c.blocks[at.block].items[at.index-1]
	} else if at.block > 0 {
		before := c.blocks[at.block-1].items
		l = before[len(before)-1]
	} else {
		at.index = 1
	}
	for bi := at.block; bi < len(c.blocks); bi++ {
		done := false
		l, done = d.mergeBlock(c, bi, at.index, l, end, all)
		at.index = 0
		if len(c.blocks[bi].items) == 0 {
			c.shrink(bi)
			bi--
		}
		if done {
			break
		}
	}
	d.run.end()
	c.tidy(at.block)
}

// mergeBlock merges the items of a block from index on with l before them. It returns the item to go on with and
// whether the end was passed.
func (d *Doc) mergeBlock(c *client, bi, index int, l *item, end uint32, all bool) (_ *item, done bool) {
	b := &c.blocks[bi]
	w, i := index, index
	for ; i < len(b.items) && !done; i++ {
		it := b.items[i]
		done = b.clocks[i] >= end
		if mergeable(l, it) {
			if all || !it.deleted() {
				d.merge(c, l, it)
				continue
			}
			d.txn.unmerged = true
		}
		if w < i {
			b.items[w], b.clocks[w] = it, b.clocks[i]
		}
		w++
		l = it
	}
	if w < i {
		copy(b.clocks[w:], b.clocks[i:])
		n := w + copy(b.items[w:], b.items[i:])
		c.count -= len(b.items) - n
		b.truncate(n)
		if n > 0 {
			c.firsts[bi] = b.clocks[0]
		}
	}
	return l, done
}

// merge makes r part of l, its neighbour in both orders.
func (d *Doc) merge(c *client, l, r *item) {
	if l.kind != kindGC {
		if l.kind != kindDeleted {
			d.run.add(l, r)
		}
		if r.leaf != nil {
			r.leaf.merge(l, r)
		}
		l.right = r.right
		if l.right != nil {
			l.right.left = l
		} else if l.key != 0 {
			l.parent.setEntry(l.key, l)
		}
	}
	l.length += r.length
	if c.last == r {
		c.last = l
	}
	d.slabs.give(r)
}

// joinRun is an item to which neighbours are being merged, with the content of all: joined once, when the run is over.
type joinRun struct {
	item    *item
	content []byte
	whole   string // when halves are joined again: what they were cut from
}

// add appends the content of r to that of l.
func (j *joinRun) add(l, r *item) {
	if j.item != l {
		j.end()
		if s, ok := uncut(j.whole, l.data, r.data); ok {
			l.data = s
			return
		}
		j.item = l
		j.content = append(j.content[:0], l.data...)
	}
	j.content = append(j.content, r.data...)
}

// end gives the item its content.
func (j *joinRun) end() {
	if j.item == nil {
		return
	}
	j.item.data = string(j.content)
	j.item = nil
	if cap(j.content) > maxScratch {
		j.content = nil
	}
}

// maxScratch is how much scratch memory a document keeps between transactions.
const maxScratch = 1 << 16
