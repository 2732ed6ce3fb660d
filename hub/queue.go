package hub

import "time"

const (
	queueShort = 8                      // so many are written at once
	queueLong  = 64                     // more are not listed in the document
	queueEvery = 250 * time.Millisecond // a longer list is written no more often
)

// queueShare says when the queue is written into the document. There it is one
// value, which a launch writes anew: written whole each time, the queue of a
// notebook of 500 cells would be many megabytes for the journal and every peer.
type queueShare struct {
	due  bool      // it is not what the document says
	from time.Time // a long one is not written before
}

// shareQueue has the queue written where late joiners find it, by the end of the
// step or soon after.
func (e *executor) shareQueue(s *state) {
	e.sharing.due = true
	s.infoDue = true
}

// shareAt returns when the queue is to be written, zero for not at all.
func (e *executor) shareAt() time.Time {
	switch {
	case !e.sharing.due:
		return time.Time{}
	case len(e.queue) <= queueShort || e.sharing.from.IsZero():
		return time.Unix(1, 0) // at once
	}
	return e.sharing.from
}

func (e *executor) writeQueue(s *state) {
	now := time.Now()
	if at := e.shareAt(); at.IsZero() || now.Before(at) {
		return
	}
	e.sharing = queueShare{from: now.Add(queueEvery)}
	s.setHub("queue", e.queueValue())
}

func (e *executor) queueValue() []any {
	items := e.items()
	listed := items[:min(len(items), queueLong)]
	list := make([]any, len(listed))
	for i, item := range listed {
		entry := map[string]any{"id": item.ID.String(), "cell": item.Cell, "by": item.By, "state": item.State}
		if !item.Started.IsZero() {
			entry["started"] = item.Started.UTC().Format(time.RFC3339Nano)
		}
		if more := len(items) - len(listed); more > 0 && i == len(listed)-1 {
			entry["behind"] = float64(more)
		}
		list[i] = entry
	}
	return list
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
