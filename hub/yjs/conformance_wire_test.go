package yjs_test

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"unicode/utf16"
)

// The tests read updates with a parser of their own, so that what the engine writes is judged by the format
// (yjs, src/utils/UpdateEncoder and src/structs) and not by the engine's own reader. It trusts its input: a
// malformed update panics, which fails the test.

// wireStruct is one struct of an update.
type wireStruct struct {
	client, clock, length uint64
	kind                  byte
	origin, right         string // "client:clock" or ""
	parent                string // "root name" or "client:clock", when neither origin nor right is set
	key                   string
	units                 []string // content of each unit
}

const (
	wireGC      = 0
	wireDeleted = 1
	wireString  = 4
	wireAny     = 8
	wireSkip    = 10
)

// wireUpdate is a parsed update.
type wireUpdate struct {
	structs []wireStruct
	deletes map[uint64][][2]uint64 // sorted, neighbours joined
}

type wireReader struct {
	b  []byte
	at int
}

func (r *wireReader) uint() uint64 {
	v, n := binary.Uvarint(r.b[r.at:])
	if n <= 0 {
		panic("varint cut off")
	}
	r.at += n
	return v
}

func (r *wireReader) byte() byte {
	r.at++
	return r.b[r.at-1]
}

func (r *wireReader) bytes(n uint64) []byte {
	r.at += int(n)
	return r.b[r.at-int(n) : r.at]
}

func (r *wireReader) string() string { return string(r.bytes(r.uint())) }

func (r *wireReader) id() string {
	client := r.uint()
	return fmt.Sprintf("%d:%d", client, r.uint())
}

// any reads one value and returns it in a form that is the same for all encodings of it.
func (r *wireReader) any() string {
	start := r.at
	switch tag := r.byte(); tag {
	case 127, 126, 121, 120:
	case 125:
		return r.varInt()
	case 124:
		return number(float64(math.Float32frombits(binary.BigEndian.Uint32(r.bytes(4)))))
	case 123:
		return number(math.Float64frombits(binary.BigEndian.Uint64(r.bytes(8))))
	case 122:
		r.bytes(8)
	case 119, 116:
		r.bytes(r.uint())
	case 118:
		fields := make([]string, r.uint())
		for i := range fields {
			fields[i] = fmt.Sprintf("%q:", r.string()) + r.any()
		}
		slices.Sort(fields)
		return fmt.Sprint(fields)
	case 117:
		values := make([]string, r.uint())
		for i := range values {
			values[i] = r.any()
		}
		return fmt.Sprint(values)
	default:
		panic(fmt.Sprintf("any tag %d", tag))
	}
	return hex.EncodeToString(r.b[start:r.at])
}

// varInt reads a signed integer: sign in bit 6 of the first byte, so that there is a minus zero.
func (r *wireReader) varInt() string {
	b := r.byte()
	v, sign := float64(b&0x3f), 1.0
	if b&0x40 != 0 {
		sign = -1
	}
	for scale := 64.0; b&0x80 != 0; scale *= 128 {
		b = r.byte()
		v += float64(b&0x7f) * scale
	}
	return number(math.Copysign(v, sign))
}

func number(v float64) string { return fmt.Sprintf("n%016x", math.Float64bits(v)) }

// parseUpdate reads an update.
func parseUpdate(b []byte) wireUpdate {
	r := &wireReader{b: b}
	u := wireUpdate{deletes: map[uint64][][2]uint64{}}
	for sections := r.uint(); sections > 0; sections-- {
		n, client, clock := r.uint(), r.uint(), uint64(0)
		clock = r.uint()
		for ; n > 0; n-- {
			s := r.structAt(client, clock)
			clock += s.length
			u.structs = append(u.structs, s)
		}
	}
	for sections := r.uint(); sections > 0; sections-- {
		client := r.uint()
		for n := r.uint(); n > 0; n-- {
			clock := r.uint()
			u.deletes[client] = append(u.deletes[client], [2]uint64{clock, r.uint()})
		}
	}
	if r.at != len(b) {
		panic("bytes behind the update")
	}
	for client := range u.deletes {
		u.deletes[client] = joinRanges(u.deletes[client])
	}
	return u
}

func joinRanges(ranges [][2]uint64) [][2]uint64 {
	slices.SortFunc(ranges, func(a, b [2]uint64) int { return int(int64(a[0]) - int64(b[0])) })
	var out [][2]uint64
	for _, r := range ranges {
		if n := len(out); n > 0 && out[n-1][0]+out[n-1][1] >= r[0] {
			out[n-1][1] = max(out[n-1][1], r[0]+r[1]-out[n-1][0])
			continue
		}
		out = append(out, r)
	}
	return out
}

func (r *wireReader) structAt(client, clock uint64) wireStruct {
	info := r.byte()
	s := wireStruct{client: client, clock: clock, kind: info & 0x1f}
	if s.kind == wireGC || s.kind == wireSkip {
		s.length = r.uint()
		return s
	}
	if info&0x80 != 0 {
		s.origin = r.id()
	}
	if info&0x40 != 0 {
		s.right = r.id()
	}
	if info&0xc0 == 0 {
		if r.uint() == 1 {
			s.parent = "root " + r.string()
		} else {
			s.parent = r.id()
		}
		if info&0x20 != 0 {
			s.key = r.string()
		}
	}
	r.content(&s)
	return s
}

func (r *wireReader) content(s *wireStruct) {
	s.length = 1
	start := r.at
	switch s.kind {
	case wireDeleted:
		s.length = r.uint()
		return
	case wireString:
		for _, u := range utf16.Encode([]rune(r.string())) {
			s.units = append(s.units, fmt.Sprintf("%04x", u))
		}
		s.length = uint64(len(s.units))
		return
	case 2:
		for s.length = r.uint(); len(s.units) < int(s.length); {
			s.units = append(s.units, r.string())
		}
		return
	case wireAny:
		for s.length = r.uint(); len(s.units) < int(s.length); {
			s.units = append(s.units, r.any())
		}
		return
	case 3, 5:
		r.bytes(r.uint())
	case 6:
		r.string()
		r.string()
	case 7:
		if kind := r.uint(); kind == 3 || kind == 5 {
			r.string()
		}
	case 9:
		r.string()
		r.any()
	default:
		panic(fmt.Sprintf("struct kind %d", s.kind))
	}
	s.units = []string{hex.EncodeToString(r.b[start:r.at])}
}

// unitLines lists every unit of an update with its kind, origins and content, one a line, in a form that does not
// depend on how units were joined into structs or in which order clients come.
func (u wireUpdate) unitLines() []string {
	var lines []string
	for _, s := range u.structs {
		if s.kind == wireSkip {
			continue
		}
		for i := range s.length {
			lines = append(lines, s.unitLine(i))
		}
	}
	slices.Sort(lines)
	return lines
}

func (s wireStruct) unitLine(i uint64) string {
	id := fmt.Sprintf("%016d:%012d", s.client, s.clock+i)
	if s.kind == wireGC {
		return id + " gc"
	}
	content := "deleted"
	if s.kind != wireDeleted {
		content = fmt.Sprintf("%d %s", s.kind, s.units[i])
	}
	origin, parent := s.origin, ""
	if i > 0 {
		origin = fmt.Sprintf("%d:%d", s.client, s.clock+i-1)
	}
	if origin == "" && s.right == "" {
		parent = fmt.Sprintf(" in %q key %q", s.parent, s.key)
	}
	return fmt.Sprintf("%s %s <%s >%s%s", id, content, origin, s.right, parent)
}

// deleteText writes the delete set as the oracle does.
func (u wireUpdate) deleteText() string {
	var b strings.Builder
	for i, client := range slices.Sorted(maps.Keys(u.deletes)) {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, "%q:[", fmt.Sprint(client))
		for j, r := range u.deletes[client] {
			if j > 0 {
				b.WriteByte(',')
			}
			fmt.Fprintf(&b, "[%d,%d]", r[0], r[1])
		}
		b.WriteByte(']')
	}
	return "{" + b.String() + "}"
}
