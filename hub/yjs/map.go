package yjs

import "slices"

// Map is a shared map. When two replicas set a key at the same time one value wins, the same on all replicas.
type Map node

// Len returns the number of keys.
func (m *Map) Len() int {
	n := 0
	for _, e := range m.entries {
		if !e.item.deleted() {
			n++
		}
	}
	return n
}

// Get returns the value of a key; ok is false when it has none.
func (m *Map) Get(key string) (value any, ok bool) {
	it := m.node().get(key)
	if it == nil {
		return nil, false
	}
	return it.lastValue(), true
}

// Keys returns the keys, sorted.
func (m *Map) Keys() []string {
	keys := make([]string, 0, len(m.entries))
	for _, e := range m.entries {
		if !e.item.deleted() {
			keys = append(keys, m.doc.keys[e.key])
		}
	}
	slices.Sort(keys)
	return keys
}

// Range calls f for each key and value, in no particular order, until f returns false.
func (m *Map) Range(f func(key string, value any) bool) {
	for _, e := range m.entries {
		if !e.item.deleted() && !f(m.doc.keys[e.key], e.item.lastValue()) {
			return
		}
	}
}

// Set sets a key to a value: nil, [Undefined], bool, any Go number, string, []byte, []any, map[string]any (of the same
// values), or a new shared type made by [MapOf], [ArrayOf] or [TextOf]. Numbers become JavaScript numbers.
func (m *Map) Set(tx *Txn, key string, value any) {
	n := m.node()
	if !tx.ready("set map key", n) || !tx.valid("set map key", value) {
		return
	}
	k := n.doc.internKey([]byte(wellFormed(key)))
	n.doc.insertValue(n, n.entry(k), nil, k, value)
}

// Delete deletes a key. It does nothing when the map does not have it.
func (m *Map) Delete(tx *Txn, key string) {
	n := m.node()
	if !tx.ready("delete map key", n) {
		return
	}
	if it := n.get(key); it != nil {
		n.doc.delete(it)
	}
}

// JSON implements [Type]: a map[string]any.
func (m *Map) JSON() any {
	out := make(map[string]any, len(m.entries))
	for _, e := range m.entries {
		if !e.item.deleted() {
			out[m.doc.keys[e.key]] = plain(e.item.lastValue())
		}
	}
	return out
}
