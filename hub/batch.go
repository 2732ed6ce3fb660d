package hub

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/notebookhub/hub/hub/nbdoc"
)

const (
	batchTime  = 30 * time.Millisecond // outputs wait so long for company
	batchBytes = 1 << 20
)

// batcher gathers what a running cell prints, so that a loop of prints is a few
// edits and not thousands. The kernel's goroutine adds; a goroutine of its own
// hands over, and makes the kernel's wait when the room is behind.
type batcher struct {
	room   *room
	run    *execution
	events chan KernelEvent
	done   chan struct{}
}

func newBatcher(r *room, x *execution) *batcher {
	b := &batcher{room: r, run: x, events: make(chan KernelEvent, 64), done: make(chan struct{})}
	go b.collect()
	return b
}

func (b *batcher) add(ev KernelEvent) { b.events <- ev }

// close returns when everything was handed over.
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
		}
	}
}

// batchOf is events on their way to the room. Text of one stream that comes in
// many pieces is put together once, when the batch is taken.
type batchOf struct {
	events []KernelEvent
	text   strings.Builder // of the last event, when that is a stream
	size   int             // bytes of text
}

func (g *batchOf) empty() bool { return len(g.events) == 0 }

func (g *batchOf) add(ev KernelEvent) {
	last := len(g.events) - 1
	if last < 0 || ev.Kind != "stream" || g.events[last].Kind != "stream" || g.events[last].Name != ev.Name {
		g.close()
		g.events = append(g.events, ev)
	}
	if ev.Kind == "stream" {
		g.text.WriteString(ev.Text)
		g.size += len(ev.Text)
	}
}

// close gives the last event its text.
func (g *batchOf) close() {
	if g.text.Len() > 0 {
		g.events[len(g.events)-1].Text = g.text.String()
		g.text.Reset()
	}
}

func (g *batchOf) take() []KernelEvent {
	g.close()
	events := g.events
	g.events, g.size = nil, 0
	return events
}

// hand has the room write a batch, and waits for it: that is the back-pressure.
func (b *batcher) hand(batch []KernelEvent) {
	if len(batch) == 0 {
		return
	}
	// A room that is gone has no document to write to.
	_ = b.room.do(context.WithoutCancel(b.room.hub.ctx), func(s *state) { s.exec.events(s, b.run, batch) })
}

// events writes what a cell printed into the document, in one transaction.
func (e *executor) events(s *state, x *execution, batch []KernelEvent) {
	if e.running != x {
		return
	}
	s.editCell(x, func(edit *nbdoc.Edit) error {
		var errs []error
		for _, ev := range batch {
			errs = append(errs, e.write(s, edit, x, ev))
		}
		return firstError(errs...)
	})
	for _, ev := range batch {
		if ev.Kind == "input_request" {
			e.ask(s, x, ev)
		}
	}
}

func (e *executor) write(s *state, edit *nbdoc.Edit, x *execution, ev KernelEvent) error {
	cell := x.cell()
	switch ev.Kind {
	case "stream":
		return e.writeText(s, edit, cell, ev)
	case "display_data", "execute_result", "error":
		return e.writeOutput(s, edit, cell, ev)
	case "update_display_data":
		data, _ := ev.Output["data"].(map[string]any)
		metadata, _ := ev.Output["metadata"].(map[string]any)
		_, err := edit.UpdateDisplay(ev.DisplayID, data, metadata)
		return err
	case "clear_output":
		return edit.ClearOutputs(cell, ev.Wait)
	case "execute_input":
		x.count = ev.Count
	}
	return nil
}

const (
	maxOutputs  = 5000    // of one run
	inlineShare = 8 << 20 // bytes of payloads of one run that the document takes before even small ones become blobs
)

// writeOutput adds an output. A cell in a loop fills neither the document, as
// more and more of what it shows goes beside it, nor the page.
func (e *executor) writeOutput(s *state, edit *nbdoc.Edit, cell string, ev KernelEvent) error {
	switch e.outputs++; {
	case e.outputs == maxOutputs:
		return edit.AppendStream(cell, "stderr", fmt.Sprintf("\n[output truncated here: the cell showed more than %d things]\n", maxOutputs))
	case e.outputs > maxOutputs && ev.Kind != "error":
		return nil
	}
	limit := blobFrom
	if e.shown > inlineShare {
		limit = blobLeast
	}
	output, err := s.h.blobs.spill(ev.Output, limit)
	if err != nil {
		return err
	}
	if output == nil {
		output = ev.Output
		e.shown += payloadSize(output["data"])
	}
	return edit.AppendOutput(cell, output, ev.DisplayID)
}

// maxCellText is how many bytes of text one run may print into the document.
const maxCellText = 10 << 20

const truncated = "\n[output truncated here: the cell printed more than 10 MiB]\n"

// writeText writes stream text until the cell's share is used up, and then says
// once that there was more.
func (e *executor) writeText(s *state, edit *nbdoc.Edit, cell string, ev KernelEvent) error {
	room := maxCellText - e.printed
	e.printed += len(ev.Text)
	switch {
	case room <= 0:
		return nil
	case len(ev.Text) > room:
		ev.Text = cutText(ev.Text, room) + truncated
	}
	return edit.AppendStream(cell, ev.Name, ev.Text)
}

// cutText cuts text between characters.
func cutText(text string, n int) string {
	for n > 0 && n < len(text) && text[n]&0xc0 == 0x80 {
		n--
	}
	return text[:n]
}
