package notebook

import (
	"encoding/binary"
	"math/bits"
)

const (
	// maxDepth bounds nesting, and with it the stack. Real notebooks stay
	// below 30.
	maxDepth = 200
	// maxValues bounds the values of a file, and with them the memory that
	// decoding takes beyond the length of the file.
	maxValues = 10_000_000
)

// scanner walks over JSON (RFC 8259) and the three number words that Python
// adds to it: NaN, Infinity and -Infinity. The JSON text must be valid UTF-8.
type scanner struct {
	data   []byte
	pos    int
	depth  int
	values int               // seen so far
	limit  int               // most values allowed; 0: any number
	seen   evidence          // of how the writer of the file escapes
	names  map[string]string // keys seen, so that equal ones share memory
	join   []byte            // scratch space for joining lists of lines
}

// span is a range of bytes.
type span struct{ start, end int }

// token is the inside of a string, without its quotes.
type token struct {
	span
	escaped bool // holds backslashes
}

func (s *scanner) fault(at int, code, detail string) error {
	return faultAt(s.data, at, code, detail)
}

// unexpected is the error for what stands at pos when something else is due.
func (s *scanner) unexpected(want string) error {
	if s.pos >= len(s.data) {
		return s.fault(s.pos, CodeJSON, "the file ends where "+want+
			" should follow; it is cut short: restore it from a copy or complete it")
	}
	return s.fault(s.pos, CodeJSON, "this is not valid JSON: "+want+
		" should stand here; correct the file in a text editor or restore it from a copy")
}

func (s *scanner) space() {
	for s.pos < len(s.data) {
		switch s.data[s.pos] {
		case ' ', '\n', '\r', '\t':
			s.pos++
		default:
			return
		}
	}
}

// peek is the next byte, 0 at the end.
func (s *scanner) peek() byte {
	if s.pos < len(s.data) {
		return s.data[s.pos]
	}
	return 0
}

// count charges n values to the budget.
func (s *scanner) count(n int) error {
	if s.values += n; s.limit > 0 && s.values > s.limit {
		return s.fault(s.pos, CodeTooManyValues,
			"the notebook holds more values than can be opened; clear large outputs with another program first")
	}
	return nil
}

func (s *scanner) enter() error {
	if s.depth++; s.depth > maxDepth {
		return s.fault(s.pos, CodeTooDeep,
			"values are nested deeper than 200 levels here; no notebook needs that, so correct or restore the file")
	}
	return nil
}

// members walks the object at pos. It calls f for each member with pos at the
// member's value; f must move past it.
func (s *scanner) members(f func(key token) error) error {
	if err := s.enter(); err != nil {
		return err
	}
	s.pos++
	s.space()
	for first := true; s.peek() != '}' || !first; first = false {
		if s.peek() != '"' {
			return s.unexpected("a key in double quotes")
		}
		key, err := s.str()
		if err != nil {
			return err
		}
		if s.space(); s.peek() != ':' {
			return s.unexpected("a colon")
		}
		s.pos++
		s.space()
		if err := f(key); err != nil {
			return err
		}
		if s.space(); s.peek() == '}' {
			break
		}
		if s.peek() != ',' {
			return s.unexpected("a comma or the end of the object")
		}
		s.pos++
		s.space()
	}
	s.pos++
	s.depth--
	return nil
}

// elements walks the array at pos like members.
func (s *scanner) elements(f func() error) error {
	if err := s.enter(); err != nil {
		return err
	}
	s.pos++
	s.space()
	for first := true; s.peek() != ']' || !first; first = false {
		if err := f(); err != nil {
			return err
		}
		if s.space(); s.peek() == ']' {
			break
		}
		if s.peek() != ',' {
			return s.unexpected("a comma or the end of the list")
		}
		s.pos++
		s.space()
	}
	s.pos++
	s.depth--
	return nil
}

// skip moves past the value at pos and checks it.
func (s *scanner) skip() error {
	if err := s.count(1); err != nil {
		return err
	}
	switch s.peek() {
	case '{':
		return s.members(func(token) error { return s.skip() })
	case '[':
		return s.elements(s.skip)
	case '"':
		_, err := s.str()
		return err
	}
	return s.scalar()
}

// str moves past the string at pos.
func (s *scanner) str() (token, error) {
	t := token{span: span{start: s.pos + 1}}
	i := s.pos + 1
	for {
		i += plainRun(s.data[i:])
		if i >= len(s.data) {
			return token{}, s.fault(s.pos, CodeJSON,
				"this text has no closing quote; the file is cut short or a quote is missing: correct or restore it")
		}
		switch s.data[i] {
		case '"':
			t.end, s.pos = i, i+1
			return t, nil
		case '\\':
			n := s.escape(i)
			if n == 0 {
				return token{}, s.fault(i, CodeJSON, "this backslash begins no valid JSON escape; write it twice if it is meant as itself")
			}
			t.escaped = true
			i += n
		default:
			return token{}, s.fault(i, CodeJSON, "a line break or control character stands inside quotes; "+
				"write it as an escape such as \\n, or add the closing quote that is missing before it")
		}
	}
}

// escape is the length of the escape sequence at i, 0 when it is malformed.
func (s *scanner) escape(i int) int {
	if i+1 >= len(s.data) {
		return 0
	}
	switch s.data[i+1] {
	case '"', '\\', 'b', 'f', 'n', 'r', 't':
		return 2
	case '/':
		s.seen.slash++
		return 2
	case 'u':
		if r := hex4(s.data[i+2:]); r >= 0 {
			s.seen.unicode(r, s.data[i+2:i+6])
			if r&^0x3FF == 0xDC00 && i >= 6 && s.data[i-6] == '\\' && s.data[i-5] == 'u' && hex4(s.data[i-4:])&^0x3FF == 0xD800 {
				s.seen.wide++ // a pair
			}
			return 6
		}
	}
	return 0
}

// hex4 reads four hexadecimal digits, -1 when there are none.
func hex4(b []byte) rune {
	if len(b) < 4 {
		return -1
	}
	var r rune
	for _, c := range b[:4] {
		switch {
		case '0' <= c && c <= '9':
			r = r<<4 | rune(c-'0')
		case 'a' <= c && c <= 'f':
			r = r<<4 | rune(c-'a'+10)
		case 'A' <= c && c <= 'F':
			r = r<<4 | rune(c-'A'+10)
		default:
			return -1
		}
	}
	return r
}

// plainRun counts the leading bytes that stand for themselves in a string:
// neither quote, backslash nor control character. It looks at eight bytes at a
// time with the zero-byte test from Warren, Hacker's Delight, section 6-1.
func plainRun(b []byte) int {
	const ones, tops = 0x0101010101010101, 0x8080808080808080
	i := 0
	for ; i+8 <= len(b); i += 8 {
		w := binary.LittleEndian.Uint64(b[i:])
		quote, slash := w^(ones*'"'), w^(ones*'\\')
		hit := ((quote-ones)&^quote | (slash-ones)&^slash | (w-ones*0x20)&^w) & tops
		if hit != 0 {
			return i + bits.TrailingZeros64(hit)/8
		}
	}
	for i < len(b) && b[i] != '"' && b[i] != '\\' && b[i] >= 0x20 {
		i++
	}
	return i
}

// scalar moves past the number or word at pos.
func (s *scanner) scalar() error {
	for _, word := range [...]string{"null", "true", "false", "NaN", "Infinity", "-Infinity"} {
		if end := s.pos + len(word); end <= len(s.data) && string(s.data[s.pos:end]) == word {
			s.pos = end
			return nil
		}
	}
	start := s.pos
	if s.peek() == '-' {
		s.pos++
	}
	if s.peek() == '0' {
		s.pos++
	} else if !s.digits() {
		s.pos = start
		return s.unexpected("a value")
	}
	if s.peek() == '.' {
		if s.pos++; !s.digits() {
			return s.unexpected("a digit")
		}
	}
	if c := s.peek(); c == 'e' || c == 'E' {
		if s.pos++; s.peek() == '+' || s.peek() == '-' {
			s.pos++
		}
		if !s.digits() {
			return s.unexpected("a digit")
		}
	}
	return nil
}

// digits moves past decimal digits and reports whether there were any.
func (s *scanner) digits() bool {
	start := s.pos
	for c := s.peek(); '0' <= c && c <= '9'; c = s.peek() {
		s.pos++
	}
	return s.pos > start
}
