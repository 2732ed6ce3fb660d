package nbdoc_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/notebookhub/hub/hub/nbdoc"
	"github.com/notebookhub/hub/hub/notebook"
	"github.com/notebookhub/hub/hub/yjs"
)

// md is a notebook of markdown cells, each "id:text".
func md(cells ...string) *notebook.Notebook {
	nb := &notebook.Notebook{Major: 4, Minor: 5, Metadata: map[string]any{}}
	for _, c := range cells {
		id, text, _ := strings.Cut(c, ":")
		nb.Cells = append(nb.Cells, notebook.Cell{ID: id, Type: notebook.Markdown, Source: text, Metadata: map[string]any{}})
	}
	return nb
}

// lines is the inverse of md.
func lines(nb *notebook.Notebook) []string {
	var out []string
	for _, c := range nb.Cells {
		out = append(out, c.ID+":"+c.Source)
	}
	return out
}

// room is a document whose baseline is base, brought to live by edits.
func room(t testing.TB, base, live *notebook.Notebook) (*nbdoc.Document, []byte) {
	t.Helper()
	d := seed(t, base)
	state, err := d.Encode(nil)
	if err != nil {
		t.Fatal(err)
	}
	must(t)(d.Replace(live))
	return d, state
}

// wantMerge merges, checks the outcome, and that the same merge again changes
// nothing, with the state and by comparison alone.
func wantMerge(t *testing.T, base, disk, live, want *notebook.Notebook, kinds ...nbdoc.ConflictKind) {
	t.Helper()
	for _, forked := range []bool{true, false} {
		kinds := kinds
		d, state := room(t, base, live)
		if !forked {
			state = nil
		}
		p := peer(t, d)
		for range 2 {
			e, conflicts, err := d.Merge(state, base, disk)
			if err != nil {
				t.Fatal(err)
			}
			apply(t, p, e.Update)
			var got []nbdoc.ConflictKind
			for _, c := range conflicts {
				got = append(got, c.Kind)
			}
			if !slices.Equal(got, kinds) {
				t.Fatalf("conflicts %v, want %v", got, kinds)
			}
			// What nobody has to decide about is told once.
			kinds = slices.DeleteFunc(slices.Clone(kinds), func(k nbdoc.ConflictKind) bool { return k == nbdoc.Overridden })
			if !notebook.Equal(d.Notebook(), want) {
				t.Fatalf("forked %v: got\n%swant\n%s", forked, show(d.Notebook()), show(want))
			}
		}
		q, err := nbdoc.Load(yjs.Options{}, encoded(t, p))
		if err != nil || !notebook.Equal(q.Notebook(), want) || q.Pending() {
			t.Fatalf("a peer has\n%s%v", show(q.Notebook()), err)
		}
		wantReload(t, d)
	}
}

func TestMerge_TakesBothSides(t *testing.T) {
	for name, c := range map[string]struct{ base, disk, live, want []string }{
		"nothing":              {[]string{"a:1"}, []string{"a:1"}, []string{"a:1"}, []string{"a:1"}},
		"text on disk":         {[]string{"a:one two"}, []string{"a:one 2"}, []string{"a:one two"}, []string{"a:one 2"}},
		"text in room":         {[]string{"a:one two"}, []string{"a:one two"}, []string{"a:1 two"}, []string{"a:1 two"}},
		"text on both":         {[]string{"a:one two three"}, []string{"a:one two 3"}, []string{"a:1 two three"}, []string{"a:1 two 3"}},
		"same text":            {[]string{"a:one"}, []string{"a:one!"}, []string{"a:one!"}, []string{"a:one!"}},
		"same text and more":   {[]string{"a:x\ny\n"}, []string{"a:x\nnew\ny\n"}, []string{"a:x\nnew\ny\nlast\n"}, []string{"a:x\nnew\ny\nlast\n"}},
		"room goes on":         {[]string{"a:x\n"}, []string{"a:x\nnew line\n"}, []string{"a:x\nnew line\nand more\n"}, []string{"a:x\nnew line\nand more\n"}},
		"disk goes on":         {[]string{"a:x\n"}, []string{"a:x\nnew line\nand more\n"}, []string{"a:x\nnew line\n"}, []string{"a:x\nnew line\nand more\n"}},
		"both delete":          {[]string{"a:one two three"}, []string{"a:one three"}, []string{"a:one three!"}, []string{"a:one three!"}},
		"inserted cells":       {[]string{"a:1", "b:2"}, []string{"a:1", "d:disk", "b:2"}, []string{"a:1", "b:2", "l:live"}, []string{"a:1", "d:disk", "b:2", "l:live"}},
		"same inserted cell":   {[]string{"a:1"}, []string{"a:1", "n:new"}, []string{"a:1", "n:new and typed"}, []string{"a:1", "n:new and typed"}},
		"same cell, other id":  {[]string{"a:1"}, []string{"a:1", "n:new"}, []string{"a:1", "m:new"}, []string{"a:1", "n:new"}},
		"deleted on disk":      {[]string{"a:1", "b:2"}, []string{"b:2"}, []string{"a:1", "b:3"}, []string{"b:3"}},
		"deleted in room":      {[]string{"a:1", "b:2"}, []string{"a:1", "b:3"}, []string{"b:2"}, []string{"b:3"}},
		"deleted on both":      {[]string{"a:1", "b:2"}, []string{"b:2"}, []string{"b:2"}, []string{"b:2"}},
		"moved on disk, typed": {[]string{"a:1", "b:2", "c:3"}, []string{"c:3", "a:1", "b:2"}, []string{"a:1", "b:2", "c:3 typed"}, []string{"c:3 typed", "a:1", "b:2"}},
		"moved in room, edit":  {[]string{"a:1", "b:2", "c:3"}, []string{"a:1", "b:2", "c:3 disk"}, []string{"c:3", "a:1", "b:2"}, []string{"c:3 disk", "a:1", "b:2"}},
		"same move":            {[]string{"a:1", "b:2", "c:3"}, []string{"c:3", "a:1", "b:2"}, []string{"c:3", "a:1", "b:2"}, []string{"c:3", "a:1", "b:2"}},
		"different moves":      {[]string{"a:1", "b:2", "c:3", "d:4"}, []string{"d:4", "a:1", "b:2", "c:3"}, []string{"a:1", "c:3", "b:2", "d:4"}, []string{"d:4", "a:1", "c:3", "b:2"}},
		"id changed":           {[]string{"a:some text", "b:2"}, []string{"z:some text", "b:2"}, []string{"a:some text!", "b:2"}, []string{"z:some text!", "b:2"}},
		"emoji":                {[]string{"a:😀 x 😀"}, []string{"a:😀 x 🎉"}, []string{"a:🎈😀 x 😀"}, []string{"a:🎈😀 x 🎉"}},
		"replaced whole":       {[]string{"a:1", "b:2"}, []string{"c:3", "d:4"}, []string{"a:1", "b:2"}, []string{"c:3", "d:4"}},
	} {
		t.Run(name, func(t *testing.T) {
			wantMerge(t, md(c.base...), md(c.disk...), md(c.live...), md(c.want...))
		})
	}
}

func TestMerge_ListsWhatAPersonMustDecide(t *testing.T) {
	wantMerge(t, md("a:1", "b:2"), md("b:2"), md("a:1 edited", "b:2"), md("a:1 edited", "b:2"), nbdoc.DeletedOnDisk)
	wantMerge(t, md("a:1", "b:2"), md("a:1 edited", "b:2"), md("b:2"), md("a:1 edited", "b:2"), nbdoc.DeletedInRoom)
	retyped := md("a:1", "b:2")
	retyped.Cells[0].Type = notebook.Raw
	wantMerge(t, md("a:1", "b:2"), retyped, md("a:1 edited", "b:2"), md("a:1 edited", "b:2"), nbdoc.Retyped)
	edited := md("a:1 edited", "b:2")
	edited.Cells[0].Type = notebook.Raw
	wantMerge(t, md("a:1", "b:2"), md("a:1 edited", "b:2"), retyped, edited, nbdoc.Retyped)
	wantMerge(t, md("a:1", "b:2"), retyped, retyped, retyped)
	wantMerge(t, md("a:1", "b:2"), retyped, md("a:1", "b:3"), func() *notebook.Notebook {
		nb := md("a:1", "b:3")
		nb.Cells[0].Type = notebook.Raw
		return nb
	}())
}

func TestMerge_TakesEveryField(t *testing.T) {
	base, disk, live, want := sample(), sample(), sample(), sample()
	set := func(nb *notebook.Notebook, key string, v any) {
		m := map[string]any{}
		for k, w := range nb.Metadata {
			m[k] = w
		}
		m[key] = v
		nb.Metadata = m
	}
	set(disk, "authors", []any{"d"})
	set(live, "title", "L")
	set(want, "authors", []any{"d"})
	set(want, "title", "L")
	disk.Cells[1].Metadata = map[string]any{"tags": []any{"a", "b", "disk"}, "deep": map[string]any{"d": 1.0}}
	live.Cells[1].Metadata = map[string]any{"tags": []any{"b", "live"}, "deep": map[string]any{"l": 1.0}}
	want.Cells[1].Metadata = map[string]any{"tags": []any{"b", "live", "disk"}, "deep": map[string]any{"d": 1.0, "l": 1.0}}
	png := func(s string) map[string]any { return map[string]any{"image/png": s} }
	disk.Cells[0].Attachments = map[string]any{"a.png": png("iVBOR"), "d.png": png("D")}
	live.Cells[0].Attachments = map[string]any{"a.png": png("iVBOR"), "l.png": png("L")}
	want.Cells[0].Attachments = map[string]any{"a.png": png("iVBOR"), "d.png": png("D"), "l.png": png("L")}
	two := int64(2)
	disk.Cells[1].ExecutionCount, want.Cells[1].ExecutionCount = &two, &two
	disk.Cells[1].Outputs = []notebook.Output{{"output_type": "stream", "name": "stderr", "text": "x"}}
	want.Cells[1].Outputs = disk.Cells[1].Outputs
	wantMerge(t, base, disk, live, want)
}

func TestMerge_KeepsTheRoomsValueWhenBothChangedIt(t *testing.T) {
	base, disk, live := md("a:1"), md("a:1"), md("a:1")
	base.Metadata, disk.Metadata, live.Metadata = map[string]any{"k": "b"}, map[string]any{"k": "d"}, map[string]any{"k": "l"}
	d, state := room(t, base, live)
	_, conflicts, err := d.Merge(state, base, disk)
	if err != nil || len(conflicts) != 1 || conflicts[0].Kind != nbdoc.Overridden || conflicts[0].Key != "k" || conflicts[0].Blocks() {
		t.Fatalf("%+v %v", conflicts, err)
	}
	if d.Metadata()["k"] != "l" {
		t.Fatalf("metadata %v", d.Metadata())
	}
}

func TestMerge_LeavesARunningCellsOutputsToTheRoom(t *testing.T) {
	base, disk := sample(), sample()
	d, state := room(t, base, base)
	must(t)(d.Update(nil, func(e *nbdoc.Edit) error {
		if err := e.StartRun("calc"); err != nil {
			return err
		}
		return e.AppendStream("calc", "stdout", "room")
	}))
	disk.Cells[1].Outputs = nil
	if _, _, err := d.Merge(state, base, disk); err != nil {
		t.Fatal(err)
	}
	if c, _ := d.Cell("calc"); len(c.Outputs) != 1 || c.Outputs[0]["text"] != "room" {
		t.Fatalf("outputs %v", c.Outputs)
	}
	gone := sample()
	gone.Cells = slices.Delete(gone.Cells, 1, 2)
	_, conflicts, err := d.Merge(state, base, gone)
	if err != nil || len(conflicts) != 1 || conflicts[0].Kind != nbdoc.DeletedOnDisk || d.Index("calc") != 1 {
		t.Fatalf("%v %v %v", conflicts, err, d.IDs())
	}
}

// A cell that was just started has nothing to show yet; what the file has got
// for it is no longer its output.
func TestMerge_LeavesAStartedCellEmpty(t *testing.T) {
	base, disk := sample(), sample()
	base.Cells[1].Outputs, base.Cells[1].ExecutionCount = nil, nil
	d, state := room(t, base, base)
	run(t, d, func(e *nbdoc.Edit) error { return e.StartRun("calc") })
	if _, _, err := d.Merge(state, base, disk); err != nil {
		t.Fatal(err)
	}
	if c, _ := d.Cell("calc"); len(c.Outputs) != 0 || c.ExecutionCount != nil {
		t.Fatalf("cell %+v", c)
	}
}

// Of lines that are alike the one is changed that was changed in the file, which
// only the former state tells from the others.
func TestMerge_ChangesTheLineThatTheFileChanged(t *testing.T) {
	base := md("a:one\none\n", "b:beside")
	for at, want := range map[int]string{
		0: "a:one\none\none, from disk\n", 4: "a:one\none\none, from disk\n", 8: "a:one\none, from disk\none\n",
	} {
		d, state := room(t, base, base)
		p := peer(t, d)
		must(t)(d.Apply(write(t, p, func(tx *yjs.Txn) { sourceOf(p, 0).Insert(tx, at, "one\n") }), nil))
		must(t)(d.Apply(write(t, p, func(tx *yjs.Txn) { sourceOf(p, 1).Insert(tx, 0, "typed ") }), nil))
		if _, _, err := d.Merge(state, base, md("a:one\none, from disk\n", "b:beside")); err != nil {
			t.Fatal(err)
		}
		if got := lines(d.Notebook()); !slices.Equal(got, []string{want, "b:typed beside"}) {
			t.Errorf("typed at %d: got %q, want %q", at, got, want)
		}
	}
}

// A state that holds what the room has never seen cannot be built upon: edits
// in it would wait for ever. The places are found by comparison then.
func TestMerge_DoesNotBuildOnAStrangeState(t *testing.T) {
	base := md("a:one")
	d, _ := room(t, base, base)
	other, _ := nbdoc.Load(yjs.Options{}, encoded(t, peer(t, d)))
	must(t)(other.SetSource("a", "one two"))
	state, err := other.Encode(nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := d.Merge(state, md("a:one two"), md("a:one two three")); err != nil {
		t.Fatal(err)
	}
	if got, _ := d.Source("a"); got != "one three" || d.Pending() {
		t.Fatalf("got %q, pending %v", got, d.Pending())
	}
}

// Without a former state nothing is deleted.
func TestMerge_WithoutABaselineDeletesNothing(t *testing.T) {
	d := seed(t, md("a:one two", "b:only here"))
	_, conflicts, err := d.Merge(nil, nil, md("a:one three", "c:only there"))
	if err != nil || len(conflicts) != 1 || conflicts[0].Kind != nbdoc.Unrelated {
		t.Fatalf("%v %v", conflicts, err)
	}
	all := fmt.Sprint(lines(d.Notebook()))
	for _, word := range []string{"one", "wo", "hree", "only here", "only there"} {
		if strings.Count(all, word) != 1 {
			t.Fatalf("%q in %s", word, all)
		}
	}
}

// Somebody types while the file is merged, and learns of it later: both stay.
func TestMerge_KeepsTypingThatArrivesLater(t *testing.T) {
	base := md("a:first line\nsecond line\n", "b:2", "c:3")
	disk := md("c:3", "a:first line\nsecond line, from disk\n", "b:2")
	d, state := room(t, base, base)
	p := peer(t, d)
	typed := write(t, p, func(tx *yjs.Txn) { sourceOf(p, 0).Insert(tx, 5, " typed") })
	moved := write(t, p, func(tx *yjs.Txn) { sourceOf(p, 2).Insert(tx, 1, " late") })
	e, _, err := d.Merge(state, base, disk)
	if err != nil {
		t.Fatal(err)
	}
	apply(t, p, e.Update)
	apply(t, p, must(t)(d.Apply(typed, nil)).Update)
	apply(t, p, must(t)(d.Apply(moved, nil)).Update)
	want := []string{"c:3 late", "a:first typed line\nsecond line, from disk\n", "b:2"}
	if got := lines(d.Notebook()); !slices.Equal(got, want) {
		t.Fatalf("got %q", got)
	}
	q, _ := nbdoc.Load(yjs.Options{}, encoded(t, p))
	if got := lines(q.Notebook()); !slices.Equal(got, want) {
		t.Fatalf("the peer has %q", got)
	}
}

// A character that the room left standing between two changes is still the
// file's: what happens to it there happens to it here.
func TestMerge_FindsWhatStandsBetweenTwoChanges(t *testing.T) {
	was := md("a:aaaaXbbbb")
	d := seed(t, was)
	must(t)(d.SetSource("a", "ppppXqqqq"))
	without := md("a:aaaabbbb")
	if _, _, err := d.Merge(nil, was, without); err != nil {
		t.Fatal(err)
	}
	if s, _ := d.Source("a"); s != "ppppqqqq" {
		t.Fatalf("the file deleted it, the room has %q", s)
	}
	if _, _, err := d.Merge(nil, without, was); err != nil {
		t.Fatal(err)
	}
	if s, _ := d.Source("a"); strings.Count(s, "X") != 1 {
		t.Fatalf("it is back in the file, the room has %q", s)
	}
}

// What replaces a piece of text in the file stands where that stood, whatever the
// room wrote right before or right behind it.
func TestMerge_AReplacementStandsWhereItsTextStood(t *testing.T) {
	for _, c := range [][4]string{
		{"a = 10", "a = 10 # room", "a = 12", "a = 12 # room"},
		{"x = f(1)", "x = f(1, room=True)", "x = f(2)", "x = f(2, room=True)"},
		{"x = f(1)", "x = f(room, 1)", "x = f(2)", "x = f(room, 2)"},
		{"1 + 1", "0 + 1 + 1", "two + 1", "0 + two + 1"},
	} {
		was, disk := md("a:"+c[0]), md("a:"+c[2])
		for range 8 { // whose id is higher is chance
			for _, fork := range []bool{true, false} {
				d := seed(t, was)
				var state []byte
				if fork {
					state = encodedFor(t, d, yjs.NewDoc(yjs.Options{}))
				}
				must(t)(d.SetSource("a", c[1]))
				if _, _, err := d.Merge(state, was, disk); err != nil {
					t.Fatal(err)
				}
				if got, _ := d.Source("a"); got != c[3] {
					t.Errorf("fork %v: %q, in the room %q, in the file %q: got %q, want %q", fork, c[0], c[1], c[2], got, c[3])
				}
			}
		}
	}
}
