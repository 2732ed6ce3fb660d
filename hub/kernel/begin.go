package kernel

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"os"
	"time"

	"github.com/notebookhub/hub/hub/kernel/internal/jupyter"
	"github.com/notebookhub/hub/hub/kernel/internal/zmtp"
)

const (
	dialPause   = 10 * time.Millisecond
	retryWithin = 5 * time.Second // a kernel that ends later than that does so again
	infoFirst   = 100 * time.Millisecond
	infoMost    = 2 * time.Second
	muteLimit   = 5 * time.Second // iopub may stay silent that long after the first reply
	stallPause  = 500 * time.Millisecond
	leastWork   = 64 << 10 // see work; hearing our questions is less
)

// errEnded is that a kernel's process ended before it was ready.
var errEnded = errors.New("it ended before it was ready")

// begin starts a kernel's process, again over the next transport or other ports
// when it ends before it is ready.
func (l *Launcher) begin(ctx context.Context, k *Kernel) (*life, Info, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, l.options.StartLimit,
		fmt.Errorf("it was not ready within %v", l.options.StartLimit))
	defer cancel()
	began := time.Now()
	var err error
	for _, transport := range l.transports(k.spec) {
		var one *life
		var info Info
		if one, info, err = l.bear(ctx, k, transport); err == nil {
			return one, info, nil
		}
		if !errors.Is(err, errEnded) || time.Since(began) > retryWithin {
			break
		}
	}
	return nil, Info{}, err
}

// bear starts one process and waits until it can execute.
func (l *Launcher) bear(ctx context.Context, k *Kernel, transport string) (*life, Info, error) {
	mark := token()
	m := manifest{Owner: ownerOf(os.Getpid()), Mark: mark, Spec: k.spec.Name, Room: k.req.Room, Started: time.Now().UTC()}
	f, err := newFolder(l.options.RuntimeDir, transport, k.spec.Name, m)
	if err != nil {
		return nil, Info{}, &StartError{Spec: k.spec.Name, Reason: err.Error(), err: err}
	}
	p, err := l.spawner.start(launch{
		argv: k.spec.command(f.file()), env: l.environment(k, mark), dir: k.req.Dir, mark: mark, shim: l.options.Shim,
	})
	if err != nil {
		return nil, Info{}, &StartError{Spec: k.spec.Name, Reason: err.Error(), err: errors.Join(err, f.remove())}
	}
	one := l.newLife(k, p, f)
	m.Kernel, m.Shim = ownerOf(p.pid), ownerOf(p.top)
	ctx, cancel := l.patience(ctx, p)
	defer cancel()
	info := Info{
		Spec: k.spec.Name, DisplayName: k.spec.DisplayName, Language: k.spec.Language,
		Transport: transport, InterruptMode: k.spec.InterruptMode, PID: p.pid, ConnectionFile: f.file(),
	}
	if err = f.note(m); err == nil {
		err = one.connect(ctx, l.options.MaxMessage)
	}
	if err != nil {
		err = errors.Join(err, one.discard())
		return nil, info, startError(k.spec.Name, p, err)
	}
	one.listen()
	go one.supervise()
	if err := one.greet(ctx, &info); err != nil {
		one.end(ctx, err)
		return nil, info, startError(k.spec.Name, p, err)
	}
	p.tail.clear() // what it said while it started will not be its last words
	return one, info, nil
}

func token() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails
	return hex.EncodeToString(b[:])
}

func startError(spec string, p *process, err error) error {
	reason := err.Error()
	if errors.Is(err, errEnded) {
		reason = fmt.Sprintf("%v (%s)", errEnded, p.exit)
	}
	return &StartError{Spec: spec, Reason: reason, LastWords: p.tail.words(), err: err}
}

func (l *Launcher) newLife(k *Kernel, p *process, f *folder) *life {
	one := &life{
		process: p, folder: f, codec: jupyter.NewCodec(f.connection.Key), session: token(),
		queue: newQueue(l.options.QueueBytes), stats: &l.stats,
		heard: make(chan struct{}), broken: make(chan error, 1), cut: make(chan struct{}),
		gone: make(chan struct{}), pongs: make(chan struct{}, 1),
		waiting: make(map[string]chan jupyter.Message),
		late:    make(map[string]func(Event)),
	}
	one.straggles = k.spec.isDeno()
	// A life's news is the kernel's only while it is the kernel's life.
	one.told = func(status string) {
		if k.current() == one {
			k.setStatus(status)
		}
	}
	one.froze = func(frozen bool) {
		if k.current() == one {
			k.setFrozen(frozen)
		}
	}
	return one
}

// patience ends a start whose process has ended or does nothing. The returned
// function waits for what it started.
func (l *Launcher) patience(ctx context.Context, p *process) (context.Context, func()) {
	ctx, cancel := context.WithCancelCause(ctx)
	watched := make(chan struct{})
	go func() {
		defer close(watched)
		if err := p.lazy(ctx, l.options.StallLimit); err != nil {
			cancel(err)
		}
	}()
	return ctx, func() { cancel(nil); <-watched }
}

// lazy watches a process that is to get ready, until it ends or has done nothing
// for a while.
func (p *process) lazy(ctx context.Context, limit time.Duration) error {
	ticker := time.NewTicker(stallPause)
	defer ticker.Stop()
	done, since := work(p.pid), time.Now()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-p.ended:
			return errEnded
		case <-ticker.C:
			if now := work(p.pid); now < done || now >= done+leastWork {
				done, since = now, time.Now()
			} else if time.Since(since) > limit {
				return fmt.Errorf("it has done nothing for %v and is not ready", limit)
			}
		}
	}
}

// connect makes the five connections, once the kernel listens.
func (l *life) connect(ctx context.Context, limit int) error {
	kinds := [jupyter.Channels]zmtp.Kind{zmtp.Dealer, zmtp.Sub, zmtp.Dealer, zmtp.Dealer, zmtp.Req}
	for i, kind := range kinds {
		ch := jupyter.Channel(i)
		nc, err := l.dial(ctx, ch)
		if err != nil {
			return err
		}
		o := zmtp.Options{Kind: kind, Limit: uint64(limit)}
		if kind == zmtp.Dealer {
			o.Identity = l.session // prompts come only to the identity that asked to execute
		}
		c, err := zmtp.New(ctx, nc, o)
		if err != nil {
			return because(ctx, fmt.Errorf("connect %s channel: %w", ch, err))
		}
		l.conns[i] = c
	}
	return l.conns[jupyter.IOPub].Subscribe("")
}

// because prefers the reason that a context ended for to its consequences.
func because(ctx context.Context, err error) error {
	if cause := context.Cause(ctx); cause != nil {
		return cause
	}
	return err
}

// dial tries until the kernel listens.
func (l *life) dial(ctx context.Context, ch jupyter.Channel) (net.Conn, error) {
	network, address := l.folder.connection.Endpoint(ch)
	var dialer net.Dialer
	for {
		nc, err := dialer.DialContext(ctx, network, address)
		if err == nil && nc.LocalAddr().String() != nc.RemoteAddr().String() {
			return nc, nil
		}
		if err == nil { // tcp can connect a port to itself
			_ = nc.Close()
		}
		timer := time.NewTimer(dialPause)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return nil, context.Cause(ctx)
		}
	}
}

// greet asks the kernel who it is, again and again, until it has answered and
// iopub has spoken: outputs that a kernel publishes before it knows of our
// subscription are lost.
func (l *life) greet(ctx context.Context, info *Info) error {
	g := greeting{life: l, info: info, heard: l.heard}
	for wait := infoFirst; ; wait = min(2*wait, infoMost) {
		if err := g.ask(ctx, wait); err != nil {
			return because(ctx, err)
		}
		if !g.answered.IsZero() && (g.heard == nil || time.Since(g.answered) > muteLimit) {
			return nil
		}
	}
}

// greeting is what has come of greet so far.
type greeting struct {
	life     *life
	info     *Info
	heard    <-chan struct{} // nil when iopub has spoken
	answered time.Time       // zero before the first answer
}

// ask asks once, and returns when all is known or after a while.
func (g *greeting) ask(ctx context.Context, wait time.Duration) error {
	reply, forget, err := g.life.request(jupyter.Shell, "kernel_info_request", struct{}{})
	if err != nil {
		return err
	}
	defer forget()
	timer := time.NewTimer(wait)
	defer timer.Stop()
	for g.answered.IsZero() || g.heard != nil {
		select {
		case m := <-reply:
			if err := g.info.describe(m.Content); err != nil {
				return err
			}
			reply, g.answered = nil, time.Now()
		case <-g.heard:
			g.heard = nil
		case <-timer.C:
			return nil
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-g.life.gone:
			return errEnded
		}
	}
	return nil
}
