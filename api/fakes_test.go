package api

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"sync"
	"sync/atomic"

	"github.com/notebookhub/hub/hub"
	"github.com/notebookhub/hub/hub/notebook"
	"github.com/notebookhub/hub/hub/store"
)

// locked lets several goroutines write.
type locked struct {
	mu sync.Mutex
	w  io.Writer
}

func (l *locked) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.w.Write(p)
}

// fullDisk is a disk on which nothing can be written while it has a reason.
type fullDisk struct {
	store.OS
	reason atomic.Pointer[error]
}

// fail sets the reason; nil makes the disk work again.
func (d *fullDisk) fail(reason error) {
	if reason == nil {
		d.reason.Store(nil)
		return
	}
	d.reason.Store(&reason)
}

func (d *fullDisk) OpenFile(name string, flag int, perm fs.FileMode) (store.File, error) {
	file, err := d.OS.OpenFile(name, flag, perm)
	if err != nil {
		return nil, err
	}
	return fullFile{file, d}, nil
}

type fullFile struct {
	store.File
	disk *fullDisk
}

func (f fullFile) Write(p []byte) (int, error) {
	if reason := f.disk.reason.Load(); reason != nil {
		return 0, *reason
	}
	return f.File.Write(p)
}

func (f fullFile) WriteAt(p []byte, at int64) (int, error) {
	if reason := f.disk.reason.Load(); reason != nil {
		return 0, *reason
	}
	return f.File.WriteAt(p, at)
}

// fakeKernels start kernels whose code is one word: "wait" runs until it is
// interrupted, "ask" asks for input and prints the answer, "die" ends the
// kernel, "big" has a large output, "fail" raises; all else is printed.
type fakeKernels struct {
	broken bool
	heard  chan string // if set, gets every code
}

func (f *fakeKernels) Specs(context.Context) ([]hub.KernelSpec, error) {
	if f.broken {
		return nil, errors.New("no folder of kernels can be read")
	}
	return []hub.KernelSpec{
		{Name: "python3", DisplayName: "Python 3", Language: "python"},
		{Name: "ruined", DisplayName: "Ruined", Language: "none", Problem: "its program is not there"},
		{Name: "stillborn", DisplayName: "Stillborn", Language: "none"},
	}, nil
}

func (f *fakeKernels) Start(_ context.Context, req hub.KernelStart) (hub.Kernel, error) {
	if req.Spec == "stillborn" {
		return nil, errors.New("it said: no such module")
	}
	return &fakeKernel{heard: f.heard, answers: make(chan string, 1), stop: make(chan struct{}, 1), done: make(chan struct{})}, nil
}

type fakeKernel struct {
	heard   chan string
	answers chan string
	stop    chan struct{}
	once    sync.Once
	done    chan struct{}
}

func (k *fakeKernel) Watch(func(bool)) {}

func (k *fakeKernel) LanguageInfo() map[string]any { return nil }

func (k *fakeKernel) Info() hub.KernelInfo {
	return hub.KernelInfo{Name: "python3", DisplayName: "Python 3", Language: "python", Status: "idle"}
}

func (k *fakeKernel) Execute(ctx context.Context, req hub.KernelRun, sink func(hub.KernelEvent)) (hub.KernelReply, error) {
	sink(hub.KernelEvent{Kind: "execute_input", Count: 1})
	text := req.Code
	if k.heard != nil {
		k.heard <- text
	}
	switch req.Code {
	case "wait":
		select {
		case <-k.stop:
		case <-ctx.Done():
		}
		return hub.KernelReply{Status: "error", Count: 1, Reason: "KeyboardInterrupt"}, nil
	case "ask":
		sink(hub.KernelEvent{Kind: "input_request", Prompt: "name? "})
		select {
		case text = <-k.answers:
		case <-ctx.Done():
			return hub.KernelReply{Status: "aborted"}, ctx.Err()
		}
	case "die":
		k.once.Do(func() { close(k.done) })
		return hub.KernelReply{}, errors.New("the kernel is gone")
	case "fail":
		sink(hub.KernelEvent{Kind: "error", Output: notebook.Output{
			"output_type": "error", "ename": "ValueError", "evalue": "no", "traceback": []any{"ValueError: no"},
		}})
		return hub.KernelReply{Status: "error", Count: 1, Reason: "ValueError: no"}, nil
	}
	sink(hub.KernelEvent{Kind: "stream", Name: "stdout", Text: text})
	return hub.KernelReply{Status: "ok", Count: 1}, nil
}

func (k *fakeKernel) Interrupt(context.Context) error {
	select {
	case k.stop <- struct{}{}:
	default:
	}
	return nil
}

func (k *fakeKernel) Restart(context.Context) error { return nil }

func (k *fakeKernel) Shutdown(context.Context) error {
	k.once.Do(func() { close(k.done) })
	return nil
}

func (k *fakeKernel) Answer(_ context.Context, value string) error {
	k.answers <- value
	return nil
}

func (k *fakeKernel) Complete(_ context.Context, code string, cursor int) (map[string]any, error) {
	return map[string]any{"matches": []any{code + "t"}, "cursor_start": 0, "cursor_end": cursor}, nil
}

func (k *fakeKernel) Inspect(_ context.Context, code string, _, detail int) (map[string]any, error) {
	return map[string]any{"found": true, "data": map[string]any{"text/plain": code}, "detail": detail}, nil
}

func (k *fakeKernel) History(_ context.Context, n int) ([]string, error) {
	return []string{"a = 1", "a + 1"}[:min(n, 2)], nil
}

func (k *fakeKernel) Done() <-chan struct{} { return k.done }
func (k *fakeKernel) Err() error            { return nil }
