package kernel

import (
	"bytes"
	"io"
	"os"
	"strings"
	"sync"
	"time"
)

const (
	tailSize  = 8 << 10
	tailGrace = 200 * time.Millisecond // for what is still in the pipe when the kernel has ended
)

// tail keeps the last that a kernel's process printed by itself: its last words
// when it dies.
type tail struct {
	pipe *os.File
	done chan struct{} // closed when nothing is read any more

	mu   sync.Mutex
	last []byte // guarded by mu
}

// newTail returns the tail and the file to print into, which the caller closes
// once the process has it.
func newTail() (*tail, *os.File, error) {
	r, w, err := os.Pipe()
	if err != nil {
		return nil, nil, err
	}
	t := &tail{pipe: r, done: make(chan struct{})}
	go t.read()
	return t, w, nil
}

func (t *tail) read() {
	defer close(t.done)
	// The error is the end of the pipe, or the deadline that finish sets.
	_, _ = io.Copy(t, t.pipe)
}

// Write keeps the end of p.
func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.last = append(t.last, p[max(0, len(p)-tailSize):]...)
	if extra := len(t.last) - tailSize; extra > 0 {
		t.last = append(t.last[:0], t.last[extra:]...)
	}
	return len(p), nil
}

// finish stops reading: soon, because a process that got away may hold the pipe
// open for ever.
func (t *tail) finish() {
	_ = t.pipe.SetReadDeadline(time.Now().Add(tailGrace))
	<-t.done
	_ = t.pipe.Close()
}

// clear forgets what was printed so far.
func (t *tail) clear() {
	t.mu.Lock()
	t.last = nil
	t.mu.Unlock()
}

// words is what was printed, as text.
func (t *tail) words() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return strings.ToValidUTF8(string(bytes.TrimSpace(t.last)), "\uFFFD")
}
