package yjs

import (
	"encoding/json"
	"maps"
	"reflect"
)

// Op is one step of a delta: exactly one of Insert, Delete and Retain is set. The lengths are units of the type:
// UTF-16 units of a text, elements of an array.
type Op struct {
	Insert     any            // string in texts, []any in arrays, an embedded value or Type
	Delete     int            // units to delete
	Retain     int            // units to keep
	Attributes map[string]any // formatting of what is inserted, or changes of what is kept; nil: none
}

// Delta returns the content with its formatting: inserts only.
func (t *Text) Delta() []Op { return t.node().delta() }

// delta returns the content of formatted text.
func (n *node) delta() []Op {
	b := deltaBuilder{current: make(map[string]any)}
	for it := n.start; it != nil; it = it.right {
		switch {
		case it.deleted():
		case it.kind == kindFormat:
			b.flush()
			it.format(b.current)
		case it.kind.inText():
			b.insert(it, 0)
		}
	}
	b.flush()
	return b.ops
}

// deltaBuilder collects steps, joining those of the same kind.
type deltaBuilder struct {
	ops     []Op
	running step           // the kind of the step that is being collected
	text    []byte         // of a stepText
	values  []any          // of a stepValues
	n       int            // of a stepRetain or stepDelete
	array   bool           // the list is an array: its strings are values
	current map[string]any // formatting that holds at the place reached
	old     map[string]any // formatting that held there before the transaction
	changes map[string]any // formatting that what is kept here gained (nil: lost)
}

// step is a kind of step.
type step uint8

const (
	stepNone step = iota
	stepText
	stepValues
	stepRetain
	stepDelete
)

// insert adds the units of an item from offset on.
func (b *deltaBuilder) insert(it *item, offset int) {
	switch {
	case b.array:
		b.begin(stepValues)
		n := 0
		it.each(func(v any) bool {
			if n++; n > offset {
				b.values = append(b.values, v)
			}
			return true
		})
	case it.kind == kindString:
		b.begin(stepText)
		b.text = append(b.text, tailContent(kindString, it.data, offset, int(it.length))...)
	default:
		b.flush()
		b.ops = append(b.ops, Op{Insert: it.valueAt(offset), Attributes: formatting(b.current)})
	}
}

// begin ends the running step unless it is of kind s.
func (b *deltaBuilder) begin(s step) {
	if b.running != s {
		b.flush()
		b.running = s
	}
}

// count adds n units that were there before to a step of kind s.
func (b *deltaBuilder) count(s step, n uint32) {
	if n > 0 {
		b.begin(s)
		b.n += int(n)
	}
}

// flush ends the running step.
func (b *deltaBuilder) flush() {
	switch b.running {
	case stepText:
		b.ops = append(b.ops, Op{Insert: string(b.text), Attributes: formatting(b.current)})
	case stepValues:
		b.ops = append(b.ops, Op{Insert: b.values})
	case stepRetain:
		b.ops = append(b.ops, Op{Retain: b.n, Attributes: formatting(b.changes)})
	case stepDelete:
		b.ops = append(b.ops, Op{Delete: b.n})
	}
	b.running, b.text, b.values, b.n = stepNone, b.text[:0], nil, 0
}

// done returns the steps, without what is merely kept at the end.
func (b *deltaBuilder) done() []Op {
	b.flush()
	for n := len(b.ops); n > 0 && b.ops[n-1].Retain > 0 && b.ops[n-1].Attributes == nil; n-- {
		b.ops = b.ops[:n-1]
	}
	return b.ops
}

// formatting returns a copy of attributes, nil for none.
func formatting(current map[string]any) map[string]any {
	if len(current) == 0 {
		return nil
	}
	return maps.Clone(current)
}

// formatOf returns what a kindFormat item says.
func (it *item) formatOf() (key string, value any) {
	r := reader{buf: view(it.data)}
	return string(r.bytes()), parseJSON(r.bytes())
}

// format applies a kindFormat item to the current attributes.
func (it *item) format(current map[string]any) {
	if key, value := it.formatOf(); value == nil {
		delete(current, key)
	} else {
		current[key] = value
	}
}

// reformat notes a kindFormat item: one that is new, one that is gone, or one that stayed.
func (b *deltaBuilder) reformat(it *item, isNew, isGone bool) {
	key, value := it.formatOf()
	switch {
	case isNew && !isGone:
		if !reflect.DeepEqual(b.current[key], value) {
			b.change(key, value, reflect.DeepEqual(b.old[key], value))
		}
	case !isNew && isGone:
		b.old[key] = value
		if now := b.current[key]; !reflect.DeepEqual(now, value) {
			b.change(key, now, false)
		}
	case !isNew && !it.deleted():
		b.old[key] = value
		if changed, ok := b.changes[key]; ok && !reflect.DeepEqual(changed, value) {
			b.change(key, value, value == nil)
		}
	}
	if !it.deleted() {
		if b.running == stepText {
			b.flush()
		}
		it.format(b.current)
	}
}

// change notes that formatting of what is kept from here on differs from before, or no longer does.
func (b *deltaBuilder) change(key string, value any, drop bool) {
	if b.running == stepRetain {
		b.flush()
	}
	if drop {
		delete(b.changes, key)
	} else {
		b.changes[key] = value
	}
}

// display returns a value as JavaScript would put it into a string.
func display(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case Type:
		return display(v.JSON())
	}
	b, err := json.Marshal(v)
	if err != nil {
		return ""
	}
	return string(b)
}
