package nbdoc

import (
	"slices"
	"strconv"
	"strings"

	"github.com/notebookhub/hub/hub/yjs"
)

func isTrailKey(key string) bool { return strings.HasPrefix(key, trailKey) }

// load reads the trail from the hub's root.
func (t *trail) load(hub *yjs.Map) {
	t.moves, t.number = nil, 0
	for _, key := range hub.Keys() {
		v, _ := hub.Get(key)
		if m, ok := v.(map[string]any); ok && isTrailKey(key) {
			t.moves = append(t.moves, readMoved(key, m))
		}
	}
	slices.SortFunc(t.moves, func(a, b *moved) int { return a.count - b.count })
	t.reset()
	t.free = unused(t.moves)
	clear(t.late)
	for _, m := range t.moves {
		t.number = m.count
		t.enter(m)
		if m.from == (yjs.ID{}) {
			t.late[m.to] = m
		}
	}
}

// unused are the keys below the highest one that hold no move now.
func unused(moves []*moved) (free []string) {
	var taken []bool
	for _, m := range moves {
		n, _ := strconv.Atoi(strings.TrimPrefix(m.key, trailKey))
		n = min(max(n, 0), 2*movesAtMost)
		taken = append(taken, make([]bool, max(n+1-len(taken), 0))...)
		taken[n] = true
	}
	for n := 1; n < len(taken); n++ {
		if !taken[n] {
			free = append(free, trailKey+strconv.Itoa(n))
		}
	}
	return free
}

// write puts a move into the hub's root, in plain form.
func (t *trail) write(e *Edit, m *moved) {
	v := map[string]any{"n": float64(m.count), "cell": m.cell, "to": writeID(m.to), "old": writeRuns(m.old), "new": writeRuns(m.next)}
	if m.from != (yjs.ID{}) {
		v["from"] = writeID(m.from)
	}
	e.d.hub.Set(e.tx, m.key, v)
}

func readMoved(key string, v map[string]any) *moved {
	cell, _ := v["cell"].(string)
	count, _ := wholeNumber(v["n"])
	return &moved{
		key: key, count: int(count), cell: cell, from: readID(v["from"]), to: readID(v["to"]), old: readRuns(v["old"]), next: readRuns(v["new"]),
	}
}

// writeID and readID are the plain form of an id: two numbers.
func writeID(id yjs.ID) []any { return []any{float64(id.Client), float64(id.Clock)} }

func readID(v any) yjs.ID {
	list, _ := v.([]any)
	if len(list) != 2 {
		return yjs.ID{}
	}
	client, _ := wholeNumber(list[0])
	clock, _ := wholeNumber(list[1])
	return yjs.ID{Client: uint64(client), Clock: uint64(clock)}
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
