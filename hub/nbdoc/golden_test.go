package nbdoc_test

import (
	"encoding/json"
	"os"
	"reflect"
	"testing"

	"github.com/notebookhub/hub/hub/nbdoc"
	"github.com/notebookhub/hub/hub/notebook"
	"github.com/notebookhub/hub/hub/yjs"
)

// structure describes shared types as oracle/structure.mjs does.
func structure(v any) any {
	switch v := v.(type) {
	case *yjs.Map:
		m := map[string]any{}
		v.Range(func(k string, e any) bool { m[k] = structure(e); return true })
		return map[string]any{"map": m}
	case *yjs.Array:
		list := []any{}
		v.Range(func(_ int, e any) bool { list = append(list, structure(e)); return true })
		return map[string]any{"array": list}
	case *yjs.Text:
		return map[string]any{"text": v.String()}
	}
	return map[string]any{"plain": v}
}

func structureOf(p *yjs.Doc) map[string]any {
	return map[string]any{"cells": structure(p.Array("cells")), "meta": structure(p.Map("meta")), "state": structure(p.Map("state"))}
}

// The files beside the notebooks were written by @jupyter/ydoc 4.2.0 (node
// oracle/dump.mjs): what we seed has the same types, keys and values.
func TestSeed_BuildsWhatJupyterBuilds(t *testing.T) {
	for _, name := range []string{"everything", "old"} {
		data, err := os.ReadFile("testdata/" + name + ".ipynb")
		if err != nil {
			t.Fatal(err)
		}
		file, err := notebook.Parse(data, notebook.ParseOptions{})
		if err != nil {
			t.Fatal(err)
		}
		d, _, err := nbdoc.Seed(yjs.Options{}, file.Notebook())
		if err != nil {
			t.Fatal(err)
		}
		golden, err := os.ReadFile("testdata/" + name + ".json")
		if err != nil {
			t.Fatal(err)
		}
		var want map[string]any
		if err := json.Unmarshal(golden, &want); err != nil {
			t.Fatal(err)
		}
		got := structureOf(peer(t, d))
		if file.Notebook().Minor < 5 { // ids are made up on both sides
			dropIDs(got)
			dropIDs(want)
		}
		if !reflect.DeepEqual(got, want) {
			g, _ := json.MarshalIndent(got, "", " ")
			t.Errorf("%s: got\n%s\nwant\n%s", name, g, golden)
		}
	}
}

// dropIDs blanks the ids of cells, which must be there.
func dropIDs(doc map[string]any) {
	for _, c := range doc["cells"].(map[string]any)["array"].([]any) {
		id := c.(map[string]any)["map"].(map[string]any)["id"].(map[string]any)
		if s, ok := id["plain"].(string); ok && len(s) == 36 {
			id["plain"] = "uuid"
		}
	}
}
