package nbdoc_test

import (
	"bytes"
	"testing"

	"github.com/notebookhub/hub/hub/yjs"
)

// What an author sent can be told from what the document makes of it: only the
// latter depends on what others did.
func TestApply_TellsWhatItsAuthorSent(t *testing.T) {
	d := seed(t, sample())
	p := peer(t, d)
	typed := func(at int, s string) []byte {
		return write(t, p, func(tx *yjs.Txn) { sourceOf(p, 1).Insert(tx, at, s) })
	}
	first := typed(0, "x")
	if ev := must(t)(d.Apply(first, p)); !ev.AsSent() || !bytes.Equal(ev.Sent, first) {
		t.Errorf("typing: sent %x, update %x", ev.Sent, ev.Update)
	}
	early, late := typed(1, "y"), typed(2, "z")
	if ev := must(t)(d.Apply(late, p)); ev.Sent != nil || ev.Update != nil {
		t.Errorf("before what it builds on: sent %x, update %x", ev.Sent, ev.Update)
	}
	if ev := must(t)(d.Apply(early, p)); ev.AsSent() || !bytes.Equal(ev.Sent, early) || len(ev.Update) <= len(early) {
		t.Errorf("with what waited for it: sent %x, update %x", ev.Sent, ev.Update)
	}
	must(t)(d.DeleteCell("calc"))
	gone := typed(0, "into a cell that is gone")
	if ev := must(t)(d.Apply(gone, p)); ev.AsSent() || !bytes.Equal(ev.Sent, gone) || bytes.Contains(ev.Update, []byte("into")) {
		t.Errorf("into a cell that is gone: sent %x, update %q", ev.Sent, ev.Update)
	}
	known := write(t, p, func(tx *yjs.Txn) { p.Array("cells").Delete(tx, 1, 1) })
	if ev := must(t)(d.Apply(known, p)); ev.AsSent() || !bytes.Equal(ev.Sent, known) || ev.Update != nil {
		t.Errorf("a deletion that is known: sent %x, update %x", ev.Sent, ev.Update)
	}
	own := write(t, p, func(tx *yjs.Txn) { p.Map("hub").Set(tx, "rev", 7) })
	if ev := must(t)(d.Apply(own, p)); ev.Sent != nil || !ev.Added {
		t.Errorf("what was put right: sent %x", ev.Sent)
	}
	if ev, err := d.Apply([]byte{9, 9}, p); err == nil || ev.Sent != nil {
		t.Errorf("no update at all: sent %x, %v", ev.Sent, err)
	}
}
