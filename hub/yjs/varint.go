package yjs

import "fmt"

// AppendVarUint appends v in groups of seven bits, the low group first, as lib0 does.
func AppendVarUint(dst []byte, v uint64) []byte {
	for v >= 0x80 {
		dst = append(dst, byte(v)|0x80)
		v >>= 7
	}
	return append(dst, byte(v))
}

// ReadVarUint reads a number written by [AppendVarUint] from the start of b and returns it with the bytes behind it.
// Numbers above 2^53-1 and encodings longer than eight bytes are refused with [ErrMalformed].
func ReadVarUint(b []byte) (v uint64, rest []byte, err error) {
	r := reader{buf: b}
	v = r.uint()
	if r.failed {
		return 0, nil, fmt.Errorf("read number: %w", ErrMalformed)
	}
	return v, b[r.pos:], nil
}

// AppendVarString appends the byte length of s and s itself. s must be valid UTF-8 to be read by other replicas.
func AppendVarString(dst []byte, s string) []byte {
	return append(AppendVarUint(dst, uint64(len(s))), s...)
}

// AppendVarBytes appends the length of b and b itself.
func AppendVarBytes(dst, b []byte) []byte {
	return append(AppendVarUint(dst, uint64(len(b))), b...)
}

// ReadVarString reads a string written by [AppendVarString] and returns it with the bytes behind it.
// Bytes that are not UTF-8 are refused with [ErrMalformed].
func ReadVarString(b []byte) (s string, rest []byte, err error) {
	r := reader{buf: b, strict: true}
	v := r.text()
	if r.failed {
		return "", nil, fmt.Errorf("read string: %w", ErrMalformed)
	}
	return string(v), b[r.pos:], nil
}

// appendVarInt appends a signed integer: one sign bit and six bits in the first byte, then groups of seven.
func appendVarInt(dst []byte, v uint64, negative bool) []byte {
	first := byte(v & 0x3f)
	if negative {
		first |= 0x40
	}
	v >>= 6
	if v == 0 {
		return append(dst, first)
	}
	return AppendVarUint(append(dst, first|0x80), v)
}
