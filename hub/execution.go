package hub

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/google/uuid"

	"github.com/notebookhub/hub/hub/notebook"
	"github.com/notebookhub/hub/hub/yjs"
)

const (
	seenWait    = 10 * time.Second
	maxQueue    = 10000
	stateQueued = "queued"
	stateRuns   = "running"
	stateDone   = "done"
	stateError  = "error"
	stateGone   = "cancelled"
)

// execution is one run of one cell. The room writes it, anyone may read what it
// published last. It keeps no hold on the room's memory.
type execution struct {
	current atomic.Pointer[Execution]
	done    chan struct{} // closed when it has ended

	// Owned by the room.
	code    string
	holds   time.Time // not run before: more cells of its moment may come; zero: run at once
	carryOn bool      // the rest is run although this one failed
	cancel  context.CancelFunc
	stopped string // why it was told to stop
	count   int64
	lease   lease // pins the room until the end
	share   share // of what it shows that is in the document
	era     int   // of the kernel that it ran on
}

func (x *execution) id() uuid.UUID { return x.current.Load().ID }

func (x *execution) cell() string { return x.current.Load().Cell }

func (x *execution) finished() bool {
	select {
	case <-x.done:
		return true
	default:
		return false
	}
}

// change publishes a new state of the execution.
func (x *execution) change(f func(*Execution)) Execution {
	next := *x.current.Load()
	f(&next)
	x.current.Store(&next)
	return next
}

// Execute queues cells and answers at once. What runs is the source that is in
// the document now, after the state that the caller says it has seen.
func (h *Hub) Execute(ctx context.Context, id uuid.UUID, req ExecuteRequest) ([]Execution, error) {
	if err := mayWrite(req.By); err != nil {
		return nil, err
	}
	if h.options.Kernels == nil {
		return nil, fail(CodeNoKernel, nil, "this hub runs no kernels")
	}
	l, err := h.leaseRoom(ctx, id)
	if err != nil {
		return nil, err
	}
	defer l.release()
	if err := l.awaitSeen(ctx, req.Seen); err != nil {
		return nil, err
	}
	var queued []Execution
	var failed error
	err = l.do(ctx, func(s *state) { queued, failed = s.exec.request(s, req) })
	return queued, firstError(err, failed)
}

// awaitSeen waits until the document holds what the caller has seen, so that an
// execution never overtakes the edit that it is about.
func (r *room) awaitSeen(ctx context.Context, vector []byte) error {
	if len(vector) == 0 {
		return nil
	}
	clocks, err := yjs.DecodeStateVector(vector)
	if err != nil {
		return fail(CodeInvalid, nil, "seen is no Yjs state vector")
	}
	reached := make(chan struct{})
	if err := r.do(ctx, func(s *state) { s.exec.whenSeen(s, clocks, reached) }); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, seenWait)
	defer cancel()
	select {
	case <-reached:
		return nil
	case <-ctx.Done():
		return fail(CodeStale, ctx.Err(), "the edits that the request has seen did not arrive; send them first")
	}
}

// Execution returns one execution, waiting at most wait for it to finish. It is
// known for a day. Of many and large results only the newest are kept; the
// outputs of older ones are those that their cells still show.
func (h *Hub) Execution(ctx context.Context, id uuid.UUID, wait time.Duration) (Execution, error) {
	x, err := h.run(id)
	if err != nil {
		return Execution{}, err
	}
	if wait > 0 {
		patience := time.NewTimer(wait)
		defer patience.Stop()
		select {
		case <-x.done:
		case <-patience.C:
		case <-ctx.Done():
		case <-h.ctx.Done():
		}
	}
	result := *x.current.Load()
	if result.OutputsDropped {
		return h.fromDocument(ctx, x, result)
	}
	return result, nil
}

// fromDocument fills in outputs that are kept no longer, if the room is open and
// the cell has not run since.
func (h *Hub) fromDocument(ctx context.Context, x *execution, result Execution) (Execution, error) {
	l, _, err := h.leaseOpen(result.Room)
	if err != nil || l.room == nil {
		return result, err
	}
	defer l.release()
	err = l.do(ctx, func(s *state) {
		if c, ok := s.doc.Cell(result.Cell); ok && s.exec.latest[result.Cell] == x {
			result.Outputs, result.OutputsDropped = c.Outputs, false
		}
	})
	return result, err
}

func (h *Hub) run(id uuid.UUID) (*execution, error) {
	h.mu.Lock()
	x := h.runs.byID[id]
	h.mu.Unlock()
	if x == nil {
		return nil, fail(CodeNoExecution, nil, "no execution has the id %s", id)
	}
	return x, nil
}

// CancelExecution takes a queued execution out, or interrupts a running one.
func (h *Hub) CancelExecution(ctx context.Context, id uuid.UUID, by Client) (Execution, error) {
	if err := mayWrite(by); err != nil {
		return Execution{}, err
	}
	x, err := h.run(id)
	if err != nil || x.finished() {
		return Execution{}, firstError(err, errOver(x))
	}
	l, err := h.leaseRoom(ctx, x.current.Load().Room)
	if err != nil {
		return Execution{}, err
	}
	defer l.release()
	var kernel Kernel
	err = l.do(ctx, func(s *state) { kernel = s.exec.cancelOne(s, x, "cancelled by "+nameOf(by)) })
	if err == nil && kernel != nil {
		err = kernelError(kernel.Interrupt(ctx), "interrupt")
	}
	return *x.current.Load(), err
}

func errOver(x *execution) error {
	if x == nil {
		return nil
	}
	return fail(CodeInvalid, nil, "this execution has ended (%s)", x.current.Load().State)
}

func nameOf(by Client) string {
	if by.Name == "" {
		return "somebody"
	}
	return by.Name
}

// newExecution registers a run of a cell.
func (h *Hub) newExecution(r *room, cell, code string, req ExecuteRequest) *execution {
	x := &execution{done: make(chan struct{}), code: code, carryOn: req.ContinueOnErr, lease: h.hold(r)}
	x.current.Store(&Execution{
		ID: uuid.New(), Room: r.id, Cell: cell, By: req.By.Name, State: stateQueued,
		Queued: time.Now(), Outputs: []notebook.Output{},
	})
	h.mu.Lock()
	h.runs.byID[x.id()] = x
	h.mu.Unlock()
	h.stats.executions.Add(1)
	return x
}
