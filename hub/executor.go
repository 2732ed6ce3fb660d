package hub

import (
	"context"
	"time"

	"github.com/notebookhub/hub/hub/nbdoc"
	"github.com/notebookhub/hub/hub/notebook"
)

// executor is a room's queue and its kernel. The room owns it; a kernel is only
// called from goroutines beside the room.
type executor struct {
	info     KernelInfo
	wanted   string // kernelspec that somebody chose; "" follows the notebook
	kernel   Kernel
	starting bool
	queue    []*execution // the first is the running one, if any runs
	running  *execution
	asked    bool               // the running cell waits for an answer
	printed  int                // bytes of text of the running cell
	shown    int                // bytes of its outputs in the document
	outputs  int                // how many they are, those left out too
	ending   bool               // the room ends: nothing is started any more
	stopping int                // kernels on their way out
	abort    context.CancelFunc // of the start under way
	quiet    []chan struct{}    // closed once nothing starts or stops, when somebody waits
	activity time.Time          // of an execution or an edit; connections do not count
	awaited  []awaited
	gathered time.Time // of the last request that was gathered
	together time.Time // until when the cells of its moment are held
}

// awaited is a caller who waits for edits to arrive.
type awaited struct {
	clocks  map[uint64]uint64
	reached chan struct{}
}

func newExecutor() executor {
	return executor{info: KernelInfo{Status: kernelNone}, activity: time.Now()}
}

// whenSeen closes reached once the document has these clocks.
func (e *executor) whenSeen(s *state, clocks map[uint64]uint64, reached chan struct{}) {
	e.awaited = append(e.awaited, awaited{clocks, reached})
	e.checkAwaited(s)
}

func (e *executor) checkAwaited(s *state) {
	if len(e.awaited) == 0 {
		return
	}
	have := s.doc.Clocks()
	waiting := e.awaited[:0]
	for _, a := range e.awaited {
		if covers(have, a.clocks) {
			close(a.reached)
			continue
		}
		waiting = append(waiting, a)
	}
	e.awaited = waiting
}

func covers(have, want map[uint64]uint64) bool {
	for client, clock := range want {
		if have[client] < clock {
			return false
		}
	}
	return true
}

// request queues the cells of a request. A cell that waits already is not
// queued twice.
func (e *executor) request(s *state, req ExecuteRequest) ([]Execution, error) {
	cells := req.Cells
	if req.All {
		cells = s.codeCells()
	}
	if len(e.queue)+len(cells) > maxQueue {
		return nil, fail(CodeBusy, nil, "%d cells wait already", len(e.queue))
	}
	for _, id := range cells {
		if cell, err := s.cell(id); err != nil {
			return nil, err
		} else if cell.Type != "code" {
			return nil, fail(CodeInvalid, nil, "cell %s is a %s cell; only code runs", id, cell.Type)
		}
	}
	list := make([]Execution, 0, len(cells))
	for _, id := range cells {
		x := e.waiting(id)
		if x == nil {
			code, _ := s.doc.Source(id)
			x = s.h.newExecution(s.r, id, code, req)
			e.enqueue(s, x, req.Gather)
			s.tellExecution(x)
		}
		list = append(list, *x.current.Load())
	}
	e.activity = time.Now()
	e.shareQueue(s)
	e.pump(s)
	return list, nil
}

func (s *state) codeCells() []string {
	var ids []string
	for _, c := range s.doc.Cells() {
		if c.Type == "code" {
			ids = append(ids, c.ID)
		}
	}
	return ids
}

func (e *executor) waiting(cell string) *execution {
	for _, x := range e.queue {
		if x != e.running && x.cell() == cell {
			return x
		}
	}
	return nil
}

// pump runs the next cell, when none runs; a kernel is started first.
func (e *executor) pump(s *state) {
	for e.running == nil && len(e.queue) > 0 && !e.starting {
		if e.kernel == nil {
			e.start(s)
			return
		}
		x := e.queue[0]
		if time.Now().Before(x.holds) {
			return // tick comes back
		}
		if s.doc.Index(x.cell()) < 0 {
			e.queue = e.queue[1:]
			e.end1(s, x, stateGone, "the cell was deleted before it ran")
			continue
		}
		e.launch(s, x)
	}
}

// launch runs one cell on the kernel, beside the room.
func (e *executor) launch(s *state, x *execution) {
	e.running, e.printed = x, 0
	ctx, cancel := context.WithCancel(s.h.ctx)
	x.cancel = cancel
	x.change(func(r *Execution) { r.State, r.Started = stateRuns, time.Now() })
	s.editCell(x, func(edit *nbdoc.Edit) error { return edit.StartRun(x.cell()) })
	e.setStatus(s, kernelBusy, "")
	e.shareQueue(s)
	s.tellExecution(x)
	kernel, code, r := e.kernel, x.code, s.r
	r.work.Go(func() {
		defer cancel()
		events := newBatcher(r, x)
		reply, err := kernel.Execute(ctx, KernelRun{Code: code, AllowStdin: true}, events.add)
		events.close()
		if err != nil {
			awaitDeath(kernel)
		}
		r.post(func(s *state) { s.exec.ended(s, kernel, x, reply, err) })
	})
}

// deathWait is how long after a failed run the kernel's death may be known.
const deathWait = 2 * time.Second

// awaitDeath waits until it is known whether a run failed because the kernel
// died: that is the better reason.
func awaitDeath(kernel Kernel) {
	patience := time.NewTimer(deathWait)
	defer patience.Stop()
	select {
	case <-kernel.Done():
	case <-patience.C:
	}
}

// editCell makes an edit on behalf of an execution, whose cell may be gone.
func (s *state) editCell(x *execution, edit func(*nbdoc.Edit) error) {
	if s.doc.Index(x.cell()) < 0 {
		return
	}
	ev, err := s.doc.Update(nil, edit)
	if err != nil {
		s.r.log.Warn("output not written", "cell", x.cell(), "error", err)
	}
	s.commit(ev, nil)
}

// ended takes over the end of a cell's run.
func (e *executor) ended(s *state, kernel Kernel, x *execution, reply KernelReply, err error) {
	if e.running != x {
		return // a restart or the kernel's death ended it before
	}
	if err != nil && e.kernel == kernel && isOver(kernel) {
		e.died(s, kernel)
		return
	}
	if reply.Count > 0 {
		x.count = reply.Count
	}
	state, reason := outcome(x, reply, err)
	if e.kernel == kernel && e.info.Status == kernelBusy {
		e.setStatus(s, kernelIdle, "")
	}
	e.finishRunning(s, state, reason)
	if state != stateDone && !x.carryOn {
		e.cancelQueued(s, "an earlier cell failed", func(q *execution) bool { return !q.carryOn })
	}
	e.pump(s)
}

func isOver(kernel Kernel) bool {
	select {
	case <-kernel.Done():
		return true
	default:
		return false
	}
}

func outcome(x *execution, reply KernelReply, err error) (state, reason string) {
	switch {
	case err != nil:
		return stateError, DetailOf(kernelError(err, "run"))
	case reply.Status == "ok":
		return stateDone, ""
	case x.stopped != "":
		return stateGone, x.stopped
	case reply.Status == "error":
		return stateError, reply.Reason
	}
	return stateGone, "the kernel aborted it"
}

// finishRunning ends the running cell, in the document too: count and idle go
// there in one transaction, for clients take the count for the end.
func (e *executor) finishRunning(s *state, state, reason string) {
	x := e.running
	e.running = nil
	if len(e.queue) > 0 && e.queue[0] == x {
		e.queue = e.queue[1:]
	}
	e.clearPrompt(s)
	var count *int64
	if x.count > 0 {
		count = &x.count
	}
	s.editCell(x, func(edit *nbdoc.Edit) error { return edit.FinishRun(x.cell(), count) })
	e.end1(s, x, state, reason)
}

// end1 gives an execution its last state and lets go of the room.
func (e *executor) end1(s *state, x *execution, state, reason string) {
	var outputs []notebook.Output
	if c, ok := s.doc.Cell(x.cell()); ok && state != stateGone {
		outputs = c.Outputs
	}
	x.change(func(r *Execution) {
		r.State, r.Reason, r.Finished, r.Outputs = state, reason, time.Now(), outputs
		if x.count > 0 {
			count := x.count
			r.Count = &count
		}
	})
	close(x.done)
	x.lease.release()
	x.lease, x.code = lease{}, ""
	e.activity = time.Now()
	e.shareQueue(s)
	s.tellExecution(x)
}

// cancelQueued takes out what waits and matches.
func (e *executor) cancelQueued(s *state, reason string, match func(*execution) bool) {
	waiting := e.queue
	e.queue = nil
	var out []*execution
	for _, x := range waiting {
		if x != e.running && match(x) {
			out = append(out, x)
			continue
		}
		e.queue = append(e.queue, x)
	}
	for _, x := range out {
		e.end1(s, x, stateGone, reason)
	}
}

func everything(*execution) bool { return true }

// cancelOne takes an execution out of the queue; when it runs, the kernel to
// interrupt is returned.
func (e *executor) cancelOne(s *state, x *execution, reason string) Kernel {
	if e.running == x {
		x.stopped = reason
		return e.kernel
	}
	e.cancelQueued(s, reason, func(q *execution) bool { return q == x })
	return nil
}

// items lists the queue, the running cell first.
func (e *executor) items() []QueueItem {
	items := make([]QueueItem, 0, len(e.queue))
	for _, x := range e.queue {
		r := x.current.Load()
		items = append(items, QueueItem{ID: r.ID, Cell: r.Cell, By: r.By, State: r.State, Started: r.Started})
	}
	return items
}

// shareQueue writes the queue where late joiners find it.
func (e *executor) shareQueue(s *state) {
	list := make([]any, 0, len(e.queue))
	for _, item := range e.items() {
		entry := map[string]any{"id": item.ID.String(), "cell": item.Cell, "by": item.By, "state": item.State}
		if !item.Started.IsZero() {
			entry["started"] = item.Started.UTC().Format(time.RFC3339Nano)
		}
		list = append(list, entry)
	}
	s.setHub("queue", list)
	s.infoDue = true
}

func (s *state) tellExecution(x *execution) {
	r := x.current.Load()
	data := map[string]any{"execution": r.ID, "cell": r.Cell, "by": r.By, "state": r.State}
	if r.Reason != "" {
		data["reason"] = r.Reason
	}
	if r.Count != nil {
		data["execution_count"] = *r.Count
	}
	s.tell("execution", data)
}

// due returns when a held cell is to run or an idle kernel is to be stopped.
func (e *executor) due(s *state) time.Time {
	if e.running == nil && e.kernel != nil && len(e.queue) > 0 {
		return e.queue[0].holds
	}
	if e.kernel == nil || len(e.queue) > 0 || s.h.options.KernelIdle < 0 {
		return time.Time{}
	}
	return e.activity.Add(s.h.options.KernelIdle)
}

func (e *executor) tick(s *state, now time.Time) {
	switch at := e.due(s); {
	case at.IsZero() || now.Before(at):
	case len(e.queue) > 0:
		e.pump(s)
	default:
		e.stop(s, kernelNone, "idle for "+s.h.options.KernelIdle.String())
	}
}
