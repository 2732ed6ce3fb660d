package yjs

import (
	"cmp"
	"slices"
)

// span is a run of units of one client, by its index.
type span struct {
	ci            uint32
	clock, length uint32
}

// end is the clock behind s.
func (s span) end() uint32 { return s.clock + s.length }

// mergeSpans sorts spans by client, the highest id first, and clock, and joins those that touch.
func mergeSpans(s []span, clients []*client) []span {
	if len(s) < 2 {
		return s
	}
	order := func(a, b span) int {
		if a.ci != b.ci {
			return cmp.Compare(clients[b.ci].id, clients[a.ci].id)
		}
		return cmp.Compare(a.clock, b.clock)
	}
	if !slices.IsSortedFunc(s, order) {
		if len(s) > manySpans && len(clients) < len(s) {
			s = byClient(s, clients)
		}
		if !slices.IsSortedFunc(s, order) {
			slices.SortFunc(s, order)
		}
	}
	out := s[:1]
	for _, x := range s[1:] {
		l := &out[len(out)-1]
		if l.ci == x.ci && x.clock <= l.end() {
			l.length = max(l.end(), x.end()) - l.clock
			continue
		}
		out = append(out, x)
	}
	return out
}

// manySpans is from when on spans are put into groups before they are sorted.
const manySpans = 64

// byClient puts the spans of each client together, the highest id first, and leaves each client's in their order: often
// they are sorted then, because structs and delete sets come in the order of clocks.
func byClient(s []span, clients []*client) []span {
	next := make([]int, len(clients)) // first the numbers of spans, then where the next one goes
	order := make([]uint32, 0, 16)
	for _, x := range s {
		if next[x.ci]++; next[x.ci] == 1 {
			order = append(order, x.ci)
		}
	}
	slices.SortFunc(order, func(a, b uint32) int { return cmp.Compare(clients[b].id, clients[a].id) })
	at := 0
	for _, ci := range order {
		next[ci], at = at, at+next[ci]
	}
	out := make([]span, len(s))
	for _, x := range s {
		out[next[x.ci]] = x
		next[x.ci]++
	}
	return out
}

// delete deletes an item and, when it holds a type, everything below.
func (d *Doc) delete(it *item) {
	if !d.deleteOne(it) {
		return
	}
	t := &d.txn
	for len(t.doomed) > 0 {
		n := t.doomed[len(t.doomed)-1]
		t.doomed = t.doomed[:len(t.doomed)-1]
		for c := n.start; c != nil; c = c.right {
			if t.applying && c.kind == kindString && !c.deleted() {
				t.swept = append(t.swept, span{c.id.client, c.id.clock, c.length})
			}
			d.deleteOne(c)
		}
		for i := range n.entries {
			d.deleteOne(n.entries[i].item)
		}
	}
}

// deleteOne deletes an item and puts the type that it holds on the list of the doomed. It reports whether it did.
func (d *Doc) deleteOne(it *item) bool {
	if it.deleted() {
		return false
	}
	if it.key == 0 {
		it.parent.vanished(it)
	}
	it.flags |= flagDeleted
	d.txn.dirty = true
	s := span{it.id.client, it.id.clock, it.length}
	d.txn.deletes = append(d.txn.deletes, s)
	d.txn.waste = append(d.txn.waste, s)
	if it.parent.alive() {
		d.noteChange(it.parent, it.key, false)
	}
	if it.node == nil {
		return false
	}
	d.txn.doomed = append(d.txn.doomed, it.node)
	return true
}

// deleteSpan deletes the units of s, all of which are known.
func (d *Doc) deleteSpan(s span) {
	c := d.clients[s.ci]
	at := c.find(s.clock)
	it := c.at(at)
	if it.id.clock < s.clock && !it.deleted() {
		it = d.split(c, at, s.clock-it.id.clock)
		at = c.find(s.clock)
	}
	for {
		if it.end() > s.end() && !it.deleted() {
			d.split(c, at, s.end()-it.id.clock)
			at = c.find(it.id.clock)
		}
		if it.deleted() {
			d.txn.plain = d.txn.plain && d.isNew(it.id) // known deletions are not told again
		} else {
			d.delete(it)
		}
		if it.end() >= s.end() {
			return
		}
		at, _ = c.next(at)
		it = c.at(at)
	}
}

// inserted counts a new visible item of the list.
func (n *node) inserted(it *item) {
	if n.tree != nil {
		n.tree.insert(it)
	}
	if it.visible() {
		n.length += it.length
	}
}

// grow counts units that were appended to an item of the list.
func (n *node) grow(it *item, by int) {
	if !it.visible() {
		return
	}
	n.length += uint32(by)
	if it.leaf != nil {
		it.leaf.add(by)
	}
}

// vanished uncounts an item of the list that is about to be deleted.
func (n *node) vanished(it *item) {
	if !it.visible() {
		return
	}
	n.length -= it.length
	if it.leaf != nil {
		it.leaf.add(-int(it.length))
	}
}
