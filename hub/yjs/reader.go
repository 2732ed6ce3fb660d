package yjs

import "unicode/utf8"

// reader decodes lib0 primitives from bytes. It never reads outside of buf: the first bad byte sets failed,
// after which everything reads as zero or empty. Slices it returns are views into buf.
type reader struct {
	buf    []byte
	pos    int
	strict bool // strings must be UTF-8, JSON must be JSON: for bytes that were not judged yet
	failed bool
	depth  int // how deep values may nest when strict
}

// fail marks the input as malformed and moves to its end, so that loops over it stop.
func (r *reader) fail() {
	r.failed = true
	r.pos = len(r.buf)
}

// rest is the number of unread bytes.
func (r *reader) rest() int { return len(r.buf) - r.pos }

// byte reads one byte.
func (r *reader) byte() byte {
	if r.pos >= len(r.buf) {
		r.fail()
		return 0
	}
	b := r.buf[r.pos]
	r.pos++
	return b
}

// uint reads a variable-length number.
func (r *reader) uint() uint64 {
	if r.pos < len(r.buf) && r.buf[r.pos] < 0x80 {
		r.pos++
		return uint64(r.buf[r.pos-1])
	}
	return r.longUint()
}

// longUint reads a number of more than one byte.
func (r *reader) longUint() uint64 {
	var v uint64
	for shift := 0; shift < 56; shift += 7 {
		if r.pos >= len(r.buf) {
			break
		}
		b := r.buf[r.pos]
		r.pos++
		v |= uint64(b&0x7f) << shift
		if b < 0x80 {
			if v > maxSafe {
				break
			}
			return v
		}
	}
	r.fail()
	return 0
}

// clock reads a clock or a length, which must stay below maxClock.
func (r *reader) clock() uint64 {
	v := r.uint()
	if v > maxClock {
		r.fail()
		return 0
	}
	return v
}

// id reads the id of a unit.
func (r *reader) id() ID {
	client := r.uint()
	return ID{Client: client, Clock: r.clock()}
}

// varInt reads a signed number: its magnitude and whether it is negative (which -0 is).
func (r *reader) varInt() (v uint64, negative bool) {
	b := r.byte()
	v, negative = uint64(b&0x3f), b&0x40 != 0
	for shift := 6; b >= 0x80; shift += 7 {
		b = r.byte()
		if shift > 55 {
			r.fail()
			return 0, false
		}
		v |= uint64(b&0x7f) << shift
	}
	if v > maxSafe {
		r.fail()
	}
	return v, negative
}

// take reads n raw bytes.
func (r *reader) take(n uint64) []byte {
	if n > uint64(r.rest()) {
		r.fail()
		return nil
	}
	b := r.buf[r.pos : r.pos+int(n) : r.pos+int(n)]
	r.pos += int(n)
	return b
}

// bytes reads a length and as many bytes.
func (r *reader) bytes() []byte { return r.take(r.uint()) }

// text reads a length and as many bytes of UTF-8.
func (r *reader) text() []byte {
	b := r.bytes()
	if r.strict && !utf8.Valid(b) {
		r.fail()
		return nil
	}
	return b
}

// measuredText is text that returns its length in UTF-16 units, too.
func (r *reader) measuredText() (b []byte, length uint64) {
	b = r.bytes()
	n := asciiPrefix(b)
	if n == len(b) {
		return b, uint64(n)
	}
	if r.strict && !utf8.Valid(b[n:]) {
		r.fail()
		return nil, 0
	}
	return b, uint64(n + units(b[n:]))
}

// json reads a length and as many bytes of JSON.
func (r *reader) json() []byte {
	b := r.text()
	if r.strict && !validJSON(b, r.depth) {
		r.fail()
		return nil
	}
	return b
}
