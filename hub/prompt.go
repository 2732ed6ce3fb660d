package hub

import (
	"context"
	"time"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/google/uuid"
)

const askLimit = 10 * time.Second // for completions and the like from a busy kernel

// ask puts a question of the running cell where every peer sees it.
func (e *executor) ask(s *state, x *execution, ev KernelEvent) {
	r := x.current.Load()
	value := map[string]any{
		"execution": r.ID.String(), "cell": r.Cell, "prompt": ev.Prompt, "password": ev.Password, "by": r.By,
	}
	e.asked = true
	s.setHub("prompt", value)
	s.tell("prompt", value)
}

func (e *executor) clearPrompt(s *state) {
	if e.asked {
		e.asked = false
		s.setHub("prompt", nil)
	}
}

// AnswerPrompt replies to input() of the running cell. The first answer counts.
func (h *Hub) AnswerPrompt(ctx context.Context, id, execution uuid.UUID, value string, by Client) error {
	_, err := h.controlKernel(ctx, id, by, func(ctx context.Context, l lease) error {
		var kernel Kernel
		err := l.do(ctx, func(s *state) {
			if e := &s.exec; e.asked && e.running != nil && e.running.id() == execution {
				kernel = e.kernel
				e.clearPrompt(s)
			}
		})
		switch {
		case err != nil:
			return err
		case kernel == nil:
			return fail(CodeInvalid, nil, "this execution asks nothing now; somebody may have answered already")
		}
		return kernelError(kernel.Answer(ctx, value), "take the answer")
	})
	return err
}

// withKernel calls f with the room's kernel.
func (h *Hub) withKernel(ctx context.Context, id uuid.UUID, f func(context.Context, Kernel) error) error {
	l, err := h.leaseRoom(ctx, id)
	if err != nil {
		return err
	}
	defer l.release()
	var kernel Kernel
	if err := l.do(ctx, func(s *state) { kernel = s.exec.kernel }); err != nil {
		return err
	}
	if kernel == nil {
		return errNoKernel()
	}
	ctx, cancel := context.WithTimeout(ctx, askLimit)
	defer cancel()
	return kernelError(f(ctx, kernel), "answer")
}

// Complete asks the kernel for completions at a cursor (UTF-16 units).
func (h *Hub) Complete(ctx context.Context, id uuid.UUID, code string, cursor int) (reply map[string]any, err error) {
	err = h.withKernel(ctx, id, func(ctx context.Context, k Kernel) (err error) {
		reply, err = k.Complete(ctx, code, codePoints(code, cursor))
		return err
	})
	return reply, err
}

// Inspect asks the kernel about the name at a cursor (UTF-16 units).
func (h *Hub) Inspect(ctx context.Context, id uuid.UUID, code string, cursor, detail int) (reply map[string]any, err error) {
	err = h.withKernel(ctx, id, func(ctx context.Context, k Kernel) (err error) {
		reply, err = k.Inspect(ctx, code, codePoints(code, cursor), detail)
		return err
	})
	return reply, err
}

// History returns the kernel's last n inputs.
func (h *Hub) History(ctx context.Context, id uuid.UUID, n int) (inputs []string, err error) {
	err = h.withKernel(ctx, id, func(ctx context.Context, k Kernel) (err error) {
		inputs, err = k.History(ctx, n)
		return err
	})
	return inputs, err
}

// codePoints turns a position in UTF-16 units, as editors count, into one in
// characters, as kernels do.
func codePoints(text string, units int) int {
	points := 0
	for _, r := range text {
		if units <= 0 {
			return points
		}
		units -= max(utf16.RuneLen(r), 1)
		points++
	}
	return min(points, utf8.RuneCountInString(text))
}
