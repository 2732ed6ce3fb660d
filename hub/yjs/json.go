package yjs

import "encoding/json"

// validJSON reports whether b is one JSON value nested at most depth deep.
func validJSON(b []byte, depth int) bool {
	return json.Valid(b) && jsonDepth(b) <= depth
}

// jsonDepth returns how deep valid JSON nests: 0 for scalars.
func jsonDepth(b []byte) int {
	depth, deepest, quoted := 0, 0, false
	for i := 0; i < len(b); i++ {
		switch c := b[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '[' || c == '{':
			depth++
			deepest = max(deepest, depth)
		case c == ']' || c == '}':
			depth--
		}
	}
	return deepest
}

// parseJSON decodes JSON that was judged before; numbers are float64.
func parseJSON(b []byte) any {
	var v any
	if json.Unmarshal(b, &v) != nil {
		return nil
	}
	return v
}

// undefinedJSON is what Yjs writes for undefined among JSON values.
const undefinedJSON = "undefined"

// jsonValue decodes one member of JSON content.
func jsonValue(b []byte) any {
	if string(b) == undefinedJSON {
		return Undefined
	}
	return parseJSON(b)
}
