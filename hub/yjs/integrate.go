package yjs

import "fmt"

// birth is an item about to be: where it wants to stand and what it holds.
type birth struct {
	ci            uint32
	client        *client
	origin, rorig ref
	left, right   *item
	parent        *node
	key           uint32
	kind          kind
	length        uint32
	bytes         []byte // content, to be copied
	data          string // content, when it may be shared
	shared        bool   // data holds it, not bytes
}

// integrate puts a struct whose needs are met into the document. The first cut units of it are known already.
// The refs of rec were resolved by missing.
func (d *Doc) integrate(rec *record, n *needs, cut uint32) {
	ci := d.intern(rec.client)
	c := d.clients[ci]
	d.touch(ci, c)
	length := uint32(rec.length) - cut
	if rec.kind == kindGC {
		d.appendGC(ci, c, length)
		return
	}
	b := birth{ci: ci, client: c, origin: n.origin, rorig: n.right, kind: rec.kind, length: length, bytes: rec.data}
	if cut > 0 {
		d.txn.plain = false
		b.origin = ref{ci, c.clock - 1}
		b.data = tailContent(rec.kind, string(rec.data), int(cut), int(rec.length))
		b.shared = true
	} else if d.loading != nil {
		b.data, b.shared = stringView(rec.data), true
	}
	if d.typeOn(&b) {
		return
	}
	if !d.situate(&b, rec, n) {
		d.txn.plain = false
		d.noteOrphan(rec, &b)
		d.appendGC(ci, c, length)
		return
	}
	if b.kind == kindType && int(b.parent.depth) >= d.limits.TypeDepth {
		d.txn.stop = fmt.Errorf("types nest deeper than %d: %w", d.limits.TypeDepth, ErrBudget)
		return
	}
	d.place(&b)
	d.link(&b)
}

// typeOn handles the keystroke that continues what its author wrote last: same neighbours, so it grows that item.
func (d *Doc) typeOn(b *birth) bool {
	it := b.client.last
	if it == nil || !d.eager(b.client) || it.kind != b.kind || it.kind == kindGC || it.deleted() || it.key != 0 ||
		b.origin != (ref{b.ci, b.client.clock - 1}) || b.rorig != it.rorig || !b.kind.joins() {
		return false
	}
	if b.rorig.none() != (it.right == nil) || it.right != nil && it.right.id != b.rorig {
		return false
	}
	d.extend(it, b)
	return true
}

// eager reports whether what c writes may be merged at once. The structs of one update usually come from a document
// where others stand between them: these are merged when all are there.
func (d *Doc) eager(c *client) bool { return !d.txn.applying || c.clock == c.before }

// extend appends a birth to the last item of its client.
func (d *Doc) extend(it *item, b *birth) {
	c := b.client
	if b.kind != kindDeleted {
		add := b.data
		if !b.shared {
			add = stringView(b.bytes)
		}
		it.data = c.arena.join(it.data, add)
	}
	it.length += b.length
	c.clock += b.length
	if it.deleted() {
		d.txn.deletes = append(d.txn.deletes, span{b.ci, c.clock - b.length, b.length})
		return
	}
	if it.key == 0 {
		it.parent.grow(it, int(b.length))
	}
	d.noteChange(it.parent, it.key, true)
}

// situate finds the neighbours and the parent of a birth. It returns false when they have been collected: then nothing
// but the ids of the birth will be known.
func (d *Doc) situate(b *birth, rec *record, n *needs) bool {
	if !b.origin.none() {
		b.left = d.cleanEnd(b.origin)
	}
	if l := b.left; l != nil && l.right != nil && l.right.id == b.rorig {
		b.right = l.right
	} else if !b.rorig.none() {
		b.right = d.cleanStart(b.rorig)
	}
	switch {
	case b.left != nil && b.left.kind == kindGC || b.right != nil && b.right.kind == kindGC:
		return false
	case b.left != nil:
		b.parent, b.key = b.left.parent, b.left.key
	case b.right != nil:
		b.parent, b.key = b.right.parent, b.right.key
	case rec.hasRoot:
		b.parent = d.root(d.internKey(rec.root))
	case rec.hasParent:
		b.parent = d.itemAt(n.parent).node
	}
	if b.parent == nil || b.parent.dead {
		return false
	}
	if rec.hasKey && b.left == nil && b.right == nil {
		b.key = d.internKey(rec.key)
	}
	return true
}

// place resolves conflicts: several items that were written between the same neighbours get the same order on all
// replicas. This is YATA's rule as Yjs has refined it. Marks stand for its two sets: what was passed since begin is
// "before the item", what was passed since pass is "in conflict with it".
func (d *Doc) place(b *birth) {
	var o *item
	switch {
	case b.left != nil:
		if b.left.right == b.right {
			return
		}
		o = b.left.right
	case b.right != nil && b.right.left == nil:
		return
	default:
		o = d.firstOf(b.parent, b.key)
	}
	begin := d.marks
	pass := begin
	me := b.client.id
	for ; o != nil && o != b.right; o = o.right {
		if d.txn.work--; d.txn.work < 0 {
			d.txn.stop = fmt.Errorf("order concurrent edits: %w", ErrBudget)
			return
		}
		d.marks++
		o.mark = d.marks
		if o.origin == b.origin {
			if d.clients[o.id.client].id < me {
				b.left = o
				pass = d.marks
			} else if o.rorig == b.rorig {
				break
			}
			continue
		}
		if o.origin.none() {
			break
		}
		m := d.itemAt(o.origin).mark
		if m <= begin {
			break
		}
		if m <= pass {
			b.left = o
			pass = d.marks
		}
	}
}

// firstOf returns the first item of a list, or of the history of a key.
func (d *Doc) firstOf(n *node, key uint32) *item {
	if key == 0 {
		return n.start
	}
	o := n.entry(key)
	for o != nil && o.left != nil {
		d.txn.work--
		o = o.left
	}
	return o
}

// link makes the item of a birth whose place is settled, or lets its left neighbour grow when the two are one run.
func (d *Doc) link(b *birth) {
	if d.txn.stop != nil {
		return
	}
	if l := b.left; l != nil && l == b.client.last && d.eager(b.client) && d.continues(l, b) {
		d.extend(l, b)
		return
	}
	it := d.newItem(b)
	d.connect(it, b)
	b.client.append(it)
	d.settleContent(it)
	if p := it.parent; p.item != nil && p.item.deleted() {
		d.noteOrphanItem(it)
		d.delete(it)
	} else if it.key != 0 && it.right != nil {
		d.delete(it)
	}
}

// continues reports whether a birth would be merged with its left neighbour at once.
func (d *Doc) continues(l *item, b *birth) bool {
	return l.kind == b.kind && b.kind.joins() && l.key == 0 && b.origin == l.last() && l.rorig == b.rorig &&
		l.end() == b.client.clock && l.deleted() == (b.kind == kindDeleted) && l.parent.alive()
}

// newItem makes the item of a birth.
func (d *Doc) newItem(b *birth) *item {
	it := d.slabs.take()
	it.id = ref{b.ci, b.client.clock}
	it.origin, it.rorig = b.origin, b.rorig
	it.parent, it.key = b.parent, b.key
	it.kind, it.length = b.kind, b.length
	if b.shared {
		it.data = b.data
	} else {
		it.data = b.client.arena.keep(b.bytes)
	}
	return it
}

// connect links an item with its neighbours and makes the rightmost one of a key its value.
func (d *Doc) connect(it *item, b *birth) {
	it.left = b.left
	if it.left != nil {
		it.right = it.left.right
		it.left.right = it
	} else {
		it.right = d.firstOf(it.parent, it.key)
		if it.key == 0 {
			it.parent.start = it
		}
	}
	if it.right != nil {
		it.right.left = it
	} else if it.key != 0 {
		it.parent.setEntry(it.key, it)
		if it.left != nil {
			d.delete(it.left)
		}
	}
}

// settleContent does what a new item's content asks for and tells its parent.
func (d *Doc) settleContent(it *item) {
	switch it.kind {
	case kindDeleted:
		it.flags |= flagDeleted
		d.txn.deletes = append(d.txn.deletes, span{it.id.client, it.id.clock, it.length})
	case kindType:
		it.node = d.newNode(it)
	}
	if it.key == 0 {
		it.parent.inserted(it)
	}
	d.noteChange(it.parent, it.key, true)
}

// appendGC adds a run of collected units.
func (d *Doc) appendGC(ci uint32, c *client, length uint32) {
	d.txn.deletes = append(d.txn.deletes, span{ci, c.clock, length})
	if l := c.last; l != nil && l.kind == kindGC {
		l.length += length
		c.clock += length
		return
	}
	it := d.slabs.take()
	it.id, it.length = ref{ci, c.clock}, length
	it.kind, it.flags = kindGC, flagDeleted
	c.append(it)
}
