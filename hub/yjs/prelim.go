package yjs

// Prelim describes a shared type that is to be made: [MapOf], [ArrayOf] and [TextOf] return one, [Map.Set] and
// [Array.Insert] take it. It can be used any number of times, each making another type.
type Prelim struct {
	kind    TypeKind
	entries []Entry
	values  []any
	text    string
}

// Entry is a key of a map that is to be made, with its value.
type Entry struct {
	Key   string
	Value any
}

// MapOf describes a new map. The entries are written in the given order.
func MapOf(entries ...Entry) Prelim { return Prelim{kind: KindMap, entries: entries} }

// ArrayOf describes a new array.
func ArrayOf(values ...any) Prelim { return Prelim{kind: KindArray, values: values} }

// TextOf describes a new text.
func TextOf(s string) Prelim { return Prelim{kind: KindText, text: s} }

// valid reports whether a value can be written; else the transaction fails.
func (t *Txn) valid(verb string, v any) bool {
	p, ok := v.(Prelim)
	if !ok {
		var err error
		if t.scratch, err = appendAny(t.scratch[:0], v, t.doc.limits.ValueDepth); err != nil {
			t.fail(verb, err)
		}
		return err == nil
	}
	for _, e := range p.entries {
		if !t.valid(verb, e.Value) {
			return false
		}
	}
	for _, e := range p.values {
		if !t.valid(verb, e) {
			return false
		}
	}
	return true
}

// insertValue writes one value that was found valid.
func (d *Doc) insertValue(n *node, left, right *item, key uint32, v any) *item {
	switch v := v.(type) {
	case Prelim:
		it := d.insertLocal(n, left, right, key, kindType, 1, []byte{byte(v.kind)})
		d.fill(it.node, v)
		return it
	case []byte:
		return d.insertLocal(n, left, right, key, kindBinary, 1, AppendVarBytes(nil, v))
	}
	return d.insertAny(n, left, right, key, []any{v})
}

// insertAny writes plain values as one struct.
func (d *Doc) insertAny(n *node, left, right *item, key uint32, values []any) *item {
	content := d.scratch[:0]
	for _, v := range values {
		content, _ = appendAny(content, v, d.limits.ValueDepth)
	}
	d.scratch = content
	return d.insertLocal(n, left, right, key, kindAny, len(values), content)
}

// insertValues writes values one behind the other, runs of plain ones as one struct.
func (d *Doc) insertValues(n *node, left, right *item, values []any) {
	for len(values) > 0 {
		run := 0
		for run < len(values) && isPlain(values[run]) {
			run++
		}
		if run > 0 {
			left = d.insertAny(n, left, right, 0, values[:run])
		} else {
			left = d.insertValue(n, left, right, 0, values[0])
			run = 1
		}
		values = values[run:]
	}
}

// isPlain reports whether a value is written as part of a run of plain values.
func isPlain(v any) bool {
	switch v.(type) {
	case Prelim, []byte:
		return false
	}
	return true
}

// fill writes what a new type holds.
func (d *Doc) fill(n *node, p Prelim) {
	for _, e := range p.entries {
		k := d.internKey([]byte(wellFormed(e.Key)))
		d.insertValue(n, n.entry(k), nil, k, e.Value)
	}
	d.insertValues(n, nil, nil, p.values)
	if p.text != "" {
		s := wellFormed(p.text)
		d.insertLocal(n, nil, nil, 0, kindString, unitsOf(s), view(s))
	}
}
