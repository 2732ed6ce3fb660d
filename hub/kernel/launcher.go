package kernel

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"
)

// Options say how kernels are found and run. The zero value works.
type Options struct {
	// RuntimeDir is where connection files and sockets are, in a folder per
	// kernel. It is made, for the user alone, when absent. A short path is best:
	// one that is too long for sockets makes them go to the system's folder for
	// temporary files. "" is a folder of the user's there.
	RuntimeDir string
	// Environ is the environment of kernels; nil is the hub's. Variables whose
	// name begins with HUB_, and those that Secrets names, are left out.
	Environ []string
	Secrets []string
	// DataDirs are Jupyter data folders to look for kernelspecs in, instead of
	// the usual ones.
	DataDirs []string
	// Shim is the command that runs [ShimMain]; "--" and the kernel's command are
	// appended. Without one, what leaves the kernel's process group outlives a
	// hub that is killed.
	Shim []string
	// Transport is ipc or tcp; "" is ipc for languages whose kernels can, else
	// tcp. By tcp every user of this computer can read what a kernel says.
	Transport string
	// Interrupts overrides the interrupt mode (signal, message) by spec name.
	Interrupts map[string]string
	// StartLimit bounds a start; StallLimit is how long it may last without any
	// sign of work. Zero is 60 s and 9 s.
	StartLimit, StallLimit time.Duration
	// MaxMessage is the largest message that is taken, QueueBytes how much may
	// wait for its reader; zero is 256 MiB each. What is beyond is left out, and
	// said so in its place.
	MaxMessage, QueueBytes int
}

const (
	defaultStart = 60 * time.Second
	defaultStall = 9 * time.Second
	defaultBytes = 256 << 20
)

// Launcher finds and starts kernels. All methods may be called concurrently.
type Launcher struct {
	// Static after construction.
	options Options
	environ []string
	finder  *finder
	spawner *spawner
	ctx     context.Context // ends when the launcher closes
	cancel  context.CancelFunc
	stats   counters
	work    sync.WaitGroup // what follows kernels

	mu      sync.Mutex
	kernels map[*Kernel]struct{} // guarded by mu
	starts  sync.WaitGroup       // starts under way; added to with mu held
	closed  bool                 // guarded by mu
}

// New makes a launcher and its runtime folder. The caller closes it; that ctx ends
// does not.
func New(ctx context.Context, o Options) (*Launcher, error) {
	if o.RuntimeDir == "" {
		o.RuntimeDir = filepath.Join(os.TempDir(), fmt.Sprintf("hub-kernels-%d", os.Getuid()))
	}
	if err := os.MkdirAll(o.RuntimeDir, 0o700); err != nil {
		return nil, fmt.Errorf("make runtime folder: %w", err)
	}
	if err := private(o.RuntimeDir); err != nil {
		return nil, fmt.Errorf("use runtime folder %s: %w", o.RuntimeDir, err)
	}
	if o.StartLimit == 0 {
		o.StartLimit = defaultStart
	}
	if o.StallLimit == 0 {
		o.StallLimit = defaultStall
	}
	if o.MaxMessage == 0 {
		o.MaxMessage = defaultBytes
	}
	if o.QueueBytes == 0 {
		o.QueueBytes = defaultBytes
	}
	environ := o.Environ
	if environ == nil {
		environ = os.Environ()
	}
	environ = withoutSecrets(environ, o.Secrets)
	l := &Launcher{
		options: o, environ: environ, finder: newFinder(environ, o.DataDirs),
		spawner: newSpawner(), kernels: make(map[*Kernel]struct{}),
	}
	l.ctx, l.cancel = context.WithCancel(context.WithoutCancel(ctx))
	return l, nil
}

// Specs lists the kernelspecs found, in order of their names, those that cannot
// be used included.
func (l *Launcher) Specs(ctx context.Context) ([]Spec, error) {
	specs := l.finder.specs(ctx)
	return specs, context.Cause(ctx)
}

// Stats counts, over all kernels so far, what did not become an event.
type Stats struct {
	Running   int   // kernels now
	Malformed int64 // messages that were no Jupyter messages, or not signed by the kernel
	Dropped   int64 // outputs that came faster than they could be taken
	Unclaimed int64 // outputs of code that nobody waits for any more
}

// Stats returns the counts.
func (l *Launcher) Stats() Stats {
	l.mu.Lock()
	defer l.mu.Unlock()
	return Stats{
		Running: len(l.kernels), Malformed: l.stats.malformed.Load(),
		Dropped: l.stats.dropped.Load(), Unclaimed: l.stats.unclaimed.Load(),
	}
}

// StartRequest asks for a kernel.
type StartRequest struct {
	Room string            // for the manifest, so that people know whose it is
	Spec string            // name of a kernelspec, in any case
	Dir  string            // where it runs: the notebook's folder
	Env  map[string]string // more environment variables
}

// Start starts a kernel and returns when it is ready to execute. ctx is for the
// start alone. The error is [ErrNotFound] for a spec that cannot be used, else a
// [*StartError] that says why, with what the kernel printed.
func (l *Launcher) Start(ctx context.Context, req StartRequest) (*Kernel, error) {
	spec, err := l.spec(ctx, req.Spec)
	if err != nil {
		return nil, err
	}
	if info, err := os.Stat(req.Dir); req.Dir != "" && (err != nil || !info.IsDir()) {
		return nil, &StartError{Spec: spec.Name, Reason: "the notebook's folder is gone", err: err}
	}
	k := newKernel(l, spec, req)
	if !l.remember(k) {
		return nil, &StartError{Spec: spec.Name, Reason: ErrGone.Error(), err: ErrGone}
	}
	defer l.starts.Done()
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	defer context.AfterFunc(k.quit, func() { cancel(ErrGone) })()
	life, info, err := l.begin(ctx, k)
	if err != nil {
		k.finish(err, always)
		return nil, err
	}
	k.setStatus(StatusIdle)
	k.adopt(life, info)
	return k, nil
}

func (l *Launcher) remember(k *Kernel) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return false
	}
	l.kernels[k] = struct{}{}
	l.starts.Add(1)
	return true
}

func (l *Launcher) forget(k *Kernel) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.kernels, k)
}

func (l *Launcher) spec(ctx context.Context, name string) (Spec, error) {
	specs, err := l.Specs(ctx)
	if err != nil {
		return Spec{}, err
	}
	for _, s := range specs {
		if s.Name != strings.ToLower(name) {
			continue
		}
		if s.Problem != "" {
			return Spec{}, fmt.Errorf("start kernel %s: %w: %s", name, ErrNotFound, s.Problem)
		}
		if mode := l.options.Interrupts[s.Name]; mode != "" {
			s.InterruptMode = mode
		}
		return s, nil
	}
	return Spec{}, fmt.Errorf("start kernel %s: %w", name, ErrNotFound)
}

// Close shuts all kernels down, at once when ctx ends, and waits for all that the
// launcher started.
func (l *Launcher) Close(ctx context.Context) error {
	l.mu.Lock()
	first := !l.closed
	l.closed = true
	l.mu.Unlock()
	if !first {
		return nil
	}
	l.cancel() // ends starts under way
	l.starts.Wait()
	l.mu.Lock()
	var kernels []*Kernel
	for k := range l.kernels {
		kernels = append(kernels, k)
	}
	l.mu.Unlock()
	errs := make([]error, len(kernels))
	var all sync.WaitGroup
	for i, k := range kernels {
		all.Go(func() { errs[i] = k.Shutdown(ctx) })
	}
	all.Wait()
	l.work.Wait()
	l.spawner.close()
	return errors.Join(errs...)
}

// transports lists what to try, in order.
func (l *Launcher) transports(s Spec) []string {
	if l.options.Transport != "" {
		return []string{l.options.Transport}
	}
	switch strings.ToLower(s.Language) {
	case "python", "r":
		if canIPC {
			return []string{TransportIPC, TransportTCP}
		}
	}
	return []string{TransportTCP, TransportTCP, TransportTCP}
}
