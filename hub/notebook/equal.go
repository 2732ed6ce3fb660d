package notebook

import (
	"encoding/json"
	"math"
	"reflect"
	"strings"
)

// Equal reports whether two notebooks have the same content: every difference
// that a file would show, and none that it would not.
func Equal(a, b *Notebook) bool {
	if a == b {
		return true
	}
	if a.Major != b.Major || a.Minor != b.Minor || len(a.Cells) != len(b.Cells) {
		return false
	}
	for i := range a.Cells {
		if !EqualCells(&a.Cells[i], &b.Cells[i]) {
			return false
		}
	}
	return sameMaps(notebookMeta, a.Metadata, b.Metadata)
}

// EqualCells is Equal for one cell. Fields that do not belong to the cells'
// type do not count.
func EqualCells(a, b *Cell) bool {
	if a.ID != b.ID || a.Type != b.Type || a.Source != b.Source || !sameMaps(cellMeta, a.Metadata, b.Metadata) {
		return false
	}
	if a.Type != Code {
		return sameMaps(attachments, a.Attachments, b.Attachments)
	}
	return sameCount(a.ExecutionCount, b.ExecutionCount) && EqualOutputs(a.Outputs, b.Outputs)
}

// EqualOutputs is Equal for the outputs of a cell.
func EqualOutputs(a, b []Output) bool {
	if len(a) != len(b) {
		return false
	}
	if len(a) > 0 && &a[0] == &b[0] {
		return true
	}
	for i := range a {
		if !sameMaps(shapeOfOutput(a[i]), a[i], b[i]) {
			return false
		}
	}
	return true
}

// EqualValues reports whether two values, such as those of a metadata map, are
// the same JSON. NaN equals itself, and numbers of all Go types compare.
func EqualValues(a, b any) bool { return same(plain, a, b) }

func sameCount(a, b *int64) bool {
	return a == b || a != nil && b != nil && *a == *b
}

// shape says which part of a notebook a value is, as that decides what in it
// is content.
type shape int

const (
	plain        shape = iota // JSON as it stands
	notebookMeta              // the notebook's metadata
	cellMeta                  // a cell's metadata
	output                    // an output other than a stream
	stream                    // a stream output
	attachments               // mime bundles by name
	bundle                    // values by mime type
	text                      // a string or the list of its lines; new ones as the file prefers
	blob                      // the same; new ones as strings
)

func shapeOfOutput(o Output) shape {
	if o.Kind() == "stream" {
		return stream
	}
	return output
}

// hides reports whether a member is not content: kept in the file, never
// written anew.
func (s shape) hides(key string) bool {
	switch s {
	case notebookMeta:
		return key == "orig_nbformat"
	case cellMeta:
		return key == "trusted"
	case output, stream:
		return key == "transient"
	}
	return false
}

// child is the shape of a member.
func (s shape) child(key string) shape {
	switch {
	case s == attachments:
		return bundle
	case s == bundle:
		return shapeOfMime(key)
	case s == stream && key == "text":
		return text
	case s == output && key == "data":
		return bundle
	}
	return plain
}

// shapeOfMime knows the mime types whose values nbformat writes as lists of
// lines. JSON types hold real lists, every other type one string.
func shapeOfMime(mime string) shape {
	switch {
	case mime == "application/json", strings.HasSuffix(mime, "+json"):
		return plain
	case strings.HasPrefix(mime, "text/"), mime == "image/svg+xml", mime == "application/javascript":
		return text
	}
	return blob
}

// same reports whether two values of a shape have the same content.
func same(s shape, a, b any) bool {
	switch x := a.(type) {
	case map[string]any:
		y, ok := asMap(b)
		return ok && sameMaps(s, x, y)
	case Output:
		y, ok := asMap(b)
		return ok && sameMaps(s, x, y)
	case []any:
		if y, ok := b.([]any); ok && sameLists(x, y) {
			return true
		}
		return (s == text || s == blob) && sameText(a, b)
	case string:
		if y, ok := b.(string); ok {
			return x == y
		}
		return (s == text || s == blob) && sameText(a, b)
	case bool:
		y, ok := b.(bool)
		return ok && x == y
	case nil:
		return b == nil
	}
	x, ok := numberOf(a)
	y, also := numberOf(b)
	return ok && also && (x == y || math.IsNaN(x) && math.IsNaN(y))
}

func sameLists(a, b []any) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if !same(plain, a[i], b[i]) {
			return false
		}
	}
	return true
}

func sameMaps(s shape, a, b map[string]any) bool {
	if reflect.ValueOf(a).Pointer() == reflect.ValueOf(b).Pointer() {
		return true // the same map; what did not change is usually handed on
	}
	n := 0
	for key, x := range a {
		if s.hides(key) {
			continue
		}
		n++
		if y, ok := b[key]; !ok || !same(s.child(key), x, y) {
			return false
		}
	}
	for key := range b {
		if !s.hides(key) {
			n--
		}
	}
	return n == 0
}

// sameText compares texts of which either may be a list of lines.
func sameText(a, b any) bool {
	x, ok := joined(a)
	y, also := joined(b)
	return ok && also && x == y
}

// joined is a string, or a list of strings as one.
func joined(v any) (string, bool) {
	if s, ok := v.(string); ok {
		return s, true
	}
	list, ok := v.([]any)
	if !ok {
		return "", false
	}
	var b strings.Builder
	for _, line := range list {
		s, ok := line.(string)
		if !ok {
			return "", false
		}
		b.WriteString(s)
	}
	return b.String(), true
}

func asMap(v any) (map[string]any, bool) {
	if o, ok := v.(Output); ok {
		return o, true
	}
	m, ok := v.(map[string]any)
	return m, ok
}

// numberOf accepts the number types of Go that callers may put into maps.
func numberOf(v any) (float64, bool) {
	switch x := v.(type) {
	case float64:
		return x, true
	case int:
		return float64(x), true
	case int64:
		return float64(x), true
	case uint64:
		return float64(x), true
	case json.Number:
		f, err := x.Float64()
		return f, err == nil
	}
	return 0, false
}
