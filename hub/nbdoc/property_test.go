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

// world is one random three-way merge: a base, a file edited by somebody, a room
// edited by its people, and a client that has not heard of the latest.
// Every edit inserts a word of its own, so that it can be found again.
type world struct {
	rnd   *rand.Rand
	words int
	gone  map[string]bool // words that somebody deleted on purpose
	all   map[string]bool
}

func (w *world) word(who string) string {
	w.words++
	s := fmt.Sprintf("<%s%d>", who, w.words)
	w.all[s] = true
	return s
}

// edit returns a copy of nb with n random edits; deletions are of cells that
// nobody else touches (the ones that only this side may delete).
func (w *world) edit(nb *notebook.Notebook, who string, n int, mine string) *notebook.Notebook {
	out := md(lines(nb)...)
	for range n {
		i := w.rnd.IntN(len(out.Cells))
		switch w.rnd.IntN(6) {
		case 0:
			c := md(fmt.Sprintf("%s-%d:%s", who, w.words, w.word(who))).Cells[0]
			out.Cells = slices.Insert(out.Cells, i, c)
		case 1:
			c := out.Cells[i]
			out.Cells = slices.Delete(out.Cells, i, i+1)
			out.Cells = slices.Insert(out.Cells, w.rnd.IntN(len(out.Cells)+1), c)
		case 2:
			if strings.HasPrefix(out.Cells[i].ID, mine) && len(out.Cells) > 3 {
				for word := range w.all {
					if strings.Contains(out.Cells[i].Source, word) {
						w.gone[word] = true
					}
				}
				out.Cells = slices.Delete(out.Cells, i, i+1)
			}
		default:
			if c := &out.Cells[i]; !strings.HasPrefix(c.ID, "d-") && !strings.HasPrefix(c.ID, "r-") || strings.HasPrefix(c.ID, mine) {
				at := w.between(c.Source)
				c.Source = c.Source[:at] + w.word(who) + c.Source[at:]
			}
		}
	}
	return out
}

// between is a random place between the words of a source.
func (w *world) between(source string) int {
	places := []int{0, len(source)}
	for i := range source {
		if source[i] == '<' {
			places = append(places, i)
		}
	}
	return places[w.rnd.IntN(len(places))]
}

// wantOnce checks that every word is there exactly once, but for deleted ones.
func (w *world) wantOnce(t *testing.T, seed int, nb *notebook.Notebook) {
	t.Helper()
	all := fmt.Sprint(lines(nb))
	for word := range w.all {
		if n := strings.Count(all, word); n > 1 || n == 0 && !w.gone[word] {
			t.Fatalf("seed %d: %s is there %d times in\n%s", seed, word, n, show(nb))
		}
	}
	ids := map[string]bool{}
	for _, c := range nb.Cells {
		if ids[c.ID] {
			t.Fatalf("seed %d: id %s twice", seed, c.ID)
		}
		ids[c.ID] = true
	}
}

// Over random edits on three sides, each side's edits are in the result exactly
// once, whatever is merged, repeated or late, and all replicas agree.
func TestMerge_HasEverySidesEditsOnce(t *testing.T) {
	for s := range 400 {
		w := &world{rnd: rand.New(rand.NewPCG(uint64(s), 7)), gone: map[string]bool{}, all: map[string]bool{}}
		base := md("d-a:", "r-b:", "x:", "y:", "d-c:", "r-d:", "z:")
		for i := range base.Cells {
			base.Cells[i].Source = w.word("base") + "\n" + w.word("base") + " " + w.word("base") + "\n"
		}
		d := seed(t, base)
		state, err := d.Encode(nil)
		if err != nil {
			t.Fatal(err)
		}
		p := peer(t, d)
		live := w.edit(base, "r", w.rnd.IntN(8), "r-")
		must(t)(d.Replace(live))
		disk := w.edit(base, "d", w.rnd.IntN(8), "d-")
		var late [][]byte // typed by somebody who has seen nothing of all this
		for range w.rnd.IntN(4) {
			word := w.word("late")
			i := 2 + w.rnd.IntN(2)
			late = append(late, write(t, p, func(tx *yjs.Txn) { sourceOf(p, i).Insert(tx, 0, word) }))
		}
		var early []byte
		if len(late) > 1 {
			early, late = late[0], late[1:]
			apply(t, p, must(t)(d.Apply(early, nil)).Update)
		}
		for range 1 + w.rnd.IntN(2) {
			e, conflicts, err := d.Merge(state, base, disk)
			if err != nil {
				t.Fatalf("seed %d: %v", s, err)
			}
			for _, c := range conflicts {
				if c.Kind != nbdoc.DeletedOnDisk && c.Kind != nbdoc.DeletedInRoom {
					t.Fatalf("seed %d: conflict %+v", s, c)
				}
			}
			apply(t, p, e.Update)
		}
		for _, u := range late {
			apply(t, p, must(t)(d.Apply(u, nil)).Update)
		}
		w.wantOnce(t, s, d.Notebook())
		wantReload(t, d)
		// The peer lacks what the room did before; then both are the same.
		rest, err := d.Encode(p.StateVector())
		if err != nil {
			t.Fatal(err)
		}
		apply(t, p, rest)
		q, err := nbdoc.Load(yjs.Options{}, encoded(t, p))
		if err != nil || show(q.Notebook()) != show(d.Notebook()) {
			t.Fatalf("seed %d: the peer has\n%s\nthe room\n%s%v", s, show(q.Notebook()), show(d.Notebook()), err)
		}
	}
}

// Replace arrives at any notebook from any other, and moves only what it must.
func TestReplace_ArrivesAnywhere(t *testing.T) {
	for s := range 300 {
		w := &world{rnd: rand.New(rand.NewPCG(uint64(s), 9)), gone: map[string]bool{}, all: map[string]bool{}}
		from := w.edit(md("d-a:1", "b:2", "c:3", "e:4"), "d", w.rnd.IntN(10), "d-")
		to := w.edit(from, "d", w.rnd.IntN(12), "d-")
		if w.rnd.IntN(3) == 0 {
			for i := range to.Cells {
				to.Cells[i].Type = []string{notebook.Code, notebook.Markdown, notebook.Raw}[w.rnd.IntN(3)]
			}
		}
		d := seed(t, from)
		p := peer(t, d)
		e := must(t)(d.Replace(to))
		if !notebook.Equal(d.Notebook(), to) {
			t.Fatalf("seed %d: got\n%swant\n%s", s, show(d.Notebook()), show(to))
		}
		apply(t, p, e.Update)
		if q, _ := nbdoc.Load(yjs.Options{}, encoded(t, p)); !notebook.Equal(q.Notebook(), to) {
			t.Fatalf("seed %d: the peer has\n%s", s, show(q.Notebook()))
		}
		if e := must(t)(d.Replace(to)); e.Update != nil {
			t.Fatalf("seed %d: replacing by the same wrote something: %+v", s, e)
		}
		wantReload(t, d)
	}
}

func TestReplace_MovesTheFewest(t *testing.T) {
	for to, want := range map[string]string{"eabcd": "e", "bcdea": "a", "acbde": "c", "edcba": "abcd", "abcde": ""} {
		d := seed(t, md("a:1", "b:2", "c:3", "d:4", "e:5"))
		var cells []string
		for _, id := range to {
			cells = append(cells, fmt.Sprintf("%c:%d", id, id-'a'+1))
		}
		moved := ""
		for _, c := range must(t)(d.Replace(md(cells...))).Cells {
			if c.Kind != nbdoc.Moved {
				t.Fatalf("%s: %+v", to, c)
			}
			moved += c.ID
		}
		if len(moved) != len(want) {
			t.Errorf("to %s: moved %q, %q would do", to, moved, want)
		}
	}
}
