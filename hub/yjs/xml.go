package yjs

import (
	"slices"
	"strings"
)

// XML is a shared XML fragment, element, hook or formatted text: read, kept and passed on, not edited here.
type XML node

// Name returns the name of an element or hook.
func (x *XML) Name() string { return x.name }

// Attributes returns the attributes of an element.
func (x *XML) Attributes() map[string]any {
	out := make(map[string]any, len(x.entries))
	for _, e := range x.entries {
		if !e.item.deleted() {
			out[x.doc.keys[e.key]] = e.item.lastValue()
		}
	}
	return out
}

// Children returns the children of a fragment or element.
func (x *XML) Children() []any {
	var out []any
	for it := x.start; it != nil; it = it.right {
		if it.visible() && it.kind != kindString {
			it.each(func(v any) bool { out = append(out, v); return true })
		}
	}
	return out
}

// Delta returns the content of a formatted text.
func (x *XML) Delta() []Op { return x.node().delta() }

// JSON implements [Type]: the markup as a string.
func (x *XML) JSON() any { return x.String() }

// String returns the markup as Yjs writes it.
func (x *XML) String() string {
	var b strings.Builder
	x.write(&b)
	return b.String()
}

// write appends the markup.
func (x *XML) write(b *strings.Builder) {
	switch x.kind {
	case KindXMLText:
		x.writeText(b)
	case KindXMLElement:
		x.writeElement(b)
	case KindXMLHook:
		b.WriteString("[object Object]")
	default:
		x.writeChildren(b)
	}
}

// writeElement appends an element with its attributes, sorted, and children.
func (x *XML) writeElement(b *strings.Builder) {
	name := strings.ToLower(x.name)
	b.WriteString("<" + name)
	attributes := x.Attributes()
	keys := make([]string, 0, len(attributes))
	for k := range attributes {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	for _, k := range keys {
		b.WriteString(" " + k + "=\"" + display(attributes[k]) + "\"")
	}
	b.WriteString(">")
	x.writeChildren(b)
	b.WriteString("</" + name + ">")
}

// writeChildren appends all children.
func (x *XML) writeChildren(b *strings.Builder) {
	for _, child := range x.Children() {
		if element, ok := child.(*XML); ok {
			element.write(b)
		} else {
			b.WriteString(display(plain(child)))
		}
	}
}

// writeText appends formatted text: each format is an element around it, its attributes the format's values.
func (x *XML) writeText(b *strings.Builder) {
	for _, op := range x.Delta() {
		names := make([]string, 0, len(op.Attributes))
		for name := range op.Attributes {
			names = append(names, name)
		}
		slices.Sort(names)
		for _, name := range names {
			b.WriteString("<" + name)
			writeFormat(b, op.Attributes[name])
			b.WriteString(">")
		}
		b.WriteString(display(op.Insert))
		for _, name := range slices.Backward(names) {
			b.WriteString("</" + name + ">")
		}
	}
}

// writeFormat appends the values of a format as attributes, sorted.
func writeFormat(b *strings.Builder, value any) {
	m, _ := value.(map[string]any)
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	for _, k := range keys {
		b.WriteString(" " + k + "=\"" + display(m[k]) + "\"")
	}
}
