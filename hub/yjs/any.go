package yjs

import (
	"encoding/binary"
	"fmt"
	"math"
	"slices"
)

// The tags of lib0 "any" values.
const (
	tagBytes     = 116
	tagArray     = 117
	tagObject    = 118
	tagString    = 119
	tagTrue      = 120
	tagFalse     = 121
	tagBigInt    = 122
	tagFloat64   = 123
	tagFloat32   = 124
	tagInteger   = 125
	tagNull      = 126
	tagUndefined = 127
)

// maxInteger is the greatest magnitude that JavaScript clients write as an integer; others are floats.
const maxInteger = 1<<31 - 1

// UndefinedValue is the type of [Undefined].
type UndefinedValue struct{}

// Undefined is JavaScript's undefined, which is another value than null (nil).
var Undefined UndefinedValue

// MarshalJSON writes null, the nearest that JSON has.
func (UndefinedValue) MarshalJSON() ([]byte, error) { return []byte("null"), nil }

// skipAny moves behind one value.
func (r *reader) skipAny(depth int) {
	switch tag := r.byte(); tag {
	case tagUndefined, tagNull, tagTrue, tagFalse:
	case tagInteger:
		r.varInt()
	case tagFloat32:
		r.take(4)
	case tagFloat64, tagBigInt:
		r.take(8)
	case tagString:
		r.text()
	case tagBytes:
		r.bytes()
	case tagArray, tagObject:
		r.skipMembers(tag, depth-1)
	default:
		r.fail()
	}
}

// skipMembers moves behind the members of an array or object.
func (r *reader) skipMembers(tag byte, depth int) {
	n := r.uint()
	if r.strict && depth < 0 || n > uint64(r.rest()) {
		r.fail()
		return
	}
	for ; n > 0 && !r.failed; n-- {
		if tag == tagObject {
			r.text()
		}
		r.skipAny(depth)
	}
}

// any reads one value as Go: nil, Undefined, bool, float64, int64 (BigInt), string, []byte, []any, map[string]any.
func (r *reader) any() any {
	switch r.byte() {
	case tagUndefined:
		return Undefined
	case tagTrue:
		return true
	case tagFalse:
		return false
	case tagInteger:
		return r.integer()
	case tagFloat32:
		if b := r.take(4); b != nil {
			return float64(math.Float32frombits(binary.BigEndian.Uint32(b)))
		}
	case tagFloat64:
		if b := r.take(8); b != nil {
			return math.Float64frombits(binary.BigEndian.Uint64(b))
		}
	case tagBigInt:
		if b := r.take(8); b != nil {
			return int64(binary.BigEndian.Uint64(b))
		}
	case tagString:
		return string(r.text())
	case tagBytes:
		return slices.Clone(r.bytes())
	case tagArray:
		return r.array()
	case tagObject:
		return r.object()
	}
	return nil
}

// integer reads a variable-length integer as the JavaScript number it is.
func (r *reader) integer() float64 {
	v, negative := r.varInt()
	if negative {
		return math.Copysign(float64(v), -1) // -0 stays -0
	}
	return float64(v)
}

// array reads the members of an array.
func (r *reader) array() []any {
	n := r.uint()
	if n > uint64(r.rest()) {
		r.fail()
		return nil
	}
	out := make([]any, 0, n)
	for ; n > 0 && !r.failed; n-- {
		out = append(out, r.any())
	}
	return out
}

// object reads the members of an object.
func (r *reader) object() map[string]any {
	n := r.uint()
	if n > uint64(r.rest()) {
		r.fail()
		return nil
	}
	out := make(map[string]any, n)
	for ; n > 0 && !r.failed; n-- {
		k := string(r.text())
		out[k] = r.any()
	}
	return out
}

// appendAny appends v as an "any" value. Object keys are sorted, so that equal values have equal bytes.
// Numbers follow JavaScript: integers of up to 31 bits, else 32 bit floats where exact, else 64 bit; never a BigInt.
func appendAny(dst []byte, v any, depth int) ([]byte, error) {
	switch v := v.(type) {
	case nil:
		return append(dst, tagNull), nil
	case UndefinedValue:
		return append(dst, tagUndefined), nil
	case bool:
		if v {
			return append(dst, tagTrue), nil
		}
		return append(dst, tagFalse), nil
	case string:
		return AppendVarString(append(dst, tagString), wellFormed(v)), nil
	case []byte:
		return AppendVarBytes(append(dst, tagBytes), v), nil
	case []any:
		return appendArray(dst, v, depth-1)
	case map[string]any:
		return appendObject(dst, v, depth-1)
	}
	if f, ok := number(v); ok {
		return appendNumber(dst, f), nil
	}
	return dst, fmt.Errorf("write value of type %T: %w", v, ErrValue)
}

// number converts Go's numeric types to the JavaScript number.
func number(v any) (float64, bool) {
	switch v := v.(type) {
	case float64:
		return v, true
	case int:
		return float64(v), true
	case int64:
		return float64(v), true
	case int32:
		return float64(v), true
	case uint64:
		return float64(v), true
	case uint32:
		return float64(v), true
	case float32:
		return float64(v), true
	}
	return 0, false
}

// appendNumber appends f in the shortest form that JavaScript clients use.
func appendNumber(dst []byte, f float64) []byte {
	if abs := math.Abs(f); f == math.Trunc(f) && abs <= maxInteger {
		return appendVarInt(append(dst, tagInteger), uint64(abs), math.Signbit(f))
	}
	if f32 := float32(f); float64(f32) == f {
		return binary.BigEndian.AppendUint32(append(dst, tagFloat32), math.Float32bits(f32))
	}
	return binary.BigEndian.AppendUint64(append(dst, tagFloat64), math.Float64bits(f))
}

// errDeep says that a value nests deeper than it may.
func errDeep(dst []byte) ([]byte, error) {
	return dst, fmt.Errorf("write value: nested too deep: %w", ErrValue)
}

// appendArray appends an array.
func appendArray(dst []byte, v []any, depth int) (_ []byte, err error) {
	if depth < 0 {
		return errDeep(dst)
	}
	dst = AppendVarUint(append(dst, tagArray), uint64(len(v)))
	for _, e := range v {
		if dst, err = appendAny(dst, e, depth); err != nil {
			return dst, err
		}
	}
	return dst, nil
}

// appendObject appends an object.
func appendObject(dst []byte, v map[string]any, depth int) (_ []byte, err error) {
	if depth < 0 {
		return errDeep(dst)
	}
	keys := make([]string, 0, len(v))
	for k := range v {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	dst = AppendVarUint(append(dst, tagObject), uint64(len(v)))
	for _, k := range keys {
		dst = AppendVarString(dst, wellFormed(k))
		if dst, err = appendAny(dst, v[k], depth); err != nil {
			return dst, err
		}
	}
	return dst, nil
}
