package kernel

import (
	"errors"
	"fmt"
	"io"
	"sync"

	"github.com/notebookhub/hub/hub/kernel/internal/jupyter"
	"github.com/notebookhub/hub/hub/kernel/internal/zmtp"
)

// listen starts the goroutines that receive.
func (l *life) listen() {
	l.ears.Go(l.hearIOPub)
	for _, ch := range []jupyter.Channel{jupyter.Shell, jupyter.Control, jupyter.Stdin} {
		l.ears.Go(func() { l.hear(ch) })
	}
	l.ears.Go(l.hearHeartbeat)
	l.rest.Go(l.dispatch)
	l.rest.Go((&pulse{life: l}).watch)
}

// hearIOPub empties the kernel's output at wire speed.
func (l *life) hearIOPub() {
	defer l.queue.close()
	for {
		m, err := l.conns[jupyter.IOPub].Receive()
		if err != nil {
			l.fail(jupyter.IOPub, err)
			return
		}
		if !l.queue.push(m) {
			l.stats.dropped.Add(1)
			l.stem(m)
		}
	}
}

// stem interrupts code that prints faster than anybody can take it.
func (l *life) stem(m zmtp.Message) {
	_, parent, _ := jupyter.Peek(m.Frames)
	r := l.running()
	if r == nil || r.id != parent.ID || !r.stemmed.CompareAndSwap(false, true) {
		return
	}
	l.rest.Go(func() { r.stem() })
}

// hear takes what comes on the other channels: replies and prompts.
func (l *life) hear(ch jupyter.Channel) {
	for {
		m, err := l.conns[ch].Receive()
		if err != nil {
			l.fail(ch, err)
			return
		}
		msg, err := l.codec.Decode(m.Frames)
		if err != nil || m.Skipped > 0 {
			l.stats.malformed.Add(1)
			continue
		}
		if ch == jupyter.Stdin {
			l.queue.prompt(msg)
			continue
		}
		l.answer(msg)
	}
}

func (l *life) answer(m jupyter.Message) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if answer, ok := l.waiting[m.Parent.ID]; ok {
		delete(l.waiting, m.Parent.ID)
		answer <- m // has room
	}
}

func (l *life) hearHeartbeat() {
	for {
		if _, err := l.conns[jupyter.Heartbeat].Receive(); err != nil {
			l.fail(jupyter.Heartbeat, err)
			return
		}
		select {
		case l.pongs <- struct{}{}:
		default:
		}
	}
}

// fail notes that a connection broke. The end of the process is the usual reason.
func (l *life) fail(ch jupyter.Channel, err error) {
	if errors.Is(err, io.EOF) {
		err = errors.New("it closed the connection")
	}
	select {
	case l.broken <- fmt.Errorf("its %s channel broke: %w", ch, err):
	default:
	}
}

// dispatch decodes what the queue holds, in order.
func (l *life) dispatch() {
	var once sync.Once
	for {
		i, ok := l.queue.pop()
		if !ok {
			return
		}
		switch {
		case i.lost != nil:
			l.hand(i.lost.parent, i.lost.event())
		case i.prompt != nil:
			l.takePrompt(*i.prompt)
		default:
			m, err := l.codec.Decode(i.frames)
			if err == nil {
				once.Do(func() { close(l.heard) })
				err = l.take(m)
			}
			if err != nil {
				l.stats.malformed.Add(1)
			}
		}
	}
}

func (l *life) take(m jupyter.Message) error {
	if m.Header.Type == "status" {
		return l.takeStatus(m)
	}
	ev, ok, err := decode(m)
	if ok {
		l.hand(m.Parent.ID, ev)
	}
	return err
}

func (l *life) takeStatus(m jupyter.Message) error {
	var c content
	if err := jupyter.Unmarshal(m.Content, &c); err != nil {
		return err
	}
	r := l.running()
	if r != nil && r.id != m.Parent.ID {
		return nil // of a request beside the running code
	}
	if c.State == StatusBusy || c.State == StatusIdle {
		l.told(c.State)
	}
	if r != nil && c.State == StatusIdle {
		r.rested()
	}
	return nil
}

// takePrompt hands a prompt over. When nobody may be asked the answer is an empty
// one, for some kernels ask nevertheless and would wait for ever.
func (l *life) takePrompt(m jupyter.Message) {
	r := l.running()
	ev, ok, err := decode(m)
	switch {
	case err != nil || !ok || r == nil || r.id != m.Parent.ID:
		l.stats.malformed.Add(1)
	case !r.stdin:
		// A failure is the connection's, which is dealt with.
		_ = l.answerPrompt(m, "")
	case r.ask(m):
		l.hand(r.id, ev)
	}
}

func (l *life) answerPrompt(m jupyter.Message, value string) error {
	return l.send(jupyter.Stdin, l.nextID(), "input_reply", m.RawHeader, map[string]any{"value": value, "status": "ok"})
}

// hand gives an event to the execution that it belongs to, and waits until it is
// taken: what comes meanwhile waits in the queue.
func (l *life) hand(parent string, ev Event) {
	r := l.running()
	if r == nil || r.id != parent {
		l.handLate(parent, ev)
		return
	}
	select {
	case r.events <- ev:
	case <-r.over:
		l.handLate(parent, ev)
	case <-l.cut:
	}
}

// handLate gives an event to who takes them after the execution's end.
func (l *life) handLate(parent string, ev Event) {
	l.mu.Lock()
	late := l.late[parent]
	l.mu.Unlock()
	if late == nil {
		l.stats.unclaimed.Add(1)
		return
	}
	late(ev)
}

func (l *life) running() *run {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.run
}
