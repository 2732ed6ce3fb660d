package hub

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"
)

// What a room's kernel can be.
const (
	kernelNone       = "none"
	kernelStarting   = "starting"
	kernelIdle       = "idle"
	kernelBusy       = "busy"
	kernelFrozen     = "unresponsive"
	kernelRestarting = "restarting"
	kernelDead       = "dead"
	kernelFailed     = "failed"
)

const stopLimit = 15 * time.Second

func kernelError(err error, verb string) error {
	var coded *Error
	switch {
	case err == nil:
		return nil
	case errors.As(err, &coded):
		return err
	}
	return fail(CodeKernel, err, "the kernel could not %s: %v", verb, err)
}

func errNoKernel() error {
	return fail(CodeNoKernel, nil, "no kernel runs in this room; run a cell or choose a kernel first")
}

// choose notes which kernel the notebook wants.
func (e *executor) choose(s *state, spec string) {
	e.wanted = spec
	e.info = KernelInfo{Status: kernelNone}
	meta, _ := s.doc.Metadata()["kernelspec"].(map[string]any)
	e.info.Name, _ = meta["name"].(string)
	e.info.DisplayName, _ = meta["display_name"].(string)
	e.info.Language, _ = meta["language"].(string)
	if info, ok := s.doc.Metadata()["language_info"].(map[string]any); ok && e.info.Language == "" {
		e.info.Language, _ = info["name"].(string)
	}
	if spec != "" {
		e.info.Name = spec
	}
}

func (e *executor) kernelValue() map[string]any { return kernelJSON(e.info) }

func kernelJSON(info KernelInfo) map[string]any {
	value := map[string]any{
		"name": info.Name, "display_name": info.DisplayName, "language": info.Language, "status": info.Status,
	}
	if info.Reason != "" {
		value["reason"] = info.Reason
	}
	return value
}

// setStatus says how the kernel is.
func (e *executor) setStatus(s *state, status, reason string) {
	e.info.Status, e.info.Reason = status, reason
	s.setHub("kernel", e.kernelValue())
	s.infoDue = true
	s.tell("kernel", e.kernelValue())
}

// failQueued ends everything that waits, because there is no kernel for it.
func (e *executor) failQueued(s *state, reason string) {
	waiting := e.queue
	e.queue = nil
	for _, x := range waiting {
		e.end1(s, x, stateError, reason)
	}
}

// died takes note that a kernel is gone without having been asked to.
func (e *executor) died(s *state, kernel Kernel) {
	if e.kernel != kernel {
		return
	}
	s.h.stats.kernelDeaths.Add(1)
	e.kernel = nil
	reason := "the kernel died"
	if err := kernel.Err(); err != nil {
		reason = err.Error()
	}
	s.r.log.Warn("kernel died", "error", kernel.Err())
	e.setStatus(s, kernelDead, reason)
	if e.running != nil {
		e.running.cancel()
		e.finishRunning(s, stateError, reason)
	}
	e.failQueued(s, reason)
}

// froze takes note that a kernel does not answer any more, or does again.
func (e *executor) froze(s *state, kernel Kernel, frozen bool) {
	if e.kernel != kernel || e.starting {
		return
	}
	e.frozen = frozen
	e.showKernel(s)
}

// showKernel says how the kernel that runs is. Between two cells it is busy.
func (e *executor) showKernel(s *state) {
	status, reason := kernelIdle, ""
	switch {
	case e.frozen:
		status, reason = kernelFrozen, "its process is stopped, or does not answer; what it runs can only be ended by a restart"
	case e.running != nil:
		status = kernelBusy
	}
	if status != e.info.Status {
		e.setStatus(s, status, reason)
	}
}

// stop lets the kernel go, beside the room. Nothing runs any more.
func (e *executor) stop(s *state, status, reason string) {
	kernel := e.kernel
	e.kernel = nil
	e.setStatus(s, status, reason)
	if kernel != nil {
		e.letGo(s, kernel)
	}
	if e.starting {
		e.outdated, e.again = true, false
		e.abort()
	}
}

// letGo shuts a kernel down, beside the room.
func (e *executor) letGo(s *state, kernel Kernel) {
	e.stopping++
	r := s.r
	r.work.Go(func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(r.hub.ctx), stopLimit)
		defer cancel()
		if err := kernel.Shutdown(ctx); err != nil {
			r.log.Warn("kernel did not stop cleanly", "error", err)
		}
		r.post(func(s *state) {
			s.exec.stopping--
			s.exec.settle()
		})
	})
}

// settle tells who waits for it that nothing starts or stops any more.
func (e *executor) settle() {
	if e.starting || e.stopping > 0 {
		return
	}
	for _, quiet := range e.quiet {
		close(quiet)
	}
	e.quiet = nil
}

// abandon ends everything that runs and waits.
func (e *executor) abandon(s *state, reason string) {
	e.era++ // what still comes of it is not written
	e.cancelQueued(s, reason, everything)
	if e.running != nil {
		e.running.cancel()
		e.finishRunning(s, stateGone, reason)
	}
}

// end stops everything, because the room ends, and closes quiet when it has.
// The document is not told: its last state is on the disk, and a later life of
// the room begins without a kernel in any case.
func (e *executor) end(s *state, quiet chan struct{}) {
	e.ending = true
	e.abandon(s, "the room closed")
	if kernel := e.kernel; kernel != nil {
		e.kernel = nil
		e.letGo(s, kernel)
	}
	if e.abort != nil {
		e.abort()
	}
	e.quiet = append(e.quiet, quiet)
	e.settle()
}

// goOn takes back an end that did not come to pass.
func (e *executor) goOn(s *state) {
	e.ending = false
	e.setStatus(s, kernelNone, "")
}

// KernelSpecs lists installed kernels.
func (h *Hub) KernelSpecs(ctx context.Context) ([]KernelSpec, error) {
	if h.options.Kernels == nil {
		return nil, nil
	}
	return h.options.Kernels.Specs(ctx)
}

// SetKernel chooses and starts the room's kernel. What ran on the former one is
// cancelled.
func (h *Hub) SetKernel(ctx context.Context, id uuid.UUID, spec string, by Client) (KernelInfo, error) {
	return h.controlKernel(ctx, id, by, func(ctx context.Context, l lease) error {
		specs, err := h.KernelSpecs(ctx)
		if err != nil {
			return err
		}
		chosen, err := chooseSpec(specs, KernelInfo{Name: spec})
		if err != nil {
			return err
		}
		return l.do(ctx, func(s *state) {
			s.exec.abandon(s, "another kernel was chosen by "+nameOf(by))
			s.exec.stop(s, kernelNone, "")
			s.exec.wanted = chosen.Name
			s.exec.info.Name, s.exec.info.DisplayName, s.exec.info.Language = chosen.Name, chosen.DisplayName, chosen.Language
			if s.exec.again = s.exec.starting; !s.exec.again {
				s.exec.start(s)
			}
		})
	})
}

// StopKernel shuts the room's kernel down.
func (h *Hub) StopKernel(ctx context.Context, id uuid.UUID, by Client) (KernelInfo, error) {
	return h.controlKernel(ctx, id, by, func(ctx context.Context, l lease) error {
		return l.do(ctx, func(s *state) {
			s.exec.abandon(s, "the kernel was stopped by "+nameOf(by))
			s.exec.stop(s, kernelNone, "")
		})
	})
}

func (h *Hub) controlKernel(ctx context.Context, id uuid.UUID, by Client, f func(context.Context, lease) error) (KernelInfo, error) {
	if err := mayWrite(by); err != nil {
		return KernelInfo{}, err
	}
	l, err := h.leaseRoom(ctx, id)
	if err != nil {
		return KernelInfo{}, err
	}
	defer l.release()
	if err := f(ctx, l); err != nil {
		return KernelInfo{}, err
	}
	return l.info.Load().Kernel, nil
}

// InterruptKernel interrupts the running cell; what is queued is cancelled.
func (h *Hub) InterruptKernel(ctx context.Context, id uuid.UUID, by Client) error {
	_, err := h.controlKernel(ctx, id, by, func(ctx context.Context, l lease) error {
		var kernel Kernel
		reason := "interrupted by " + nameOf(by)
		err := l.do(ctx, func(s *state) {
			kernel = s.exec.kernel
			s.exec.cancelQueued(s, reason, everything)
			if s.exec.running != nil {
				s.exec.running.stopped = reason
			}
		})
		switch {
		case err != nil:
			return err
		case kernel == nil:
			return errNoKernel()
		}
		return kernelError(kernel.Interrupt(ctx), "be interrupted")
	})
	return err
}

// RestartKernel restarts it. What ran or waited is cancelled.
func (h *Hub) RestartKernel(ctx context.Context, id uuid.UUID, by Client) (KernelInfo, error) {
	return h.controlKernel(ctx, id, by, func(ctx context.Context, l lease) error {
		return l.do(ctx, func(s *state) {
			s.exec.abandon(s, "the kernel was restarted by "+nameOf(by))
			s.exec.restart(s)
		})
	})
}

// restart brings up a fresh kernel, beside the room; the former one ends first.
func (e *executor) restart(s *state) {
	if e.starting {
		e.again = e.outdated
		return
	}
	if e.kernel == nil {
		e.start(s)
		return
	}
	kernel, r := e.kernel, s.r
	e.starting, e.abort = true, func() {}
	e.setStatus(s, kernelRestarting, "")
	r.work.Go(func() {
		err := kernel.Restart(r.hub.ctx)
		r.post(func(s *state) { s.exec.restarted(s, kernel, err) })
	})
}

func (e *executor) restarted(s *state, kernel Kernel, err error) {
	e.starting = false
	defer e.settle()
	if e.kernel != kernel {
		e.startAnother(s)
		return
	}
	if err != nil {
		e.stop(s, kernelFailed, DetailOf(kernelError(err, "restart")))
		e.failQueued(s, e.info.Reason)
		return
	}
	e.frozen = false
	e.showKernel(s)
	e.pump(s)
}
