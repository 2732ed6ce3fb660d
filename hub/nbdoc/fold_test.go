package nbdoc_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/notebookhub/hub/hub/nbdoc"
	"github.com/notebookhub/hub/hub/notebook"
	"github.com/notebookhub/hub/hub/yjs"
)

// Two peers move the same cell at once and both go on typing in their copies:
// there is one cell, with what both typed, and what is typed into the copy that
// went finds the way.
func TestApply_TwoMovesWithTypingAreOneCell(t *testing.T) {
	d := seed(t, sample())
	p, q := peer(t, d), peer(t, d)
	first := move(t, p, 1, 0)
	typed := write(t, p, func(tx *yjs.Txn) { sourceOf(p, 0).Insert(tx, 0, "# p\n") })
	second := move(t, q, 1, 2)
	more := write(t, q, func(tx *yjs.Txn) { sourceOf(q, 2).Insert(tx, sourceOf(q, 2).Len(), "\n# q") })
	again := write(t, q, func(tx *yjs.Txn) { sourceOf(q, 2).Insert(tx, sourceOf(q, 2).Len(), "!") })
	both, err := yjs.MergeUpdates(second, more)
	if err != nil {
		t.Fatal(err)
	}
	for _, u := range [][]byte{first, typed, both, again} {
		e := must(t)(d.Apply(u, "peer"))
		apply(t, p, e.Update)
		apply(t, q, e.Update)
	}
	source, _ := d.Source("calc")
	if len(d.IDs()) != 3 || source != "# p\nx = 1\nprint(x)\n# q!" {
		t.Fatalf("got %v with %q", d.IDs(), source)
	}
	for _, r := range []*yjs.Doc{p, q} {
		apply(t, r, encodedFor(t, d, r))
		if other, _ := nbdoc.Load(yjs.Options{}, encoded(t, r)); show(other.Notebook()) != show(d.Notebook()) {
			t.Fatalf("a peer has\n%s", show(other.Notebook()))
		}
	}
	wantReload(t, d)
}

// encodedFor is what r lacks.
func encodedFor(t *testing.T, d *nbdoc.Document, r *yjs.Doc) []byte {
	t.Helper()
	update, err := d.Encode(r.StateVector())
	if err != nil {
		t.Fatal(err)
	}
	return update
}

// Over random moves and typing of several peers who rarely hear of each other,
// every cell and every character is there once in the end, and all replicas
// agree. An eviction forgets what a moved cell was before: then a character that
// two copies have in another order may stand twice, and still none is lost.
func TestApply_MovesOfManyLoseAndDoubleNothing(t *testing.T) {
	for s := range 400 {
		rnd := rand.New(rand.NewPCG(uint64(s), 11))
		d := seed(t, md("a:A", "b:B", "c:C", "d:D"))
		peers := []*yjs.Doc{peer(t, d), peer(t, d), peer(t, d)}
		story, evicted := "", false
		words := []string{"A", "B", "C", "D"}
		for n := range 24 {
			who := rnd.IntN(len(peers))
			p := peers[who]
			count := p.Array("cells").Len()
			switch rnd.IntN(5) {
			case 0:
				from, to := rnd.IntN(count), rnd.IntN(count)
				story += fmt.Sprintf("%d moves %d to %d; ", who, from, to)
				move(t, p, from, to)
			case 1, 2:
				word, at := string(rune('一'+n)), rnd.IntN(count)
				words = append(words, word)
				story += fmt.Sprintf("%d types %s into %d; ", who, word, at)
				write(t, p, func(tx *yjs.Txn) {
					source := sourceOf(p, at)
					source.Insert(tx, rnd.IntN(source.Len()+1), word)
				})
			case 3:
				story += fmt.Sprintf("%d levels; ", who)
				level(t, d, p)
			case 4:
				if s%2 == 1 && rnd.IntN(4) == 0 {
					evicted = true
					story += "evicted; "
					d = reload(t, d)
				}
			}
		}
		for range 2 {
			for _, p := range peers {
				level(t, d, p)
			}
		}
		all := fmt.Sprint(lines(d.Notebook()))
		for _, word := range words {
			if n := strings.Count(all, word); n == 0 || n > 1 && !evicted {
				t.Errorf("seed %d: %s is there %d times in\n%s", s, word, n, show(d.Notebook()))
			}
		}
		if ids := slices.Sorted(slices.Values(d.IDs())); !slices.Equal(ids, []string{"a", "b", "c", "d"}) {
			t.Errorf("seed %d: the cells are %v", s, d.IDs())
		}
		for _, p := range peers {
			if other, err := nbdoc.Load(yjs.Options{}, encoded(t, p)); err != nil || show(other.Notebook()) != show(d.Notebook()) {
				t.Errorf("seed %d: a peer has\n%s%v", s, show(other.Notebook()), err)
			}
		}
		wantReload(t, d)
		if t.Failed() {
			t.Log(story)
			return
		}
	}
}

// level sends the room what it lacks of a peer, in one update, and then the peer
// what it lacks of the room: what a handshake does.
func level(t *testing.T, d *nbdoc.Document, p *yjs.Doc) {
	t.Helper()
	update, err := p.EncodeState(d.StateVector())
	if err != nil {
		t.Fatal(err)
	}
	must(t)(d.Apply(update, "peer"))
	apply(t, p, encodedFor(t, d, p))
}

// Two peers move a cell, of which one has rewritten a part, and the room is
// evicted between their coming back: the part is not there twice.
func TestApply_ACopyAfterAnEvictionBringsNothingBack(t *testing.T) {
	d := seed(t, sample())
	p, q := peer(t, d), peer(t, d)
	must(t)(d.Apply(move(t, p, 1, 0), "p"))
	must(t)(d.Apply(write(t, p, func(tx *yjs.Txn) {
		sourceOf(p, 0).Delete(tx, 4, 1)
		sourceOf(p, 0).Insert(tx, 4, "22")
	}), "p"))
	must(t)(d.Update(nil, func(e *nbdoc.Edit) error { return e.SetCellMetadata("calc", map[string]any{}) }))
	d = reload(t, d)
	write(t, q, func(tx *yjs.Txn) { sourceOf(q, 1).Delete(tx, 5, 6) })
	move(t, q, 1, 2)
	write(t, q, func(tx *yjs.Txn) { sourceOf(q, 2).Insert(tx, 0, "# ") })
	wake(t, d, q)
	if s, _ := d.Source("calc"); s != "# x = 22(x)" || len(d.IDs()) != 3 {
		t.Fatalf("got %v with %q", d.IDs(), s)
	}
	if c, _ := d.Cell("calc"); len(c.Metadata) > 0 {
		t.Fatalf("deleted metadata came back: %v", c.Metadata)
	}
	wantReload(t, d)
}

// One peer moves a cell and another one changes its type: it is one cell, which
// has moved and is of that type, whoever comes first.
func TestApply_AMoveAndAChangeOfTypeAreOneCell(t *testing.T) {
	for _, first := range []int{0, 1} {
		d := seed(t, sample())
		p, q := peer(t, d), peer(t, d)
		updates := [][]byte{move(t, p, 1, 0), retype(t, q, 1, "markdown")}
		must(t)(d.Apply(updates[first], "peer"))
		d = reload(t, d)
		must(t)(d.Apply(updates[1-first], "peer"))
		c, ok := d.Cell("calc")
		if !ok || len(d.IDs()) != 3 || c.Type != notebook.Markdown || c.Source != "x = 1\nprint(x)" {
			t.Fatalf("%d first: got %v with %+v", first, d.IDs(), c)
		}
		wantReload(t, d)
	}
}

// Two peers move a cell and do not know that a part of it has been deleted: their
// copies bring it back, but not twice.
func TestApply_WhatTwoCopiesBringBackIsThereOnce(t *testing.T) {
	d := seed(t, md("a:one two three", "b:"))
	p, q := peer(t, d), peer(t, d)
	must(t)(d.SetSource("a", "one three"))
	move(t, p, 0, 1)
	write(t, q, func(tx *yjs.Txn) { sourceOf(q, 0).Insert(tx, 6, "(q)") })
	move(t, q, 0, 1)
	wake(t, d, p)
	d = reload(t, d)
	wake(t, d, q)
	if s, _ := d.Source("a"); s != "one tw(q)o three" || len(d.IDs()) != 2 {
		t.Fatalf("got %q", lines(d.Notebook()))
	}
}

// A client hears of others' moves before it tells of its own: what they wrote is
// not taken for deleted by it, though its copy does not have it.
func TestApply_ACopyOlderThanItsAuthorsKnowledgeDeletesNothing(t *testing.T) {
	d := seed(t, md("a:one two", "b:"))
	p := peer(t, d)
	move(t, p, 0, 1)
	must(t)(d.MoveCell("a", 1))
	must(t)(d.SetSource("a", "one two three"))
	must(t)(d.MoveCell("a", 0))
	apply(t, p, encodedFor(t, d, p))
	wake(t, d, p)
	if s, _ := d.Source("a"); s != "one two three" || len(d.IDs()) != 2 {
		t.Fatalf("got %q", lines(d.Notebook()))
	}
}

// A client puts a cell of its own under the id of a moved one: the text of both
// is kept.
func TestApply_AnotherCellUnderTheIDOfAMovedOneDeletesNothing(t *testing.T) {
	d := seed(t, md("a:one two", "b:"))
	must(t)(d.MoveCell("a", 1))
	must(t)(d.SetSource("a", "one two three"))
	p := peer(t, d)
	write(t, p, func(tx *yjs.Txn) {
		p.Array("cells").Push(tx, yjs.MapOf(
			yjs.Entry{Key: "id", Value: "a"}, yjs.Entry{Key: "cell_type", Value: "markdown"},
			yjs.Entry{Key: "metadata", Value: yjs.MapOf()}, yjs.Entry{Key: "source", Value: yjs.TextOf("xyz")},
		))
	})
	wake(t, d, p)
	if all := fmt.Sprint(lines(d.Notebook())); !strings.Contains(all, "one two three") || !strings.Contains(all, "xyz") {
		t.Fatalf("got %q", all)
	}
}

// A peer that repeats its edits before it tells what else it has: the copy of a
// cell that it moved can be taken in later than that it typed into the cell and
// deleted it, when the copy stands beside something that is not there yet.
func TestApply_ACopyThatComesAfterItsEditsKeepsThem(t *testing.T) {
	d := seed(t, md("a:one", "b:two"))
	p, lost := peer(t, d), peer(t, d)
	apply(t, p, write(t, lost, func(tx *yjs.Txn) {
		lost.Array("cells").Insert(tx, 2, yjs.MapOf(
			yjs.Entry{Key: "source", Value: yjs.TextOf("three")}, yjs.Entry{Key: "metadata", Value: yjs.MapOf()},
			yjs.Entry{Key: "cell_type", Value: "markdown"}, yjs.Entry{Key: "id", Value: "z"}))
	}))
	typed := write(t, p, func(tx *yjs.Txn) { sourceOf(p, 0).Insert(tx, 0, "# ") })
	moved := move(t, p, 0, 2)
	must(t)(d.MoveCell("a", 1))
	repeated, err := yjs.MergeUpdates(typed, moved)
	if err != nil {
		t.Fatal(err)
	}
	must(t)(d.Apply(repeated, "p"))
	if !d.Pending() {
		t.Fatal("the copy has its place already")
	}
	must(t)(d.Apply(encoded(t, p), "p"))
	source, _ := d.Source("a")
	if source != "# one" || len(d.IDs()) != 3 {
		t.Errorf("%v with %q", d.IDs(), source)
	}
	wantReload(t, d)
}
