package yjs_test

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/notebookhub/hub/hub/yjs"
)

// The functions here write a document as oracle/canon.mjs does: one text for one state.

var standardRoots = map[string]string{"a": "array", "m": "map", "t": "text", "x": "fragment"}

// canonDoc writes the roots that the differential tests use.
func canonDoc(doc *yjs.Doc) string { return canonRoots(doc, standardRoots) }

func canonRoots(doc *yjs.Doc, roots map[string]string) string {
	var b strings.Builder
	for i, name := range slices.Sorted(maps.Keys(roots)) {
		writeKey(&b, i, name)
		var root yjs.Type
		switch roots[name] {
		case "array":
			root = doc.Array(name)
		case "map":
			root = doc.Map(name)
		case "text":
			root = doc.Text(name)
		default:
			root = doc.XML(name)
		}
		writeType(&b, root)
	}
	return "{" + b.String() + "}"
}

func writeKey(b *strings.Builder, i int, key string) {
	if i > 0 {
		b.WriteByte(',')
	}
	writeString(b, key)
	b.WriteByte(':')
}

func writeValue(b *strings.Builder, v any) {
	switch v := v.(type) {
	case nil:
		b.WriteString("null")
	case yjs.UndefinedValue:
		b.WriteString(`{"$undefined":true}`)
	case bool:
		b.WriteString(strconv.FormatBool(v))
	case float64:
		writeNumber(b, v)
	case int64:
		fmt.Fprintf(b, `{"$bigint":"%d"}`, v)
	case string:
		writeString(b, v)
	case []byte:
		fmt.Fprintf(b, `{"$bytes":"%s"}`, hex.EncodeToString(v))
	case []any:
		writeList(b, v)
	case map[string]any:
		writeObject(b, v)
	case *yjs.Subdoc:
		writeSubdoc(b, v)
	case yjs.Type:
		writeType(b, v)
	default:
		fmt.Fprintf(b, "<%T>", v)
	}
}

func writeNumber(b *strings.Builder, v float64) {
	switch {
	case v == 0 && math.Signbit(v):
		b.WriteString(`{"$number":"-0"}`)
	case math.IsNaN(v):
		b.WriteString(`{"$number":"NaN"}`)
	case math.IsInf(v, 0):
		fmt.Fprintf(b, `{"$number":"%s"}`, map[bool]string{true: "Infinity", false: "-Infinity"}[v > 0])
	default:
		text, err := json.Marshal(v) // as JavaScript writes numbers
		if err != nil {
			panic(err)
		}
		b.Write(text)
	}
}

// writeString writes s as JSON.stringify does.
func writeString(b *strings.Builder, s string) {
	b.WriteByte('"')
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r < 0x20:
			if at := strings.IndexRune("\b\t\n\f\r", r); at >= 0 {
				b.WriteByte('\\')
				b.WriteByte("btnfr"[at])
			} else {
				fmt.Fprintf(b, `\u%04x`, r)
			}
		default:
			b.WriteString(s[i : i+n])
		}
		i += n
	}
	b.WriteByte('"')
}

func writeList(b *strings.Builder, list []any) {
	b.WriteByte('[')
	for i, v := range list {
		if i > 0 {
			b.WriteByte(',')
		}
		writeValue(b, v)
	}
	b.WriteByte(']')
}

func writeObject(b *strings.Builder, m map[string]any) {
	b.WriteByte('{')
	for i, k := range slices.Sorted(maps.Keys(m)) {
		writeKey(b, i, k)
		writeValue(b, m[k])
	}
	b.WriteByte('}')
}

// writeSubdoc writes the options that differ from a client's defaults.
func writeSubdoc(b *strings.Builder, d *yjs.Subdoc) {
	shown := map[string]any{"guid": d.GUID}
	options, _ := d.Options.(map[string]any)
	if options["gc"] == false {
		shown["gc"] = false
	}
	if options["autoLoad"] == true {
		shown["autoLoad"] = true
	}
	if meta, ok := options["meta"]; ok && meta != nil {
		shown["meta"] = meta
	}
	b.WriteString(`{"$doc":`)
	writeObject(b, shown)
	b.WriteByte('}')
}

func writeType(b *strings.Builder, t yjs.Type) {
	switch t := t.(type) {
	case *yjs.Map:
		entries := map[string]any{}
		t.Range(func(k string, v any) bool {
			entries[k] = v
			return true
		})
		b.WriteString(`{"$map":`)
		writeObject(b, entries)
	case *yjs.Array:
		var list []any
		t.Range(func(_ int, v any) bool {
			list = append(list, v)
			return true
		})
		b.WriteString(`{"$array":`)
		writeList(b, list)
	case *yjs.Text:
		b.WriteString(`{"$text":`)
		writeDelta(b, t.Delta())
	case *yjs.XML:
		writeXML(b, t)
		return
	}
	b.WriteByte('}')
}

func writeDelta(b *strings.Builder, ops []yjs.Op) {
	b.WriteByte('[')
	for i, op := range ops {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteByte('{')
		if op.Attributes != nil {
			b.WriteString(`"attributes":`)
			writeObject(b, op.Attributes)
			b.WriteByte(',')
		}
		switch {
		case op.Delete > 0:
			fmt.Fprintf(b, `"delete":%d`, op.Delete)
		case op.Retain > 0:
			fmt.Fprintf(b, `"retain":%d`, op.Retain)
		default:
			b.WriteString(`"insert":`)
			writeValue(b, op.Insert)
		}
		b.WriteByte('}')
	}
	b.WriteByte(']')
}

func writeXML(b *strings.Builder, x *yjs.XML) {
	switch x.Kind() {
	case yjs.KindXMLText:
		b.WriteString(`{"$xmltext":`)
		writeDelta(b, x.Delta())
		b.WriteByte('}')
	case yjs.KindXMLElement:
		b.WriteString(`{"$xml":{"attributes":`)
		writeObject(b, x.Attributes())
		b.WriteString(`,"children":`)
		writeList(b, x.Children())
		b.WriteString(`,"name":`)
		writeString(b, x.Name())
		b.WriteString(`}}`)
	case yjs.KindXMLHook:
		b.WriteString(`{"$hook":{"name":`)
		writeString(b, x.Name())
		b.WriteString(`,"map":`)
		writeObject(b, x.Attributes())
		b.WriteString(`}}`)
	default:
		b.WriteString(`{"$fragment":`)
		writeList(b, x.Children())
		b.WriteByte('}')
	}
}

// stateText writes clocks by client as the oracle does.
func stateText(state map[uint64]uint64) string {
	var b strings.Builder
	for i, client := range slices.Sorted(maps.Keys(state)) {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, `"%d":%d`, client, state[client])
	}
	return "{" + b.String() + "}"
}

func rootsText(roots map[string]string) string {
	text, err := json.Marshal(roots)
	if err != nil {
		panic(err)
	}
	return string(text)
}

// mustHold panics when a document's structure is not as it should be.
func mustHold(doc *yjs.Doc) {
	if err := yjs.CheckInvariants(doc); err != nil {
		panic(failure("structure: " + err.Error()))
	}
}

// failure is what a test helper panics with when a document misbehaves.
type failure string

func (f failure) Error() string { return string(f) }

func TestCanonWritesNumbersAsJavaScriptDoes(t *testing.T) {
	for v, want := range map[float64]string{1e21: "1e+21", 1e-7: "1e-7", 123456789012345680000: "123456789012345680000", 0.1: "0.1", -5: "-5", 5e-324: "5e-324"} {
		var b strings.Builder
		writeValue(&b, v)
		if b.String() != want {
			t.Errorf("%g is written %s, JavaScript writes %s", v, b.String(), want)
		}
	}
}
