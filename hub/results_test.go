package hub_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/notebookhub/hub/hub"
	"github.com/notebookhub/hub/hub/hubtest"
)

// Large results do not pile up for a day: older outputs are those of the
// document, while it shows them, and said to be gone afterwards.
func TestExecution_OldOutputsAreThoseOfTheDocument(t *testing.T) {
	bubble(t, func(t *testing.T, e *hubtest.Env, room uuid.UUID) {
		text := strings.Repeat("y", 1_000_000)
		e.Kernels.Run = func(_ *hubtest.Kernel, _ context.Context, run hub.KernelRun, sink func(hub.KernelEvent)) (hub.KernelReply, error) {
			if run.Code == "one" {
				sink(hub.KernelEvent{Kind: "display_data", Output: display("text/plain", "small")})
				return hub.KernelReply{Status: "ok"}, nil
			}
			for range 8 {
				sink(hub.KernelEvent{Kind: "display_data", Output: display("text/plain", text)})
			}
			return hub.KernelReply{Status: "ok"}, nil
		}
		old := finished(t, e, execute(t, e, room, "a")[0])
		var large []hub.Execution
		for range 9 {
			large = append(large, finished(t, e, execute(t, e, room, "b")[0]))
		}
		look := func(what string, run hub.Execution, want int, dropped bool) {
			t.Helper()
			x, err := e.Hub.Execution(ctx, run.ID, 0)
			if err != nil || x.State != "done" || x.OutputsDropped != dropped || outputBytes(x) != want {
				t.Errorf("%s: %s with %d bytes, dropped %v, %v", what, x.State, outputBytes(x), x.OutputsDropped, err)
			}
		}
		look("the newest", large[8], 8_000_000, false)
		look("the one before, which is kept", large[7], 8_000_000, false)
		look("an old one", large[0], 0, true)
		look("an old one that its cell shows", old, len("small"), false)
		finished(t, e, execute(t, e, room, "a")[0])
		look("an old one whose cell ran again", old, 0, true)
		time.Sleep(25 * time.Hour)
		if _, err := e.Hub.Execution(ctx, large[8].ID, 0); hub.CodeOf(err) != hub.CodeNoExecution {
			t.Errorf("after a day: %v", err)
		}
	})
}

func outputBytes(x hub.Execution) (n int) {
	for _, o := range x.Outputs {
		data, _ := o["data"].(map[string]any)
		text, _ := data["text/plain"].(string)
		n += len(text)
	}
	return n
}
