package nbdoc

import (
	"strconv"
	"strings"

	"github.com/notebookhub/hub/hub/notebook"
	"github.com/notebookhub/hub/hub/yjs"
)

// trailKey begins the keys of the hub's root under which the document keeps
// where the source of a moved cell went. A client that slept through the move
// (and through evictions and restarts of the hub) still types into the old one.
const trailKey = "moved/"

// trailLength bounds how many moves are remembered.
const trailLength = 512

// trail remembers moved cells: in Yjs a move is a copy and a deletion.
type trail struct {
	cells  map[yjs.ID]string        // the id of the cell that a dead source belonged to
	order  []yjs.ID                 // oldest first
	former map[string]notebook.Cell // by cell id, what it was before it moved
	texts  map[yjs.ID]string        // by dead source, the text of its successor when it was made
}

func newTrail() trail {
	return trail{cells: map[yjs.ID]string{}, former: map[string]notebook.Cell{}, texts: map[yjs.ID]string{}}
}

func isTrailKey(key string) bool { return strings.HasPrefix(key, trailKey) }

// load reads the trail from the hub's root.
func (t *trail) load(hub *yjs.Map) {
	hub.Range(func(key string, v any) bool {
		cell, ok := v.(string)
		if id, is := parseTrailKey(key); is && ok {
			t.cells[id] = cell
			t.order = append(t.order, id)
		}
		return true
	})
}

func keyOfTrail(id yjs.ID) string {
	return trailKey + strconv.FormatUint(id.Client, 10) + ":" + strconv.FormatUint(id.Clock, 10)
}

func parseTrailKey(key string) (yjs.ID, bool) {
	rest, ok := strings.CutPrefix(key, trailKey)
	client, clock, also := strings.Cut(rest, ":")
	a, err1 := strconv.ParseUint(client, 10, 64)
	b, err2 := strconv.ParseUint(clock, 10, 64)
	return yjs.ID{Client: a, Clock: b}, ok && also && err1 == nil && err2 == nil
}

// follow remembers that a cell has been replaced by next.
func (t *trail) follow(tx *yjs.Txn, hub *yjs.Map, was, next *cell) {
	if len(t.former) >= trailLength {
		clear(t.former)
		clear(t.texts)
	}
	if was.fresh.Has(FieldSource) {
		t.former[next.id] = was.data
	}
	if was.source == nil {
		return
	}
	id := was.source.ID()
	if _, known := t.cells[id]; known || id == (yjs.ID{}) {
		return
	}
	t.cells[id] = next.id
	t.texts[id] = next.read(FieldSource).Source
	t.order = append(t.order, id)
	hub.Set(tx, keyOfTrail(id), next.id)
	if len(t.order) > trailLength {
		hub.Delete(tx, keyOfTrail(t.order[0]))
		delete(t.cells, t.order[0])
		t.order = t.order[1:]
	}
}

// was reports whether c is what the cell with this id was before it moved.
func (t *trail) was(id string, c notebook.Cell) bool {
	former, ok := t.former[id]
	return ok && sameEdit(former, c)
}

// mine are the orphans that are text typed into what a moved cell was.
func (t *trail) mine(orphans []yjs.Orphan) []yjs.Orphan {
	var late []yjs.Orphan
	for _, o := range orphans {
		if _, text := o.Value.(string); text && t.cells[o.Parent] != "" {
			late = append(late, o)
		}
	}
	return late
}

// applyLate puts text that arrived under the old source of a moved cell into
// the cell as it is now: at the place that it had, as far as the text around
// it is still there.
func (e *Edit) applyLate(late []yjs.Orphan) error {
	for _, o := range late {
		c := e.d.byID[e.d.trail.cells[o.Parent]]
		if c == nil || c.source == nil || !c.source.Alive() {
			continue // the cell was deleted meanwhile
		}
		at := e.d.trail.place(o, c.read(FieldSource).Source)
		c.source.Insert(e.tx, min(at, c.source.Len()), o.Value.(string))
		e.stale(c, FieldSource)
	}
	return e.tx.Err()
}

// place is where in the present source of its cell an orphan belongs.
func (t *trail) place(o yjs.Orphan, now string) int {
	old, ok := t.texts[o.Parent]
	switch {
	case o.Index < 0:
		return utf16Length(now)
	case !ok:
		return o.Index
	}
	return liveAt(o.Index, notebook.DiffText(old, now))
}
