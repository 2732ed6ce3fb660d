package nbdoc

import (
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

const (
	// trailLength bounds how many moves are remembered.
	trailLength = 256
	// trailRuns bounds how finely one is remembered.
	trailRuns = 512
)

// trail remembers moved cells: in Yjs a move is a copy and a deletion.
type trail struct {
	moves  []moved // oldest first
	former map[string]notebook.Cell
}

// moved says where the units of a source went, or those of late text, which is
// written again under other ids.
type moved struct {
	key  string // in the hub's root
	cell string // the id of the cell
	old  []run  // the units of the old source
	next []run  // the units of its copy
	text string // late text, while it is remembered
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

// runsOf lists the units of a text.
func runsOf(t *yjs.Text) []run {
	var runs []run
	if t != nil {
		t.Runs(func(id yjs.ID, n int, deleted bool) bool {
			runs = append(runs, run{id, n, deleted})
			return len(runs) < trailRuns
		})
	}
	return runs
}

func newTrail() trail { return trail{former: map[string]notebook.Cell{}} }

func isTrailKey(key string) bool { return strings.HasPrefix(key, trailKey) }

// load reads the trail from the hub's root.
func (t *trail) load(hub *yjs.Map) {
	t.moves = t.moves[:0]
	for _, key := range hub.Keys() {
		v, _ := hub.Get(key)
		if m, ok := v.(map[string]any); ok && isTrailKey(key) {
			cell, _ := m["cell"].(string)
			t.moves = append(t.moves, moved{key: key, cell: cell, old: readRuns(m["old"]), next: readRuns(m["new"])})
		}
	}
	slices.SortFunc(t.moves, func(a, b moved) int { return trailNumber(a.key) - trailNumber(b.key) })
}

// trailNumber is the number of a move: they are counted.
func trailNumber(key string) int {
	n, _ := strconv.Atoi(strings.TrimPrefix(key, trailKey))
	return n
}

// follow remembers that a cell has been replaced by next. was.runs are the
// units that the old source had.
func (t *trail) follow(tx *yjs.Txn, hub *yjs.Map, was, next *cell) {
	if len(t.former) >= trailLength {
		clear(t.former)
	}
	if was.fresh.Has(FieldSource) {
		t.former[next.id] = was.data
	}
	if len(was.runs) > 0 && next.source != nil {
		t.remember(tx, hub, moved{cell: next.id, old: was.runs, next: runsOf(next.source)})
	}
}

// remember writes a move down.
func (t *trail) remember(tx *yjs.Txn, hub *yjs.Map, m moved) {
	m.key = trailKey + "1"
	if n := len(t.moves); n > 0 {
		m.key = trailKey + strconv.Itoa(trailNumber(t.moves[n-1].key)+1)
	}
	t.moves = append(t.moves, m)
	hub.Set(tx, m.key, map[string]any{"cell": m.cell, "old": writeRuns(m.old), "new": writeRuns(m.next)})
	for len(t.moves) > trailLength {
		hub.Delete(tx, t.moves[0].key)
		t.moves = t.moves[1:]
	}
}

// writeRuns and readRuns are the plain form of runs: four numbers each.
func writeRuns(runs []run) []any {
	list := make([]any, 0, 4*len(runs))
	for _, r := range runs {
		dead := 0.0
		if r.dead {
			dead = 1
		}
		list = append(list, float64(r.id.Client), float64(r.id.Clock), float64(r.n), dead)
	}
	return list
}

func readRuns(v any) []run {
	list, _ := v.([]any)
	var runs []run
	for numbers := range slices.Chunk(list, 4) {
		var n [4]int64
		for i, v := range numbers {
			n[i], _ = wholeNumber(v)
		}
		runs = append(runs, run{yjs.ID{Client: uint64(n[0]), Clock: uint64(n[1])}, int(n[2]), n[3] != 0})
	}
	return runs
}

// lacksLate returns a source of a cell without the late texts that the cell
// got already: a copy that their author made has them too, perhaps elsewhere.
func (t *trail) lacksLate(cell, source string) string {
	for _, m := range t.moves {
		if m.cell == cell && m.text != "" {
			source = strings.Replace(source, m.text, "", 1)
		}
	}
	return source
}

// was reports whether c is what the cell with this id was before it moved.
func (t *trail) was(id string, c notebook.Cell) bool {
	former, ok := t.former[id]
	return ok && sameEdit(former, c)
}
