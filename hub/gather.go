package hub

import (
	"slices"
	"time"
)

// gatherFor is how far apart the requests of one moment may be. Jupyter's front
// ends send one for each cell of "run all", all at once over several
// connections: their order on arrival means nothing.
const gatherFor = 50 * time.Millisecond

// enqueue puts an execution into the queue: at its end, or, when it is
// gathered, among those of its moment, in the order of the document.
func (e *executor) enqueue(s *state, x *execution, gather bool) {
	at := len(e.queue)
	if gather {
		now := time.Now()
		if now.Sub(e.gathered) >= gatherFor {
			e.together = now.Add(gatherFor)
		}
		e.gathered, x.holds = now, e.together
		for at > 0 && e.follows(s, e.queue[at-1], x) {
			at--
		}
	}
	e.queue = slices.Insert(e.queue, at, x)
}

// follows tells whether a waiting execution of the same moment belongs behind x.
func (e *executor) follows(s *state, waiting, x *execution) bool {
	return waiting != e.running && waiting.holds.Equal(x.holds) && s.doc.Index(waiting.cell()) > s.doc.Index(x.cell())
}
