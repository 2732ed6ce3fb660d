package notebook

import (
	"fmt"
	"math"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// renderer writes a notebook in the form of a file. The first value that
// cannot be written stays in err; the bytes are then of no use.
type renderer struct {
	*File
	out     []byte
	err     error
	ids     map[string]bool     // of the cells to be written
	cellsOf map[string]template // by cell type, filled on demand
	orders  map[string][]string // of the keys of outputs, by kind, likewise
}

func (r *renderer) fail(format string, args ...any) {
	if r.err == nil {
		r.err = fmt.Errorf(format, args...)
	}
}

// raw copies bytes of the file.
func (r *renderer) raw(sp span) {
	r.out = append(r.out, r.data[sp.start:sp.end]...)
}

// slot is one member or element of a container that is being written.
type slot struct {
	from  int             // its index among the old items, -1 for a new one
	key   string          // of a member; unused for old ones that stay in place
	write func(at string) // writes its value; nil: the old bytes
}

// emit writes a container made of these slots in the layout of like, which
// also holds the old items. At is the line break and indentation of the line
// that the container begins on, "" within a one-line container.
func (r *renderer) emit(open byte, like *container, slots []slot, at string) {
	r.out = append(r.out, open)
	first, rest, last := r.leads(like, at)
	for i, s := range slots {
		lead := rest
		switch {
		case i == 0:
			lead = first
		case s.from > 0:
			lead = string(leadOf(r.data, like.items[s.from]))
		}
		if i > 0 {
			r.out = append(r.out, ',')
		}
		r.out = append(r.out, lead...)
		r.slot(open, like, s, lineBreak([]byte(lead)))
		if i < len(slots)-1 && s.from >= 0 && s.from < len(like.items)-1 {
			it := like.items[s.from]
			r.raw(span{it.value.end, it.trail})
		}
	}
	if len(slots) > 0 {
		r.out = append(r.out, last...)
	}
	r.out = append(r.out, open+2) // the bracket that closes: ] is [+2, } is {+2
}

// slot writes a member or element without the white space around it.
func (r *renderer) slot(open byte, like *container, s slot, at string) {
	switch {
	case s.from >= 0:
		it := like.items[s.from]
		r.raw(span{it.key.start, it.key.end})
		if it.key.end > 0 {
			r.raw(span{it.key.end, it.value.start})
		}
	case open == '{':
		r.out = r.style.appendString(r.out, s.key, r.style.escapeWide)
		if len(like.items) > 0 {
			r.raw(span{like.items[0].key.end, like.items[0].value.start})
		} else {
			r.out = append(r.out, r.style.colon...)
		}
	}
	if s.write == nil {
		r.raw(like.items[s.from].value)
		return
	}
	s.write(at)
}

// leads is the white space before the first slot, before further new ones, and
// after the last.
func (r *renderer) leads(like *container, at string) (first, rest, last string) {
	n := len(like.items)
	if n == 0 {
		if at == "" {
			return "", r.style.separator, ""
		}
		return at + r.style.indent, at + r.style.indent, at
	}
	end := like.items[n-1]
	first = string(leadOf(r.data, like.items[0]))
	last = string(r.data[end.value.end:end.trail])
	switch {
	case n > 1:
		rest = string(leadOf(r.data, like.items[1]))
	case lineBreak([]byte(first)) != "":
		rest = first
	default:
		rest = r.style.separator
	}
	return first, rest, last
}

// encode writes a value of which the file has no earlier form.
func (r *renderer) encode(s shape, v any, at string) {
	if m, ok := asMap(v); ok {
		r.encodeMap(s, m, nil, at)
		return
	}
	switch x := v.(type) {
	case nil:
		r.out = append(r.out, "null"...)
	case bool:
		r.out = strconv.AppendBool(r.out, x)
	case string:
		if s == text && r.style.listText {
			r.encodeLines(x, at)
			return
		}
		r.out = r.style.appendString(r.out, x, r.style.escapeWide)
	case []any:
		slots := make([]slot, len(x))
		for i := range x {
			slots[i] = slot{from: -1, write: func(at string) { r.encode(plain, x[i], at) }}
		}
		r.emit('[', &container{}, slots, at)
	case int64:
		r.out = strconv.AppendInt(r.out, x, 10)
	default:
		f, ok := numberOf(v)
		if !ok {
			r.fail("encode value: %T is not a JSON value", v)
		}
		r.out = appendNumber(r.out, f)
	}
}

// encodeMap writes an object: first the keys in order, then the others, sorted.
func (r *renderer) encodeMap(s shape, m map[string]any, order []string, at string) {
	member := func(key string) slot {
		return slot{from: -1, key: key, write: func(at string) { r.encode(s.child(key), m[key], at) }}
	}
	done := make(map[string]bool, len(order))
	var slots, others []slot
	for _, key := range order {
		if _, ok := m[key]; ok && !s.hides(key) {
			slots = append(slots, member(key))
			done[key] = true
		}
	}
	for key := range m {
		if !done[key] && !s.hides(key) {
			others = append(others, member(key))
		}
	}
	r.emit('{', &container{}, place(slots, others...), at)
}

// encodeLines writes a text as a list of its lines.
func (r *renderer) encodeLines(s, at string) {
	var slots []slot
	for _, line := range anyLineEnd.split(s) {
		slots = append(slots, slot{from: -1, write: func(string) {
			r.out = r.style.appendString(r.out, line, r.style.escapeWide)
		}})
	}
	r.emit('[', &container{}, slots, at)
}

// appendNumber writes whole numbers without a fraction, as JavaScript does,
// and what JSON has no number for as Python does.
func appendNumber(dst []byte, f float64) []byte {
	switch {
	case math.IsNaN(f):
		return append(dst, "NaN"...)
	case math.IsInf(f, 1):
		return append(dst, "Infinity"...)
	case math.IsInf(f, -1):
		return append(dst, "-Infinity"...)
	case f == math.Trunc(f) && math.Abs(f) < 1e21:
		return strconv.AppendFloat(dst, f, 'f', -1, 64)
	case math.Abs(f) < 1e-6 || math.Abs(f) >= 1e21:
		return strconv.AppendFloat(dst, f, 'e', -1, 64)
	}
	return strconv.AppendFloat(dst, f, 'f', -1, 64)
}

// appendString writes a JSON string with its quotes.
func (st *style) appendString(dst []byte, s string, escapeWide bool) []byte {
	dst = append(dst, '"')
	dst = st.appendInside(dst, s, escapeWide)
	return append(dst, '"')
}

// appendInside writes the inside of a JSON string.
func (st *style) appendInside(dst []byte, s string, escapeWide bool) []byte {
	start := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c < utf8.RuneSelf {
			if c >= 0x20 && c != '"' && c != '\\' && st.escapeASCII[c] == 0 {
				i++
				continue
			}
			dst = append(dst, s[start:i]...)
			dst = st.appendEscape(dst, c)
			i++
			start = i
			continue
		}
		r, n := utf8.DecodeRuneInString(s[i:])
		if !escapeWide && (r != utf8.RuneError || n > 1) {
			i += n
			continue
		}
		dst = append(dst, s[start:i]...)
		dst = st.appendWide(dst, r, escapeWide)
		i += n
		start = i
	}
	return append(dst, s[start:]...)
}

// appendEscape escapes an ASCII character.
func (st *style) appendEscape(dst []byte, c byte) []byte {
	switch c {
	case '"', '\\':
		return append(dst, '\\', c)
	case '\b':
		return append(dst, `\b`...)
	case '\f':
		return append(dst, `\f`...)
	case '\n':
		return append(dst, `\n`...)
	case '\r':
		return append(dst, `\r`...)
	case '\t':
		return append(dst, `\t`...)
	}
	if st.escapeASCII[c] == '/' {
		return append(dst, '\\', c)
	}
	return st.appendHex(dst, uint16(c))
}

// appendWide writes a character above ASCII, as escapes when they are asked
// for: two for one outside the basic plane.
func (st *style) appendWide(dst []byte, r rune, escape bool) []byte {
	if !escape {
		return utf8.AppendRune(dst, r)
	}
	if r < 0x10000 {
		return st.appendHex(dst, uint16(r))
	}
	high, low := utf16.EncodeRune(r)
	return st.appendHex(st.appendHex(dst, uint16(high)), uint16(low))
}

func (st *style) appendHex(dst []byte, u uint16) []byte {
	digits := "0123456789abcdef"
	if st.upperHex {
		digits = "0123456789ABCDEF"
	}
	return append(dst, '\\', 'u', digits[u>>12], digits[u>>8&15], digits[u>>4&15], digits[u&15])
}
