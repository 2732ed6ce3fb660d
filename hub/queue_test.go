package hub_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"

	"github.com/notebookhub/hub/hub"
	"github.com/notebookhub/hub/hub/hubtest"
)

// Whoever has waited for an execution, or heard of its end, finds all of it: the
// outputs in the notebook, and nothing in the queue.
func TestExecute_AnEndIsToldLast(t *testing.T) {
	e := hubtest.New(t, nil)
	e.Write("a.ipynb", hubtest.Notebook("one"))
	room := e.Open("a.ipynb")
	look := func(how string) {
		if info := e.Room(room); len(info.Queue) > 0 || info.Kernel.Status != "idle" {
			t.Errorf("%s: the room has a queue of %d, and its kernel is %s", how, len(info.Queue), info.Kernel.Status)
		}
		if doc, err := e.Hub.Notebook(ctx, room); err != nil || !strings.Contains(string(doc.Data), "stream") {
			t.Errorf("%s: the notebook is %s, %v", how, doc.Data, err)
		}
	}
	for range 200 {
		last := e.Hub.LastEvent()
		run := execute(t, e, room, "a")[0]
		heard := make(chan struct{})
		go func() {
			defer close(heard)
			awaitEnd(t, e, room, last)
			if x, err := e.Hub.Execution(ctx, run.ID, 0); err != nil || x.State != "done" {
				t.Errorf("heard: it is %+v, %v", x, err)
			}
			look("heard")
		}()
		if x := finished(t, e, run); x.State != "done" || len(x.Outputs) != 1 {
			t.Fatalf("it is %+v", x)
		}
		look("waited")
		<-heard
		if t.Failed() {
			return
		}
	}
}

// awaitEnd waits for the event that an execution has ended.
func awaitEnd(t *testing.T, e *hubtest.Env, room uuid.UUID, after uint64) {
	for {
		events, err := e.Hub.Events(ctx, room, after)
		if err != nil {
			t.Error(err)
			return
		}
		for _, ev := range events {
			if after = ev.Seq; ev.Type == "execution" && ev.Data["state"] == "done" {
				return
			}
		}
	}
}

// many is a notebook of n cells on a kernel that needs a while for each.
func many(t *testing.T, n int, each time.Duration) (e *hubtest.Env, room uuid.UUID) {
	e = hubtest.New(t, nil)
	e.Write("a.ipynb", hubtest.Notebook(slices.Repeat([]string{"x"}, n)...))
	e.Kernels.Run = func(*hubtest.Kernel, context.Context, hub.KernelRun, func(hub.KernelEvent)) (hub.KernelReply, error) {
		time.Sleep(each)
		return hub.KernelReply{Status: "ok"}, nil
	}
	return e, e.Open("a.ipynb")
}

// heardOfAll is how much a peer hears while all cells of a notebook run.
func heardOfAll(t *testing.T, n int, each time.Duration) (bytes int) {
	synctest.Test(t, func(t *testing.T) {
		e, room := many(t, n, each)
		p := e.Join(room)
		before := p.Bytes()
		runs, err := e.Hub.Execute(ctx, room, hub.ExecuteRequest{All: true, By: hub.Client{Name: "ann"}})
		if err != nil {
			t.Fatal(err)
		}
		for _, run := range runs {
			if x, err := e.Hub.Execution(ctx, run.ID, time.Hour); err != nil || x.State != "done" {
				t.Fatalf("%+v, %v", x, err)
			}
		}
		p.Await("an empty queue", func() bool {
			queue, _ := p.RootValue("hub", "queue").([]any)
			return len(queue) == 0
		})
		bytes = p.Bytes() - before
		e.Stop()
	})
	return bytes
}

// Five times as many cells are some five times as many bytes for peers and journal,
// and not twenty-five times.
func TestExecute_ALongQueueCostsInProportion(t *testing.T) {
	for _, each := range []time.Duration{5 * time.Millisecond, time.Second} {
		short, long := heardOfAll(t, 60, each), heardOfAll(t, 300, each)
		t.Logf("%v a cell: %d bytes for each of 60 cells, %d for each of 300", each, short/60, long/300)
		if long > 12*short {
			t.Errorf("%v a cell: 60 cells are %d bytes, 300 are %d", each, short, long)
		}
	}
}

// The document lists the front of a long queue, and says how many there are behind.
func TestExecute_ALongQueueIsListedInFront(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e, room := many(t, 100, time.Second)
		p := e.Join(room)
		if _, err := e.Hub.Execute(ctx, room, hub.ExecuteRequest{All: true}); err != nil {
			t.Fatal(err)
		}
		listed := func() string {
			queue, _ := p.RootValue("hub", "queue").([]any)
			if len(queue) == 0 {
				return "nothing"
			}
			first, last := queue[0].(map[string]any), queue[len(queue)-1].(map[string]any)
			return fmt.Sprintf("%d, the first %v and the last %v, and %v behind", len(queue), first["state"], last["state"], last["behind"])
		}
		for _, moment := range []struct {
			after  time.Duration
			listed string
			all    int
		}{
			{400 * time.Millisecond, "64, the first running and the last queued, and 36 behind", 100},
			{40 * time.Second, "60, the first running and the last queued, and <nil> behind", 60},
			{59 * time.Second, "1, the first running and the last running, and <nil> behind", 1},
		} {
			time.Sleep(moment.after)
			synctest.Wait()
			if got := listed(); got != moment.listed {
				t.Errorf("listed are %s, want %s", got, moment.listed)
			}
			if n := len(e.Room(room).Queue); n != moment.all {
				t.Errorf("the room tells of %d, want %d", n, moment.all)
			}
		}
		e.Stop()
	})
}
