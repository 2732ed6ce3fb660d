package notebook

import (
	"bytes"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
	"unsafe"
)

// shareFrom is the length from which a decoded string shares the file's memory
// instead of copying it: outputs of 100 MB are then held once, while the many
// small strings do not keep a whole file alive.
const shareFrom = 64 << 10

// value decodes the value at pos.
func (s *scanner) value() (any, error) {
	if err := s.count(1); err != nil {
		return nil, err
	}
	switch s.peek() {
	case '{':
		return s.object()
	case '[':
		list := []any{}
		err := s.elements(func() error {
			v, err := s.value()
			list = append(list, v)
			return err
		})
		return list, err
	case '"':
		t, err := s.str()
		return s.text(t), err
	}
	start := s.pos
	if err := s.scalar(); err != nil {
		return nil, err
	}
	return scalarValue(s.data[start:s.pos]), nil
}

// object decodes the object at pos; of duplicate keys the last one counts.
func (s *scanner) object() (map[string]any, error) {
	m := map[string]any{}
	err := s.members(func(key token) error {
		v, err := s.value()
		m[s.name(key)] = v
		return err
	})
	return m, err
}

// scalarValue is what a number or word means.
func scalarValue(b []byte) any {
	switch b[0] {
	case 'n':
		return nil
	case 't', 'f':
		return b[0] == 't'
	}
	// Out of range numbers become infinite, as in Python and JavaScript.
	f, _ := strconv.ParseFloat(shared(b), 64)
	return f
}

// text is the decoded string.
func (s *scanner) text(t token) string {
	b := s.data[t.start:t.end]
	switch {
	case t.escaped:
		return shared(unescape(make([]byte, 0, len(b)), b))
	case len(b) >= shareFrom:
		return shared(b)
	}
	return string(b)
}

// name is the decoded key; equal keys share their memory.
func (s *scanner) name(t token) string {
	if t.escaped {
		return s.text(t)
	}
	b := s.data[t.start:t.end]
	if name, ok := s.names[string(b)]; ok {
		return name
	}
	name := string(b)
	if s.names != nil && len(name) <= 64 && len(s.names) < 1024 {
		s.names[name] = name
	}
	return name
}

// multiline decodes the string or list of strings at pos as one text. Whatever
// else stands there counts for nothing.
func (s *scanner) multiline() (string, error) {
	switch s.peek() {
	case '"':
		t, err := s.str()
		return s.text(t), err
	case '[':
	default:
		return "", s.skip()
	}
	s.join = s.join[:0]
	err := s.elements(func() error {
		if s.peek() != '"' {
			return s.skip()
		}
		t, err := s.str()
		s.join = unescape(s.join, s.data[t.start:t.end])
		return err
	})
	return string(s.join), err
}

// shared makes a string of bytes that nobody will change any more.
func shared(b []byte) string {
	return unsafe.String(unsafe.SliceData(b), len(b))
}

// unescape appends the text that the inside of a JSON string stands for.
func unescape(dst, raw []byte) []byte {
	for {
		i := bytes.IndexByte(raw, '\\')
		if i < 0 {
			return append(dst, raw...)
		}
		dst = append(dst, raw[:i]...)
		r, n := unescapeRune(raw[i:])
		dst = utf8.AppendRune(dst, r)
		raw = raw[i+n:]
	}
}

// unescapeRune reads the valid escape sequence, or pair of surrogates, that
// raw begins with, and its length. Lone surrogates are U+FFFD.
func unescapeRune(raw []byte) (r rune, n int) {
	switch raw[1] {
	case 'b':
		return '\b', 2
	case 'f':
		return '\f', 2
	case 'n':
		return '\n', 2
	case 'r':
		return '\r', 2
	case 't':
		return '\t', 2
	case 'u':
	default:
		return rune(raw[1]), 2
	}
	r = hex4(raw[2:])
	if !utf16.IsSurrogate(r) {
		return r, 6
	}
	if len(raw) >= 12 && raw[6] == '\\' && raw[7] == 'u' {
		if r = utf16.DecodeRune(r, hex4(raw[8:])); r != utf8.RuneError {
			return r, 12
		}
	}
	return utf8.RuneError, 6
}
