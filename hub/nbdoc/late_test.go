package nbdoc_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/notebookhub/hub/hub/nbdoc"
	"github.com/notebookhub/hub/hub/yjs"
)

// reload is what an eviction does: all that is left is the state.
func reload(t testing.TB, d *nbdoc.Document) *nbdoc.Document {
	t.Helper()
	state, err := d.Encode(nil)
	if err != nil {
		t.Fatal(err)
	}
	again, err := nbdoc.Load(yjs.Options{}, state)
	if err != nil {
		t.Fatal(err)
	}
	return again
}

// A client sleeps while its cell moves twice and is edited, and the room is
// evicted; what it typed, in two pieces, arrives at its place.
func TestApply_TypingFollowsMovesAcrossEvictions(t *testing.T) {
	d := seed(t, sample())
	p, q := peer(t, d), peer(t, d)
	typed := write(t, q, func(tx *yjs.Txn) { sourceOf(q, 1).Insert(tx, 5, "23") })
	more := write(t, q, func(tx *yjs.Txn) { sourceOf(q, 1).Insert(tx, 7, "45") })
	start := write(t, q, func(tx *yjs.Txn) { sourceOf(q, 1).Insert(tx, 0, "# ") })
	must(t)(d.Apply(move(t, p, 1, 0), "p"))
	d = reload(t, d)
	must(t)(d.SetSource("calc", "x = 1 + 1\nprint(x, y)"))
	must(t)(d.MoveCell("calc", 2))
	must(t)(d.SetSource("calc", "y = 0\nx = 1 + 1\nprint(x, y)"))
	d = reload(t, d)
	for _, u := range [][]byte{typed, more, start} {
		if e := must(t)(d.Apply(u, "q")); !e.Repaired {
			t.Fatalf("%+v", e)
		}
	}
	if s, _ := d.Source("calc"); s != "# y = 0\nx = 12345 + 1\nprint(x, y)" && s != "y = 0\n# x = 12345 + 1\nprint(x, y)" {
		t.Fatalf("got %q", s)
	}
	wantReload(t, d)
}

// Somebody moves a cell without having seen what somebody else has just typed
// into it: the copy lacks it, and gets it.
func TestApply_AMoveKeepsWhatItsAuthorHadNotSeen(t *testing.T) {
	d := seed(t, sample())
	p, q := peer(t, d), peer(t, d)
	must(t)(d.Apply(write(t, q, func(tx *yjs.Txn) { sourceOf(q, 1).Insert(tx, 5, "00") }), "q"))
	must(t)(d.Apply(write(t, q, func(tx *yjs.Txn) { sourceOf(q, 1).Insert(tx, 0, "# ") }), "q"))
	e := must(t)(d.Apply(move(t, p, 1, 0), "p"))
	if s, _ := d.Source("calc"); s != "# x = 100\nprint(x)" || !e.Repaired {
		t.Fatalf("got %q", s)
	}
	wantReload(t, d)
}

// What the author of a move deleted stays deleted.
func TestApply_AMoveBringsNothingDeletedBack(t *testing.T) {
	d := seed(t, sample())
	p := peer(t, d)
	before := p.StateVector()
	write(t, p, func(tx *yjs.Txn) { sourceOf(p, 1).Delete(tx, 0, 6) })
	move(t, p, 1, 0)
	both, err := p.EncodeState(before)
	if err != nil {
		t.Fatal(err)
	}
	must(t)(d.Apply(both, "p"))
	if s, _ := d.Source("calc"); s != "print(x)" {
		t.Fatalf("got %q", s)
	}
}

// Two people move cells and type, seeing each other late or never until the
// end, while the room comes and goes: every word is there once.
func TestMoves_LoseNoTyping(t *testing.T) {
	for s := range 300 {
		rnd := rand.New(rand.NewPCG(uint64(s), 5))
		d := seed(t, md("a:<1>", "b:<2>", "c:<3>"))
		peers := []*yjs.Doc{peer(t, d), peer(t, d)}
		inbox := make([][][]byte, 2)
		outbox := make([][][]byte, 2)
		words := []string{"<1>", "<2>", "<3>"}
		deliver := func(i int) {
			for _, u := range outbox[i] {
				e := must(t)(d.Apply(u, i))
				for j := range inbox {
					inbox[j] = append(inbox[j], e.Update)
				}
			}
			outbox[i] = nil
		}
		for range 14 {
			i := rnd.IntN(2)
			p := peers[i]
			switch n := p.Array("cells").Len(); rnd.IntN(6) {
			case 0:
				deliver(i)
			case 1:
				for _, u := range inbox[i] {
					apply(t, p, u)
				}
				inbox[i] = nil
			case 2:
				d = reload(t, d)
			case 3:
				if i == 0 || s%2 == 0 { // in half of the rounds both move
					outbox[i] = append(outbox[i], move(t, p, rnd.IntN(n), rnd.IntN(n)))
				}
			default:
				word := fmt.Sprintf("<%d>", len(words)+1)
				words = append(words, word)
				text := sourceOf(p, rnd.IntN(n))
				at := []int{0, text.Len()}[rnd.IntN(2)]
				outbox[i] = append(outbox[i], write(t, p, func(tx *yjs.Txn) { text.Insert(tx, at, word) }))
			}
		}
		deliver(0)
		deliver(1)
		all := fmt.Sprint(lines(d.Notebook()))
		for _, word := range words {
			if n := strings.Count(all, word); n != 1 {
				t.Fatalf("seed %d: %s is there %d times in %s", s, word, n, all)
			}
		}
		wantReload(t, d)
	}
}
