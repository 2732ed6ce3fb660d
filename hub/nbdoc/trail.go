package nbdoc

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/notebookhub/hub/hub/notebook"
	"github.com/notebookhub/hub/hub/yjs"
)

// trailKey begins the keys of the hub's root under which the document keeps
// where the source of a moved cell went. A client that slept through the move
// (and through evictions and restarts of the hub) still types into the old one.
const trailKey = "moved/"

// What is remembered is bounded by the number of moves, which may be the larger
// the more cells there are, and by how finely their texts are cut.
const (
	movesAtLeast = 256
	movesPerCell = 16
	movesAtMost  = 4096
	trailRuns    = 1 << 15
	textRuns     = 1 << 13 // of one text
)

// trail remembers moved cells: in Yjs a move is a copy and a deletion.
type trail struct {
	moves  []*moved // oldest first
	runs   int      // of all of them
	number int      // of the newest
	free   []string // keys that were in use: a new one would stay in every replica for ever
	units  map[uint64][]station
	texts  map[yjs.ID]*moved // by the text that a move left behind
	late   map[yjs.ID]*moved // by the text that late text was written into
	former map[string]notebook.Cell
}

// moved says where the units of a source went, one by one. Late text, which is
// written again under other ids, is one for each text it was written into.
type moved struct {
	key   string // in the hub's root
	count int    // its number: later ones have higher ones
	cell  string // the id of the cell, at that time
	from  yjs.ID // the old source; the zero ID for late text
	to    yjs.ID // the source that holds next
	old   []run  // the units of the old source
	next  []run  // the units of its copy: as many as live ones in old
	texts []string
}

// run is a run of units of a text in one author's order. Dead ones had been
// deleted before.
type run struct {
	id   yjs.ID
	n    int
	dead bool
}

func (r run) holds(id yjs.ID) bool {
	return r.id.Client == id.Client && r.id.Clock <= id.Clock && id.Clock < r.id.Clock+uint64(r.n)
}

// station is a run of old units and how many live ones come before it.
type station struct {
	run
	before int
	move   *moved
}

// runsOf lists the units of a text.
func runsOf(t *yjs.Text) []run {
	var runs []run
	if t == nil {
		return nil
	}
	t.Runs(func(id yjs.ID, n int, deleted bool) bool {
		if l := len(runs) - 1; l >= 0 && runs[l].dead == deleted && runs[l].id.Client == id.Client && runs[l].id.Clock+uint64(runs[l].n) == id.Clock {
			runs[l].n += n
		} else {
			runs = append(runs, run{id, n, deleted})
		}
		return len(runs) < textRuns
	})
	return runs
}

func newTrail() trail {
	t := trail{former: map[string]notebook.Cell{}, late: map[yjs.ID]*moved{}}
	t.reset()
	return t
}

// reset empties the index.
func (t *trail) reset() {
	t.units, t.texts, t.runs = map[uint64][]station{}, map[yjs.ID]*moved{}, 0
}

// enter adds a move to the index.
func (t *trail) enter(m *moved) {
	if m.from != (yjs.ID{}) {
		t.texts[m.from] = m
	}
	before := 0
	for _, r := range m.old {
		t.enterRun(station{r, before, m})
		if !r.dead {
			before += r.n
		}
	}
	t.runs += len(m.next)
}

func (t *trail) enterRun(s station) {
	list := t.units[s.id.Client]
	at, found := slices.BinarySearchFunc(list, s.id.Clock, func(s station, clock uint64) int { return cmp.Compare(s.id.Clock, clock) })
	if found {
		list[at] = s
		return
	}
	t.units[s.id.Client] = slices.Insert(list, at, s)
	t.runs++
}

// find returns what is known of a unit of a source that was left behind.
func (t *trail) find(id yjs.ID) (station, bool) {
	list := t.units[id.Client]
	at, found := slices.BinarySearchFunc(list, id.Clock, func(s station, clock uint64) int { return cmp.Compare(s.id.Clock, clock) })
	if !found {
		at--
	}
	if at < 0 || !list[at].holds(id) {
		return station{}, false
	}
	return list[at], true
}

// follow remembers that a cell has been replaced by next. was.runs are the
// units that the old source had.
func (t *trail) follow(e *Edit, was, next *cell) {
	if len(t.former) >= movesAtLeast {
		clear(t.former)
	}
	if was.fresh.Has(FieldSource) {
		t.former[next.id] = was.data
	}
	if was.source != nil && next.source != nil {
		t.remember(e, &moved{cell: next.id, from: was.place, to: next.place, old: was.runs, next: runsOf(next.source)})
	}
}

// remember writes a move down.
func (t *trail) remember(e *Edit, m *moved) {
	t.number++
	m.count, m.key = t.number, trailKey+strconv.Itoa(len(t.moves)+len(t.free)+1)
	if n := len(t.free); n > 0 {
		m.key, t.free = t.free[n-1], t.free[:n-1]
	}
	t.moves = append(t.moves, m)
	t.enter(m)
	t.write(e, m)
	most := max(movesAtLeast, min(movesPerCell*len(e.d.list), movesAtMost))
	if len(t.moves) > most || t.runs > trailRuns {
		t.forget(e, most*7/8, trailRuns*7/8)
	}
}

// forget keeps at most so many moves and runs: those of cells that are gone go
// first, then the oldest.
func (t *trail) forget(e *Edit, moves, runs int) {
	size := func(m *moved) int { return len(m.old) + len(m.next) }
	count, total := len(t.moves), 0
	for _, m := range t.moves {
		total += size(m)
	}
	drop := make(map[*moved]bool)
	pick := func(when func(*moved) bool) {
		for _, m := range t.moves[:len(t.moves)-1] {
			if (count > moves || total > runs) && !drop[m] && when(m) {
				drop[m] = true
				count, total = count-1, total-size(m)
			}
		}
	}
	pick(func(m *moved) bool { return e.d.byID[m.cell] == nil })
	pick(func(*moved) bool { return true })
	t.moves = slices.DeleteFunc(t.moves, func(m *moved) bool {
		if drop[m] {
			e.d.hub.Delete(e.tx, m.key)
			t.free = append(t.free, m.key)
			if t.late[m.to] == m {
				delete(t.late, m.to)
			}
		}
		return drop[m]
	})
	t.reset()
	for _, m := range t.moves {
		t.enter(m)
	}
}

// lacksLate returns a source of a cell without the late texts that the cell
// got already: a copy that their author made has them too, perhaps elsewhere.
func (t *trail) lacksLate(cell, source string) string {
	for _, m := range t.moves {
		if m.cell != cell {
			continue
		}
		for _, text := range m.texts {
			source = strings.Replace(source, text, "", 1)
		}
	}
	return source
}

// was reports whether c is what the cell with this id was before it moved.
func (t *trail) was(id string, c notebook.Cell) bool {
	former, ok := t.former[id]
	return ok && sameEdit(former, c)
}
