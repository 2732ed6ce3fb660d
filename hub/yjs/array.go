package yjs

// Array is a shared list of values.
type Array node

// Len returns the number of elements.
func (a *Array) Len() int { return int(a.length) }

// Get returns the i-th element, nil when i is out of range.
func (a *Array) Get(i int) any {
	if i < 0 || i >= int(a.length) {
		return nil
	}
	it, offset := a.node().locate(uint32(i))
	return it.valueAt(int(offset))
}

// Range calls f for each element until f returns false.
func (a *Array) Range(f func(i int, value any) bool) {
	i := 0
	for it := a.start; it != nil; it = it.right {
		if it.visible() && !it.each(func(v any) bool { i++; return f(i-1, v) }) {
			return
		}
	}
}

// Insert inserts values before the i-th element. For the values see [Map.Set].
func (a *Array) Insert(tx *Txn, i int, values ...any) {
	const verb = "insert into array"
	n := a.node()
	if !tx.ready(verb, n) {
		return
	}
	if i < 0 || i > int(n.length) {
		tx.fail(verb, ErrRange)
		return
	}
	for _, v := range values {
		if !tx.valid(verb, v) {
			return
		}
	}
	if len(values) > 0 {
		left, right := n.doc.gapAt(n, uint32(i))
		n.doc.insertValues(n, left, right, values)
	}
}

// Push appends values.
func (a *Array) Push(tx *Txn, values ...any) { a.Insert(tx, a.Len(), values...) }

// Delete deletes count elements from the i-th on.
func (a *Array) Delete(tx *Txn, i, count int) {
	n := a.node()
	if tx.ready("delete from array", n) {
		n.deleteRange(tx, "delete from array", i, count)
	}
}

// JSON implements [Type]: a []any.
func (a *Array) JSON() any {
	out := make([]any, 0, a.length)
	a.Range(func(_ int, v any) bool {
		out = append(out, plain(v))
		return true
	})
	return out
}
