package nbdoc

import (
	"fmt"
	"maps"
	"slices"

	"github.com/notebookhub/hub/hub/notebook"
	"github.com/notebookhub/hub/hub/yjs"
)

// outlet is what the document remembers of the outputs that the hub itself
// writes into a cell, beside what the outputs say.
type outlet struct {
	clearNext bool    // a clear_output waits for the next output
	shown     []shown // outputs with a display id
	cursor    cursor
	counted   bool // bytes is right: nobody else wrote since the run began
	bytes     int
}

// shown is an output that may be updated by its display id.
type shown struct {
	output  *yjs.Map
	index   int // its place when it was written, for when the cell moves
	display string
}

// cursor is where the next character of a stream goes, when that is not its
// end: column runes into the last line of a text that is length units long.
type cursor struct {
	text   *yjs.Text
	length int
	column int
}

// outlet returns the outlet of a cell, a new one for cells that never had one.
func (e *Edit) outlet(c *cell) *outlet {
	out := e.d.kernelOut[c.id]
	if out == nil {
		out = &outlet{}
		e.d.kernelOut[c.id] = out
	}
	return out
}

// shows reports whether an output is known under the display id.
func (o *outlet) shows(display string) bool {
	for _, s := range o.shown {
		if s.display == display {
			return true
		}
	}
	return false
}

// changes are the outputs shown under a display id as they are to be now, by their
// places, and the first place.
func (o *outlet) changes(display string, now notebook.Output) (first int, changed map[int]notebook.Output, err error) {
	changed = map[int]notebook.Output{}
	for _, s := range o.shown {
		i, ok := s.place()
		if !ok || s.display != display {
			continue
		}
		next := maps.Clone(now)
		for _, key := range []string{keyOutputType, keyExecutionCount} {
			if v, ok := s.output.Get(key); ok {
				next[key] = plain(v)
			}
		}
		if next[keyMetadata] == nil {
			next[keyMetadata] = map[string]any{}
		}
		if next, err = ownOutput(next); err != nil {
			return 0, nil, fmt.Errorf("update display %q: %w", display, err)
		}
		if len(changed) == 0 || i < first {
			first = i
		}
		changed[i] = next
	}
	return first, changed, nil
}

// place is the position of the output now.
func (s shown) place() (int, bool) {
	a, ok := s.output.Parent().(*yjs.Array)
	if !ok || !s.output.Alive() {
		return 0, false
	}
	if a.Get(s.index) == any(s.output) {
		return s.index, true
	}
	at := -1
	a.Range(func(i int, v any) bool {
		if v == any(s.output) {
			at = i
		}
		return at < 0
	})
	return at, at >= 0
}

// dropDead forgets outputs that are gone.
func (o *outlet) dropDead() {
	o.shown = slices.DeleteFunc(o.shown, func(s shown) bool { return !s.output.Alive() })
}

// follow moves the outlet to the successor of a moved cell, whose outputs are
// copies in the same order.
func (o *outlet) follow(next *cell) {
	o.cursor = cursor{}
	a := next.outputs()
	o.shown = slices.DeleteFunc(o.shown, func(s shown) bool { return a == nil || s.index >= a.Len() })
	for i := range o.shown {
		s := &o.shown[i]
		if m, ok := a.Get(s.index).(*yjs.Map); ok {
			s.output = m
		}
	}
	o.dropDead()
}

// outputsTouched forgets what others' writes made wrong.
func (d *Document) outputsTouched(x *delta, c *cell) {
	out := d.kernelOut[c.id]
	if out == nil {
		return
	}
	for _, own := range x.wrote {
		if own == c {
			return
		}
	}
	out.counted = false
}
