package yjs

// kind says what a struct holds. The values are those of the wire format.
type kind uint8

const (
	kindGC      kind = 0  // collected: only ids are known
	kindDeleted kind = 1  // deleted content, position kept
	kindJSON    kind = 2  // values as JSON texts, from old clients
	kindBinary  kind = 3  // one byte array
	kindString  kind = 4  // text
	kindEmbed   kind = 5  // one object inside rich text, as JSON
	kindFormat  kind = 6  // begin or end of formatting inside rich text
	kindType    kind = 7  // a nested shared type
	kindAny     kind = 8  // values
	kindDoc     kind = 9  // a sub-document
	kindSkip    kind = 10 // a gap in an update: not a struct
)

// Content is kept as it is on the wire, so that encoding copies bytes and values which clients wrote stay exact.
// For kindString the bytes are the text alone, for kindAny and kindJSON the values without their count;
// for the kinds of length one everything behind the header; for kindDeleted and kindGC nothing.

// countable reports whether content of kind k takes part in the length of its parent.
func (k kind) countable() bool { return k != kindDeleted && k != kindFormat && k != kindGC }

// inText reports whether content of kind k shows in a text.
func (k kind) inText() bool { return k == kindString || k == kindEmbed || k == kindType }

// joins reports whether neighbours of kind k can become one struct.
func (k kind) joins() bool {
	return k == kindString || k == kindAny || k == kindDeleted || k == kindJSON
}

// splitContent cuts content of length count before its n-th unit.
func splitContent(k kind, data string, n, count int) (left, right string) {
	switch k {
	case kindString:
		return splitText(data, n, count)
	case kindAny, kindJSON:
		at := valueOffset(k, data, n)
		return data[:at], data[at:]
	}
	return data, data
}

// tailContent is the right side of splitContent.
func tailContent(k kind, data string, n, count int) string {
	if n == 0 {
		return data
	}
	if k == kindString {
		return tailText(data, n, count)
	}
	_, right := splitContent(k, data, n, count)
	return right
}

// valueOffset returns where the n-th value begins.
func valueOffset(k kind, data string, n int) int {
	r := reader{buf: view(data)}
	for ; n > 0; n-- {
		r.skipValue(k)
	}
	return r.pos
}

// skipValue moves behind one value of kindAny or kindJSON content.
func (r *reader) skipValue(k kind) {
	if k == kindAny {
		r.skipAny(r.depth)
		return
	}
	b := r.text()
	if r.strict && string(b) != undefinedJSON && !validJSON(b, r.depth) {
		r.fail()
	}
}

// value reads one value of kindAny or kindJSON content.
func (r *reader) value(k kind) any {
	if k == kindAny {
		return r.any()
	}
	return jsonValue(r.text())
}

// appendContent appends content from its offset-th unit on, as it is on the wire.
func appendContent(dst []byte, k kind, data string, offset, count int) []byte {
	data = tailContent(k, data, offset, count)
	switch k {
	case kindDeleted, kindGC, kindSkip:
		return AppendVarUint(dst, uint64(count-offset))
	case kindString:
		return AppendVarString(dst, data)
	case kindAny, kindJSON:
		dst = AppendVarUint(dst, uint64(count-offset))
	}
	return append(dst, data...)
}
