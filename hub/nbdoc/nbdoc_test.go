package nbdoc_test

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/notebookhub/hub/hub/nbdoc"
	"github.com/notebookhub/hub/hub/notebook"
	"github.com/notebookhub/hub/hub/yjs"
)

// sample is a notebook with one of everything.
func sample() *notebook.Notebook {
	one := int64(1)
	return &notebook.Notebook{
		Major: 4, Minor: 5,
		Metadata: map[string]any{"kernelspec": map[string]any{"name": "python3", "display_name": "Python 3"}},
		Cells: []notebook.Cell{
			{ID: "intro", Type: notebook.Markdown, Source: "# Title 😀\ntext", Metadata: map[string]any{},
				Attachments: map[string]any{"a.png": map[string]any{"image/png": "iVBOR"}}},
			{ID: "calc", Type: notebook.Code, Source: "x = 1\nprint(x)", Metadata: map[string]any{"tags": []any{"a", "b"}},
				ExecutionCount: &one, Outputs: []notebook.Output{
					{"output_type": "stream", "name": "stdout", "text": "1\n"},
					{"output_type": "execute_result", "execution_count": 1.0, "metadata": map[string]any{},
						"data": map[string]any{"text/plain": []any{"1", "2"}}},
				}},
			{ID: "note", Type: notebook.Raw, Source: "raw text", Metadata: map[string]any{"format": "text/html"}},
		},
	}
}

func seed(t testing.TB, nb *notebook.Notebook) *nbdoc.Document {
	t.Helper()
	d, c, err := nbdoc.Seed(yjs.Options{}, nb)
	if err != nil || c.Update == nil {
		t.Fatalf("Seed: %v, update %v", err, c)
	}
	return d
}

// peer is a plain Yjs replica, as a client has it.
func peer(t testing.TB, d *nbdoc.Document) *yjs.Doc {
	t.Helper()
	p := yjs.NewDoc(yjs.Options{})
	state, err := d.Encode(nil)
	if err != nil {
		t.Fatal(err)
	}
	apply(t, p, state)
	return p
}

func apply(t testing.TB, p *yjs.Doc, update []byte) {
	t.Helper()
	if update == nil {
		return
	}
	if _, err := p.Apply(update, nil); err != nil {
		t.Fatalf("peer: %v", err)
	}
}

// write makes an edit at a peer and returns its update.
func write(t testing.TB, p *yjs.Doc, f func(tx *yjs.Txn)) []byte {
	t.Helper()
	c, err := p.Transact(nil, func(tx *yjs.Txn) error { f(tx); return nil })
	if err != nil {
		t.Fatalf("peer edit: %v", err)
	}
	return c.Update
}

// must returns the event of an operation that has to succeed.
func must(t testing.TB) func(nbdoc.Event, error) nbdoc.Event {
	return func(e nbdoc.Event, err error) nbdoc.Event {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return e
	}
}

// wantReload checks that a replica built from the document's bytes holds the
// same notebook, and that nothing in it is out of shape.
func wantReload(t testing.TB, d *nbdoc.Document) {
	t.Helper()
	state, err := d.Encode(nil)
	if err != nil {
		t.Fatal(err)
	}
	again, err := nbdoc.Load(yjs.Options{}, state)
	if err != nil {
		t.Fatalf("Load: %v", err)
	}
	if got, want := show(again.Notebook()), show(d.Notebook()); got != want {
		t.Fatalf("reloaded:\n%s\nwant:\n%s", got, want)
	}
	if e := must(t)(again.Repair(nil)); e.Update != nil {
		t.Fatalf("the document was out of shape: %+v", e)
	}
}

// show renders a notebook for comparison.
func show(nb *notebook.Notebook) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d.%d %v\n", nb.Major, nb.Minor, nb.Metadata)
	for _, c := range nb.Cells {
		count := "nil"
		if c.ExecutionCount != nil {
			count = fmt.Sprint(*c.ExecutionCount)
		}
		fmt.Fprintf(&b, "%s %s %q %v %v [%s] %v\n", c.ID, c.Type, c.Source, c.Metadata, c.Attachments, count, c.Outputs)
	}
	return b.String()
}

func TestSeed_HoldsTheNotebook(t *testing.T) {
	nb := sample()
	d := seed(t, nb)
	if !notebook.Equal(d.Notebook(), nb) {
		t.Fatalf("got\n%s\nwant\n%s", show(d.Notebook()), show(nb))
	}
	if d.Len() != 3 || d.Index("note") != 2 || d.Index("none") != -1 || !slices.Equal(d.IDs(), []string{"intro", "calc", "note"}) {
		t.Fatalf("cells: %v", d.IDs())
	}
	wantReload(t, d)
}

func TestSeed_JoinsStreamsAndMendsIDs(t *testing.T) {
	stream := func(name, text string) notebook.Output {
		return notebook.Output{"output_type": "stream", "name": name, "text": text}
	}
	nb := &notebook.Notebook{Major: 4, Minor: 5, Cells: []notebook.Cell{
		{ID: "a", Type: notebook.Code, Outputs: []notebook.Output{stream("stdout", "1"), stream("stdout", "2"), stream("stderr", "3"), stream("stdout", "4")}},
		{ID: "a", Type: "sql"},
	}}
	d := seed(t, nb)
	c, _ := d.Cell("a")
	if len(c.Outputs) != 3 || c.Outputs[0]["text"] != "12" {
		t.Fatalf("outputs %v", c.Outputs)
	}
	if len(nb.Cells[0].Outputs) != 4 || nb.Cells[0].Outputs[0]["text"] != "1" {
		t.Fatal("the argument was changed")
	}
	if ids := d.IDs(); ids[0] != "a" || ids[1] == "a" || ids[1] == "" {
		t.Fatalf("ids %v", ids)
	}
	if d.Cells()[1].Type != notebook.Raw {
		t.Fatalf("unknown type became %q", d.Cells()[1].Type)
	}
	wantReload(t, d)
}

func TestNotebook_ReadsOnlyWhatChanged(t *testing.T) {
	d := seed(t, sample())
	before := d.Notebook()
	if d.Notebook() != before {
		t.Fatal("an unchanged notebook was read again")
	}
	rev := d.Revision()
	must(t)(d.SetState("dirty", true))
	must(t)(d.SetHub("rev", 3))
	if d.Notebook() != before || d.Revision() != rev {
		t.Fatal("state counts as content")
	}
	must(t)(d.SetSource("intro", "# Title 😀!\ntext"))
	after := d.Notebook()
	if after == before || d.Revision() == rev {
		t.Fatal("an edit was missed")
	}
	if &after.Cells[1].Outputs[0] != &before.Cells[1].Outputs[0] {
		t.Fatal("outputs of an unchanged cell were read again")
	}
	must(t)(d.SetSource("calc", "x = 3"))
	if again := d.Notebook(); &again.Cells[1].Outputs[0] != &after.Cells[1].Outputs[0] || again.Cells[1].Source != "x = 3" {
		t.Fatal("outputs were read again after typing")
	}
	if before.Cells[0].Source != "# Title 😀\ntext" {
		t.Fatal("an old reading changed")
	}
	if got := d.ChangedSince(rev); !slices.Equal(got, []string{"intro", "calc"}) {
		t.Fatalf("changed: %v", got)
	}
}

func TestEdits_AreOneTransactionAndAnEvent(t *testing.T) {
	d := seed(t, sample())
	p := peer(t, d)
	check := func(name string, e nbdoc.Event, want ...nbdoc.CellEvent) {
		t.Helper()
		if !slices.Equal(e.Cells, want) {
			t.Fatalf("%s: cells %+v, want %+v", name, e.Cells, want)
		}
		apply(t, p, e.Update)
		q, err := nbdoc.Load(yjs.Options{}, encoded(t, p))
		if err != nil || show(q.Notebook()) != show(d.Notebook()) {
			t.Fatalf("%s: a peer has\n%swant\n%s%v", name, show(q.Notebook()), show(d.Notebook()), err)
		}
	}
	ev := func(id string, k nbdoc.Kind, i int, f nbdoc.Fields) nbdoc.CellEvent {
		return nbdoc.CellEvent{ID: id, Kind: k, Index: i, Fields: f}
	}
	check("insert", must(t)(d.InsertCell(1, notebook.Cell{ID: "new", Type: notebook.Code, Source: "y"})), ev("new", nbdoc.Inserted, 1, 0))
	check("move", must(t)(d.MoveCell("calc", 0)), ev("calc", nbdoc.Moved, 0, 0))
	check("source", must(t)(d.SetSource("calc", "x = 2\nprint(x)")), ev("calc", nbdoc.Changed, 0, nbdoc.FieldSource))
	check("type", must(t)(d.SetCellType("new", notebook.Markdown)), ev("new", nbdoc.Moved, 2, nbdoc.FieldType))
	check("metadata", must(t)(d.SetCellMetadata("new", map[string]any{"a": 1})), ev("new", nbdoc.Changed, 2, nbdoc.FieldMetadata))
	check("attachments", must(t)(d.SetAttachments("new", map[string]any{"f": map[string]any{"text/plain": "x"}})), ev("new", nbdoc.Changed, 2, nbdoc.FieldAttachments))
	check("delete", must(t)(d.DeleteCell("intro")), ev("intro", nbdoc.Deleted, -1, 0))
	if e := must(t)(d.SetNotebookMetadata(map[string]any{"k": "v"})); !e.Meta || !e.Content {
		t.Fatalf("metadata: %+v", e)
	}
	if e := must(t)(d.SetNotebookMetadata(map[string]any{"k": "v"})); e.Update != nil {
		t.Fatal("equal metadata was written")
	}
	wantReload(t, d)
}

func encoded(t testing.TB, p *yjs.Doc) []byte {
	t.Helper()
	b, err := p.EncodeState(nil)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestEdits_RefuseWhatDoesNotExist(t *testing.T) {
	d := seed(t, sample())
	for name, f := range map[string]func() (nbdoc.Event, error){
		"insert":     func() (nbdoc.Event, error) { return d.InsertCell(9, notebook.Cell{}) },
		"delete":     func() (nbdoc.Event, error) { return d.DeleteCell("x") },
		"move":       func() (nbdoc.Event, error) { return d.MoveCell("calc", 3) },
		"source":     func() (nbdoc.Event, error) { return d.SetSource("x", "") },
		"splice":     func() (nbdoc.Event, error) { return d.SpliceSource("calc", []notebook.TextEdit{{At: 99, Delete: 1}}) },
		"type":       func() (nbdoc.Event, error) { return d.SetCellType("calc", "sql") },
		"value":      func() (nbdoc.Event, error) { return d.SetCellMetadata("calc", map[string]any{"f": func() {}}) },
		"attachment": func() (nbdoc.Event, error) { return d.SetAttachments("calc", map[string]any{"f": 1}) },
	} {
		if e, err := f(); err == nil || e.Update != nil {
			t.Errorf("%s: %+v, %v", name, e, err)
		}
	}
	if !notebook.Equal(d.Notebook(), sample()) {
		t.Fatal("a refused edit changed the notebook")
	}
}

func TestSetSource_KeepsCursorsAndConcurrentTyping(t *testing.T) {
	d := seed(t, sample())
	p := peer(t, d)
	typed := write(t, p, func(tx *yjs.Txn) { sourceOf(p, 1).Insert(tx, 14, " # mine") })
	must(t)(d.SetSource("calc", "xyz = 1\nprint(x)"))
	must(t)(d.Apply(typed, "p"))
	if got, _ := d.Source("calc"); got != "xyz = 1\nprint(x) # mine" {
		t.Fatalf("got %q", got)
	}
}

// sourceOf is the source of cell i of a peer.
func sourceOf(p *yjs.Doc, i int) *yjs.Text {
	v, _ := p.Array("cells").Get(i).(*yjs.Map).Get("source")
	return v.(*yjs.Text)
}

func cellOf(p *yjs.Doc, i int) *yjs.Map { return p.Array("cells").Get(i).(*yjs.Map) }

func TestApply_TellsContentFromSession(t *testing.T) {
	d := seed(t, sample())
	p := peer(t, d)
	meta := func(i int) *yjs.Map { v, _ := cellOf(p, i).Get("metadata"); return v.(*yjs.Map) }
	for _, c := range []struct {
		name    string
		edit    func(tx *yjs.Txn)
		content bool
		fields  nbdoc.Fields
	}{
		{"typing", func(tx *yjs.Txn) { sourceOf(p, 1).Insert(tx, 0, "#") }, true, nbdoc.FieldSource},
		{"dirty", func(tx *yjs.Txn) { p.Map("state").Set(tx, "dirty", true) }, false, 0},
		{"running", func(tx *yjs.Txn) { cellOf(p, 1).Set(tx, "execution_state", "running") }, false, nbdoc.FieldExecutionState},
		{"trust", func(tx *yjs.Txn) { meta(1).Set(tx, "trusted", true) }, false, nbdoc.FieldTrusted},
		{"collapse", func(tx *yjs.Txn) { meta(1).Set(tx, "collapsed", true) }, true, nbdoc.FieldMetadata},
		{"unknown key", func(tx *yjs.Txn) { cellOf(p, 1).Set(tx, "vendor", 1) }, false, nbdoc.FieldOther},
		{"count", func(tx *yjs.Txn) { cellOf(p, 1).Set(tx, "execution_count", 7) }, true, nbdoc.FieldExecutionCount},
	} {
		e := must(t)(d.Apply(write(t, p, c.edit), "p"))
		if e.Content != c.content || e.Repaired || e.Origin != "p" {
			t.Errorf("%s: %+v", c.name, e)
		}
		if ce, ok := e.Change("calc"); ok != (c.fields != 0) || ce.Fields != c.fields {
			t.Errorf("%s: %+v %v", c.name, ce, ce.Fields.Names())
		}
	}
	if c, _ := d.Cell("calc"); c.Metadata["trusted"] != nil || *c.ExecutionCount != 7 || c.Metadata["collapsed"] != true {
		t.Fatalf("cell %+v", c)
	}
}

func TestStateAndHub_AreWrittenOnlyWhenDifferent(t *testing.T) {
	d := seed(t, sample())
	facts := map[string]any{"name": "python3", "list": []string{"a"}, "n": 3}
	e := must(t)(d.SetHub("kernel", facts))
	if e.Update == nil || !e.Hub || e.Content || e.State {
		t.Fatalf("%+v", e)
	}
	if e := must(t)(d.SetHub("kernel", facts)); e.Update != nil {
		t.Fatal("equal facts were written")
	}
	if e := must(t)(d.SetHub("error", nil)); e.Update == nil || d.Hub("error") != nil {
		t.Fatal("null was not written")
	}
	if e := must(t)(d.SetHub("error", nil)); e.Update != nil {
		t.Fatal("null was written twice")
	}
	if e := must(t)(d.SetState("dirty", false)); e.Update != nil {
		t.Fatal("state was written though it is the same")
	}
	if e := must(t)(d.SetState("path", "a.ipynb")); !e.State || e.Content || d.State("path") != "a.ipynb" {
		t.Fatalf("%+v", e)
	}
	if e := must(t)(d.SetState("path", nil)); e.Update == nil || d.State("path") != nil {
		t.Fatal("a key was not removed")
	}
}

func TestUpdate_KeepsWhatWasDoneBeforeAnError(t *testing.T) {
	d := seed(t, sample())
	p := peer(t, d)
	e, err := d.Update("op", func(e *nbdoc.Edit) error {
		if err := e.SetSource("note", "new"); err != nil {
			return err
		}
		return e.DeleteCell("none")
	})
	if err == nil || e.Update == nil || e.Origin != "op" {
		t.Fatalf("%+v %v", e, err)
	}
	apply(t, p, e.Update)
	if got := sourceOf(p, 2).String(); got != "new" {
		t.Fatalf("the peer has %q", got)
	}
	wantReload(t, d)
}

// A keystroke costs at most two allocations more than the engine alone needs.
func TestApply_KeystrokeIsCheap(t *testing.T) {
	d := seed(t, sample())
	p := peer(t, d)
	e := peer(t, d)
	var updates [][]byte
	for range 1001 {
		updates = append(updates, write(t, p, func(tx *yjs.Txn) { sourceOf(p, 1).Insert(tx, 1, "x") }))
	}
	i, j := 0, 0
	engine := testing.AllocsPerRun(1000, func() { apply(t, e, updates[i]); i++ })
	document := testing.AllocsPerRun(1000, func() { must(t)(d.Apply(updates[j], nil)); j++ })
	if document > engine+2 {
		t.Fatalf("%v allocations, the engine needs %v", document, engine)
	}
}

// A cell that we move keeps everything that a client put into it, also what
// the schema does not know.
func TestMoveCell_KeepsUnknownKeys(t *testing.T) {
	d := seed(t, sample())
	p := peer(t, d)
	apply(t, p, must(t)(d.Apply(write(t, p, func(tx *yjs.Txn) {
		cellOf(p, 1).Set(tx, "vendor", map[string]any{"a": 1})
		cellOf(p, 1).Set(tx, "shared", yjs.MapOf(yjs.Entry{Key: "list", Value: yjs.ArrayOf(yjs.TextOf("t"), 2)}))
		cellOf(p, 1).Set(tx, "execution_state", "running")
		v, _ := cellOf(p, 1).Get("metadata")
		v.(*yjs.Map).Set(tx, "trusted", true)
	}), nil)).Update)
	before := structure(cellOf(p, 1))
	apply(t, p, must(t)(d.MoveCell("calc", 2)).Update)
	if after := structure(cellOf(p, 2)); !reflect.DeepEqual(before, after) {
		t.Fatalf("before\n%v\nafter\n%v", before, after)
	}
}
