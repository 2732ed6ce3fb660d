//go:build oracle

package oracle_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"testing"

	"github.com/notebookhub/hub/hub/nbdoc"
	"github.com/notebookhub/hub/hub/notebook"
)

var everyClient = []string{"ydoc3", "ydoc4", "lab45", "lab46"}

// Everything that Go seeds and edits reaches every client live.
func TestClients_SeeWhatGoWrites(t *testing.T) {
	j := newJudge(t)
	d := seed(t, load(t, "../testdata/everything.ipynb"))
	for _, c := range everyClient {
		j.open(c, c)
		j.apply(c, state(t, d))
		j.read(c) // the model of JupyterLab may set itself up
	}
	check := func(when string, cells bool) func(nbdoc.Event, error) {
		return func(e nbdoc.Event, err error) {
			t.Helper()
			if err != nil {
				t.Fatalf("%s: %v", when, err)
			}
			for _, c := range everyClient {
				j.apply(c, e.Update)
				r := j.read(c)
				wantSame(t, when, c, r, d)
				if cells != (len(r.Changes) > 0) {
					t.Fatalf("%s: %s reports changes of cells %v", when, c, r.Changes)
				}
			}
		}
	}
	check("insert", true)(d.InsertCell(1, notebook.Cell{ID: "new", Type: notebook.Code, Source: "1+1", Metadata: map[string]any{"a": 1.0}}))
	check("move", true)(d.MoveCell("print", 0))
	check("move back", true)(d.MoveCell("print", 3))
	check("source", false)(d.SetSource("print", "print('😀')\nprint('two', 2)"))
	check("type", true)(d.SetCellType("empty", notebook.Markdown))
	check("metadata", false)(d.SetCellMetadata("raw", map[string]any{"format": "text/html", "tags": []any{"x"}}))
	check("attachments", false)(d.SetAttachments("intro", map[string]any{"b.txt": map[string]any{"text/plain": "b"}}))
	check("notebook metadata", false)(d.SetNotebookMetadata(map[string]any{"kernelspec": map[string]any{"name": "ir", "display_name": "R"}}))
	check("delete", true)(d.DeleteCell("raw"))
	other := load(t, "../testdata/old.ipynb")
	check("replace", true)(d.Replace(other))
	check("state", false)(d.SetState("path", "a/b.ipynb"))
	check("hub", false)(d.SetHub("saved", map[string]any{"sha256": "x"}))
}

// What clients write through their own interface is read by Go, and comes to
// the same in every other client.
func TestGo_SeesWhatClientsWrite(t *testing.T) {
	j := newJudge(t)
	for _, client := range everyClient {
		d := seed(t, load(t, "../testdata/everything.ipynb"))
		j.open("author", client)
		j.open("reader", "ydoc4")
		j.apply("author", state(t, d))
		j.apply("reader", state(t, d))
		j.read("author")
		for _, code := range []string{
			`notebook.getCell(0).setSource('# New')`,
			`notebook.getCell(1).updateSource(0, 5, 'PRINT')`,
			`notebook.insertCell(1, {cell_type: 'code', source: 'x', metadata: {tags: ['t']}, outputs: [{output_type: 'stream', name: 'stdout', text: 'a'}], execution_count: 3})`,
			`notebook.moveCell(0, 2)`,
			`notebook.deleteCell(3)`,
			`notebook.getCell(0).setMetadata('k', {v: 1})`,
			`notebook.setMetadata('title', 'T')`,
			`notebook.getCell(0).setOutputs([{output_type: 'display_data', data: {'text/plain': ['a', 'b']}, metadata: {}}])`,
			`notebook.getCell(0).execution_count = 12`,
			`notebook.getCell(1).setOutputs?.([{output_type: 'error', ename: 'E', evalue: '', traceback: []}])`,
		} {
			j.call("author", code)
			for _, u := range j.written("author") {
				e, err := d.Apply(u, "author")
				if err != nil {
					t.Fatalf("%s: %s: %v", client, code, err)
				}
				if e.Repaired {
					t.Fatalf("%s: %s: was repaired: %+v", client, code, e)
				}
				j.apply("reader", e.Update)
			}
			got := j.read("author")
			if want := clientForm(t, d); !reflect.DeepEqual(got.Notebook, want) {
				t.Fatalf("%s: %s: the author has\n%v\nGo has\n%v", client, code, got.Notebook, want)
			}
			wantSame(t, code, "reader", j.read("reader"), d)
		}
	}
}

// Faults that a peer brings are repaired before others see them: their clients
// go on, and show what Go holds.
func TestClients_SurviveBrokenPeers(t *testing.T) {
	nb := load(t, "../testdata/everything.ipynb")
	j := newJudge(t)
	for name, code := range map[string]string{
		"unknown type":    `c(1).set('cell_type', 'sql')`,
		"new of no type":  `const m = new Y.Map(); cells.insert(1, [m]); m.set('cell_type', 'sql'); m.set('id', 'q'); m.set('source', new Y.Text('select'))`,
		"null cell":       `cells.insert(0, [null, 5, 'x'])`,
		"plain cell":      `cells.insert(2, [{cell_type: 'code', id: 'plain', source: ['a', 'b'], metadata: {}, outputs: [], execution_count: null}])`,
		"plain source":    `c(1).set('source', 'plain')`,
		"plain metadata":  `c(1).set('metadata', {a: 1})`,
		"no metadata":     `c(0).delete('metadata')`,
		"plain outputs":   `c(1).set('outputs', [{output_type: 'stream', name: 'stdout', text: ['a', 'b']}])`,
		"no outputs":      `c(1).delete('outputs')`,
		"null output":     `c(1).get('outputs').insert(0, [null, 1])`,
		"big count":       `c(1).set('execution_count', 5n)`,
		"double id":       `c(0).set('id', 'print')`,
		"no id":           `c(0).delete('id')`,
		"plain meta":      `doc.getMap('meta').set('metadata', {k: 1})`,
		"no meta":         `doc.getMap('meta').delete('metadata')`,
		"hub":             `doc.getMap('hub').set('lineage', 'mine')`,
		"shared attached": `c(0).set('attachments', new Y.Map([['f', {}]]))`,
	} {
		t.Run(name, func(t *testing.T) {
			j.t = t
			d := seed(t, nb)
			for _, c := range everyClient {
				j.open(c, c)
				j.apply(c, state(t, d))
				j.read(c)
			}
			j.open("bad", "ydoc4")
			j.apply("bad", state(t, d))
			j.call("bad", `const cells = doc.getArray('cells'), c = i => cells.get(i); try { doc.transact(() => {`+code+`}) } catch (e) {}`)
			repaired := false
			for _, u := range j.written("bad") {
				e, err := d.Apply(u, "bad")
				if err != nil {
					t.Fatal(err)
				}
				repaired = repaired || e.Repaired
				for _, c := range everyClient {
					j.apply(c, e.Update)
				}
			}
			if !repaired {
				t.Fatal("nothing was repaired")
			}
			for _, c := range everyClient {
				wantSame(t, name, c, j.read(c), d)
			}
			e, err := d.InsertCell(0, notebook.Cell{ID: "next", Type: notebook.Code, Source: "go on"})
			if err != nil {
				t.Fatal(err)
			}
			for _, c := range everyClient {
				j.apply(c, e.Update)
				wantSame(t, name+", then an insert", c, j.read(c), d)
			}
		})
	}
}

// unlike are notebooks that the client takes over as broken as they are, or
// cannot read at all: ids that are no ids, unknown cell types, no minor
// version, metadata that is no object.
var unlike = map[string]bool{
	"nbformat__invalid.ipynb": true, "nbformat__invalid_cell_id.ipynb": true, "nbformat__invalid_unique_cell_id.ipynb": true,
	"nbformat__no_min_version.ipynb": true, "nbformat__test4plus.ipynb": true, "nbformat__v4_5_invalid_metadata.ipynb": true,
}

// What Go seeds from real notebooks has the structure that @jupyter/ydoc builds.
func TestSeed_EqualsJupyterOnRealNotebooks(t *testing.T) {
	paths, err := filepath.Glob("../../notebook/testdata/*.ipynb")
	if err != nil || len(paths) == 0 {
		t.Fatalf("no notebooks: %v", err)
	}
	j := newJudge(t)
	compared := 0
	for _, path := range paths {
		if unlike[filepath.Base(path)] {
			continue
		}
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		f, err := notebook.Parse(data, notebook.ParseOptions{})
		if err != nil || f.Upgraded() {
			continue
		}
		j.open("js", "ydoc4")
		d := seed(t, f.Notebook())
		code, _ := json.Marshal(string(data))
		j.call("js", `const v = JSON.parse(`+string(code)+`);
			for (const c of v.cells) for (const o of c.outputs ?? []) if (o.output_type === 'stream' && Array.isArray(o.text)) o.text = o.text.join('');
			notebook.setSource(v)`)
		j.open("go", "ydoc4")
		j.apply("go", state(t, d))
		got, want := j.read("go").Structure, j.read("js").Structure
		agree(got, want, f.Notebook().Minor < 5)
		if !reflect.DeepEqual(got, want) {
			g, _ := json.MarshalIndent(got, "", " ")
			w, _ := json.MarshalIndent(want, "", " ")
			t.Errorf("%s: got\n%s\nwant\n%s", path, g, w)
		}
		compared++
	}
	t.Logf("%d notebooks", compared)
}

// agree takes out what is known to differ: made-up ids, and the twin that a
// client adds for a hidden output (its own doing, not the file's).
func agree(got, want map[string]any, madeUp bool) {
	cells := func(doc map[string]any) []any { return doc["cells"].(map[string]any)["array"].([]any) }
	for _, doc := range []map[string]any{got, want} {
		for _, c := range cells(doc) {
			m := c.(map[string]any)["map"].(map[string]any)
			if id := m["id"].(map[string]any)["plain"].(string); madeUp || len(id) == 36 {
				delete(m, "id")
			}
			if a, ok := m["attachments"].(map[string]any); ok && len(a["plain"].(map[string]any)) == 0 {
				delete(m, "attachments")
			}
			meta := m["metadata"].(map[string]any)["map"].(map[string]any)
			delete(meta, "collapsed")
			delete(meta, "jupyter")
			delete(meta, "trusted")
		}
	}
}
