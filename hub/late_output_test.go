package hub_test

import (
	"context"
	"fmt"
	"maps"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"

	"github.com/notebookhub/hub/hub"
	"github.com/notebookhub/hub/hub/hubtest"
	"github.com/notebookhub/hub/hub/yjs"
)

// threads are what cells leave behind: by the code of a cell, how its last run
// still prints.
type threads struct{ sync.Map }

func (left *threads) of(code string) func(hub.KernelEvent) {
	late, _ := left.Load(code)
	return late.(func(hub.KernelEvent))
}

func (left *threads) print(code, text string) {
	left.of(code)(hub.KernelEvent{Kind: "stream", Name: "stdout", Text: text})
	time.Sleep(time.Second)
	synctest.Wait()
}

// leaving has kernels run cells that print "now", wait for go on when they are
// "two", and leave a thread behind.
func leaving(e *hubtest.Env, goOn <-chan struct{}) *threads {
	left := new(threads)
	e.Kernels.Run = func(k *hubtest.Kernel, _ context.Context, run hub.KernelRun, sink func(hub.KernelEvent)) (hub.KernelReply, error) {
		sink(hub.KernelEvent{Kind: "stream", Name: "stdout", Text: "now\n"})
		left.Store(run.Code, run.Late)
		if run.Code == "two" {
			select {
			case <-goOn:
			case <-k.Done():
				return hub.KernelReply{}, fmt.Errorf("gone")
			}
		}
		return hub.KernelReply{Status: "ok"}, nil
	}
	return left
}

func shown(t *testing.T, e *hubtest.Env, room uuid.UUID, cell string) string {
	t.Helper()
	c, err := e.Hub.Cell(ctx, room, cell)
	if err != nil {
		t.Fatal(err)
	}
	text := ""
	for _, o := range c.Outputs {
		text += fmt.Sprint(o["text"])
	}
	return text
}

// A thread that a cell left behind prints into that cell, also while another one
// runs, and into the file; until the cell runs again.
func TestLateOutput_IsShownInTheCellThatMadeIt(t *testing.T) {
	bubble(t, func(t *testing.T, e *hubtest.Env, room uuid.UUID) {
		goOn := make(chan struct{})
		left := leaving(e, goOn)
		p := e.Join(room)
		finished(t, e, execute(t, e, room, "a")[0])
		left.print("one", "later\n")
		if got := shown(t, e, room, "a"); got != "now\nlater\n" {
			t.Errorf("cell a shows %q", got)
		}
		other := execute(t, e, room, "b")[0]
		synctest.Wait()
		left.print("one", "meanwhile\n")
		close(goOn)
		finished(t, e, other)
		if a, b := shown(t, e, room, "a"), shown(t, e, room, "b"); a != "now\nlater\nmeanwhile\n" || b != "now\n" {
			t.Errorf("the cells show %q and %q", a, b)
		}
		former := left.of("one")
		finished(t, e, execute(t, e, room, "a")[0])
		former(hub.KernelEvent{Kind: "stream", Name: "stdout", Text: "of the former run\n"})
		left.print("one", "of this run\n")
		if got := shown(t, e, room, "a"); got != "now\nof this run\n" {
			t.Errorf("cell a shows %q", got)
		}
		p.Delete(0, 1)
		left.print("one", "of a cell that is gone\n")
		time.Sleep(10 * time.Second)
		if file := e.Read("a.ipynb"); strings.Contains(file, "gone") || !strings.Contains(file, "now") {
			t.Errorf("the file holds %s", file)
		}
	})
}

// What an outcast kernel still prints is not shown.
func TestLateOutput_EndsWithTheKernelsProcess(t *testing.T) {
	for name, cut := range map[string]func(e *hubtest.Env, room uuid.UUID) error{
		"restart": func(e *hubtest.Env, room uuid.UUID) error {
			_, err := e.Hub.RestartKernel(ctx, room, hub.Client{})
			return err
		},
		"stop": func(e *hubtest.Env, room uuid.UUID) error {
			_, err := e.Hub.StopKernel(ctx, room, hub.Client{})
			return err
		},
		"another kernel": func(e *hubtest.Env, room uuid.UUID) error {
			_, err := e.Hub.SetKernel(ctx, room, "fake", hub.Client{})
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T, e *hubtest.Env, room uuid.UUID) {
				left := leaving(e, nil)
				finished(t, e, execute(t, e, room, "a")[0])
				execute(t, e, room, "b")
				time.Sleep(time.Second)
				if err := cut(e, room); err != nil {
					t.Fatal(err)
				}
				left.print("one", "later\n")
				left.print("two", "later\n")
				if a, b := shown(t, e, room, "a"), shown(t, e, room, "b"); a != "now\n" || b != "now\n" {
					t.Errorf("the cells show %q and %q", a, b)
				}
			})
		})
	}
}

// A thread that never stops has the share of its cell and no more.
func TestLateOutput_HasTheShareOfItsCell(t *testing.T) {
	bubble(t, func(t *testing.T, e *hubtest.Env, room uuid.UUID) {
		left := leaving(e, nil)
		finished(t, e, execute(t, e, room, "a")[0])
		line := strings.Repeat("x", 1<<20-1) + "\n"
		for range 12 {
			left.of("one")(hub.KernelEvent{Kind: "stream", Name: "stdout", Text: line})
		}
		left.print("one", "the end")
		if got := shown(t, e, room, "a"); len(got) > 11<<20 || !strings.HasSuffix(got, "10 MiB]\n") {
			t.Errorf("%d bytes, ending in %q", len(got), got[max(0, len(got)-100):])
		}
	})
}

// A notebook runs while everybody leaves; who comes back finds all its outputs,
// once, as does who comes new.
func TestExecute_EverybodyLeavesAndComesBack(t *testing.T) {
	bubble(t, func(t *testing.T, e *hubtest.Env, room uuid.UUID) {
		e.Kernels.Run = func(_ *hubtest.Kernel, _ context.Context, run hub.KernelRun, sink func(hub.KernelEvent)) (hub.KernelReply, error) {
			for i := range 20 {
				sink(hub.KernelEvent{Kind: "stream", Name: "stdout", Text: fmt.Sprintf("%s %d\n", run.Code, i)})
				time.Sleep(time.Second)
			}
			return hub.KernelReply{Status: "ok"}, nil
		}
		want := map[string]string{"a": "", "b": ""}
		for i := range 20 {
			want["a"] += fmt.Sprintf("one %d\n", i)
			want["b"] += fmt.Sprintf("two %d\n", i)
		}
		ann, bob := e.Join(room), e.Join(room)
		runs := execute(t, e, room, "a", "b")
		time.Sleep(5 * time.Second)
		ann.Drop()
		time.Sleep(time.Second)
		bob.Drop()
		time.Sleep(5 * time.Second)
		back := e.JoinAs(room, hubtest.JoinAs{Doc: ann.Doc()})
		time.Sleep(5 * time.Second)
		back.Drop()
		finished(t, e, runs[1])
		for name, p := range map[string]*hubtest.Peer{
			"ann": e.JoinAs(room, hubtest.JoinAs{Doc: back.Doc()}), "bob": e.JoinAs(room, hubtest.JoinAs{Doc: bob.Doc()}), "eve": e.Join(room),
		} {
			synctest.Wait()
			p.Read(func(doc *yjs.Doc) {
				if got := printed(doc); !maps.Equal(got, want) {
					t.Errorf("%s sees %q", name, got)
				}
			})
		}
	})
}

// printed is what the cells of a document print, by their ids.
func printed(doc *yjs.Doc) map[string]string {
	texts := make(map[string]string)
	doc.Array("cells").Range(func(_ int, v any) bool {
		cell := v.(*yjs.Map)
		id, _ := cell.Get("id")
		outputs, _ := cell.Get("outputs")
		outputs.(*yjs.Array).Range(func(_ int, o any) bool {
			text, _ := o.(*yjs.Map).Get("text")
			texts[id.(string)] += text.(*yjs.Text).String()
			return true
		})
		return true
	})
	return texts
}
