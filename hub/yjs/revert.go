package yjs

import "fmt"

// Revert takes back what c did to the root type named root and to everything below: what was inserted is deleted, what
// was deleted is written anew, in one transaction that bears c's origin. Other roots stay as they are. c must be the
// document's last change, and the state must not have been encoded since.
//
// It serves roots that only one replica may write: the others' writes are undone for all by edits that everybody sees.
func (d *Doc) Revert(c *Change, root string) (*Change, error) {
	if c == nil || c.doc != d || !c.shows() || d.txn.open {
		return nil, fmt.Errorf("revert change: not the last one: %w", ErrTxn)
	}
	var plans []plan
	var out *Change
	err := d.guard("revert change", func() error {
		plans = d.inverse(root)
		d.begin(c.Origin)
		for i := range plans {
			d.carryOut(&plans[i])
		}
		out = d.commit(nil)
		return nil
	})
	return out, err
}

// plan is what brings one type back to what it was.
type plan struct {
	node   *node
	remove []span // units to delete
	list   []restore
	keys   []restore
}

// restore is something to be written anew.
type restore struct {
	after ref    // behind this unit of the list
	key   uint32 // or as the value of this key
	what  *remains
}

// remains is a copy of content that was deleted; nil what: the key had no value.
type remains struct {
	kind   kind
	length uint32
	data   string
	list   []*remains // of a type
	keys   []restore
}

// inverse plans how to take back the last transaction below a root.
func (d *Doc) inverse(root string) (plans []plan) {
	key, ok := d.keyIDs[root]
	if !ok || d.roots[key] == nil {
		return nil
	}
	for i := range d.txn.changed {
		ch := &d.txn.changed[i]
		if !ch.node.alive() || ch.node.top() != d.roots[key] {
			continue
		}
		p := plan{node: ch.node}
		for it := ch.node.start; it != nil && (ch.inserted || ch.deleted); it = it.right {
			p.undoItem(d, it)
		}
		for _, k := range ch.keys {
			r := restore{key: k}
			if it := d.oldEntry(ch.node, k); it != nil {
				r.what = d.remember(it, it.length-1, it.length)
			}
			p.keys = append(p.keys, r)
		}
		plans = append(plans, p)
	}
	return plans
}

// top returns the root type above n.
func (n *node) top() *node {
	for p := n.parent(); p != nil; p = n.parent() {
		n = p
	}
	return n
}

// undoItem plans the inverse of what happened to an item of a list.
func (p *plan) undoItem(d *Doc, it *item) {
	old := d.oldUnits(it)
	if !it.deleted() {
		if old < it.length {
			p.remove = append(p.remove, span{it.id.client, it.id.clock + old, it.length - old})
		}
		return
	}
	gone := d.deletedNow(it.id.client, it.id.clock, it.id.clock+old)
	switch {
	case gone == 0 || it.kind == kindDeleted:
		return
	case gone == old:
		p.list = append(p.list, restore{after: ref{it.id.client, it.id.clock + old - 1}, what: d.remember(it, 0, old)})
		return
	}
	for from := uint32(0); from < old; {
		if d.deletedNow(it.id.client, it.id.clock+from, it.id.clock+from+1) == 0 {
			from++
			continue
		}
		to := from + 1
		for to < old && d.deletedNow(it.id.client, it.id.clock+to, it.id.clock+to+1) > 0 {
			to++
		}
		p.list = append(p.list, restore{after: ref{it.id.client, it.id.clock + to - 1}, what: d.remember(it, from, to)})
		from = to
	}
}

// remember copies the units from..to of an item as they were before the last transaction.
func (d *Doc) remember(it *item, from, to uint32) *remains {
	left, _ := splitContent(it.kind, it.data, int(to), int(it.length))
	r := &remains{kind: it.kind, length: to - from, data: tailContent(it.kind, left, int(from), int(to))}
	n := it.node
	if n == nil {
		return r
	}
	for c := n.start; c != nil; c = c.right {
		if d.was(c) {
			r.list = append(r.list, d.remember(c, 0, d.oldUnits(c)))
		}
	}
	for _, e := range n.entries {
		if c := d.oldEntry(n, e.key); c != nil {
			r.keys = append(r.keys, restore{key: e.key, what: d.remember(c, c.length-1, c.length)})
		}
	}
	return r
}

// was reports whether an item was part of its list before the last transaction.
func (d *Doc) was(it *item) bool {
	return d.oldUnits(it) > 0 && it.kind != kindDeleted &&
		(!it.deleted() || d.deletedNow(it.id.client, it.id.clock, it.id.clock+1) > 0)
}

// carryOut does what a plan says.
func (d *Doc) carryOut(p *plan) {
	for _, s := range p.remove {
		d.deleteSpan(s)
	}
	for _, r := range p.list {
		left := d.cleanEnd(r.after)
		d.rewrite(p.node, left, left.right, 0, r.what)
	}
	for _, r := range p.keys {
		cur := p.node.entry(r.key)
		switch {
		case r.what != nil:
			d.rewrite(p.node, cur, nil, r.key, r.what)
		case cur != nil:
			d.delete(cur)
		}
	}
}

// rewrite writes remains anew.
func (d *Doc) rewrite(n *node, left, right *item, key uint32, r *remains) *item {
	it := d.insertLocal(n, left, right, key, r.kind, int(r.length), view(r.data))
	if it.kind != kindType || it.node == nil {
		return it
	}
	var last *item
	for _, c := range r.list {
		last = d.rewrite(it.node, last, nil, 0, c)
	}
	for _, k := range r.keys {
		d.rewrite(it.node, nil, nil, k.key, k.what)
	}
	return it
}
