package nbdoc

import (
	"cmp"
	"slices"
	"strconv"

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

// What a cell said when it moved is remembered for when more copies of it come.
const (
	trailText = 1 << 17 // bytes, of all moves
	editText  = 1 << 16 // of those of one edit: what it forgets again at once would be sent to everybody
	cellText  = 1 << 15 // of one cell
)

// trail remembers moved cells: in Yjs a move is a copy and a deletion.
type trail struct {
	moves  []*moved // oldest first
	runs   int      // of all of them
	number int      // of the newest
	free   []string // keys that were in use: a new one would stay in every replica for ever
	units  map[uint64][]station
	texts  map[yjs.ID]*moved // by the text that a move left behind
}

// moved says where the units of a source went, one by one, and what they said.
// Late text, which is written again under other ids, is among them.
type moved struct {
	key   string // in the hub's root
	count int    // its number: later ones have higher ones
	cell  string // the id of the cell, at that time
	from  yjs.ID // the old source
	to    yjs.ID // the source that the copy had at first
	old   []run  // the units of the old source, in order
	next  []run  // the units of its copy: as many as live ones in old
	whole bool   // what follows is known: what the cell was
	text  string
	kind  string
	meta  map[string]any
	units []uint16 // of text, while late text comes in
	near  spot     // where something was found last
}

// station is a run of old units and the move that has them.
type station struct {
	clock uint64
	n     int
	move  *moved
}

func newTrail() trail {
	var t trail
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
	for _, r := range m.old {
		t.enterRun(r, m)
	}
	t.runs += len(m.next)
}

func (t *trail) enterRun(r run, m *moved) {
	list := t.units[r.id.Client]
	s := station{r.id.Clock, r.n, m}
	at, found := slices.BinarySearchFunc(list, s.clock, func(s station, clock uint64) int { return cmp.Compare(s.clock, clock) })
	if found {
		list[at] = s
		return
	}
	t.units[r.id.Client] = slices.Insert(list, at, s)
	t.runs++
}

// find returns the move that took a unit of a source that was left behind, nil
// when none is known.
func (t *trail) find(id yjs.ID) *moved {
	list := t.units[id.Client]
	at, found := slices.BinarySearchFunc(list, id.Clock, func(s station, clock uint64) int { return cmp.Compare(s.clock, clock) })
	if !found {
		at--
	}
	if at < 0 || id.Clock >= list[at].clock+uint64(list[at].n) {
		return nil
	}
	return list[at].move
}

// follow remembers that a cell, read and with its runs noted before it went, has
// been replaced by next.
func (t *trail) follow(e *Edit, was, next *cell) {
	if was.source == nil || next.source == nil {
		return
	}
	m := pair(was.runs, was.data.Source, liveRuns(next.source), next.source.String())
	m.cell, m.from, m.to = next.id, was.place, next.place
	m.kind, m.meta = was.data.Type, withoutTrusted(was.data.Metadata)
	if size := m.size(); size > cellText || e.told+size > editText {
		m.shorten()
	} else {
		e.told += size
	}
	t.remember(e, m)
}

// size is how much is remembered of what the cell said.
func (m *moved) size() int { return len(m.text) + sizeOf(m.meta) }

// shorten forgets what the cell said, but not where it went.
func (m *moved) shorten() {
	m.old, m.whole, m.text, m.kind, m.meta = untold(m.old), false, "", "", nil
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
	t.bound(e)
}

// bound keeps what is remembered within its bounds.
func (t *trail) bound(e *Edit) {
	most := max(movesAtLeast, min(movesPerCell*len(e.d.list), movesAtMost))
	if len(t.moves) > most || t.runs > trailRuns {
		t.forget(e, most*7/8, trailRuns*7/8)
	}
	t.shorten(e)
}

// shorten forgets what the cells of the oldest moves said when it is too much.
func (t *trail) shorten(e *Edit) {
	size := 0
	for _, m := range t.moves {
		size += m.size()
	}
	if size <= trailText {
		return
	}
	for _, m := range t.moves {
		if size > trailText*3/4 && m.whole {
			size -= m.size()
			m.shorten()
			t.write(e, m)
		}
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
		}
		return drop[m]
	})
	t.reset()
	for _, m := range t.moves {
		t.enter(m)
	}
}
