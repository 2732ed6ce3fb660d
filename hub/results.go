package hub

import (
	"time"

	"github.com/google/uuid"

	"github.com/notebookhub/hub/hub/notebook"
)

const (
	runsKept    = 24 * time.Hour // results of finished runs can be fetched for so long
	runsAtMost  = 50_000         // finished runs that are known, of all rooms
	outputsKept = 64 << 20       // bytes of their outputs; older ones are looked up in the document
)

// results is what is known of executions: those that wait and run, and the
// newest of those that have ended. Hub.mu must be held around every call.
type results struct {
	byID  map[uuid.UUID]*execution
	ended []*execution // in this order
	bare  int          // so many of ended, from its start, have no outputs any more
	bytes int          // of outputs
}

func newResults() results { return results{byID: make(map[uuid.UUID]*execution)} }

func (r *results) unfinished() int { return len(r.byID) - len(r.ended) }

// add takes in an execution that has ended.
func (r *results) add(x *execution) {
	r.ended = append(r.ended, x)
	r.bytes += outputsSize(x.current.Load().Outputs)
	for r.bytes > outputsKept && r.bare < len(r.ended)-1 {
		r.strip()
	}
	if len(r.ended) > runsAtMost {
		r.forgetFirst()
	}
}

// strip takes the outputs from the oldest execution that has them. What has ended
// is changed by nobody else.
func (r *results) strip() {
	x := r.ended[r.bare]
	r.bare++
	if size := outputsSize(x.current.Load().Outputs); size > 0 {
		r.bytes -= size
		x.change(func(e *Execution) { e.Outputs, e.OutputsDropped = nil, true })
	}
}

func (r *results) forgetFirst() {
	if r.bare == 0 {
		r.strip()
	}
	delete(r.byID, r.ended[0].id())
	r.ended[0] = nil
	r.ended = r.ended[1:]
	r.bare--
}

func outputsSize(outputs []notebook.Output) int {
	n := 0
	for _, o := range outputs {
		n += payloadSize(map[string]any(o))
	}
	return n
}

// forgetRuns drops executions that ended long ago.
func (h *Hub) forgetRuns(now time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for len(h.runs.ended) > 0 && now.Sub(h.runs.ended[0].current.Load().Finished) > runsKept {
		h.runs.forgetFirst()
	}
}
