package hub

import (
	"context"
	"strings"
	"time"

	"github.com/notebookhub/hub/hub/nbdoc"
)

const (
	batchTime  = 30 * time.Millisecond // outputs wait so long for company
	batchBytes = 1 << 20
)

// output is an event of a run.
type output struct {
	run *execution
	KernelEvent
}

// batcher gathers what cells print, so that a loop of prints is a few edits and
// not thousands. The kernel's goroutine adds; collect, on a goroutine of its own,
// hands over, and makes the kernel's wait when the room is behind.
type batcher struct {
	room   *room
	events chan output
	over   <-chan struct{} // ends it as close does; nil never
	done   chan struct{}   // closed when collect has returned
}

func newBatcher(r *room, over <-chan struct{}) *batcher {
	return &batcher{room: r, events: make(chan output, 64), over: over, done: make(chan struct{})}
}

// add takes an event. What comes after the end is lost.
func (b *batcher) add(ev output) {
	select {
	case b.events <- ev:
	case <-b.done:
	}
}

// close returns when everything was handed over. Nothing may be added any more.
func (b *batcher) close() {
	close(b.events)
	<-b.done
}

func (b *batcher) collect() {
	defer close(b.done)
	timer := time.NewTimer(time.Hour)
	timer.Stop()
	var gathered batchOf
	for {
		select {
		case ev, more := <-b.events:
			if !more {
				b.hand(gathered.take())
				return
			}
			if gathered.empty() {
				timer.Reset(batchTime)
			}
			gathered.add(ev)
			if gathered.size >= batchBytes || ev.Kind == "input_request" {
				b.hand(gathered.take())
			}
		case <-timer.C:
			b.hand(gathered.take())
		case <-b.over:
			for len(b.events) > 0 {
				gathered.add(<-b.events)
			}
			b.hand(gathered.take())
			return
		}
	}
}

// batchOf is events on their way to the room. Text of one stream that comes in
// many pieces is put together once, when the batch is taken.
type batchOf struct {
	events []output
	text   strings.Builder // of the last event, when that is a stream
	size   int             // bytes of text
}

func (g *batchOf) empty() bool { return len(g.events) == 0 }

func (g *batchOf) add(ev output) {
	last := len(g.events) - 1
	if last < 0 || !ev.continues(g.events[last]) {
		g.close()
		g.events = append(g.events, ev)
	}
	if ev.Kind == "stream" {
		g.text.WriteString(ev.Text)
		g.size += len(ev.Text)
	}
}

// continues tells whether it is more text of the same stream of the same run.
func (o output) continues(former output) bool {
	return o.Kind == "stream" && former.Kind == "stream" && o.Name == former.Name && o.run == former.run
}

// close gives the last event its text.
func (g *batchOf) close() {
	if g.text.Len() > 0 {
		g.events[len(g.events)-1].Text = g.text.String()
		g.text.Reset()
	}
}

func (g *batchOf) take() []output {
	g.close()
	events := g.events
	g.events, g.size = nil, 0
	return events
}

// hand has the room write a batch, and waits for it: that is the back-pressure.
func (b *batcher) hand(batch []output) {
	if len(batch) == 0 {
		return
	}
	// A room that is gone has no document to write to.
	_ = b.room.do(context.WithoutCancel(b.room.hub.ctx), func(s *state) { s.exec.events(s, batch) })
}

// events writes what cells printed into the document, in one transaction for each
// run that follows another.
func (e *executor) events(s *state, batch []output) {
	for len(batch) > 0 {
		n := 1
		for n < len(batch) && batch[n].run == batch[0].run {
			n++
		}
		e.runEvents(s, batch[0].run, batch[:n])
		batch = batch[n:]
	}
}

func (e *executor) runEvents(s *state, x *execution, batch []output) {
	if !e.shows(x) {
		return
	}
	s.editCell(x, func(edit *nbdoc.Edit) error {
		var errs []error
		for _, ev := range batch {
			errs = append(errs, e.write(s, edit, x, ev.KernelEvent))
		}
		return firstError(errs...)
	})
	for _, ev := range batch {
		if ev.Kind == "input_request" && e.running == x {
			e.ask(s, x, ev.KernelEvent)
		}
	}
}

// shows tells whether what a run does belongs into the document: while it runs,
// and later, for threads that it left behind, until its cell runs again or what
// ran was cut off.
func (e *executor) shows(x *execution) bool {
	return e.running == x || e.latest[x.cell()] == x && x.era == e.era && x.finished()
}

func (e *executor) write(s *state, edit *nbdoc.Edit, x *execution, ev KernelEvent) error {
	cell := x.cell()
	switch ev.Kind {
	case "stream":
		return x.share.writeText(s, edit, cell, ev)
	case "display_data", "execute_result", "error":
		return x.share.writeOutput(s, edit, cell, ev)
	case "update_display_data":
		output, err := s.h.blobs.orBeside(ev.Output, x.share.limit())
		if err == nil {
			_, err = edit.UpdateDisplay(ev.DisplayID, output)
		}
		return err
	case "clear_output":
		x.share = share{}
		return edit.ClearOutputs(cell, ev.Wait)
	case "execute_input":
		x.count = ev.Count
	}
	return nil
}
