package kernel

import (
	"sync"

	"github.com/notebookhub/hub/hub/kernel/internal/jupyter"
	"github.com/notebookhub/hub/hub/kernel/internal/zmtp"
)

// item is one thing that waits to be decoded: a message's frames, or what had to
// be left out, or a prompt from the stdin channel.
type item struct {
	frames [][]byte
	size   int
	lost   *loss
	prompt *jupyter.Message
}

// loss tells about outputs that did not get through.
type loss struct {
	parent string // the request that they belonged to
	count  int
	bytes  uint64
	single bool // one message that was too large by itself
}

// queue takes a kernel's messages at wire speed, as a kernel drops what is not
// read in time. It is bounded in bytes: beyond that outputs are left out and
// counted, while all else (status, errors, prompts) still gets in.
type queue struct {
	limit int // bytes; static

	mu     sync.Mutex
	more   *sync.Cond // on mu
	items  []item     // guarded by mu
	bytes  int        // guarded by mu
	lost   *loss      // guarded by mu: in items still, so it can grow
	closed bool       // guarded by mu
}

func newQueue(limit int) *queue {
	q := &queue{limit: limit}
	q.more = sync.NewCond(&q.mu)
	return q
}

// push takes a message; false says that it was an output and had to be left out
// because too much waits already.
func (q *queue) push(m zmtp.Message) bool {
	size := m.Size()
	q.mu.Lock()
	defer q.mu.Unlock()
	if m.Skipped > 0 {
		q.addLocked(item{lost: lossOf(m)})
		return true
	}
	if q.bytes+size <= q.limit {
		q.addLocked(item{frames: m.Frames, size: size})
		return true
	}
	header, parent, ok := jupyter.Peek(m.Frames)
	if ok && !isOutput(header.Type) {
		q.addLocked(item{frames: m.Frames, size: size})
		return true
	}
	if q.lost == nil || q.lost.parent != parent.ID {
		q.lost = &loss{parent: parent.ID}
		q.addLocked(item{lost: q.lost})
	}
	q.lost.count++
	q.lost.bytes += uint64(size)
	return false
}

func lossOf(m zmtp.Message) *loss {
	_, parent, _ := jupyter.Peek(m.Frames)
	return &loss{parent: parent.ID, count: 1, bytes: m.Skipped, single: true}
}

// isOutput tells which messages may be left out when there are too many.
func isOutput(kind string) bool {
	switch kind {
	case "status", "error", "execute_input", "clear_output":
		return false
	}
	return true
}

func (q *queue) prompt(m jupyter.Message) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.addLocked(item{prompt: &m})
}

func (q *queue) addLocked(i item) {
	q.items = append(q.items, i)
	q.bytes += i.size
	q.more.Signal()
}

// pop waits for the next item; false means that there will be none.
func (q *queue) pop() (item, bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for len(q.items) == 0 && !q.closed {
		q.more.Wait()
	}
	if len(q.items) == 0 {
		return item{}, false
	}
	i := q.items[0]
	q.items[0] = item{}
	q.items = q.items[1:]
	if len(q.items) == 0 {
		q.items = nil // let go of what a flood needed
	}
	q.bytes -= i.size
	if i.lost != nil && i.lost == q.lost {
		q.lost = nil
	}
	return i, true
}

// empty tells whether nothing waits.
func (q *queue) empty() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return len(q.items) == 0
}

// close lets pop return what is left and then nothing.
func (q *queue) close() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.closed = true
	q.more.Broadcast()
}
