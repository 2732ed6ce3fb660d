package yjs

import "slices"

// Subdoc is a reference to another document that is kept inside of this one.
type Subdoc struct {
	GUID    string
	Options any // what the writer said about it, an object
}

// valueAt returns the n-th value of an item.
func (it *item) valueAt(n int) (v any) {
	if it.kind == kindAny || it.kind == kindJSON {
		r := reader{buf: view(it.data)}
		for ; n > 0; n-- {
			r.skipValue(it.kind)
		}
		return r.value(it.kind)
	}
	if it.kind == kindString {
		left, _ := splitText(it.data, n+1, int(it.length))
		return tailText(left, n, n+1)
	}
	return it.single()
}

// lastValue returns the last value of an item: that of a map key.
func (it *item) lastValue() any { return it.valueAt(int(it.length) - 1) }

// single returns the value of an item of length one.
func (it *item) single() any {
	r := reader{buf: view(it.data)}
	switch it.kind {
	case kindBinary:
		return slices.Clone(r.bytes())
	case kindEmbed:
		return parseJSON(r.bytes())
	case kindType:
		return it.node.facade()
	case kindDoc:
		return &Subdoc{GUID: string(r.bytes()), Options: r.any()}
	}
	return nil
}

// each calls f for each value of an item until f returns false.
func (it *item) each(f func(v any) bool) bool {
	if it.kind != kindAny && it.kind != kindJSON {
		for i := range int(it.length) {
			if !f(it.valueAt(i)) {
				return false
			}
		}
		return true
	}
	r := reader{buf: view(it.data)}
	for range it.length {
		if !f(r.value(it.kind)) {
			return false
		}
	}
	return true
}

// plain returns a value with shared types replaced by what they hold.
func plain(v any) any {
	switch v := v.(type) {
	case Type:
		return v.JSON()
	case *Subdoc:
		return map[string]any{}
	}
	return v
}
