package hub_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/google/uuid"

	"github.com/notebookhub/hub/hub"
	"github.com/notebookhub/hub/hub/hubtest"
	"github.com/notebookhub/hub/hub/notebook"
	"github.com/notebookhub/hub/hub/yjs"
)

// Every run has its whole share, however many ran before.
func TestExecute_EveryRunHasAShareOfItsOwn(t *testing.T) {
	bubble(t, func(t *testing.T, e *hubtest.Env, room uuid.UUID) {
		e.Kernels.Run = func(_ *hubtest.Kernel, _ context.Context, _ hub.KernelRun, sink func(hub.KernelEvent)) (hub.KernelReply, error) {
			for range 3000 {
				sink(hub.KernelEvent{Kind: "display_data", Output: display("text/plain", "x")})
			}
			return hub.KernelReply{Status: "ok"}, nil
		}
		for range 2 {
			if x := finished(t, e, execute(t, e, room, "a")[0]); len(x.Outputs) != 3000 {
				t.Fatalf("%d outputs, the last %v", len(x.Outputs), x.Outputs[len(x.Outputs)-1])
			}
		}
	})
}

// An animation may go on for ever: what a cell cleared or overwrote is not there.
func TestExecute_WhatIsClearedOrOverwrittenDoesNotCount(t *testing.T) {
	bubble(t, func(t *testing.T, e *hubtest.Env, room uuid.UUID) {
		e.Kernels.Run = func(_ *hubtest.Kernel, _ context.Context, run hub.KernelRun, sink func(hub.KernelEvent)) (hub.KernelReply, error) {
			if run.Code == "one" {
				for range 6000 {
					sink(hub.KernelEvent{Kind: "clear_output", Wait: true})
					sink(hub.KernelEvent{Kind: "display_data", Output: display("text/plain", "frame")})
				}
				return hub.KernelReply{Status: "ok"}, nil
			}
			bar := "\r" + strings.Repeat("#", 99)
			for range 150_000 {
				sink(hub.KernelEvent{Kind: "stream", Name: "stderr", Text: bar})
			}
			return hub.KernelReply{Status: "ok"}, nil
		}
		if x := finished(t, e, execute(t, e, room, "a")[0]); len(x.Outputs) != 1 || x.Outputs[0]["output_type"] != "display_data" {
			t.Errorf("the animation ends as %v", x.Outputs)
		}
		if x := finished(t, e, execute(t, e, room, "b")[0]); len(x.Outputs) != 1 || x.Outputs[0]["text"] != strings.Repeat("#", 99) {
			t.Errorf("the bar ends as %.300v", x.Outputs)
		}
	})
}

// An update of a display is kept as a display is: large ones beside the document.
// What it replaces, large or not, does not come back.
func TestExecute_UpdatesOfDisplaysAreKeptLikeDisplays(t *testing.T) {
	bubble(t, func(t *testing.T, e *hubtest.Env, room uuid.UUID) {
		large := func(letter string) string { return strings.Repeat(letter, 2<<20) }
		e.Kernels.Run = func(_ *hubtest.Kernel, _ context.Context, run hub.KernelRun, sink func(hub.KernelEvent)) (hub.KernelReply, error) {
			before, after := large("b"), "small"
			if run.Code == "two" {
				before, after = after, large("a")
			}
			sink(hub.KernelEvent{Kind: "display_data", DisplayID: run.Code, Output: display("text/plain", before)})
			sink(hub.KernelEvent{Kind: "update_display_data", DisplayID: run.Code, Output: display("text/plain", after)})
			return hub.KernelReply{Status: "ok"}, nil
		}
		for _, run := range execute(t, e, room, "a", "b") {
			finished(t, e, run)
		}
		e.Join(room).Read(func(doc *yjs.Doc) {
			if state, err := doc.EncodeState(nil); err != nil || len(state) > 100_000 {
				t.Errorf("the document has %d bytes, %v", len(state), err)
			}
		})
		doc, err := e.Hub.Notebook(ctx, room)
		if err != nil {
			t.Fatal(err)
		}
		text := string(doc.Data)
		if strings.Contains(text, "bbbb") || !strings.Contains(text, `"small"`) || !strings.Contains(text, large("a")) {
			t.Errorf("the notebook of %d bytes holds what was replaced, or lacks what replaced it", len(text))
		}
	})
}

// A cell cannot fill the file until it is too large to be opened: neither alone
// nor together with others. Its error is shown all the same.
func TestExecute_WhatIsShownFitsIntoTheFile(t *testing.T) {
	for name, c := range map[string]struct {
		most  int64 // bytes of a notebook
		shows int   // so many things
		size  int   // of each
		words string
	}{
		"alone":    {256 << 20, 1, 101 << 20, "more than 100 MiB"},
		"together": {8 << 20, 4, 1_100_000, "clear other outputs"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				e := hubtest.New(t, func(o *hub.Options) { o.MaxNotebook = c.most })
				e.Write("a.ipynb", hubtest.Notebook("one", "two"))
				room := e.Open("a.ipynb")
				text := strings.Repeat("z", c.size)
				e.Kernels.Run = func(_ *hubtest.Kernel, _ context.Context, _ hub.KernelRun, sink func(hub.KernelEvent)) (hub.KernelReply, error) {
					for range c.shows {
						sink(hub.KernelEvent{Kind: "display_data", Output: display("text/plain", text)})
					}
					sink(hub.KernelEvent{Kind: "error", Output: notebook.Output{"output_type": "error", "ename": "E", "evalue": "the end", "traceback": []any{}}})
					return hub.KernelReply{Status: "ok"}, nil
				}
				var last hub.Execution
				for _, run := range execute(t, e, room, "a", "b") {
					last = finished(t, e, run)
				}
				shown := fmt.Sprint(last.Outputs)
				if !strings.Contains(shown, c.words) || !strings.Contains(shown, "the end") || len(last.Outputs) > c.shows+1 {
					t.Errorf("%d outputs, ending in %s", len(last.Outputs), shown[max(0, len(shown)-300):])
				}
				saved, err := e.Hub.Save(ctx, room, hub.SaveRequest{})
				if stat, bad := os.Stat(filepath.Join(e.Dir, "a.ipynb")); err != nil || bad != nil || stat.Size() > c.most {
					t.Errorf("saved %+v, %v, %v", saved, err, bad)
				}
				e.Stop()
			})
		})
	}
}
