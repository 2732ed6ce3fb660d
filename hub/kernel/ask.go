package kernel

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/notebookhub/hub/hub/kernel/internal/jupyter"
)

// maxHistory bounds what one question for history may bring.
const maxHistory = 10000

// Complete asks what could stand at a cursor, counted in Unicode code points. The
// answer is complete_reply's content: matches, cursor_start, cursor_end, metadata.
// A kernel answers between executions; the error is [ErrBusy] when ctx ends while
// code runs.
func (k *Kernel) Complete(ctx context.Context, code string, cursor int) (map[string]any, error) {
	return k.question(ctx, "complete_request", map[string]any{"code": code, "cursor_pos": cursor})
}

// Inspect asks about what stands at a cursor, counted in Unicode code points;
// detail is 0 or 1. The answer is inspect_reply's content: found, data, metadata.
// It waits as Complete does.
func (k *Kernel) Inspect(ctx context.Context, code string, cursor, detail int) (map[string]any, error) {
	return k.question(ctx, "inspect_request", map[string]any{"code": code, "cursor_pos": cursor, "detail_level": detail})
}

// Finished asks whether code is complete enough to run. The answer is
// is_complete_reply's content: status, indent. It waits as Complete does.
func (k *Kernel) Finished(ctx context.Context, code string) (map[string]any, error) {
	return k.question(ctx, "is_complete_request", map[string]any{"code": code})
}

// History returns the last n inputs that the kernel remembers, the oldest first.
// It waits as Complete does.
func (k *Kernel) History(ctx context.Context, n int) ([]string, error) {
	reply, err := k.question(ctx, "history_request", map[string]any{
		"output": false, "raw": true, "hist_access_type": "tail", "n": min(max(n, 0), maxHistory),
	})
	if err != nil {
		return nil, err
	}
	entries, _ := reply["history"].([]any)
	inputs := make([]string, 0, len(entries))
	for _, e := range entries {
		// An entry is session, line number, input.
		if e, ok := e.([]any); ok && len(e) >= 3 {
			if input, ok := e[2].(string); ok {
				inputs = append(inputs, input)
			}
		}
	}
	return inputs, nil
}

// question asks on the shell channel once nothing runs there.
func (k *Kernel) question(ctx context.Context, kind string, content any) (map[string]any, error) {
	if err := k.enter(ctx); err != nil {
		return nil, busy(ctx, err)
	}
	defer k.exit()
	raw, err := k.current().ask(ctx, jupyter.Shell, kind, content)
	if err != nil {
		return nil, busy(ctx, err)
	}
	var reply map[string]any
	if err := jupyter.Unmarshal(raw, &reply); err != nil {
		return nil, fmt.Errorf("decode reply: %w", err)
	}
	if status, _ := reply["status"].(string); status == "error" {
		return nil, fmt.Errorf("ask kernel: %v: %v", reply["ename"], reply["evalue"])
	}
	return reply, nil
}

func busy(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return errors.Join(ErrBusy, err)
	}
	return err
}

// describe fills in what a kernel_info_reply tells.
func (i *Info) describe(raw json.RawMessage) error {
	var reply struct {
		Protocol       string `json:"protocol_version"`
		Implementation string `json:"implementation"`
		Banner         string `json:"banner"`
		Language       object `json:"language_info"`
	}
	if err := jupyter.Unmarshal(raw, &reply); err != nil {
		return fmt.Errorf("decode kernel info: %w", err)
	}
	i.Protocol, i.Implementation, i.Banner, i.LanguageInfo = reply.Protocol, reply.Implementation, reply.Banner, reply.Language
	if i.Language == "" {
		i.Language, _ = reply.Language["name"].(string)
	}
	return nil
}
