package nbdoc

import (
	"slices"
	"strconv"
	"strings"
	"unicode/utf16"

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
	for _, m := range t.moves {
		t.number = m.count
		t.enter(m)
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
	if m.units != nil {
		m.text, m.units = string(utf16.Decode(m.units)), nil
	}
	if m.whole {
		v["text"], v["type"], v["meta"] = m.text, m.kind, m.meta
	}
	e.d.hub.Set(e.tx, m.key, v)
}

func readMoved(key string, v map[string]any) *moved {
	cell, _ := v["cell"].(string)
	count, _ := wholeNumber(v["n"])
	m := &moved{
		key: key, count: int(count), cell: cell, from: readID(v["from"]), to: readID(v["to"]), old: readRuns(v["old"]), next: readRuns(v["new"]),
	}
	if text, ok := v["text"].(string); ok {
		m.whole, m.text = true, text
		m.kind, _ = v["type"].(string)
		m.meta, _ = v["meta"].(map[string]any)
	}
	return m
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

// What the fourth number of a run says.
const (
	flagDead = 1
	flagTold = 2
)

// writeRuns and readRuns are the plain form of runs: four numbers each.
func writeRuns(runs []run) []any {
	list := make([]any, 0, 4*len(runs))
	for _, r := range runs {
		flags := 0.0
		if r.dead {
			flags += flagDead
		}
		if r.told {
			flags += flagTold
		}
		list = append(list, float64(r.id.Client), float64(r.id.Clock), float64(r.n), flags)
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
		id := yjs.ID{Client: uint64(n[0]), Clock: uint64(n[1])}
		runs = append(runs, run{id, int(n[2]), n[3]&flagDead != 0, n[3]&flagTold != 0})
	}
	return runs
}
