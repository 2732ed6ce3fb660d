package kernel

import (
	"context"
	"sync"
)

// What a kernel's status can be.
const (
	StatusStarting     = "starting"
	StatusIdle         = "idle"
	StatusBusy         = "busy"
	StatusRestarting   = "restarting"
	StatusUnresponsive = "unresponsive" // its process is stopped or does not answer
	StatusDead         = "dead"
)

// Info describes a running kernel.
type Info struct {
	Spec           string // name of its kernelspec
	DisplayName    string
	Language       string         // as the kernelspec names it
	LanguageInfo   map[string]any // language_info for the notebook's metadata, as the kernel tells it
	Implementation string
	Banner         string
	Protocol       string // version of Jupyter's protocol
	Transport      string // ipc or tcp
	InterruptMode  string // signal or message
	PID            int
	ConnectionFile string
}

// Kernel is one kernel of a room, through all its restarts. It is made by
// [Launcher.Start] and ends with Done. All methods may be called concurrently.
type Kernel struct {
	// Static after construction.
	launcher *Launcher
	spec     Spec
	req      StartRequest
	done     chan struct{}   // closed when the kernel is gone for good
	shell    chan struct{}   // room for one: who uses the shell channel
	turn     chan struct{}   // room for one: who restarts or shuts down
	quit     context.Context // ends when somebody wants the kernel shut down
	quitting context.CancelFunc

	mu        sync.Mutex
	life      *life // guarded by mu
	info      Info  // guarded by mu
	replacing bool  // guarded by mu: a restart is under way
	over      bool  // guarded by mu: done is closed
	err       error // guarded by mu

	statusMu sync.Mutex            // held while listeners are told, for their order
	status   string                // guarded by statusMu: without unresponsiveness
	frozen   bool                  // guarded by statusMu
	listener []func(status string) // guarded by statusMu
}

func newKernel(l *Launcher, spec Spec, req StartRequest) *Kernel {
	k := &Kernel{
		launcher: l, spec: spec, req: req, status: StatusStarting,
		done: make(chan struct{}), shell: make(chan struct{}, 1), turn: make(chan struct{}, 1),
	}
	k.quit, k.quitting = context.WithCancel(l.ctx)
	return k
}

// Info describes the kernel as it is now; a restart changes parts of it.
func (k *Kernel) Info() Info {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.info
}

// Done is closed when the kernel is gone for good, with all that it had started.
func (k *Kernel) Done() <-chan struct{} { return k.done }

// Err says why the kernel is gone: [ErrGone] when it was shut down, [ErrQuit]
// when its code did that, a
// [*DeathError] when it died, a [*StartError] when a restart failed. It is nil
// before Done.
func (k *Kernel) Err() error {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.err
}

func (k *Kernel) current() *life {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.life
}

// enter waits for the shell channel, which answers one request at a time.
func (k *Kernel) enter(ctx context.Context) error {
	select {
	case k.shell <- struct{}{}:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-k.done:
		return k.Err()
	}
}

func (k *Kernel) exit() { <-k.shell }

// adopt makes a life the kernel's own.
func (k *Kernel) adopt(l *life, info Info) {
	k.mu.Lock()
	k.life, k.info, k.replacing = l, info, false
	k.mu.Unlock()
	k.launcher.work.Go(func() { k.follow(l) })
}

// follow waits for the end of a life: unless it was to be replaced, it is the
// kernel's end.
func (k *Kernel) follow(l *life) {
	<-l.gone
	k.finish(l.err, func() bool { return k.life == l && !k.replacing })
}

func always() bool { return true }

// finish ends the kernel for good, if that is so when asked with mu held.
func (k *Kernel) finish(err error, isSo func() bool) {
	k.mu.Lock()
	last := !k.over && isSo()
	if last {
		k.over, k.err = true, err
	}
	k.mu.Unlock()
	if last {
		k.quitting()
		k.launcher.forget(k)
		k.setStatus(StatusDead)
		close(k.done)
	}
}

// Shutdown asks the kernel to leave, kills it after five seconds or when ctx
// ends, and returns when it and all that it started are gone. It may be called
// again.
func (k *Kernel) Shutdown(ctx context.Context) error {
	k.quitting()
	select {
	case k.turn <- struct{}{}:
		defer func() { <-k.turn }()
	case <-k.done:
		return nil
	}
	k.current().end(ctx, ErrGone)
	<-k.done
	return nil
}

// Restart ends the kernel's process and starts another, with a fresh key and
// fresh sockets. Running code ends in [ErrRestarted]. When the new process does
// not start, the error says why, and the kernel is gone.
func (k *Kernel) Restart(ctx context.Context) error {
	select {
	case k.turn <- struct{}{}:
		defer func() { <-k.turn }()
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-k.done:
		return k.Err()
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	defer context.AfterFunc(k.quit, func() { cancel(ErrGone) })()
	k.mu.Lock()
	old, over := k.life, k.over
	k.replacing = !over
	k.mu.Unlock()
	if over {
		return k.Err()
	}
	k.setStatus(StatusRestarting)
	old.end(ctx, ErrRestarted)
	l, info, err := k.launcher.begin(ctx, k)
	if err != nil {
		k.finish(err, always)
		return err
	}
	k.setStatus(StatusIdle)
	k.adopt(l, info)
	return nil
}

// Status is the kernel's status now.
func (k *Kernel) Status() string {
	k.statusMu.Lock()
	defer k.statusMu.Unlock()
	return k.shownLocked()
}

// OnStatus has f called with every new status, in order. f must return soon and
// must not call OnStatus or Status.
func (k *Kernel) OnStatus(f func(status string)) {
	k.statusMu.Lock()
	defer k.statusMu.Unlock()
	k.listener = append(k.listener, f)
}

// shownLocked is the status as others see it; statusMu must be held.
func (k *Kernel) shownLocked() string {
	if k.frozen && k.status != StatusDead {
		return StatusUnresponsive
	}
	return k.status
}

func (k *Kernel) setStatus(status string) {
	k.changeStatus(func() { k.status = status; k.frozen = false })
}

func (k *Kernel) setFrozen(frozen bool) {
	k.changeStatus(func() { k.frozen = frozen })
}

func (k *Kernel) changeStatus(change func()) {
	k.statusMu.Lock()
	defer k.statusMu.Unlock()
	before := k.shownLocked()
	change()
	if now := k.shownLocked(); now != before {
		for _, f := range k.listener {
			f(now)
		}
	}
}
