package yjs_test

import (
	"strings"
	"testing"

	"github.com/notebookhub/hub/hub/yjs"
)

// walk calls f for every type below v, and for v itself. It returns how many there are.
func walk(v any, f func(yjs.Type)) (types int) {
	t, ok := v.(yjs.Type)
	if !ok {
		return 0
	}
	f(t)
	switch t := t.(type) {
	case *yjs.Map:
		for _, key := range t.Keys() {
			value, _ := t.Get(key)
			types += walk(value, f)
		}
	case *yjs.Array:
		t.Range(func(_ int, value any) bool { types += walk(value, f); return true })
	case *yjs.XML:
		for _, child := range t.Children() {
			types += walk(child, f)
		}
	}
	return types + 1
}

// nested returns the canonical texts of the types in doc that hold no other types, but for roots.
func nested(doc *yjs.Doc, roots map[string]string) map[yjs.ID]string {
	found := map[yjs.ID]string{}
	visit := func(t yjs.Type) {
		if t.ID() == (yjs.ID{}) || walk(t, func(yjs.Type) {}) > 1 {
			return
		}
		var b strings.Builder
		writeValue(&b, t)
		found[t.ID()] = b.String()
	}
	for name, kind := range roots {
		switch kind {
		case "array":
			walk(doc.Array(name), visit)
		case "map":
			walk(doc.Map(name), visit)
		case "fragment":
			walk(doc.XML(name), visit)
		}
	}
	return found
}

// What clients wrote is found again in excerpts of it, whatever it stands beside.
func TestFixturesHoldTheirTypesWhenCutOut(t *testing.T) {
	types := 0
	eachFixture(t, func(t *testing.T, fx fixture) {
		whole := fx.load(t, fx.State)
		for id, want := range nested(whole, fx.Roots) {
			part, err := yjs.Excerpt(fx.State, id)
			if err != nil {
				t.Fatal(err)
			}
			doc := fx.load(t, part)
			same(t, "a type cut out", want, nested(doc, fx.Roots)[id])
			same(t, "state vector", stateText(whole.State()), stateText(doc.State()))
			types++
		}
	})
	if types < 250 {
		t.Fatalf("only %d types", types)
	}
}
