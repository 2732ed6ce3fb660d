package nbdoc_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/notebookhub/hub/hub/nbdoc"
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
