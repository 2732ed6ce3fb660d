package nbdoc_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/notebookhub/hub/hub/nbdoc"
	"github.com/notebookhub/hub/hub/notebook"
	"github.com/notebookhub/hub/hub/yjs"
)

// Whatever a peer leaves out of shape is right again in the very message that
// the others get, and nothing that can be read is lost.
func TestApply_RepairsWhatPeersBreak(t *testing.T) {
	set := func(i int, key string, v any) func(p *yjs.Doc, tx *yjs.Txn) {
		return func(p *yjs.Doc, tx *yjs.Txn) { cellOf(p, i).Set(tx, key, v) }
	}
	drop := func(i int, key string) func(p *yjs.Doc, tx *yjs.Txn) {
		return func(p *yjs.Doc, tx *yjs.Txn) { cellOf(p, i).Delete(tx, key) }
	}
	insert := func(i int, v ...any) func(p *yjs.Doc, tx *yjs.Txn) {
		return func(p *yjs.Doc, tx *yjs.Txn) { p.Array("cells").Insert(tx, i, v...) }
	}
	for name, c := range map[string]struct {
		edit func(p *yjs.Doc, tx *yjs.Txn)
		ok   func(nb *notebook.Notebook) bool
	}{
		"unknown type of code": {set(1, "cell_type", "sql"), func(nb *notebook.Notebook) bool {
			return nb.Cells[1].Type == notebook.Code && len(nb.Cells[1].Outputs) == 2 && nb.Cells[1].ID == "calc"
		}},
		"unknown type of text": {set(0, "cell_type", "heading"), func(nb *notebook.Notebook) bool {
			return nb.Cells[0].Type == notebook.Raw && nb.Cells[0].Source == "# Title 😀\ntext" && len(nb.Cells[0].Attachments) == 1
		}},
		"no type": {drop(2, "cell_type"), func(nb *notebook.Notebook) bool {
			return nb.Cells[2].Type == notebook.Raw && nb.Cells[2].Source == "raw text"
		}},
		"source as string": {set(1, "source", "plain"), func(nb *notebook.Notebook) bool {
			return nb.Cells[1].Source == "plain" && len(nb.Cells[1].Outputs) == 2
		}},
		"source as lines": {set(1, "source", []any{"a\n", "b"}), func(nb *notebook.Notebook) bool { return nb.Cells[1].Source == "a\nb" }},
		"no source":       {drop(1, "source"), func(nb *notebook.Notebook) bool { return nb.Cells[1].Source == "" }},
		"plain metadata":  {set(1, "metadata", map[string]any{"k": 1}), func(nb *notebook.Notebook) bool { return nb.Cells[1].Metadata["k"] == 1.0 }},
		"no metadata":     {drop(1, "metadata"), func(nb *notebook.Notebook) bool { return len(nb.Cells[1].Metadata) == 0 }},
		"no outputs":      {drop(1, "outputs"), func(nb *notebook.Notebook) bool { return len(nb.Cells[1].Outputs) == 0 }},
		"plain outputs":   {set(1, "outputs", []any{map[string]any{"output_type": "stream", "name": "stdout", "text": []any{"a", "b"}}}), func(nb *notebook.Notebook) bool { return nb.Cells[1].Outputs[0]["text"] == "ab" }},
		"null in outputs": {func(p *yjs.Doc, tx *yjs.Txn) {
			v, _ := cellOf(p, 1).Get("outputs")
			v.(*yjs.Array).Insert(tx, 1, nil, 3)
		}, func(nb *notebook.Notebook) bool { return len(nb.Cells[1].Outputs) == 2 }},
		"count in words":    {set(1, "execution_count", "nine"), func(nb *notebook.Notebook) bool { return nb.Cells[1].ExecutionCount == nil }},
		"shared attachment": {set(0, "attachments", yjs.MapOf(yjs.Entry{Key: "f", Value: map[string]any{"text/plain": "x"}})), func(nb *notebook.Notebook) bool { return nb.Cells[0].Attachments["f"] != nil }},
		"text attachment":   {set(0, "attachments", "x"), func(nb *notebook.Notebook) bool { return nb.Cells[0].Attachments == nil }},
		"odd state":         {set(1, "execution_state", 3), func(nb *notebook.Notebook) bool { return len(nb.Cells) == 3 }},
		"no id":             {drop(1, "id"), func(nb *notebook.Notebook) bool { return nb.Cells[1].ID != "" && nb.Cells[1].Source != "" }},
		"number as id":      {set(1, "id", 5), func(nb *notebook.Notebook) bool { return len(nb.Cells[1].ID) == 36 }},
		"id of another":     {set(0, "id", "calc"), func(nb *notebook.Notebook) bool { return nb.Cells[0].ID == "calc" && len(nb.Cells[1].ID) == 36 }},
		"nulls for cells":   {insert(1, nil, 1, "x", []any{}), func(nb *notebook.Notebook) bool { return len(nb.Cells) == 3 }},
		"text for a cell":   {insert(1, yjs.TextOf("x")), func(nb *notebook.Notebook) bool { return len(nb.Cells) == 3 }},
		"object for a cell": {insert(1, map[string]any{"cell_type": "code", "id": "p", "source": []any{"a", "b"}}), func(nb *notebook.Notebook) bool {
			return len(nb.Cells) == 4 && nb.Cells[1].ID == "p" && nb.Cells[1].Source == "ab" && nb.Cells[1].Type == notebook.Code
		}},
		"empty cell": {insert(3, yjs.MapOf()), func(nb *notebook.Notebook) bool {
			return len(nb.Cells) == 4 && nb.Cells[3].Type == notebook.Raw && nb.Cells[3].ID != ""
		}},
		"no metadata of the notebook":    {func(p *yjs.Doc, tx *yjs.Txn) { p.Map("meta").Delete(tx, "metadata") }, func(nb *notebook.Notebook) bool { return len(nb.Metadata) == 0 }},
		"plain metadata of the notebook": {func(p *yjs.Doc, tx *yjs.Txn) { p.Map("meta").Set(tx, "metadata", map[string]any{"k": "v"}) }, func(nb *notebook.Notebook) bool { return nb.Metadata["k"] == "v" }},
		"odd format":                     {func(p *yjs.Doc, tx *yjs.Txn) { p.Map("meta").Set(tx, "nbformat", "four") }, func(nb *notebook.Notebook) bool { return nb.Major == 4 }},
	} {
		t.Run(name, func(t *testing.T) {
			d := seed(t, sample())
			p, other := peer(t, d), peer(t, d)
			e := must(t)(d.Apply(write(t, p, func(tx *yjs.Txn) { c.edit(p, tx) }), "p"))
			if !e.Repaired {
				t.Fatalf("not repaired: %+v", e)
			}
			if !c.ok(d.Notebook()) {
				t.Fatalf("got\n%s", show(d.Notebook()))
			}
			for _, q := range []*yjs.Doc{other, p} {
				apply(t, q, e.Update)
				again, err := nbdoc.Load(yjs.Options{}, encoded(t, q))
				if err != nil || show(again.Notebook()) != show(d.Notebook()) {
					t.Fatalf("a peer has\n%s%v", show(again.Notebook()), err)
				}
			}
			wantReload(t, d)
			must(t)(d.SetSource(d.IDs()[0], "goes on"))
		})
	}
}

func TestApply_TakesBackWritesToTheHubsRoot(t *testing.T) {
	d := seed(t, sample())
	must(t)(d.Update(nil, func(e *nbdoc.Edit) error {
		if err := e.SetHub("lineage", "L"); err != nil {
			return err
		}
		return e.SetHub("kernel", map[string]any{"name": "python3", "status": "idle"})
	}))
	p := peer(t, d)
	e := must(t)(d.Apply(write(t, p, func(tx *yjs.Txn) {
		p.Map("hub").Set(tx, "lineage", "mine")
		p.Map("hub").Delete(tx, "kernel")
		p.Map("hub").Set(tx, "more", yjs.MapOf(yjs.Entry{Key: "a", Value: 1}))
		sourceOf(p, 1).Insert(tx, 0, "#")
	}), "p"))
	apply(t, p, e.Update)
	if !e.Repaired || e.Hub || !e.Content {
		t.Fatalf("%+v", e)
	}
	if d.Hub("lineage") != "L" || d.Hub("more") != nil || d.Hub("kernel").(map[string]any)["status"] != "idle" {
		t.Fatal("the root is not as it was")
	}
	if v, _ := p.Map("hub").Get("lineage"); v != "L" || p.Map("hub").Len() != 2 {
		t.Fatalf("the peer has %v", p.Map("hub").JSON())
	}
	if s, _ := d.Source("calc"); s[0] != '#' {
		t.Fatal("the rest of the update is gone")
	}
}

// Two peers move the same cell at once: it is there once.
func TestApply_TwoMovesOfOneCellAreOne(t *testing.T) {
	d := seed(t, sample())
	p, q := peer(t, d), peer(t, d)
	e1 := must(t)(d.Apply(move(t, p, 1, 0), "p"))
	second := move(t, q, 1, 2)
	e2 := must(t)(d.Apply(second, "q"))
	for _, r := range []*yjs.Doc{p, q} {
		apply(t, r, e1.Update)
		apply(t, r, e2.Update)
		again, _ := nbdoc.Load(yjs.Options{}, encoded(t, r))
		if !slices.Equal(again.IDs(), d.IDs()) {
			t.Fatalf("a peer has %v, the room %v", again.IDs(), d.IDs())
		}
	}
	if !slices.Equal(d.IDs(), []string{"calc", "intro", "note"}) {
		t.Fatalf("got %v", d.IDs())
	}
	wantReload(t, d)
}

// move is what clients do: they delete a cell and insert a copy.
func move(t testing.TB, p *yjs.Doc, from, to int) []byte {
	t.Helper()
	return write(t, p, func(tx *yjs.Txn) { moveAs(tx, p, from, to, nil) })
}

// retype changes the type of a cell like a client: with a copy, too.
func retype(t testing.TB, p *yjs.Doc, at int, kind string) []byte {
	t.Helper()
	return write(t, p, func(tx *yjs.Txn) { moveAs(tx, p, at, at, kind) })
}

func moveAs(tx *yjs.Txn, p *yjs.Doc, from, to int, kind any) {
	c := cellOf(p, from)
	var entries []yjs.Entry
	for _, key := range c.Keys() {
		v, _ := c.Get(key)
		switch s := v.(type) {
		case *yjs.Text:
			v = yjs.TextOf(s.String())
		case *yjs.Map:
			v = yjs.MapOf()
		case *yjs.Array:
			v = yjs.ArrayOf()
		}
		if key == "cell_type" && kind != nil {
			v = kind
		}
		entries = append(entries, yjs.Entry{Key: key, Value: v})
	}
	if kind == "code" && !slices.Contains(c.Keys(), "outputs") {
		entries = append(entries, yjs.Entry{Key: "outputs", Value: yjs.ArrayOf()}, yjs.Entry{Key: "execution_count", Value: nil})
	}
	p.Array("cells").Delete(tx, from, 1)
	p.Array("cells").Insert(tx, to, yjs.MapOf(entries...))
}

// Text that somebody types into a cell while somebody else moves it follows.
func TestApply_TypingFollowsAPeersMove(t *testing.T) {
	d := seed(t, sample())
	p, q := peer(t, d), peer(t, d)
	typed := write(t, q, func(tx *yjs.Txn) { sourceOf(q, 1).Insert(tx, 5, "23") })
	more := write(t, q, func(tx *yjs.Txn) { sourceOf(q, 1).Insert(tx, 7, "45") })
	e := must(t)(d.Apply(move(t, p, 1, 0), "p"))
	if ev, _ := e.Change("calc"); ev.Kind != nbdoc.Moved || e.Repaired {
		t.Fatalf("%+v", e)
	}
	must(t)(d.Update(nil, func(e *nbdoc.Edit) error { return e.SetSource("calc", "# first\nx = 1\nprint(x)") }))
	must(t)(d.Apply(typed, "q"))
	must(t)(d.Apply(more, "q"))
	if s, _ := d.Source("calc"); s != "# first\nx = 12345\nprint(x)" {
		t.Fatalf("got %q", s)
	}
	wantReload(t, d)
}

func TestMoves_AreRememberedWithTheDocument(t *testing.T) {
	d := seed(t, sample())
	for i := range 600 {
		must(t)(d.MoveCell("calc", i%2*2))
	}
	state, _ := d.Encode(nil)
	if len(state) > 60_000 {
		t.Fatalf("600 moves made %d bytes", len(state))
	}
	if d.Hub("moved/1:1") != nil {
		t.Fatal("made up")
	}
	if _, err := d.SetHub("moved/1:1", "x"); err == nil {
		t.Fatal("a key of the package was written from outside")
	}
}

// FuzzApply applies random edits of the roots, of any shape, by two peers: the
// document never panics, is valid after every update, and is the same for all.
func FuzzApply(f *testing.F) {
	for s := range uint64(60) {
		f.Add(s, uint8(12))
	}
	f.Fuzz(func(t *testing.T, s uint64, n uint8) {
		rnd := rand.New(rand.NewPCG(s, 3))
		d := seed(t, sample())
		peers := []*yjs.Doc{peer(t, d), peer(t, d)}
		for i := range int(n % 40) {
			p := peers[rnd.IntN(2)]
			u := write(t, p, func(tx *yjs.Txn) {
				for range 1 + rnd.IntN(3) {
					vandalise(rnd, p, tx)
				}
			})
			if u == nil {
				continue
			}
			e := must(t)(d.Apply(u, nil))
			for _, q := range peers {
				apply(t, q, e.Update)
			}
			if rnd.IntN(4) == 0 {
				e := must(t)(d.Replace(sample()))
				if !notebook.Equal(d.Notebook(), sample()) {
					t.Fatalf("seed %d step %d: Replace gave\n%s", s, i, show(d.Notebook()))
				}
				for _, q := range peers {
					apply(t, q, e.Update)
				}
			}
			wantReload(t, d)
		}
		for _, q := range peers {
			again, err := nbdoc.Load(yjs.Options{}, encoded(t, q))
			if err != nil || show(again.Notebook()) != show(d.Notebook()) {
				t.Fatalf("seed %d: a peer has\n%s\nthe room\n%s%v", s, show(again.Notebook()), show(d.Notebook()), err)
			}
		}
	})
}

// vandalise makes one random edit anywhere below the roots.
func vandalise(rnd *rand.Rand, p *yjs.Doc, tx *yjs.Txn) {
	keys := []string{"id", "cell_type", "source", "metadata", "outputs", "execution_count", "execution_state", "attachments", "text",
		"output_type", "name", "nbformat", "nbformat_minor", "lineage", "dirty", "trusted", "x"}
	var at yjs.Type = []yjs.Type{p.Array("cells"), p.Array("cells"), p.Array("cells"), p.Map("meta"), p.Map("hub"), p.Map("state")}[rnd.IntN(6)]
	for range 4 {
		var next any
		switch a := at.(type) {
		case *yjs.Array:
			if a.Len() > 0 {
				next = a.Get(rnd.IntN(a.Len()))
			}
		case *yjs.Map:
			next, _ = a.Get(keys[rnd.IntN(len(keys))])
		}
		if n, ok := next.(yjs.Type); ok && rnd.IntN(4) > 0 {
			at = n
		}
	}
	switch a := at.(type) {
	case *yjs.Array:
		if a.Len() > 0 && rnd.IntN(3) == 0 {
			a.Delete(tx, rnd.IntN(a.Len()), 1)
		} else if a.Len() < 12 {
			a.Insert(tx, rnd.IntN(a.Len()+1), junk(rnd, 2))
		}
	case *yjs.Map:
		if key := keys[rnd.IntN(len(keys))]; rnd.IntN(3) == 0 {
			a.Delete(tx, key)
		} else {
			a.Set(tx, key, junk(rnd, 2))
		}
	case *yjs.Text:
		a.Insert(tx, rnd.IntN(a.Len()+1), fmt.Sprint(rnd.IntN(100)))
	}
}

// junk is a value of any kind.
func junk(rnd *rand.Rand, depth int) any {
	switch rnd.IntN(14) {
	case 0:
		return nil
	case 1:
		return float64(rnd.IntN(5))
	case 2:
		return 2.5
	case 3:
		return []any{"a", nil, 1.0}
	case 4:
		return map[string]any{"output_type": "stream", "name": "stdout", "text": []any{"x"}, "u": yjs.Undefined}
	case 5:
		return yjs.TextOf("text 😀")
	case 6:
		return []byte{1, 2}
	case 7:
		return yjs.Undefined
	case 8:
		return []string{"code", "markdown", "raw", "sql", "stream", "calc", "note", ""}[rnd.IntN(8)]
	}
	if depth == 0 {
		return true
	}
	if rnd.IntN(3) == 0 {
		return yjs.ArrayOf(junk(rnd, depth-1), junk(rnd, depth-1))
	}
	var entries []yjs.Entry
	for _, key := range []string{"id", "cell_type", "source", "metadata", "outputs", "text", "output_type"} {
		if rnd.IntN(2) == 0 {
			entries = append(entries, yjs.Entry{Key: key, Value: junk(rnd, depth-1)})
		}
	}
	return yjs.MapOf(entries...)
}

// After a restart the journal still knows where a moved cell went.
func TestLoad_TypingFollowsAMoveInTheJournal(t *testing.T) {
	d := seed(t, sample())
	p, q := peer(t, d), peer(t, d)
	typed := write(t, q, func(tx *yjs.Txn) { sourceOf(q, 1).Insert(tx, 5, "23") })
	snapshot, err := d.Encode(nil)
	if err != nil {
		t.Fatal(err)
	}
	journal := [][]byte{snapshot, must(t)(d.Apply(move(t, p, 1, 0), "p")).Update, must(t)(d.MoveCell("calc", 2)).Update}
	again, err := nbdoc.Load(yjs.Options{}, journal...)
	if err != nil {
		t.Fatal(err)
	}
	must(t)(again.Apply(typed, "q"))
	if s, _ := again.Source("calc"); s != "x = 123\nprint(x)" {
		t.Fatalf("got %q", s)
	}
}
