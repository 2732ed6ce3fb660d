package nbdoc_test

import (
	"testing"

	"github.com/notebookhub/hub/hub/yjs"
)

// Somebody moves a cell asleep and types into it. What the room replaced in it
// meanwhile stays replaced, whether or not the cell moved there too.
func TestStale_ACopyBringsNothingBack(t *testing.T) {
	for _, moved := range []bool{false, true} {
		d := seed(t, md("a:x = 1\nprint(x)", "b:"))
		must(t)(d.SetSource("a", "y = 1\nprint(x)"))
		must(t)(d.SetSource("a", "x = 1\nprint(x)")) // what had been deleted before is of no account
		p := peer(t, d)
		must(t)(d.SetSource("a", "x = 2\nprint(x)"))
		if moved {
			must(t)(d.MoveCell("a", 1))
		}
		d = reload(t, d)
		write(t, p, func(tx *yjs.Txn) { sourceOf(p, 1).Insert(tx, 0, "elsewhere") })
		move(t, p, 0, 1)
		write(t, p, func(tx *yjs.Txn) { sourceOf(p, 1).Insert(tx, 5, "7") })
		wake(t, d, p)
		if s, _ := d.Source("a"); s != "x = 27\nprint(x)" && s != "x = 72\nprint(x)" {
			t.Errorf("moved %v: got %q", moved, s)
		}
		wantReload(t, d)
	}
}

// What the author of a copy wrote into the cell before cannot be told from what
// others deleted there: all of it is kept.
func TestStale_WhatTheAuthorWroteBeforeIsKept(t *testing.T) {
	for _, moved := range []bool{false, true} {
		d := seed(t, md("a:x = 1", "b:"))
		p := peer(t, d)
		must(t)(d.SetSource("a", "x = 2"))
		if moved {
			must(t)(d.MoveCell("a", 1))
		}
		write(t, p, func(tx *yjs.Txn) { sourceOf(p, 0).Delete(tx, 4, 1) })
		write(t, p, func(tx *yjs.Txn) { sourceOf(p, 0).Insert(tx, 4, "7") })
		move(t, p, 0, 1)
		wake(t, d, p)
		if s, _ := d.Source("a"); s != "x = 27" && s != "x = 72" {
			t.Errorf("moved %v: got %q", moved, s)
		}
	}
}

// anew makes the first cell anew at a peer with a text, its keys in an order.
func anew(t *testing.T, p *yjs.Doc, text string, keys ...string) {
	t.Helper()
	values := map[string]any{"source": yjs.TextOf(text), "metadata": yjs.MapOf(), "cell_type": "markdown", "id": "a"}
	write(t, p, func(tx *yjs.Txn) {
		var entries []yjs.Entry
		for _, key := range keys {
			entries = append(entries, yjs.Entry{Key: key, Value: values[key]})
		}
		p.Array("cells").Delete(tx, 0, 1)
		p.Array("cells").Insert(tx, 0, yjs.MapOf(entries...))
	})
}

// A client that knows the cell as it is makes it anew with the text that it had:
// it is to be so again.
func TestStale_AFormerTextIsBroughtBackOnPurpose(t *testing.T) {
	d := seed(t, md("a:x = 1", "b:"))
	must(t)(d.SetSource("a", "x = 2"))
	p := peer(t, d)
	anew(t, p, "x = 1", "source", "metadata", "cell_type", "id")
	wake(t, d, p)
	if s, _ := d.Source("a"); s != "x = 1" {
		t.Fatalf("got %q", s)
	}
}

// What a client makes anew with another text, or in an order in which it cannot
// be told from what is typed later, is kept, though others write meanwhile.
func TestStale_AnotherTextIsKept(t *testing.T) {
	for want, keys := range map[string][]string{
		"x = 1000 + y2": {"source", "metadata", "cell_type", "id"}, "x = 12": {"cell_type", "id", "metadata", "source"},
	} {
		d := seed(t, md("a:x = 1", "b:"))
		p := peer(t, d)
		must(t)(d.SetSource("a", "x = 2"))
		anew(t, p, want[:len(want)-1], keys...)
		wake(t, d, p)
		if s, _ := d.Source("a"); s != want && s != "x = 2"+want[4:len(want)-1] {
			t.Errorf("got %q, want %q", s, want)
		}
	}
}
