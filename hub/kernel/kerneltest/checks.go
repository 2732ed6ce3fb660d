package kerneltest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/notebookhub/hub/hub/kernel"
)

func identity(t *testing.T, k *kernel.Kernel, _ string) {
	info := k.Info()
	if info.Spec == "" || info.Language == "" || info.PID == 0 || info.Protocol == "" || info.LanguageInfo["name"] == nil {
		t.Errorf("it says of itself: %+v", info)
	}
	stat, err := os.Stat(info.ConnectionFile)
	if err != nil || stat.Mode().Perm()&0o077 != 0 {
		t.Errorf("connection file: %v, %v", stat.Mode(), err)
	}
	if status := k.Status(); status != kernel.StatusIdle {
		t.Errorf("status is %q", status)
	}
}

func prints(stream, want string) func(*testing.T, *kernel.Kernel, string) {
	return func(t *testing.T, k *kernel.Kernel, code string) {
		events, reply := Execute(t, k, code)
		if got := Text(events, stream); !strings.Contains(got, want) || reply.Status != "ok" {
			t.Errorf("printed %q, want %q; %+v", got, want, reply)
		}
	}
}

func shows(want string) func(*testing.T, *kernel.Kernel, string) {
	return func(t *testing.T, k *kernel.Kernel, code string) {
		events, _ := Execute(t, k, code)
		for _, ev := range events {
			if (ev.Kind == kernel.KindDisplay || ev.Kind == kernel.KindResult) && strings.Contains(plain(ev), want) {
				if ev.Output["output_type"] != ev.Kind {
					t.Errorf("output of type %v in a %s", ev.Output["output_type"], ev.Kind)
				}
				return
			}
		}
		t.Errorf("shown: %v, want %q", events, want)
	}
}

func updates(t *testing.T, k *kernel.Kernel, code string) {
	events, _ := Execute(t, k, code)
	var shown, updated kernel.Event
	for _, ev := range events {
		switch ev.Kind {
		case kernel.KindDisplay:
			shown = ev
		case kernel.KindUpdateDisplay:
			updated = ev
		}
	}
	if shown.DisplayID == "" || shown.DisplayID != updated.DisplayID ||
		!strings.Contains(plain(shown), "before") || !strings.Contains(plain(updated), "after") {
		t.Errorf("shown %v, updated %v", shown, updated)
	}
}

func clears(t *testing.T, k *kernel.Kernel, code string) {
	events, _ := Execute(t, k, code)
	for i, ev := range events {
		if ev.Kind == kernel.KindClear && strings.Contains(Text(events[i:], "stdout"), "hello") {
			return
		}
	}
	t.Errorf("no clear_output before hello in %v", events)
}

func fails(t *testing.T, k *kernel.Kernel, code string) {
	events, reply := Execute(t, k, code)
	errs := 0
	for _, ev := range events {
		if ev.Kind == kernel.KindError {
			errs++
			if ev.Output["ename"] == nil || ev.Output["traceback"] == nil {
				t.Errorf("error without name or traceback: %v", ev.Output)
			}
		}
	}
	if reply.Status != "error" || errs != 1 || !strings.Contains(reply.Reason, "bang") {
		t.Errorf("%d errors, reply %+v; %v", errs, reply, events)
	}
}

func counts(t *testing.T, k *kernel.Kernel, code string) {
	_, first := Execute(t, k, code)
	events, second := Execute(t, k, code)
	if first.Count < 1 || second.Count != first.Count+1 {
		t.Errorf("counted %d, then %d", first.Count, second.Count)
	}
	if events[0].Kind != kernel.KindInput || events[0].Count != second.Count {
		t.Errorf("began with %+v, want execute_input %d", events[0], second.Count)
	}
}

func remembers(t *testing.T, k *kernel.Kernel, p Phrases) {
	Execute(t, k, p.Set)
	prints("stdout", "42")(t, k, p.Get)
}

func asks(secret bool) func(*testing.T, *kernel.Kernel, string) {
	return func(t *testing.T, k *kernel.Kernel, code string) {
		if err := k.Reply(t.Context(), "nobody"); !errors.Is(err, kernel.ErrNoPrompt) {
			t.Errorf("an answer to nothing: %v", err)
		}
		var events []kernel.Event
		ctx, cancel := context.WithTimeout(t.Context(), Limit)
		defer cancel()
		reply, err := k.Execute(ctx, kernel.ExecuteRequest{Code: code, AllowStdin: true}, func(ev kernel.Event) {
			events = Join(events, ev)
			if ev.Kind != kernel.KindPrompt {
				return
			}
			if ev.Prompt != "name? " || ev.Password != secret {
				t.Errorf("asked %+v", ev)
			}
			if err := k.Reply(t.Context(), "Ada Ünal"); err != nil {
				t.Error(err)
			}
			if err := k.Reply(t.Context(), "again"); !errors.Is(err, kernel.ErrNoPrompt) {
				t.Errorf("a second answer: %v", err)
			}
		})
		if err != nil || reply.Status != "ok" || !strings.Contains(Text(events, "stdout"), "hi Ada Ünal") {
			t.Errorf("%v %+v %v", events, reply, err)
		}
	}
}

func mayNotAsk(t *testing.T, k *kernel.Kernel, code string) {
	ctx, cancel := context.WithTimeout(t.Context(), Limit)
	defer cancel()
	_, err := k.Execute(ctx, kernel.ExecuteRequest{Code: code}, func(ev kernel.Event) {
		if ev.Kind == kernel.KindPrompt {
			t.Errorf("asked %+v", ev)
		}
	})
	if err != nil {
		t.Error(err)
	}
}

func losesNothing(t *testing.T, k *kernel.Kernel, code string) {
	events, _ := Execute(t, k, code)
	var want strings.Builder
	for i := range 5000 {
		fmt.Fprintf(&want, "line %d\n", i)
	}
	if got := Text(events, "stdout"); got != want.String() {
		t.Errorf("%d bytes of %d arrived", len(got), want.Len())
	}
}

// whileRunning starts code, calls f once it runs, and returns how it ended.
func whileRunning(t *testing.T, k *kernel.Kernel, code string, f func()) (reply kernel.ExecuteReply, err error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), Limit)
	defer cancel()
	begun := make(chan struct{})
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		told := false
		reply, err = k.Execute(ctx, kernel.ExecuteRequest{Code: code, AllowStdin: true, StoreHistory: true}, func(ev kernel.Event) {
			if !told {
				told = true
				close(begun)
			}
		})
	}()
	select {
	case <-begun:
		Settle()
		f()
	case <-ended:
		t.Errorf("%q did nothing: %+v %v", code, reply, err)
	}
	<-ended
	return reply, err
}

// Settle gives code that has just begun the time to be in the midst of it: that a
// kernel sleeps cannot be seen from outside.
func Settle() { <-time.After(300 * time.Millisecond) }

func interrupts(t *testing.T, k *kernel.Kernel, code string) {
	reply, err := whileRunning(t, k, code, func() {
		if status := k.Status(); status != kernel.StatusBusy {
			t.Errorf("status of a running kernel is %q", status)
		}
		if err := k.Interrupt(t.Context()); err != nil {
			t.Error(err)
		}
	})
	if err != nil || reply.Status == "ok" {
		t.Errorf("an interrupted execution ended in %+v, %v", reply, err)
	}
}

func interruptsPrompt(t *testing.T, k *kernel.Kernel, code string) {
	asked, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		<-asked
		if err := k.Interrupt(t.Context()); err != nil {
			t.Error(err)
		}
	}()
	ctx, cancel := context.WithTimeout(t.Context(), Limit)
	defer cancel()
	_, err := k.Execute(ctx, kernel.ExecuteRequest{Code: code, AllowStdin: true}, func(ev kernel.Event) {
		if ev.Kind == kernel.KindPrompt {
			Settle()
			close(asked)
		}
	})
	<-done
	if err != nil {
		t.Errorf("an interrupted prompt ended in %v", err)
	}
	if err := k.Reply(t.Context(), "late"); !errors.Is(err, kernel.ErrNoPrompt) {
		t.Errorf("an answer too late: %v", err)
	}
}

func ignoresIdleInterrupt(t *testing.T, k *kernel.Kernel, code string) {
	if err := k.Interrupt(t.Context()); err != nil {
		t.Error(err)
	}
	prints("stdout", "hello")(t, k, code)
}

func abandons(t *testing.T, k *kernel.Kernel, code string) {
	ctx, cancel := context.WithCancel(t.Context())
	begun := make(chan struct{})
	go func() {
		<-begun
		cancel()
	}()
	once := false
	_, err := k.Execute(ctx, kernel.ExecuteRequest{Code: code}, func(kernel.Event) {
		if !once {
			once = true
			close(begun)
		}
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("left alone it ended in %v", err)
	}
	if err := k.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func completes(t *testing.T, k *kernel.Kernel, code, want string) {
	reply, err := k.Complete(t.Context(), code, len([]rune(code)))
	matches, _ := reply["matches"].([]any)
	for _, m := range matches {
		if m == want {
			return
		}
	}
	t.Errorf("%v, %v; want %q", reply, err, want)
}

func inspects(t *testing.T, k *kernel.Kernel, code string) {
	reply, err := k.Inspect(t.Context(), code, len([]rune(code)), 0)
	if err != nil || reply["found"] != true {
		t.Errorf("%v, %v", reply, err)
	}
}

func history(t *testing.T, k *kernel.Kernel, code string) {
	Execute(t, k, code)
	inputs, err := k.History(t.Context(), 10)
	if err != nil || len(inputs) == 0 || inputs[len(inputs)-1] != code {
		t.Errorf("%q, %v", inputs, err)
	}
}

func restarts(t *testing.T, k *kernel.Kernel, p Phrases) {
	Execute(t, k, p.Set)
	before := k.Info()
	if err := k.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	after := k.Info()
	if before.PID == after.PID || before.ConnectionFile == after.ConnectionFile {
		t.Errorf("the same process: %+v", after)
	}
	if _, err := os.Stat(before.ConnectionFile); err == nil {
		t.Error("the former connection file is there still")
	}
	if _, reply := Execute(t, k, p.Get); reply.Status != "error" {
		t.Errorf("it remembers: %+v", reply)
	}
}

func restartEnds(t *testing.T, k *kernel.Kernel, code string) {
	_, err := whileRunning(t, k, code, func() {
		if err := k.Restart(t.Context()); err != nil {
			t.Error(err)
		}
	})
	if !errors.Is(err, kernel.ErrRestarted) {
		t.Errorf("what ran ended in %v", err)
	}
}

func leavesNothing(t *testing.T, k *kernel.Kernel, code string) {
	info := k.Info()
	if err := k.Shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Dir(info.ConnectionFile)); err == nil {
		t.Error("its folder is there still")
	}
	if Alive(info.PID) {
		t.Error("its process is there still")
	}
	if !errors.Is(k.Err(), kernel.ErrGone) || k.Status() != kernel.StatusDead {
		t.Errorf("it ended in %v, %s", k.Err(), k.Status())
	}
	if _, _, err := execute(t.Context(), k, code); !errors.Is(err, kernel.ErrGone) {
		t.Errorf("a kernel that is gone executes: %v", err)
	}
	if err := k.Shutdown(t.Context()); err != nil {
		t.Errorf("once more: %v", err)
	}
}

func dies(t *testing.T, k *kernel.Kernel, code string) {
	_, _, err := execute(t.Context(), k, code)
	var death *kernel.DeathError
	if !errors.As(err, &death) || !strings.Contains(death.Status, "3") {
		t.Errorf("it died of %v", err)
	}
	<-k.Done()
	if !errors.As(k.Err(), &death) || death.Interrupted {
		t.Errorf("it is gone for %v", k.Err())
	}
}

func killed(t *testing.T, k *kernel.Kernel, code string) {
	pid := k.Info().PID
	_, err := whileRunning(t, k, code, func() { kill(pid) })
	var death *kernel.DeathError
	if !errors.As(err, &death) {
		t.Errorf("it ended in %v", err)
	}
	<-k.Done()
}
