package yjs

// Change is what one transaction did. Origin and Update stay valid; everything else until the next transaction of the
// document begins or its state is encoded, after which it reads as empty.
type Change struct {
	// Origin is what [Doc.Apply] or [Doc.Transact] was given.
	Origin any
	// Update is what to journal and to send to all other replicas. nil: nothing changed.
	Update []byte

	doc *Doc
	seq uint32
}

// TypeChange is what a transaction did to one shared type that existed before and still does. Types that came or went
// are part of the change of their parent.
type TypeChange struct {
	Target Type
	// Keys are the map keys (or XML attributes) whose value changed, each once.
	Keys []string
	// Inserted and Deleted say whether the list part (text, array elements, XML children) gained or lost anything.
	Inserted, Deleted bool

	change *Change
}

// current reports whether c is the change of the document's last transaction.
func (c *Change) current() bool {
	return c.doc != nil && c.doc.txn.seq == c.seq && c.doc.broken == nil
}

// Types returns the shared types that changed and are alive, in the order in which they changed first. It is cheap:
// one keystroke costs no allocation. The slice is reused by the next call.
func (c *Change) Types() []TypeChange {
	if !c.current() {
		return nil
	}
	t := &c.doc.txn
	out := t.types[:0]
	for i := range t.changed {
		ch := &t.changed[i]
		if !ch.node.alive() {
			continue
		}
		tc := TypeChange{Target: ch.node.facade(), Inserted: ch.inserted, Deleted: ch.deleted, change: c}
		if len(ch.keys) > 0 {
			tc.Keys = make([]string, len(ch.keys))
			for k, key := range ch.keys {
				tc.Keys[k] = c.doc.keys[key]
			}
		}
		out = append(out, tc)
	}
	t.types = out
	return out
}
