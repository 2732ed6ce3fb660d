package notebook

import (
	"bytes"
	"slices"
	"strings"
	"unicode/utf8"
)

// patch writes v where the file has the value at sp, which decodes to old:
// the file's bytes for all that did not change.
func (r *renderer) patch(s shape, sp span, old, v any, at string) {
	if same(s, old, v) {
		r.raw(sp)
		return
	}
	if o, ok := old.(map[string]any); ok {
		if m, ok := asMap(v); ok {
			r.patchMap(s, sp, o, m, at)
			return
		}
	}
	if x, ok := v.(string); ok {
		if was, ok := joined(old); ok && (s == text || s == blob || r.data[sp.start] == '"') {
			r.patchText(sp, was, x, at)
			return
		}
	}
	if o, ok := old.([]any); ok {
		if list, ok := v.([]any); ok {
			r.patchList(sp, o, list, at)
			return
		}
	}
	r.encode(s, v, at)
}

// patchMap keeps members and their order; new members are put in sorted when
// the old ones are sorted, else at the end.
func (r *renderer) patchMap(s shape, sp span, old, v map[string]any, at string) {
	c := layoutOf(r.data, sp)
	keys := make([]string, len(c.items))
	last := make(map[string]int, len(c.items))
	for i, it := range c.items {
		keys[i] = keyOf(r.data, it)
		last[keys[i]] = i
	}
	var slots []slot
	for i, key := range keys {
		value, ok := v[key]
		switch {
		case s.hides(key), ok && i != last[key]:
			slots = append(slots, slot{from: i, key: key})
		case ok:
			slots = append(slots, slot{from: i, key: key, write: func(at string) {
				r.patch(s.child(key), c.items[i].value, old[key], value, at)
			}})
		}
	}
	var added []slot
	for key := range v {
		if _, ok := last[key]; !ok && !s.hides(key) {
			added = append(added, slot{from: -1, key: key, write: func(at string) { r.encode(s.child(key), v[key], at) }})
		}
	}
	r.emit('{', c, place(slots, added...), at)
}

// place adds new members: sorted in when the keys so far are sorted, else
// sorted among themselves at the end.
func place(slots []slot, add ...slot) []slot {
	byKey := func(a, b slot) int { return strings.Compare(a.key, b.key) }
	slices.SortFunc(add, byKey)
	sorted := slices.IsSortedFunc(slots, byKey)
	slots = append(slots, add...)
	if sorted {
		slices.SortStableFunc(slots, byKey)
	}
	return slots
}

// patchList keeps the elements that both lists begin and end with, and changes
// those between pair by pair.
func (r *renderer) patchList(sp span, old, v []any, at string) {
	c := layoutOf(r.data, sp)
	head, tail := commonEnds(len(old), len(v), func(i, j int) bool { return same(plain, old[i], v[j]) })
	var slots []slot
	for j := range v {
		i := j
		if j >= len(v)-tail {
			i = j - len(v) + len(old)
		}
		switch {
		case j < head || j >= len(v)-tail:
			slots = append(slots, slot{from: i})
		case j < len(old)-tail:
			slots = append(slots, slot{from: j, write: func(at string) { r.patch(plain, c.items[j].value, old[j], v[j], at) }})
		default:
			slots = append(slots, slot{from: -1, write: func(at string) { r.encode(plain, v[j], at) }})
		}
	}
	r.emit('[', c, slots, at)
}

// commonEnds counts the elements that two lists of n and m have in common at
// the beginning and, of the others, at the end.
func commonEnds(n, m int, same func(i, j int) bool) (head, tail int) {
	for head < min(n, m) && same(head, head) {
		head++
	}
	for tail < min(n, m)-head && same(n-1-tail, m-1-tail) {
		tail++
	}
	return head, tail
}

// patchText writes a text where the file has a string or a list of lines.
func (r *renderer) patchText(sp span, old, v string, at string) {
	switch {
	case old == v:
		r.raw(sp)
	case r.data[sp.start] == '"':
		r.patchString(sp, v)
	case r.data[sp.start] == '[':
		r.patchLines(sp, v, at)
	default:
		r.out = r.style.appendString(r.out, v, r.style.escapeWide)
	}
}

// patchString writes v over a string: the bytes of the beginning and the end
// that both have in common stay, whatever escapes they hold.
func (r *renderer) patchString(sp span, v string) {
	raw := r.data[sp.start+1 : sp.end-1]
	old := decodeString(r.data[sp.start:sp.end])
	head, tail := commonText(old, v)
	from := rawOffset(raw, head)
	to := len(raw)
	if tail > 0 {
		to = from + rawOffset(raw[from:], len(old)-tail-head)
	}
	if head == len(v)-tail && isLowSurrogate(raw[to:]) {
		from, to, head, tail = 0, len(raw), 0, 0 // it must not pair with what now precedes it
	}
	r.out = append(r.out, '"')
	r.out = append(r.out, raw[:from]...)
	r.out = r.style.appendInside(r.out, v[head:len(v)-tail], r.escapesWide(raw))
	r.out = append(r.out, raw[to:]...)
	r.out = append(r.out, '"')
}

// isLowSurrogate reports whether the inside of a string begins with the escape
// of the second half of a pair.
func isLowSurrogate(raw []byte) bool {
	return len(raw) >= 6 && raw[0] == '\\' && raw[1] == 'u' && hex4(raw[2:])&0xFC00 == 0xDC00
}

// escapesWide reports whether what replaces part of a string is to be written
// with escapes: as the string does, else as the file does.
func (r *renderer) escapesWide(raw []byte) bool {
	for i := 0; i < len(raw); {
		switch {
		case raw[i] >= utf8.RuneSelf:
			return false
		case raw[i] != '\\':
			i++
		default:
			c, n := unescapeRune(raw[i:])
			if tellsWide(c) {
				return true
			}
			i += n
		}
	}
	return r.style.escapeWide
}

// commonText is the length in bytes of what two texts have in common at the
// beginning and, of the rest, at the end, in whole characters.
func commonText(a, b string) (head, tail int) {
	limit := min(len(a), len(b))
	for head < limit && a[head] == b[head] {
		head++
	}
	for head > 0 && (insideRune(a, head) || insideRune(b, head)) {
		head--
	}
	limit -= head
	for tail < limit && a[len(a)-1-tail] == b[len(b)-1-tail] {
		tail++
	}
	for tail > 0 && (insideRune(a, len(a)-tail) || insideRune(b, len(b)-tail)) {
		tail--
	}
	return head, tail
}

// insideRune reports whether offset i of s lies within a character.
func insideRune(s string, i int) bool {
	return i < len(s) && !utf8.RuneStart(s[i])
}

// rawOffset is where in the inside of a JSON string its decoded text has run n
// bytes, which must end a character.
func rawOffset(raw []byte, n int) int {
	i := 0
	for n > 0 && i < len(raw) {
		plain := bytes.IndexByte(raw[i:], '\\')
		if plain < 0 {
			plain = len(raw) - i
		}
		if plain >= n {
			return i + n
		}
		i += plain
		n -= plain
		r, length := unescapeRune(raw[i:])
		i += length
		n -= utf8.RuneLen(r)
	}
	return i
}
