package hubtest

import (
	"context"
	"errors"
	"sync"

	"github.com/notebookhub/hub/hub"
)

// Kernels starts fake kernels.
type Kernels struct {
	mu      sync.Mutex
	Fail    error // of the next start
	started []*Kernel
	// Run is what every kernel does with code; nil echoes it as a stream.
	Run func(k *Kernel, ctx context.Context, run hub.KernelRun, sink func(hub.KernelEvent)) (hub.KernelReply, error)
}

// NewKernels returns kernels that echo.
func NewKernels() *Kernels { return &Kernels{} }

// Specs is the hub's.
func (k *Kernels) Specs(context.Context) ([]hub.KernelSpec, error) {
	return []hub.KernelSpec{{Name: "fake", DisplayName: "Fake", Language: "fake"}}, nil
}

// Start is the hub's.
func (k *Kernels) Start(_ context.Context, req hub.KernelStart) (hub.Kernel, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if err := k.Fail; err != nil {
		return nil, err
	}
	kernel := &Kernel{owner: k, Dir: req.Dir, done: make(chan struct{}), answers: make(chan string, 1), interrupts: make(chan struct{}, 1)}
	k.started = append(k.started, kernel)
	return kernel, nil
}

// Started returns every kernel so far.
func (k *Kernels) Started() []*Kernel {
	k.mu.Lock()
	defer k.mu.Unlock()
	return append([]*Kernel(nil), k.started...)
}

// Kernel is a kernel without a process.
type Kernel struct {
	Dir        string
	owner      *Kernels
	mu         sync.Mutex
	count      int64
	err        error
	restarts   int
	done       chan struct{}
	frozen     []func(bool)
	answers    chan string
	interrupts chan struct{}
}

// Info is the hub's.
func (k *Kernel) Info() hub.KernelInfo {
	return hub.KernelInfo{Name: "fake", DisplayName: "Fake", Language: "fake"}
}

// LanguageInfo is the hub's.
func (k *Kernel) LanguageInfo() map[string]any {
	return map[string]any{"name": "fake", "file_extension": ".fake"}
}

// Execute is the hub's.
func (k *Kernel) Execute(ctx context.Context, run hub.KernelRun, sink func(hub.KernelEvent)) (hub.KernelReply, error) {
	k.mu.Lock()
	k.count++
	count := k.count
	k.mu.Unlock()
	sink(hub.KernelEvent{Kind: "execute_input", Count: count})
	if k.owner.Run != nil {
		reply, err := k.owner.Run(k, ctx, run, sink)
		if reply.Count == 0 {
			reply.Count = count
		}
		return reply, err
	}
	sink(hub.KernelEvent{Kind: "stream", Name: "stdout", Text: run.Code})
	return hub.KernelReply{Status: "ok", Count: count}, nil
}

// Interrupted receives once per interrupt.
func (k *Kernel) Interrupted() <-chan struct{} { return k.interrupts }

// Answers receives what input() was answered.
func (k *Kernel) Answers() <-chan string { return k.answers }

// Interrupt is the hub's.
func (k *Kernel) Interrupt(context.Context) error {
	select {
	case k.interrupts <- struct{}{}:
	default:
	}
	return nil
}

// Restart is the hub's.
func (k *Kernel) Restart(context.Context) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.restarts++
	k.count = 0
	return nil
}

// Shutdown is the hub's.
func (k *Kernel) Shutdown(context.Context) error {
	k.Die(nil)
	return nil
}

// Die ends the kernel.
func (k *Kernel) Die(err error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	select {
	case <-k.done:
	default:
		k.err = err
		close(k.done)
	}
}

// Watch is the hub's.
func (k *Kernel) Watch(f func(frozen bool)) {
	k.mu.Lock()
	k.frozen = append(k.frozen, f)
	k.mu.Unlock()
}

// Freeze has the kernel answer no more, or again.
func (k *Kernel) Freeze(frozen bool) {
	k.mu.Lock()
	told := append([]func(bool){}, k.frozen...)
	k.mu.Unlock()
	for _, f := range told {
		f(frozen)
	}
}

// Answer is the hub's.
func (k *Kernel) Answer(_ context.Context, value string) error {
	k.answers <- value
	return nil
}

// Complete is the hub's.
func (k *Kernel) Complete(_ context.Context, code string, cursor int) (map[string]any, error) {
	return map[string]any{"matches": []any{code}, "cursor_start": 0, "cursor_end": cursor}, nil
}

// Inspect is the hub's.
func (k *Kernel) Inspect(context.Context, string, int, int) (map[string]any, error) {
	return map[string]any{"found": false}, nil
}

// History is the hub's.
func (k *Kernel) History(context.Context, int) ([]string, error) {
	return nil, errors.New("no history")
}

// Done is the hub's.
func (k *Kernel) Done() <-chan struct{} { return k.done }

// Err is the hub's.
func (k *Kernel) Err() error {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.err
}
