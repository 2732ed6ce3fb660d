package nbdoc

import (
	"encoding/base64"
	"encoding/json"
	"maps"
	"math"
	"slices"
	"strings"

	"github.com/notebookhub/hub/hub/notebook"
	"github.com/notebookhub/hub/hub/yjs"
)

// plain returns a value read from the document as the values of package
// notebook: nil, bool, float64, string, []any and map[string]any. Peers may
// have put anything anywhere: shared types are read as what they hold, BigInts
// as numbers, undefined is absent (null in lists), bytes are base64.
func plain(v any) any {
	switch v := v.(type) {
	case nil, bool, float64, string:
		return v
	case int64:
		return float64(v)
	case []byte:
		return base64.StdEncoding.EncodeToString(v)
	case []any:
		return plainList(v)
	case map[string]any:
		return plainMap(v)
	case *yjs.Map:
		return plainShared(v)
	case *yjs.Array:
		list := make([]any, 0, v.Len())
		v.Range(func(_ int, e any) bool { list = append(list, plain(e)); return true })
		return list
	case *yjs.Text:
		return v.String()
	}
	return nil
}

// plainList is plain for a list; it returns the list itself when nothing in it
// has to change, which is nearly always.
func plainList(list []any) any {
	if slices.ContainsFunc(list, odd) {
		list = slices.Clone(list)
		for i, e := range list {
			list[i] = plain(e)
		}
	}
	return list
}

// plainMap is plain for an object, in the same way.
func plainMap(m map[string]any) map[string]any {
	for _, v := range m {
		if odd(v) {
			return plainCopy(m)
		}
	}
	return m
}

func plainCopy(m map[string]any) map[string]any {
	c := make(map[string]any, len(m))
	for k, v := range m {
		if v != yjs.Undefined {
			c[k] = plain(v)
		}
	}
	return c
}

// odd reports whether plain changes v.
func odd(v any) bool {
	switch v := v.(type) {
	case nil, bool, float64, string:
		return false
	case []any:
		return slices.ContainsFunc(v, odd)
	case map[string]any:
		for _, e := range v {
			if odd(e) {
				return true
			}
		}
		return false
	}
	return true
}

// plainShared reads a shared map as an object.
func plainShared(m *yjs.Map) map[string]any {
	values := make(map[string]any, m.Len())
	m.Range(func(k string, v any) bool {
		if v != yjs.Undefined {
			values[k] = plain(v)
		}
		return true
	})
	return values
}

// joinText is the text of a multi-line field: a string, a list of strings, or
// a shared text. Whatever else stands there counts for nothing.
func joinText(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case *yjs.Text:
		return v.String()
	case *yjs.Array:
		return joinText(plain(v))
	case []any:
		var b strings.Builder
		for _, line := range v {
			s, _ := line.(string)
			b.WriteString(s)
		}
		return b.String()
	}
	return ""
}

// wholeNumber is the integer that a number from a client means: numbers come
// as floats and as BigInts.
func wholeNumber(v any) (int64, bool) {
	switch v := v.(type) {
	case int64:
		return v, true
	case float64:
		if v == math.Trunc(v) && math.Abs(v) <= 1<<53 {
			return int64(v), true
		}
	}
	return 0, false
}

// equalMaps reports whether two objects are the same JSON.
func equalMaps[M ~map[string]any](a, b M) bool {
	return maps.EqualFunc(a, b, notebook.EqualValues)
}

// writable returns v as values that may be written: what plain gives, and for
// other Go values (structs, typed slices, integers) what their JSON means.
// ok is false when v has no JSON form.
func writable(v any) (_ any, ok bool) {
	switch v := v.(type) {
	case nil, bool, float64, string:
		return v, true
	case int:
		return float64(v), true
	case []any, map[string]any:
		if !odd(v) {
			return v, true
		}
	}
	text, err := json.Marshal(v)
	if err != nil {
		return nil, false
	}
	var decoded any
	err = json.Unmarshal(text, &decoded)
	return decoded, err == nil
}

func sortedKeys[M ~map[string]any](m M) []string {
	return slices.Sorted(maps.Keys(m))
}
