package yjs

import "strings"

// Text is a shared text. Positions and lengths are UTF-16 units, as in JavaScript; own edits never cut a character of
// two units: a position inside of one moves to its start, the end of a deletion to its end.
type Text node

// Len returns the length in UTF-16 units. An embed counts as one.
func (t *Text) Len() int { return int(t.length) }

// String returns the text without formatting and embeds.
func (t *Text) String() string {
	if it := t.start; it != nil && it.right == nil && it.kind == kindString && !it.deleted() {
		return it.data
	}
	var b strings.Builder
	b.Grow(int(t.length))
	for it := t.start; it != nil; it = it.right {
		if it.kind == kindString && !it.deleted() {
			b.WriteString(it.data)
		}
	}
	return b.String()
}

// Insert inserts s before the i-th unit. It takes on the formatting of the unit before it.
func (t *Text) Insert(tx *Txn, i int, s string) {
	const verb = "insert text"
	n := t.node()
	if !tx.ready(verb, n) || s == "" {
		return
	}
	if i < 0 || i > int(n.length) {
		tx.fail(verb, ErrRange)
		return
	}
	s = wellFormed(s)
	left, right := n.doc.gapAt(n, n.snap(uint32(i), false))
	n.doc.insertLocal(n, left, right, 0, kindString, unitsOf(s), view(s))
}

// Delete deletes count units from the i-th on.
func (t *Text) Delete(tx *Txn, i, count int) {
	const verb = "delete text"
	n := t.node()
	if !tx.ready(verb, n) || !n.within(tx, verb, i, count) || count == 0 {
		return
	}
	from, to := n.snap(uint32(i), false), n.snap(uint32(i+count), true)
	n.deleteRange(tx, verb, int(from), int(to-from))
}

// Runs calls f for each run of units, deleted ones included, in the order of the text until f returns false: the first
// unit's ID, how many units, and whether they are deleted. Formatting marks are units, too, though not of the text. A
// text that the last transaction deleted can still be read this way until the next one begins.
func (t *Text) Runs(f func(id ID, length int, deleted bool) bool) {
	for it := t.start; it != nil; it = it.right {
		if !f(t.doc.idOf(it.id), int(it.length), it.deleted()) {
			return
		}
	}
}

// snap moves a position inside of a character to its start, or to its end.
func (n *node) snap(i uint32, up bool) uint32 {
	if i == 0 || i >= n.length {
		return i
	}
	it, offset := n.locate(i)
	if it.kind != kindString || offset == 0 {
		return i
	}
	if _, half := unitOffset(it.data, int(offset), int(it.length)); !half {
		return i
	}
	if up {
		return i + 1
	}
	return i - 1
}

// JSON implements [Type]: the text as a string.
func (t *Text) JSON() any { return t.String() }
