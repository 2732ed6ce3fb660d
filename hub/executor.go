package hub

import (
	"context"
	"time"

	"github.com/notebookhub/hub/hub/nbdoc"
)

// executor is a room's queue and its kernel. The room owns it; a kernel is only
// called from goroutines beside the room.
type executor struct {
	info     KernelInfo
	wanted   string // kernelspec that somebody chose; "" follows the notebook
	kernel   Kernel
	starting bool
	frozen   bool         // the kernel does not answer
	queue    []*execution // the first is the running one, if any runs
	running  *execution
	asked    bool               // the running cell waits for an answer
	ending   bool               // the room ends: nothing is started any more
	stopping int                // kernels on their way out
	abort    context.CancelFunc // of the start under way
	outdated bool               // another kernel, or none, is wanted than the one that starts
	again    bool               // start one once that has ended
	quiet    []chan struct{}    // closed once nothing starts or stops, when somebody waits
	activity time.Time          // of an execution or an edit; connections do not count
	awaited  []awaited
	gathered time.Time // of the last request that was gathered
	together time.Time // until when the cells of its moment are held

	latest  map[string]*execution // the last run of each cell
	late    *batcher              // takes what comes after a run; nil without a kernel
	era     int                   // counts how often what ran was cut off
	over    []ended               // to be announced by the end of the step
	sharing queueShare
}

// awaited is a caller who waits for edits to arrive.
type awaited struct {
	clocks  map[uint64]uint64
	reached chan struct{}
}

func newExecutor() executor {
	return executor{info: KernelInfo{Status: kernelNone}, activity: time.Now(), latest: make(map[string]*execution)}
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
	e.running, e.latest[x.cell()], x.era = x, x, e.era
	ctx, cancel := context.WithCancel(s.h.ctx)
	x.cancel = cancel
	x.change(func(r *Execution) { r.State, r.Started = stateRuns, time.Now() })
	s.editCell(x, func(edit *nbdoc.Edit) error { return edit.StartRun(x.cell()) })
	e.showKernel(s)
	e.shareQueue(s)
	s.tellExecution(x)
	kernel, code, r, late := e.kernel, x.code, s.r, e.late
	r.work.Go(func() {
		defer cancel()
		events := newBatcher(r, nil)
		go events.collect()
		reply, err := kernel.Execute(ctx, KernelRun{
			Code: code, AllowStdin: true, Late: func(ev KernelEvent) { late.add(output{x, ev}) },
		}, func(ev KernelEvent) { events.add(output{x, ev}) })
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
	e.finishRunning(s, state, reason)
	if state != stateDone && !x.carryOn {
		why := "an earlier cell failed"
		if state == stateGone {
			why = "an earlier cell was cancelled"
		}
		e.cancelQueued(s, why, func(q *execution) bool { return !q.carryOn })
	}
	e.pump(s)
	if e.kernel == kernel && !e.starting {
		e.showKernel(s)
	}
}

func isOver(kernel Kernel) bool {
	select {
	case <-kernel.Done():
		return true
	default:
		return false
	}
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

// due returns when there is something to do: the queue is to be written, a held
// cell to be run, an idle kernel to be stopped.
func (e *executor) due(s *state) time.Time { return earlier(e.shareAt(), e.kernelDue(s)) }

func (e *executor) kernelDue(s *state) time.Time {
	if e.running == nil && e.kernel != nil && !e.starting && len(e.queue) > 0 {
		return e.queue[0].holds // a restart looks at the queue when it has ended
	}
	if e.kernel == nil || len(e.queue) > 0 || s.h.options.KernelIdle < 0 {
		return time.Time{}
	}
	return e.activity.Add(s.h.options.KernelIdle)
}

func (e *executor) tick(s *state, now time.Time) {
	switch at := e.kernelDue(s); {
	case at.IsZero() || now.Before(at):
	case len(e.queue) > 0:
		e.pump(s)
	default:
		e.stop(s, kernelNone, "idle for "+s.h.options.KernelIdle.String())
	}
}
