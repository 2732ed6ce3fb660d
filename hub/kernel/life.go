package kernel

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/notebookhub/hub/hub/kernel/internal/jupyter"
	"github.com/notebookhub/hub/hub/kernel/internal/zmtp"
)

const (
	deathGrace = time.Second     // between a broken connection and the process' end
	drainLimit = 2 * time.Second // for bytes that a dead kernel's sockets still hold
	handLimit  = 5 * time.Second // for the caller of Execute to take the last outputs
	politeness = 5 * time.Second // between asking a kernel to leave and killing it
)

// life is one process of a kernel, from its start to its end; a restart begins
// another. It is made by [Launcher.bear] and ends with gone.
type life struct {
	// Static after construction.
	process *process
	folder  *folder
	codec   *jupyter.Codec
	session string
	conns   [jupyter.Channels]*zmtp.Conn
	queue   *queue
	stats   *counters
	told    func(status string) // takes the kernel's status, in order
	froze   func(frozen bool)   // takes whether it responds

	straggles bool // outputs of this kernel come after it has said that it is idle

	heard  chan struct{} // closed when iopub has spoken
	broken chan error    // a connection that failed; room for one
	cut    chan struct{} // closed when nobody waits for outputs any more
	gone   chan struct{} // closed when all is over
	err    error         // why; static after gone
	cause  error         // what forced us to kill it; of supervise
	ears   sync.WaitGroup
	rest   sync.WaitGroup // everything else, supervise excepted

	pongs chan struct{} // the heartbeat's answers; room for one

	serial atomic.Int64

	mu          sync.Mutex
	asked       error                           // guarded by mu: why the kernel is to end
	interrupted time.Time                       // guarded by mu: the last interrupt by signal
	waiting     map[string]chan jupyter.Message // guarded by mu: who waits for a reply, by request
	run         *run                            // guarded by mu: what Execute waits for
	late        map[string]func(Event)          // guarded by mu: who takes what comes after a run, by request
	lateIDs     []string                        // guarded by mu: these requests, the oldest first
}

// message sends a request and returns its id.
func (l *life) send(ch jupyter.Channel, id, kind string, parent []byte, content any) error {
	frames, err := l.codec.Encode(nil, l.header(id, kind), parent, content)
	if err != nil {
		return err
	}
	if err := l.conns[ch].Send(frames...); err != nil {
		return fmt.Errorf("send %s: %w", kind, err)
	}
	return nil
}

func (l *life) header(id, kind string) jupyter.Header {
	return jupyter.Header{
		ID: id, Session: l.session, Username: "hub", Type: kind, Version: jupyter.Version,
		Date: time.Now().UTC().Format(time.RFC3339Nano),
	}
}

func (l *life) nextID() string { return fmt.Sprintf("%s-%d", l.session, l.serial.Add(1)) }

// request sends a request and returns where its reply will come. forget must be
// called when the reply is not awaited any more.
func (l *life) request(ch jupyter.Channel, kind string, content any) (reply <-chan jupyter.Message, forget func(), err error) {
	id := l.nextID()
	answer := make(chan jupyter.Message, 1)
	l.mu.Lock()
	l.waiting[id] = answer
	l.mu.Unlock()
	forget = func() {
		l.mu.Lock()
		delete(l.waiting, id)
		l.mu.Unlock()
	}
	if err := l.send(ch, id, kind, nil, content); err != nil {
		forget()
		return nil, nil, l.explain(err)
	}
	return answer, forget, nil
}

// ask sends a request and waits for the reply's content.
func (l *life) ask(ctx context.Context, ch jupyter.Channel, kind string, content any) (json.RawMessage, error) {
	reply, forget, err := l.request(ch, kind, content)
	if err != nil {
		return nil, err
	}
	defer forget()
	select {
	case m := <-reply:
		return m.Content, nil
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	case <-l.gone:
		return nil, l.err
	}
}

// explain gives the reason of a failed send: usually the kernel's death, which is
// known a moment later.
func (l *life) explain(err error) error {
	timer := time.NewTimer(deathGrace)
	defer timer.Stop()
	select {
	case <-l.gone:
		return l.err
	case <-timer.C:
		return err
	}
}

// supervise waits for the end, makes sure that nothing is left, and says why.
func (l *life) supervise() {
	defer close(l.gone)
	select {
	case <-l.process.ended:
	case err := <-l.broken:
		l.bury(err)
	}
	l.drain()
	err := l.folder.remove()
	l.err = errors.Join(l.reason(), err)
}

// bury waits for a process whose connections broke, and kills it unless it is
// ending anyway: nobody can hear it any more.
func (l *life) bury(err error) {
	if l.process.within(deathGrace) {
		return
	}
	l.mu.Lock()
	leaving := l.asked != nil
	l.mu.Unlock()
	if leaving {
		<-l.process.ended // or end kills it
		return
	}
	l.cause = errors.Join(err, l.process.kill())
}

// drain takes what the dead kernel's sockets still hold, so that its last outputs
// arrive, and ends all goroutines.
func (l *life) drain() {
	for _, c := range l.conns {
		_ = c.SetDeadline(time.Now().Add(drainLimit))
	}
	l.ears.Wait()
	timer := time.AfterFunc(handLimit, func() { close(l.cut) })
	l.rest.Wait()
	timer.Stop()
	for _, c := range l.conns {
		_ = c.Close()
	}
}

// reason says why the life ended.
func (l *life) reason() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.asked != nil {
		return l.asked
	}
	e := &DeathError{Status: l.process.exit, LastWords: l.process.tail.words()}
	if l.cause != nil {
		e.Cause = l.cause.Error()
	}
	e.Interrupted = time.Since(l.interrupted) < interruptGrace
	return e
}

// end asks the kernel to leave, kills it when it does not, and waits until
// nothing of it is left. When ctx ends it is killed at once.
func (l *life) end(ctx context.Context, why error) {
	l.mu.Lock()
	first := l.asked == nil
	if first {
		l.asked = why
	}
	l.mu.Unlock()
	if first {
		id := l.nextID()
		restart := errors.Is(why, ErrRestarted)
		_ = l.send(jupyter.Control, id, "shutdown_request", nil, map[string]any{"restart": restart})
	}
	ctx, cancel := context.WithTimeout(ctx, politeness)
	defer cancel()
	select {
	case <-l.process.ended:
	case <-l.gone:
	case <-ctx.Done():
		_ = l.process.kill() // supervise waits for it
	}
	<-l.gone
}

// discard ends a life that was never connected.
func (l *life) discard() error {
	err := l.process.kill()
	for _, c := range l.conns {
		if c != nil {
			_ = c.Close()
		}
	}
	return errors.Join(err, l.folder.remove())
}
