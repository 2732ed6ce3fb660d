package hub

import (
	"time"

	"github.com/notebookhub/hub/hub/nbdoc"
	"github.com/notebookhub/hub/hub/notebook"
)

// ended is an execution and how it ended.
type ended struct {
	run           *execution
	state, reason string
	outputs       []notebook.Output
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

// end1 ends an execution, which is announced by the end of the step.
func (e *executor) end1(s *state, x *execution, state, reason string) {
	end := ended{run: x, state: state, reason: reason}
	if c, ok := s.doc.Cell(x.cell()); ok && e.latest[x.cell()] == x {
		end.outputs = c.Outputs
	}
	e.over = append(e.over, end)
	e.activity = time.Now()
	e.shareQueue(s)
}

// conclude makes visible what a step did to the queue. Ends are announced last:
// who waits for one may look at the room at once.
func (e *executor) conclude(s *state) {
	e.writeQueue(s)
	if len(e.over) == 0 {
		return
	}
	s.publishDue()
	over := e.over
	e.over = nil
	for _, end := range over {
		s.h.announce(end)
		s.tellExecution(end.run)
	}
}

// announce gives an execution its last state and lets go of the room.
func (h *Hub) announce(end ended) {
	x := end.run
	x.change(func(r *Execution) {
		r.State, r.Reason, r.Finished, r.Outputs = end.state, end.reason, time.Now(), end.outputs
		if x.count > 0 {
			count := x.count
			r.Count = &count
		}
	})
	x.code = ""
	close(x.done)
	h.mu.Lock()
	h.runs.add(x)
	h.mu.Unlock()
	x.lease.release()
	x.lease = lease{}
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
