package yjs

import "sort"

// shows reports whether the content that c deleted can still be read.
func (c *Change) shows() bool { return c.current() && !c.doc.txn.settled }

// deletedNow returns how many of the units from clock to end of client ci the last transaction deleted.
func (d *Doc) deletedNow(ci, clock, end uint32) (n uint32) {
	spans := d.txn.deletes
	id := d.clients[ci].id
	i := sort.Search(len(spans), func(i int) bool {
		if spans[i].ci != ci {
			return d.clients[spans[i].ci].id < id
		}
		return spans[i].end() > clock
	})
	for ; i < len(spans) && spans[i].ci == ci && spans[i].clock < end; i++ {
		n += min(end, spans[i].end()) - max(clock, spans[i].clock)
	}
	return n
}

// oldUnits returns how many units of an item were there before the last transaction.
func (d *Doc) oldUnits(it *item) uint32 {
	c := d.clients[it.id.client]
	if c.seq != d.txn.seq || c.before >= it.end() {
		return it.length
	}
	return c.before - min(c.before, it.id.clock)
}

// Delta returns what happened to a text or to the elements of an array, as steps from its start. It walks the whole
// list, so ask for it only where needed. It is valid until the next transaction begins or the state is encoded; then
// it is nil.
func (t TypeChange) Delta() []Op {
	if !t.change.shows() {
		return nil
	}
	n, d := t.Target.node(), t.change.doc
	b := deltaBuilder{current: map[string]any{}, old: map[string]any{}, changes: map[string]any{}}
	switch n.shape() {
	case KindText, KindXMLText:
	default:
		b.array = true
	}
	for it := n.start; it != nil; it = it.right {
		b.step(d, it)
	}
	return b.done()
}

// step adds what happened to one item.
func (b *deltaBuilder) step(d *Doc, it *item) {
	old := d.oldUnits(it)
	switch {
	case it.kind == kindFormat:
		b.reformat(it, old == 0, it.deleted() && d.deletedNow(it.id.client, it.id.clock, it.end()) > 0)
	case !b.array && !it.kind.inText() || !it.kind.countable():
	case it.deleted():
		b.count(stepDelete, d.deletedNow(it.id.client, it.id.clock, it.id.clock+old))
	default:
		b.count(stepRetain, old)
		if old < it.length {
			b.insert(it, int(old))
		}
	}
}

// Old returns the value that a changed key had before the transaction, nil when it had none. A deleted shared type is
// returned as it is now: empty. The value is valid as long as [TypeChange.Delta].
func (t TypeChange) Old(key string) any {
	if !t.change.shows() {
		return nil
	}
	n, d := t.Target.node(), t.change.doc
	if it := d.oldEntry(n, d.keyIDs[key]); it != nil {
		return it.lastValue()
	}
	return nil
}

// oldEntry returns the item that was the value of a key before the last transaction, nil when there was none.
func (d *Doc) oldEntry(n *node, key uint32) *item {
	it := n.entry(key)
	for it != nil && d.isNew(it.id) {
		it = it.left
	}
	if it == nil || it.deleted() && d.deletedNow(it.id.client, it.end()-1, it.end()) == 0 {
		return nil
	}
	return it
}
