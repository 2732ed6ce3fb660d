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

// shuffled is the notebook with its cells in another order.
func shuffled(nb *notebook.Notebook, rnd *rand.Rand) *notebook.Notebook {
	other := *nb
	other.Cells = slices.Clone(nb.Cells)
	rnd.Shuffle(len(other.Cells), func(i, j int) { other.Cells[i], other.Cells[j] = other.Cells[j], other.Cells[i] })
	return &other
}

// takesIn merges a file into the room, as after a change on the disk.
func takesIn(t testing.TB, d *nbdoc.Document, disk *notebook.Notebook) {
	t.Helper()
	base, err := d.Encode(nil)
	if err != nil {
		t.Fatal(err)
	}
	_, conflicts, err := d.Merge(base, d.Notebook(), disk)
	if err != nil || len(conflicts) > 0 {
		t.Fatalf("Merge: %v, %v", conflicts, err)
	}
}

// wake sends what a replica wrote since it last saw the room, as one update.
func wake(t testing.TB, d *nbdoc.Document, p *yjs.Doc) {
	t.Helper()
	update, err := p.EncodeState(d.StateVector())
	if err != nil {
		t.Fatal(err)
	}
	must(t)(d.Apply(update, "p"))
}

// What was typed into an empty cell names no neighbour, only the cell's source.
func TestAsleep_TypingIntoAnEmptyCellFollowsIt(t *testing.T) {
	d := seed(t, md("a:", "b:two", "c:three"))
	p := peer(t, d)
	write(t, p, func(tx *yjs.Txn) { sourceOf(p, 0).Insert(tx, 0, "one") })
	write(t, p, func(tx *yjs.Txn) { sourceOf(p, 0).Insert(tx, 0, "# ") })
	takesIn(t, d, md("b:two", "c:three", "a:"))
	d = reload(t, d)
	must(t)(d.MoveCell("a", 0))
	d = reload(t, d)
	wake(t, d, p)
	if s, _ := d.Source("a"); s != "# one" {
		t.Fatalf("got %q", s)
	}
	wantReload(t, d)
}

// A file reorders a long notebook again and again, and somebody who slept
// through it typed into every cell.
func TestAsleep_ManyCellsMoveManyTimes(t *testing.T) {
	const cells = 150
	rnd := rand.New(rand.NewPCG(1, 2))
	var texts []string
	for i := range cells {
		texts = append(texts, fmt.Sprintf("c%d:text", i))
	}
	d := seed(t, md(texts...))
	p := peer(t, d)
	for range 6 {
		takesIn(t, d, shuffled(d.Notebook(), rnd))
		d = reload(t, d)
	}
	for i := range cells {
		write(t, p, func(tx *yjs.Txn) { sourceOf(p, i).Insert(tx, 2, fmt.Sprintf("<%d>", i)) })
	}
	wake(t, d, p)
	for i := range cells {
		if s, _ := d.Source(fmt.Sprintf("c%d", i)); s != fmt.Sprintf("te<%d>xt", i) {
			t.Fatalf("cell %d is %q", i, s)
		}
	}
	wantReload(t, d)
}

// A day's work in many places arrives at once, and goes on beside itself after
// the room was evicted.
func TestAsleep_ManyPlacesInOneCell(t *testing.T) {
	const places = 2000
	d := seed(t, md("a:"+strings.Repeat(".", places), "b:two"))
	p := peer(t, d)
	takesIn(t, d, md("b:two", "a:"+strings.Repeat(".", places)))
	d = reload(t, d)
	for i := range places {
		write(t, p, func(tx *yjs.Txn) { sourceOf(p, 0).Insert(tx, 2*i+1, "x") })
	}
	wake(t, d, p)
	must(t)(d.MoveCell("a", 0))
	d = reload(t, d)
	for i := range places {
		write(t, p, func(tx *yjs.Txn) { sourceOf(p, 0).Insert(tx, 3*i+2, "y") })
	}
	wake(t, d, p)
	if s, _ := d.Source("a"); s != strings.Repeat(".xy", places) {
		t.Fatalf("%d characters: %.40q", len(s), s)
	}
	wantReload(t, d)
}

// The source that moves was itself written in thousands of pieces.
func TestAsleep_TheOldSourceIsInPieces(t *testing.T) {
	const pieces = 1500
	d := seed(t, md("a:", "b:two"))
	for i := range pieces {
		must(t)(d.SpliceSource("a", []notebook.TextEdit{{At: i, Insert: "."}}))
		must(t)(d.SpliceSource("a", []notebook.TextEdit{{At: 0, Insert: "-"}}))
		must(t)(d.SpliceSource("a", []notebook.TextEdit{{At: 0, Delete: 1}}))
	}
	p := peer(t, d)
	write(t, p, func(tx *yjs.Txn) { sourceOf(p, 0).Insert(tx, pieces, "end") })
	must(t)(d.MoveCell("a", 1))
	d = reload(t, d)
	wake(t, d, p)
	if s, _ := d.Source("a"); s != strings.Repeat(".", pieces)+"end" {
		t.Fatalf("got %.20q, %d characters", s, len(s))
	}
}

// A cell gets another id after it moved; what is typed follows all the same.
func TestAsleep_ARenamedCellIsFound(t *testing.T) {
	d := seed(t, md("a:one", "e:", "b:two"))
	p := peer(t, d)
	write(t, p, func(tx *yjs.Txn) { sourceOf(p, 0).Insert(tx, 3, "!") })
	write(t, p, func(tx *yjs.Txn) { sourceOf(p, 1).Insert(tx, 0, "new") })
	rename := func(from, to string) {
		must(t)(d.Update(nil, func(e *nbdoc.Edit) error { return e.SetCellID(from, to) }))
	}
	must(t)(d.MoveCell("a", 2))
	must(t)(d.MoveCell("e", 2))
	rename("a", "x")
	rename("e", "y")
	d = reload(t, d)
	wake(t, d, p)
	if got := lines(d.Notebook()); !slices.Contains(got, "x:one!") || !slices.Contains(got, "y:new") {
		t.Fatalf("got %q", got)
	}
}

// However often cells move, what is remembered stays within bounds, and what is
// forgotten first is what no living cell needs.
func TestAsleep_MemoryOfMovesIsBounded(t *testing.T) {
	d := seed(t, md("a:one", "b:two", "c:three", "gone:x"))
	must(t)(d.MoveCell("gone", 0))
	must(t)(d.DeleteCell("gone"))
	must(t)(d.MoveCell("b", 0))
	var small int
	for i := range 2000 {
		must(t)(d.MoveCell("a", 2-i%2*2))
		if i == 400 {
			small = stateSize(t, d)
		}
	}
	if size := stateSize(t, d); size > small+25*1600 { // the ids of the moved cells
		t.Errorf("%d bytes after 400 moves, %d after 2000", small, size)
	}
	moves := 0
	for _, key := range peer(t, d).Map("hub").Keys() {
		if strings.HasPrefix(key, "moved/") {
			moves++
		}
	}
	if moves > 256 || moves < 200 {
		t.Errorf("%d moves are remembered", moves)
	}
}

func stateSize(t testing.TB, d *nbdoc.Document) int {
	t.Helper()
	state, err := d.Encode(nil)
	if err != nil {
		t.Fatal(err)
	}
	return len(state)
}

// Somebody sleeps and types into old and into their own new text, while the
// file is shuffled and edited, cells move in the room, and the room comes and
// goes; they wake now and then. Every mark is there once.
func TestAsleep_NothingIsLostOrDoubled(t *testing.T) {
	for s := range uint64(300) {
		rnd := rand.New(rand.NewPCG(s, 9))
		d := seed(t, md("a:one", "b:", "c:three", "d:"))
		p := peer(t, d)
		var marks []string
		mark := func() string {
			marks = append(marks, fmt.Sprintf("<%d>", len(marks)))
			return marks[len(marks)-1]
		}
		for range 25 {
			switch rnd.IntN(7) {
			case 0:
				takesIn(t, d, shuffled(d.Notebook(), rnd))
			case 1:
				d = reload(t, d)
			case 2:
				must(t)(d.MoveCell(d.IDs()[rnd.IntN(4)], rnd.IntN(4)))
			case 3:
				id := d.IDs()[rnd.IntN(4)]
				text, _ := d.Source(id)
				must(t)(d.SetSource(id, text+mark()))
			case 4:
				if rnd.IntN(2) == 0 {
					wake(t, d, p)
					answer, err := d.Encode(p.StateVector())
					if err != nil {
						t.Fatal(err)
					}
					apply(t, p, answer)
				}
			default:
				text := sourceOf(p, rnd.IntN(4))
				at := []int{0, text.Len(), strings.IndexByte(text.String()+"<", '<')}[rnd.IntN(3)]
				write(t, p, func(tx *yjs.Txn) { text.Insert(tx, at, mark()) })
			}
		}
		wake(t, d, p)
		all := fmt.Sprint(lines(d.Notebook()))
		for _, m := range marks {
			if n := strings.Count(all, m); n != 1 {
				t.Fatalf("seed %d: %s is there %d times in %s", s, m, n, all)
			}
		}
		wantReload(t, d)
	}
}

// A client sleeps while its cell moves, twice and across an eviction: what it
// deleted goes, and what it typed beside text that it deleted again is there.
func TestAsleep_DeletionsFollowTheCell(t *testing.T) {
	d := seed(t, md("a:", "b:one two three", "c:"))
	p := peer(t, d)
	must(t)(d.MoveCell("b", 0))
	must(t)(d.SetSource("b", "one (two) three"))
	d = reload(t, d)
	must(t)(d.MoveCell("b", 2))
	must(t)(d.MoveCell("c", 0))
	write(t, p, func(tx *yjs.Txn) { sourceOf(p, 1).Delete(tx, 2, 3) })
	write(t, p, func(tx *yjs.Txn) { sourceOf(p, 2).Insert(tx, 0, "x") })
	write(t, p, func(tx *yjs.Txn) { sourceOf(p, 2).Insert(tx, 1, "typed") })
	write(t, p, func(tx *yjs.Txn) { sourceOf(p, 2).Delete(tx, 0, 1) })
	for range 2 {
		wake(t, d, p)
		if got := lines(d.Notebook()); !slices.Equal(got, []string{"c:typed", "a:", "b:on(wo) three"}) {
			t.Fatalf("got %q", got)
		}
		wantReload(t, d)
	}
}

// What cells said when they moved is kept within bounds, and so is what a move of
// many sends to everybody.
func TestAsleep_MemoryOfTextsIsBounded(t *testing.T) {
	d := seed(t, large())
	size := stateSize(t, d)
	for n := range 3 {
		e := must(t)(d.Update(nil, func(e *nbdoc.Edit) error {
			for i := range 199 {
				if err := e.MoveCell(fmt.Sprint("cell-", i), 199); err != nil {
					return err
				}
			}
			return nil
		}))
		if len(e.Update) > size+200_000 {
			t.Errorf("move %d sends %d bytes, the state was %d", n, len(e.Update), size)
		}
	}
	for i := range 199 {
		must(t)(d.MoveCell(fmt.Sprint("cell-", i), 0))
		must(t)(d.SetSource(fmt.Sprint("cell-", i), ""))
	}
	if size := stateSize(t, d); size > 350_000 {
		t.Errorf("the empty notebook has %d bytes", size)
	}
}

// What was saved is taken over with the notes of where moved cells went, so text
// of somebody who slept through the move and a crash finds its place.
func TestCatchUp_KeepsWhereMovedCellsWent(t *testing.T) {
	d := seed(t, md("a:one", "b:two"))
	p := peer(t, d)
	write(t, p, func(tx *yjs.Txn) { sourceOf(p, 0).Insert(tx, 3, " more") })
	before, err := d.Encode(nil)
	if err != nil {
		t.Fatal(err)
	}
	must(t)(d.MoveCell("a", 1))
	saved, err := d.Encode(nil)
	if err != nil {
		t.Fatal(err)
	}
	after, err := nbdoc.Load(yjs.Options{}, before)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := after.CatchUp(saved); err != nil {
		t.Fatal(err)
	}
	wake(t, after, p)
	if s, _ := after.Source("a"); s != "one more" {
		t.Errorf("got %q", s)
	}
	wantReload(t, after)
}
