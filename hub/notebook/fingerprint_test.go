package notebook_test

import (
	"math"
	"testing"

	"github.com/notebookhub/hub/hub/notebook"
)

// Whatever differs in any part has another fingerprint, also beside NaN, and
// equal contents have one, however their maps are ordered.
func TestFingerprint_TellsContentsApart(t *testing.T) {
	one, two := int64(1), int64(2)
	cell := func(change func(*notebook.Cell)) *notebook.Notebook {
		c := notebook.Cell{
			ID: "a", Type: "code", Source: "x", ExecutionCount: &one,
			Metadata: map[string]any{"q": math.NaN(), "tags": []any{"p"}, "deep": map[string]any{"k": true}},
			Outputs:  []notebook.Output{{"output_type": "stream", "name": "stdout", "text": "t"}},
		}
		change(&c)
		return &notebook.Notebook{Major: 4, Minor: 5, Metadata: map[string]any{"n": math.Inf(1)}, Cells: []notebook.Cell{c}}
	}
	all := map[string]*notebook.Notebook{
		"as it is": cell(func(*notebook.Cell) {}), "id": cell(func(c *notebook.Cell) { c.ID = "b" }),
		"source": cell(func(c *notebook.Cell) { c.Source = "y" }), "type": cell(func(c *notebook.Cell) { c.Type = "raw" }),
		"count": cell(func(c *notebook.Cell) { c.ExecutionCount = &two }), "no count": cell(func(c *notebook.Cell) { c.ExecutionCount = nil }),
		"value":       cell(func(c *notebook.Cell) { c.Metadata["q"] = 1.0 }),
		"key":         cell(func(c *notebook.Cell) { c.Metadata["r"] = nil }),
		"tag":         cell(func(c *notebook.Cell) { c.Metadata["tags"] = []any{"p", "q"} }),
		"deep":        cell(func(c *notebook.Cell) { c.Metadata["deep"].(map[string]any)["k"] = false }),
		"output":      cell(func(c *notebook.Cell) { c.Outputs[0]["text"] = "u" }),
		"attachment":  cell(func(c *notebook.Cell) { c.Attachments = map[string]any{"i.png": map[string]any{}} }),
		"two sources": {Cells: []notebook.Cell{{Source: "x"}, {Source: "y"}}}, "one source": {Cells: []notebook.Cell{{Source: "xy"}}},
	}
	seen := map[string]string{}
	for name, nb := range all {
		print := string(notebook.AppendFingerprint(nil, nb))
		if other, taken := seen[print]; taken {
			t.Errorf("%s and %s have the same", name, other)
		}
		seen[print] = name
	}
	again := cell(func(c *notebook.Cell) {
		c.Metadata = map[string]any{"deep": map[string]any{"k": true}, "tags": []any{"p"}, "q": math.NaN()}
	})
	if seen[string(notebook.AppendFingerprint(nil, again))] != "as it is" {
		t.Error("equal contents differ")
	}
}
