package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"github.com/notebookhub/hub/hub"
	"github.com/notebookhub/hub/hub/kernel"
)

// kernels is package kernel as the hub wants it.
type kernels struct {
	launcher *kernel.Launcher
}

// openKernels clears away what a hub that died left of its kernels, and makes
// the launcher of ours.
func (m *program) openKernels(ctx context.Context) (hub.Kernels, error) {
	runtimes, err := runtimeDir()
	if err != nil {
		return nil, err
	}
	dir := filepath.Join(runtimes, "k") // short: the paths of sockets are limited
	swept, err := kernel.Sweep(dir)
	switch {
	case err != nil:
		m.log.Warn("kernels of a former hub not cleared away", "error", err)
	case swept.Folders > 0:
		m.log.Info("kernels of a former hub cleared away", "folders", swept.Folders, "processes", swept.Killed)
	}
	shim, err := shimCommand()
	if err != nil {
		return nil, err
	}
	transport := m.config.KernelTransport
	if transport == "auto" {
		transport = ""
	}
	l, err := kernel.New(ctx, kernel.Options{
		RuntimeDir: dir, Shim: shim, Transport: transport, StartLimit: time.Duration(m.config.KernelStart),
	})
	if err != nil {
		return nil, fmt.Errorf("prepare kernels: %w", err)
	}
	m.onClose(l.Close)
	return kernels{l}, nil
}

// shimCommand is this program as the keeper of a kernel.
func shimCommand() ([]string, error) {
	switch runtime.GOOS {
	case "windows":
		return nil, nil
	case "linux":
		return []string{"/proc/self/exe", shimName}, nil // also after an upgrade in place
	}
	self, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("find this program: %w", err)
	}
	return []string{self, shimName}, nil
}

// Specs implements hub.Kernels.
func (k kernels) Specs(ctx context.Context) ([]hub.KernelSpec, error) {
	found, err := k.launcher.Specs(ctx)
	if err != nil {
		return nil, err
	}
	specs := make([]hub.KernelSpec, len(found))
	for i, s := range found {
		specs[i] = hub.KernelSpec{Name: s.Name, DisplayName: s.DisplayName, Language: s.Language, Problem: s.Problem}
	}
	return specs, nil
}

// Start implements hub.Kernels.
func (k kernels) Start(ctx context.Context, req hub.KernelStart) (hub.Kernel, error) {
	started, err := k.launcher.Start(ctx, kernel.StartRequest{Room: req.Room.String(), Spec: req.Spec, Dir: req.Dir})
	if err != nil {
		return nil, err // not a nil *kernel.Kernel in an interface
	}
	return runningKernel{started}, nil
}

// runningKernel is one kernel as the hub wants it; what is not here fits as it
// is.
type runningKernel struct {
	*kernel.Kernel
}

// Info implements hub.Kernel.
func (k runningKernel) Info() hub.KernelInfo {
	info := k.Kernel.Info()
	return hub.KernelInfo{Name: info.Spec, DisplayName: info.DisplayName, Language: info.Language, Status: k.Status()}
}

// LanguageInfo implements hub.Kernel.
func (k runningKernel) LanguageInfo() map[string]any { return k.Kernel.Info().LanguageInfo }

// Execute implements hub.Kernel. What follows a failed cell is for the hub's
// queue to decide.
func (k runningKernel) Execute(ctx context.Context, req hub.KernelRun, sink func(hub.KernelEvent)) (hub.KernelReply, error) {
	late := func(ev kernel.Event) {
		if req.Late != nil {
			req.Late(hub.KernelEvent(ev))
		}
	}
	reply, err := k.Kernel.Execute(ctx, kernel.ExecuteRequest{
		Code: req.Code, AllowStdin: req.AllowStdin, Silent: req.Silent, StoreHistory: !req.Silent, Late: late,
	}, func(ev kernel.Event) { sink(hub.KernelEvent(ev)) })
	return hub.KernelReply{Status: reply.Status, Count: reply.Count, Reason: reply.Reason}, err
}

// Watch implements hub.Kernel.
func (k runningKernel) Watch(f func(frozen bool)) {
	former := false
	k.OnStatus(func(status string) {
		if now := status == kernel.StatusUnresponsive; now != former {
			former = now
			f(now)
		}
	})
}

// Answer implements hub.Kernel.
func (k runningKernel) Answer(ctx context.Context, value string) error { return k.Reply(ctx, value) }

// Complete implements hub.Kernel.
func (k runningKernel) Complete(ctx context.Context, code string, cursor int) (map[string]any, error) {
	reply, err := k.Kernel.Complete(ctx, code, cursor)
	return reply, busy(err)
}

// Inspect implements hub.Kernel.
func (k runningKernel) Inspect(ctx context.Context, code string, cursor, detail int) (map[string]any, error) {
	reply, err := k.Kernel.Inspect(ctx, code, cursor, detail)
	return reply, busy(err)
}

// History implements hub.Kernel.
func (k runningKernel) History(ctx context.Context, n int) ([]string, error) {
	inputs, err := k.Kernel.History(ctx, n)
	return inputs, busy(err)
}

// busy gives the failure that goes away by itself its own code.
func busy(err error) error {
	if errors.Is(err, kernel.ErrBusy) {
		return &hub.Error{Code: hub.CodeBusy, Detail: "the kernel runs a cell; it answers when that is over", Err: err}
	}
	return err
}
