package nbdoc

import (
	"fmt"
	"slices"

	"github.com/notebookhub/hub/hub/notebook"
	"github.com/notebookhub/hub/hub/yjs"
)

// codeCell returns the code cell with the given id.
func (e *Edit) codeCell(id string) (*cell, error) {
	c, err := e.d.find(id)
	if err != nil {
		return nil, err
	}
	if c.kind() != notebook.Code || c.outputs() == nil {
		return nil, fmt.Errorf("write outputs of cell %q: %w", id, ErrNotCode)
	}
	return c, nil
}

// StartRun marks a code cell as running: its outputs and execution count go.
func (e *Edit) StartRun(id string) error {
	c, err := e.codeCell(id)
	if err != nil {
		return err
	}
	e.d.kernelOut[id] = &outlet{counted: true}
	e.swapTail(c, 0, nil)
	if err := e.set(c.shared, keyExecutionCount, nil); err != nil {
		return err
	}
	e.stale(c, FieldExecutionCount)
	return e.set(c.shared, keyExecutionState, running)
}

// FinishRun marks a code cell as no longer running, with its execution count
// unless that is nil (the run was cancelled or died). Clients take the count
// for the end of the run, so both are written at once, and only here.
func (e *Edit) FinishRun(id string, count *int64) error {
	c, err := e.codeCell(id)
	if err != nil {
		return err
	}
	if out := e.d.kernelOut[id]; out != nil {
		out.clearNext = false
	}
	if count != nil {
		if err := e.set(c.shared, keyExecutionCount, countValue(count)); err != nil {
			return err
		}
		e.stale(c, FieldExecutionCount)
	}
	return e.set(c.shared, keyExecutionState, idle)
}

// ClearOutputs removes the outputs of a code cell; with wait, only when the
// next output arrives.
func (e *Edit) ClearOutputs(id string, wait bool) error {
	c, err := e.codeCell(id)
	if err != nil {
		return err
	}
	out := e.outlet(c)
	if out.clearNext = wait; !wait {
		e.swapTail(c, 0, nil)
	}
	return e.tx.Err()
}

// AppendOutput adds an output to a code cell. display is the display id under
// which [Edit.UpdateDisplay] finds it again, "" for none. transient keys of the
// output are left out; streams are handled as [Edit.AppendStream] does.
func (e *Edit) AppendOutput(id string, o notebook.Output, display string) error {
	if o.Kind() == stream {
		name, _ := o[keyName].(string)
		return e.AppendStream(id, name, joinText(o[keyText]))
	}
	c, err := e.codeCell(id)
	if err != nil {
		return err
	}
	if o, err = ownOutput(o); err != nil {
		return fmt.Errorf("append output to cell %q: %w", id, err)
	}
	a := c.outputs()
	e.swapTail(c, e.keep(c, a), []notebook.Output{o})
	if m, ok := lastOutput(a); ok && display != "" {
		out := e.outlet(c)
		out.shown = append(out.shown, shown{m, a.Len() - 1, display})
	}
	return e.tx.Err()
}

// ownOutput is an output as it may be written: without what belongs to the
// message that brought it.
func ownOutput(o notebook.Output) (notebook.Output, error) {
	own := make(notebook.Output, len(o))
	for k, v := range o {
		if k == keyTransient {
			continue
		}
		w, ok := writable(v)
		if !ok {
			return nil, ErrValue
		}
		own[k] = w
	}
	return own, nil
}

// keep is how many outputs stay when one is appended: all, or none when a
// clear_output waited for this one.
func (e *Edit) keep(c *cell, a *yjs.Array) int {
	out := e.outlet(c)
	if out.clearNext {
		out.clearNext = false
		return 0
	}
	return a.Len()
}

// UpdateDisplay replaces every output that was appended under a display id, but
// for its type and count, which stay. It reports how many there were: 0 means that
// nothing is shown under that id (any more).
func (e *Edit) UpdateDisplay(display string, now notebook.Output) (int, error) {
	n := 0
	for id, out := range e.d.kernelOut {
		c := e.d.byID[id]
		if c == nil || c.outputs() == nil || !out.shows(display) {
			continue
		}
		updated, err := e.updateShown(c, out, display, now)
		if err != nil {
			return n, err
		}
		n += updated
	}
	return n, e.tx.Err()
}

// updateShown is UpdateDisplay for one cell. Everything from the first such
// output on is written anew: clients append what is inserted and do not see
// changes within an output.
func (e *Edit) updateShown(c *cell, out *outlet, display string, now notebook.Output) (int, error) {
	first, changed, err := out.changes(display, now)
	if err != nil || len(changed) == 0 {
		return 0, err
	}
	a := c.outputs()
	var tail []notebook.Output
	for i := first; i < a.Len(); i++ {
		o, ok := changed[i]
		if !ok {
			o = readOutput(a.Get(i))
		}
		tail = append(tail, o)
	}
	rewritten := slices.Clone(out.shown)
	e.swapTail(c, first, tail)
	out.shown = rewritten
	out.follow(c)
	return len(changed), nil
}

// SetOutputs makes outputs and count those of a code cell, as when a file
// changed. Equal outputs are not touched.
func (e *Edit) SetOutputs(id string, outputs []notebook.Output, count *int64) error {
	c, err := e.codeCell(id)
	if err != nil {
		return err
	}
	if now := c.read(FieldOutputs | FieldExecutionCount); !sameCount(now.ExecutionCount, count) {
		if err := e.set(c.shared, keyExecutionCount, countValue(count)); err != nil {
			return err
		}
		e.stale(c, FieldExecutionCount)
	}
	old, outputs := c.read(FieldOutputs).Outputs, joinStreams(outputs)
	if notebook.EqualOutputs(old, outputs) {
		return nil
	}
	same := 0
	for same < min(len(old), len(outputs)) && notebook.EqualOutputs(old[same:same+1], outputs[same:same+1]) {
		same++
	}
	// A tail may go only if another one comes that does not begin with a
	// stream: clients remember the name of the last stream they added.
	shrinks := same < len(old) && (same == len(outputs) || outputs[same].Kind() == stream)
	if shrinks || c.outputs().Len() != len(old) {
		same = 0
	}
	e.swapTail(c, same, outputs[same:])
	return e.tx.Err()
}

// swapTail replaces the outputs from position i on. The new ones are put behind
// the old ones, and these deleted afterwards: so clients hear of the deletion
// first, and what they then append is in its place.
func (e *Edit) swapTail(c *cell, i int, now []notebook.Output) {
	a, out := c.outputs(), e.outlet(c)
	n := a.Len()
	if i == n && len(now) == 0 {
		return
	}
	if len(now) > 0 {
		a.Push(e.tx, outputForms(now)...)
	}
	if i < n {
		a.Delete(e.tx, i, n-i)
		out.dropDead()
		out.bytes, out.counted = 0, i == 0 // what stays was not counted one by one
	}
	for _, o := range now {
		out.bytes += sizeOf(map[string]any(o))
	}
	e.wrote(c)
}

// wrote notes that outputs of the cell were written by ourselves.
func (e *Edit) wrote(c *cell) {
	e.x.wrote = append(e.x.wrote, c)
	e.stale(c, FieldOutputs)
}

// lastOutput is the shared map of the last output.
func lastOutput(a *yjs.Array) (*yjs.Map, bool) {
	if a.Len() == 0 {
		return nil, false
	}
	m, ok := a.Get(a.Len() - 1).(*yjs.Map)
	return m, ok
}
