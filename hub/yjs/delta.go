package yjs

import (
	"encoding/json"
	"maps"
)

// Op is one step of a delta: exactly one of Insert, Delete and Retain is set. The lengths are units of the type:
// UTF-16 units of a text, elements of an array.
type Op struct {
	Insert     any            // string in texts, []any in arrays, an embedded value or Type
	Delete     int            // units to delete
	Retain     int            // units to keep
	Attributes map[string]any // formatting of what is inserted; nil: none
}

// Delta returns the content with its formatting: inserts only.
func (t *Text) Delta() []Op { return t.node().delta() }

// delta returns the content of formatted text.
func (n *node) delta() []Op {
	var ops []Op
	var text []byte
	attributes := make(map[string]any)
	flush := func() {
		if len(text) > 0 {
			ops = append(ops, Op{Insert: string(text), Attributes: formatting(attributes)})
			text = text[:0]
		}
	}
	for it := n.start; it != nil; it = it.right {
		switch {
		case it.deleted():
		case it.kind == kindString:
			text = append(text, it.data...)
		case it.kind == kindFormat:
			flush()
			it.format(attributes)
		case it.kind == kindEmbed || it.kind == kindType:
			flush()
			ops = append(ops, Op{Insert: it.single(), Attributes: formatting(attributes)})
		}
	}
	flush()
	return ops
}

// formatting returns a copy of the current attributes, nil for none.
func formatting(current map[string]any) map[string]any {
	if len(current) == 0 {
		return nil
	}
	return maps.Clone(current)
}

// format applies a kindFormat item to the current attributes.
func (it *item) format(current map[string]any) {
	r := reader{buf: view(it.data)}
	key, value := string(r.bytes()), parseJSON(r.bytes())
	if value == nil {
		delete(current, key)
	} else {
		current[key] = value
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
