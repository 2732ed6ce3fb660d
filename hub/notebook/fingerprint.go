package notebook

import (
	"maps"
	"math"
	"slices"
	"strconv"
)

// AppendFingerprint appends bytes that are the same for two notebooks, cells or
// values of theirs exactly when each part is: for hashing, not for reading. JSON
// will not do, as notebooks hold NaN. v is a *Notebook, a Cell, an Output or what
// their maps hold; other types are as nil.
func AppendFingerprint(dst []byte, v any) []byte {
	switch x := v.(type) {
	case *Notebook:
		if x == nil {
			return append(dst, '0')
		}
		dst = appendBits(appendBits(dst, float64(x.Major)), float64(x.Minor))
		dst = AppendFingerprint(dst, x.Metadata)
		for _, c := range x.Cells {
			dst = AppendFingerprint(dst, c)
		}
		return append(dst, '.')
	case Cell:
		return appendCell(dst, x)
	case Output:
		return AppendFingerprint(dst, map[string]any(x))
	case map[string]any:
		dst = append(dst, '{')
		for _, key := range slices.Sorted(maps.Keys(x)) {
			dst = AppendFingerprint(appendSized(dst, key), x[key])
		}
		return append(dst, '}')
	case []any:
		dst = append(dst, '[')
		for _, item := range x {
			dst = AppendFingerprint(dst, item)
		}
		return append(dst, ']')
	case string:
		return appendSized(dst, x)
	case bool:
		return strconv.AppendBool(append(dst, '?'), x)
	}
	if n, ok := numberOf(v); ok {
		return appendBits(dst, n)
	}
	return append(dst, '0')
}

func appendCell(dst []byte, c Cell) []byte {
	for _, text := range []string{c.ID, c.Type, c.Source} {
		dst = appendSized(dst, text)
	}
	dst = AppendFingerprint(AppendFingerprint(dst, c.Metadata), c.Attachments)
	for _, o := range c.Outputs {
		dst = AppendFingerprint(dst, o)
	}
	if c.ExecutionCount == nil {
		return append(dst, '.')
	}
	return append(appendBits(dst, float64(*c.ExecutionCount)), '.')
}

// appendSized writes the length first, so that no text can look like an end.
func appendSized(dst []byte, s string) []byte {
	dst = append(strconv.AppendInt(append(dst, '"'), int64(len(s)), 10), ':')
	return append(dst, s...)
}

func appendBits(dst []byte, n float64) []byte {
	return strconv.AppendUint(append(dst, '#'), math.Float64bits(n), 16)
}
