package kernel

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/notebookhub/hub/hub/kernel/internal/jupyter"
)

const (
	interruptGrace = 3 * time.Second        // a death within it is the interrupt's doing
	promptGrace    = 500 * time.Millisecond // for a prompt to end with what asked it
	interruptLimit = 5 * time.Second        // for the answer to an interrupt by message
)

// Interrupt interrupts the running code, as the kernelspec or the operator says:
// by a signal to the kernel's process group, or by a message. With nothing running
// it does nothing, for a signal would end some kernels then. A prompt that outlasts
// it is answered with nothing. A kernel that dies of it says so in its
// [DeathError]; code that goes on nevertheless can only be ended by Restart.
func (k *Kernel) Interrupt(ctx context.Context) error {
	l := k.current()
	r := l.running()
	if r == nil {
		return nil
	}
	prompt := r.asked()
	if err := k.interrupt(ctx, l); err != nil || prompt == nil {
		return err
	}
	timer := time.NewTimer(promptGrace)
	defer timer.Stop()
	select {
	case <-r.over:
		return nil
	case <-ctx.Done():
	case <-timer.C:
	}
	if m := r.answered(prompt); m != nil {
		return l.answerPrompt(*m, "")
	}
	return nil
}

func (k *Kernel) interrupt(ctx context.Context, l *life) error {
	if k.Info().InterruptMode == InterruptMessage {
		ctx, cancel := context.WithTimeout(ctx, interruptLimit)
		defer cancel()
		_, err := l.ask(ctx, jupyter.Control, "interrupt_request", struct{}{})
		if errors.Is(err, context.DeadlineExceeded) {
			return fmt.Errorf("interrupt kernel: it does not answer: %w", err)
		}
		return err
	}
	l.mu.Lock()
	l.interrupted = time.Now()
	l.mu.Unlock()
	return interruptGroup(l.process.pid)
}

// Reply answers the input() or getpass() of the running code. The error is
// [ErrNoPrompt] when it asks nothing, or has been answered.
func (k *Kernel) Reply(_ context.Context, value string) error {
	l := k.current()
	r := l.running()
	if r == nil {
		return ErrNoPrompt
	}
	m := r.answered(nil)
	if m == nil {
		return ErrNoPrompt
	}
	return l.answerPrompt(*m, value)
}
