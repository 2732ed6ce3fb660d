package hub_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"

	"github.com/notebookhub/hub/hub"
	"github.com/notebookhub/hub/hub/hubtest"
	"github.com/notebookhub/hub/hub/notebook"
	"github.com/notebookhub/hub/hub/yjs"
)

// runUntil is a cell that runs until it is told to finish or interrupted.
func runUntil(finish <-chan struct{}) func(*hubtest.Kernel, context.Context, hub.KernelRun, func(hub.KernelEvent)) (hub.KernelReply, error) {
	return func(k *hubtest.Kernel, ctx context.Context, run hub.KernelRun, sink func(hub.KernelEvent)) (hub.KernelReply, error) {
		sink(hub.KernelEvent{Kind: "stream", Name: "stdout", Text: "running " + run.Code})
		select {
		case <-finish:
			return hub.KernelReply{Status: "ok"}, nil
		case <-k.Interrupted():
			return hub.KernelReply{Status: "error", Reason: "KeyboardInterrupt"}, nil
		case <-k.Done():
			return hub.KernelReply{}, errors.New("connection to the kernel lost")
		case <-ctx.Done():
			return hub.KernelReply{}, ctx.Err()
		}
	}
}

func execute(t *testing.T, e *hubtest.Env, room uuid.UUID, cells ...string) []hub.Execution {
	t.Helper()
	runs, err := e.Hub.Execute(ctx, room, hub.ExecuteRequest{Cells: cells, By: hub.Client{Name: "ann"}})
	if err != nil {
		t.Fatal(err)
	}
	return runs
}

func finished(t *testing.T, e *hubtest.Env, run hub.Execution) hub.Execution {
	t.Helper()
	x, err := e.Hub.Execution(ctx, run.ID, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	return x
}

// Outputs belong to the document: they arrive with nobody attached, and are in
// the file.
func TestExecute_OutputsArriveWithNobodyAttached(t *testing.T) {
	bubble(t, func(t *testing.T, e *hubtest.Env, room uuid.UUID) {
		e.Kernels.Run = func(_ *hubtest.Kernel, _ context.Context, run hub.KernelRun, sink func(hub.KernelEvent)) (hub.KernelReply, error) {
			sink(hub.KernelEvent{Kind: "stream", Name: "stdout", Text: "50%\r100%\n"})
			sink(hub.KernelEvent{Kind: "stream", Name: "stdout", Text: "done\n"})
			sink(hub.KernelEvent{Kind: "display_data", DisplayID: "d", Output: notebook.Output{
				"output_type": "display_data", "data": map[string]any{"text/plain": "before"}, "metadata": map[string]any{}}})
			sink(hub.KernelEvent{Kind: "update_display_data", DisplayID: "d", Output: notebook.Output{
				"output_type": "display_data", "data": map[string]any{"text/plain": "after"}, "metadata": map[string]any{}}})
			return hub.KernelReply{Status: "ok", Count: 7}, nil
		}
		x := finished(t, e, execute(t, e, room, "a")[0])
		if x.State != "done" || x.Count == nil || *x.Count != 7 || x.By != "ann" || len(x.Outputs) != 2 {
			t.Fatalf("the execution is %+v", x)
		}
		if x.Outputs[0]["text"] != "100%\ndone\n" || fmt.Sprint(x.Outputs[1]["data"]) != "map[text/plain:after]" {
			t.Errorf("outputs: %v", x.Outputs)
		}
		time.Sleep(10 * time.Second)
		if got := e.Read("a.ipynb"); !strings.Contains(got, "100%") || !strings.Contains(got, `"execution_count": 7`) || strings.Contains(got, "running") {
			t.Errorf("the file holds %s", got)
		}
		e.Join(room).AwaitValue("hub", "kernel", "status", "idle")
	})
}

// Cells run in order, one at a time; everybody sees the queue.
func TestExecute_QueueIsSharedAndOrdered(t *testing.T) {
	bubble(t, func(t *testing.T, e *hubtest.Env, room uuid.UUID) {
		finish := make(chan struct{})
		e.Kernels.Run = runUntil(finish)
		p := e.Join(room)
		runs := execute(t, e, room, "a", "b")
		p.Await("queue of two", func() bool {
			queue, _ := p.RootValue("hub", "queue").([]any)
			if len(queue) != 2 {
				return false
			}
			first, second := queue[0].(map[string]any), queue[1].(map[string]any)
			return first["state"] == "running" && first["cell"] == "a" && first["by"] == "ann" && second["state"] == "queued"
		})
		if again := execute(t, e, room, "b"); again[0].ID != runs[1].ID {
			t.Error("a cell that waits was queued twice")
		}
		info := e.Room(room)
		if len(info.Queue) != 2 || info.Kernel.Status != "busy" {
			t.Errorf("the room is %+v", info)
		}
		finish <- struct{}{}
		finished(t, e, runs[0])
		finish <- struct{}{}
		finished(t, e, runs[1])
		p.Await("an empty queue", func() bool {
			queue, _ := p.RootValue("hub", "queue").([]any)
			return len(queue) == 0
		})
	})
}

// What runs is what was in the document when it was asked for, after the state
// that the caller had seen.
func TestExecute_RunsWhatTheCallerHasSeen(t *testing.T) {
	bubble(t, func(t *testing.T, e *hubtest.Env, room uuid.UUID) {
		p := e.Join(room)
		// The edit is made, but still on its way when the request arrives.
		var update, vector []byte
		p.Read(func(doc *yjs.Doc) {
			fork := yjs.NewDoc(yjs.Options{})
			state, err := doc.EncodeState(nil)
			if err == nil {
				_, err = fork.Apply(state, nil)
			}
			if err != nil {
				t.Fatal(err)
			}
			c, err := fork.Transact(nil, func(tx *yjs.Txn) error {
				cell := fork.Array("cells").Get(0).(*yjs.Map)
				source, _ := cell.Get("source")
				source.(*yjs.Text).Insert(tx, 0, "new ")
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
			update, vector = c.Update, fork.StateVector()
		})
		asked := make(chan []hub.Execution)
		go func() {
			runs, err := e.Hub.Execute(ctx, room, hub.ExecuteRequest{Cells: []string{"a"}, Seen: vector})
			if err != nil {
				t.Error(err)
			}
			asked <- runs
		}()
		time.Sleep(time.Second)
		if err := p.Conn.Send(yjs.AppendUpdate(nil, update)); err != nil {
			t.Fatal(err)
		}
		x := finished(t, e, (<-asked)[0])
		if len(x.Outputs) != 1 || x.Outputs[0]["text"] != "new one" {
			t.Errorf("it ran as %v", x.Outputs)
		}
		_, err := e.Hub.Execute(ctx, room, hub.ExecuteRequest{Cells: []string{"a"}, Seen: yjs.EncodeStateVector(map[uint64]uint64{99: 5})})
		if hub.CodeOf(err) != hub.CodeStale {
			t.Errorf("seen what never came: %v", err)
		}
	})
}

// An error stops the rest, unless that was not wanted.
func TestExecute_StopsOnErrorByChoice(t *testing.T) {
	bubble(t, func(t *testing.T, e *hubtest.Env, room uuid.UUID) {
		e.Kernels.Run = func(_ *hubtest.Kernel, _ context.Context, run hub.KernelRun, _ func(hub.KernelEvent)) (hub.KernelReply, error) {
			if run.Code == "one" {
				return hub.KernelReply{Status: "error", Reason: "ValueError: one"}, nil
			}
			return hub.KernelReply{Status: "ok"}, nil
		}
		for _, carryOn := range []bool{false, true} {
			runs, err := e.Hub.Execute(ctx, room, hub.ExecuteRequest{All: true, ContinueOnErr: carryOn})
			if err != nil || len(runs) != 2 {
				t.Fatalf("execute: %v, %v", runs, err)
			}
			first, second := finished(t, e, runs[0]), finished(t, e, runs[1])
			if first.State != "error" || first.Reason != "ValueError: one" {
				t.Errorf("the first is %+v", first)
			}
			want := "cancelled"
			if carryOn {
				want = "done"
			}
			if second.State != want {
				t.Errorf("carry on %v: the second is %+v", carryOn, second)
			}
		}
	})
}

// Interrupt, restart, cancel and the kernel's death: every execution ends, with
// the reason, and the next one works.
func TestExecute_EveryRunEndsWithAReason(t *testing.T) {
	ends := map[string]struct {
		do     func(e *hubtest.Env, room uuid.UUID, runs []hub.Execution) error
		state  string
		reason string
	}{
		"interrupt": {func(e *hubtest.Env, room uuid.UUID, _ []hub.Execution) error {
			return e.Hub.InterruptKernel(ctx, room, hub.Client{Name: "bob"})
		}, "cancelled", "bob"},
		"restart": {func(e *hubtest.Env, room uuid.UUID, _ []hub.Execution) error {
			_, err := e.Hub.RestartKernel(ctx, room, hub.Client{Name: "bob"})
			return err
		}, "cancelled", "restarted by bob"},
		"stop": {func(e *hubtest.Env, room uuid.UUID, _ []hub.Execution) error {
			_, err := e.Hub.StopKernel(ctx, room, hub.Client{Name: "bob"})
			return err
		}, "cancelled", "stopped by bob"},
		"cancel": {func(e *hubtest.Env, _ uuid.UUID, runs []hub.Execution) error {
			for i := len(runs) - 1; i >= 0; i-- {
				if _, err := e.Hub.CancelExecution(ctx, runs[i].ID, hub.Client{Name: "bob"}); err != nil {
					return err
				}
			}
			return nil
		}, "cancelled", "cancelled by bob"},
		"death": {func(e *hubtest.Env, _ uuid.UUID, _ []hub.Execution) error {
			e.Kernels.Started()[0].Die(errors.New("exit status 3; last words: segfault"))
			return nil
		}, "error", "last words"},
	}
	for name, end := range ends {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T, e *hubtest.Env, room uuid.UUID) {
				e.Kernels.Run = runUntil(nil)
				runs := execute(t, e, room, "a", "b")
				synctest.Wait()
				if err := end.do(e, room, runs); err != nil {
					t.Fatal(err)
				}
				for _, run := range runs {
					if x := finished(t, e, run); x.State != end.state || !strings.Contains(x.Reason, end.reason) {
						t.Errorf("cell %s ended %s: %s", x.Cell, x.State, x.Reason)
					}
				}
				synctest.Wait()
				if info := e.Room(room); len(info.Queue) != 0 || info.Kernel.Status == "busy" {
					t.Errorf("the room is %+v", info)
				}
				e.Kernels.Run = nil
				if x := finished(t, e, execute(t, e, room, "b")[0]); x.State != "done" {
					t.Errorf("the next run is %+v", x)
				}
			})
		})
	}
}

// A kernel that does not start says why, and everything that waited for it ends.
func TestExecute_FailedStartSaysWhy(t *testing.T) {
	bubble(t, func(t *testing.T, e *hubtest.Env, room uuid.UUID) {
		e.Kernels.Fail = errors.New("no module named ipykernel")
		x := finished(t, e, execute(t, e, room, "a")[0])
		if x.State != "error" || !strings.Contains(x.Reason, "ipykernel") {
			t.Errorf("the execution is %+v", x)
		}
		if info := e.Room(room); info.Kernel.Status != "failed" || !strings.Contains(info.Kernel.Reason, "ipykernel") {
			t.Errorf("the kernel is %+v", info.Kernel)
		}
	})
}

// input() asks everybody; the first answer counts.
func TestExecute_PromptIsAnsweredOnce(t *testing.T) {
	bubble(t, func(t *testing.T, e *hubtest.Env, room uuid.UUID) {
		e.Kernels.Run = func(k *hubtest.Kernel, _ context.Context, _ hub.KernelRun, sink func(hub.KernelEvent)) (hub.KernelReply, error) {
			sink(hub.KernelEvent{Kind: "input_request", Prompt: "name? "})
			sink(hub.KernelEvent{Kind: "stream", Name: "stdout", Text: "hello " + <-k.Answers()})
			return hub.KernelReply{Status: "ok"}, nil
		}
		p := e.Join(room)
		run := execute(t, e, room, "a")[0]
		p.AwaitValue("hub", "prompt", "prompt", "name? ")
		p.AwaitValue("hub", "prompt", "execution", run.ID.String())
		if err := e.Hub.AnswerPrompt(ctx, room, uuid.New(), "x", hub.Client{}); hub.CodeOf(err) != hub.CodeInvalid {
			t.Errorf("answer to another execution: %v", err)
		}
		if err := e.Hub.AnswerPrompt(ctx, room, run.ID, "world", hub.Client{}); err != nil {
			t.Fatal(err)
		}
		if err := e.Hub.AnswerPrompt(ctx, room, run.ID, "again", hub.Client{}); hub.CodeOf(err) != hub.CodeInvalid {
			t.Errorf("second answer: %v", err)
		}
		if x := finished(t, e, run); x.Outputs[0]["text"] != "hello world" {
			t.Errorf("outputs: %v", x.Outputs)
		}
		p.AwaitValue("hub", "prompt", "", nil)
	})
}

// A kernel that nobody uses is stopped; connections are no use.
func TestKernel_IdleIsStopped(t *testing.T) {
	bubble(t, func(t *testing.T, e *hubtest.Env, room uuid.UUID) {
		p := e.Join(room)
		finished(t, e, execute(t, e, room, "a")[0])
		time.Sleep(30 * time.Minute)
		p.Type("a", "an edit is activity")
		time.Sleep(45 * time.Minute)
		if status := e.Room(room).Kernel.Status; status != "idle" {
			t.Errorf("the kernel is %s 45 minutes after an edit", status)
		}
		time.Sleep(30 * time.Minute)
		if info := e.Room(room); info.Kernel.Status != "none" || e.Hub.Stats().KernelsRunning != 0 {
			t.Errorf("the kernel is %+v", info.Kernel)
		}
	})
}

// 200,000 lines are either there or visibly cut, and the end is never lost.
func TestExecute_FloodIsCutVisibly(t *testing.T) {
	bubble(t, func(t *testing.T, e *hubtest.Env, room uuid.UUID) {
		e.Kernels.Run = func(_ *hubtest.Kernel, _ context.Context, _ hub.KernelRun, sink func(hub.KernelEvent)) (hub.KernelReply, error) {
			line := strings.Repeat("x", 99) + "\n"
			for range 200_000 {
				sink(hub.KernelEvent{Kind: "stream", Name: "stdout", Text: line})
			}
			return hub.KernelReply{Status: "ok"}, nil
		}
		x := finished(t, e, execute(t, e, room, "a")[0])
		text, _ := x.Outputs[0]["text"].(string)
		if x.State != "done" || len(text) > 11<<20 || !strings.Contains(text[len(text)-100:], "truncated") {
			t.Errorf("state %s, %d bytes, ending in %q", x.State, len(text), text[max(0, len(text)-100):])
		}
	})
}

// So is a loop of displays; an error at the end is not lost.
func TestExecute_ManyDisplaysAreCutVisibly(t *testing.T) {
	bubble(t, func(t *testing.T, e *hubtest.Env, room uuid.UUID) {
		e.Kernels.Run = func(_ *hubtest.Kernel, _ context.Context, _ hub.KernelRun, sink func(hub.KernelEvent)) (hub.KernelReply, error) {
			for range 6000 {
				sink(hub.KernelEvent{Kind: "display_data", Output: display("text/plain", "x")})
			}
			sink(hub.KernelEvent{Kind: "error", Output: notebook.Output{
				"output_type": "error", "ename": "E", "evalue": "the end", "traceback": []any{}}})
			return hub.KernelReply{Status: "error", Reason: "E: the end"}, nil
		}
		x := finished(t, e, execute(t, e, room, "a")[0])
		last := x.Outputs[len(x.Outputs)-1]
		if x.State != "error" || len(x.Outputs) > 5001 || last["evalue"] != "the end" {
			t.Errorf("%s with %d outputs, the last being %v", x.State, len(x.Outputs), last)
		}
		if !strings.Contains(fmt.Sprint(x.Outputs[len(x.Outputs)-2]), "truncated") {
			t.Errorf("nothing says that there was more: %v", x.Outputs[len(x.Outputs)-2])
		}
	})
}

func display(mime, text string) notebook.Output {
	return notebook.Output{"output_type": "display_data", "metadata": map[string]any{}, "data": map[string]any{mime: text}}
}

// Displays that are small one by one do not fill the document either.
func TestExecute_ManyMegabytesOfDisplaysGoBesideTheDocument(t *testing.T) {
	bubble(t, func(t *testing.T, e *hubtest.Env, room uuid.UUID) {
		e.Kernels.Run = func(_ *hubtest.Kernel, _ context.Context, _ hub.KernelRun, sink func(hub.KernelEvent)) (hub.KernelReply, error) {
			for range 40 {
				sink(hub.KernelEvent{Kind: "display_data", Output: display("text/html", strings.Repeat("y", 900_000))})
			}
			return hub.KernelReply{Status: "ok"}, nil
		}
		if x := finished(t, e, execute(t, e, room, "a")[0]); x.State != "done" || len(x.Outputs) != 40 {
			t.Fatalf("%s with %d outputs", x.State, len(x.Outputs))
		}
		e.Join(room).Read(func(doc *yjs.Doc) {
			if state, err := doc.EncodeState(nil); err != nil || len(state) > 16<<20 {
				t.Errorf("the document has %d bytes, %v", len(state), err)
			}
		})
		if doc, err := e.Hub.Notebook(ctx, room); err != nil || len(doc.Data) < 40*900_000 {
			t.Errorf("the export has %d bytes, %v", len(doc.Data), err)
		}
	})
}

// Requests of one moment run in the order of the document; a later one, or one
// that is not of their kind, runs behind them.
func TestExecute_RequestsOfOneMomentAreSorted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := hubtest.New(t, nil)
		e.Write("a.ipynb", hubtest.Notebook("a", "b", "c", "d", "e"))
		room := e.Open("a.ipynb")
		ran := make(chan string, 16)
		e.Kernels.Run = func(_ *hubtest.Kernel, _ context.Context, run hub.KernelRun, _ func(hub.KernelEvent)) (hub.KernelReply, error) {
			ran <- run.Code
			return hub.KernelReply{Status: "ok"}, nil
		}
		ask := func(cell string) {
			began := time.Now()
			if _, err := e.Hub.Execute(ctx, room, hub.ExecuteRequest{Cells: []string{cell}, Gather: true}); err != nil {
				t.Error(err)
			}
			if time.Since(began) > 0 {
				t.Error("the answer was held")
			}
		}
		for _, cell := range []string{"d", "b", "c"} {
			ask(cell)
			time.Sleep(5 * time.Millisecond)
		}
		execute(t, e, room, "a")
		time.Sleep(time.Second)
		ask("e")
		ask("a")
		time.Sleep(time.Second)
		e.Stop()
		close(ran)
		got := ""
		for code := range ran {
			got += code
		}
		if got != "bcdaae" {
			t.Errorf("ran %s", got)
		}
	})
}
