package kernel_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/notebookhub/hub/hub/kernel"
	"github.com/notebookhub/hub/hub/kernel/kerneltest"
)

// fake starts a fake kernel that is well.
func fake(t testing.TB, o kernel.Options) (*kernel.Launcher, *kernel.Kernel) {
	t.Helper()
	l := fakes(t, o, kerneltest.Fake{Language: "python"})
	return l, start(t, l, "fake", t.TempDir())
}

func kinds(events []kernel.Event) string {
	var list []string
	for _, ev := range events {
		list = append(list, ev.Kind)
	}
	return strings.Join(list, " ")
}

func TestAnExecutionEndsAlthoughTheWordThatTheKernelIsIdleIsLost(t *testing.T) {
	t.Parallel() // it waits
	_, k := fake(t, kernel.Options{})
	events, reply := kerneltest.Execute(t, k, "print a\nno-idle")
	if reply.Status != "ok" || kerneltest.Text(events, "stdout") != "a\n" {
		t.Errorf("%+v %v", reply, events)
	}
}

func TestOutputsThatComeBehindTheReplyBelongToTheirExecution(t *testing.T) {
	_, k := fake(t, kernel.Options{})
	events, _ := kerneltest.Execute(t, k, "print a\nlate\nprint b")
	if got := kerneltest.Text(events, "stdout"); got != "a\nb\n" {
		t.Errorf("printed %q", got)
	}
}

func TestAnErrorThatOnlyTheReplyTellsIsShown(t *testing.T) {
	_, k := fake(t, kernel.Options{})
	events, reply := kerneltest.Execute(t, k, "raise-quietly ValueError no such thing")
	if kinds(events) != "execute_input error" || events[1].Output["evalue"] != "no such thing" || reply.Reason != "ValueError: no such thing" {
		t.Errorf("%v %+v", events, reply)
	}
}

func TestPagesAreShownAndInputForTheNextCellIsReturned(t *testing.T) {
	_, k := fake(t, kernel.Options{})
	events, reply := kerneltest.Execute(t, k, "page about it\nnext 1+1")
	if kinds(events) != "execute_input display_data" || reply.Next == nil || reply.Next.Text != "1+1" || !reply.Next.Replace {
		t.Errorf("%v %+v", events, reply)
	}
}

func TestBothWordsForAbortedAreUnderstood(t *testing.T) {
	_, k := fake(t, kernel.Options{})
	if _, reply := kerneltest.Execute(t, k, "abort"); reply.Status != "aborted" {
		t.Errorf("%+v", reply)
	}
}

func TestGarbageIsDroppedAndCountedAndTheKernelLivesOn(t *testing.T) {
	l, k := fake(t, kernel.Options{})
	events, reply := kerneltest.Execute(t, k, "print a\ngarbage\nforge\ncomm\nprint b")
	if got := kerneltest.Text(events, "stdout"); got != "a\nb\n" || reply.Status != "ok" {
		t.Errorf("printed %q, %+v", got, reply)
	}
	if n := l.Stats().Malformed; n != 13 {
		t.Errorf("%d malformed messages, want 12 of garbage and a forged one", n)
	}
}

func TestAFrameLengthBeyondReasonEndsTheKernelAndNotTheHub(t *testing.T) {
	_, k := fake(t, kernel.Options{})
	_, err := k.Execute(t.Context(), kernel.ExecuteRequest{Code: "print a\nframe\nsleep 100s"}, func(kernel.Event) {})
	var death *kernel.DeathError
	if !errors.As(err, &death) || !strings.Contains(death.Cause, "iopub") || !strings.Contains(death.Cause, "frame of") {
		t.Errorf("%v", err)
	}
	<-k.Done()
}

func TestAMessageAboveTheLimitIsLeftOutAndSaidSo(t *testing.T) {
	_, k := fake(t, kernel.Options{MaxMessage: 1 << 20})
	events, reply := kerneltest.Execute(t, k, "print a\ndisplays 1 3000000\nprint b")
	if reply.Status != "ok" || kerneltest.Text(events, "stdout") != "a\nb\n" {
		t.Errorf("%v %+v", kinds(events), reply)
	}
	if got := kerneltest.Text(events, "stderr"); !strings.Contains(got, "3.0 MB was left out") {
		t.Errorf("said %q", got)
	}
}

func TestAFloodIsStemmedAndSaidSoAndTheEndIsNotLost(t *testing.T) {
	l, k := fake(t, kernel.Options{QueueBytes: 1 << 20})
	first, held := true, make(chan struct{})
	var events []kernel.Event
	go func() { // the reader of outputs is stuck until the queue is more than full
		for l.Stats().Dropped == 0 {
			<-time.After(time.Millisecond)
		}
		close(held)
	}()
	reply, err := k.Execute(t.Context(), kernel.ExecuteRequest{Code: "displays 100 100000\nsleep 100s"}, func(ev kernel.Event) {
		if first {
			<-held
		}
		first = false
		events = append(events, ev)
	})
	if err != nil || reply.Status != "error" || !strings.Contains(reply.Reason, "KeyboardInterrupt") {
		t.Errorf("%+v, %v", reply, err)
	}
	accounted := 0
	for _, ev := range events {
		var n int
		if _, err := fmt.Sscanf(strings.TrimSpace(ev.Text), "[%d outputs", &n); err == nil || ev.Kind == kernel.KindDisplay {
			accounted += max(n, 1)
		}
	}
	if accounted != 100 {
		t.Errorf("%d of 100 displays came or were said to be left out: %q", accounted, kerneltest.Text(events, "stderr"))
	}
	if !strings.HasSuffix(kinds(events), "error") {
		t.Errorf("the error is lost: %s", kinds(events))
	}
}

func TestASlowReaderLosesNothing(t *testing.T) {
	_, k := fake(t, kernel.Options{})
	lines := 0
	if _, err := k.Execute(t.Context(), kernel.ExecuteRequest{Code: "lines 3000"}, func(ev kernel.Event) {
		if lines++; lines%10 == 0 {
			<-time.After(time.Millisecond)
		}
	}); err != nil || lines != 3001 {
		t.Errorf("%d events, %v", lines, err)
	}
}

func TestLastWordsAndOutputsOfADyingKernelArrive(t *testing.T) {
	_, k := fake(t, kernel.Options{Shim: kerneltest.Shim()})
	var events []kernel.Event
	_, err := k.Execute(t.Context(), kernel.ExecuteRequest{Code: "lines 500\nexit 7"}, func(ev kernel.Event) {
		events = kerneltest.Join(events, ev)
	})
	var death *kernel.DeathError
	if !errors.As(err, &death) || death.Status != "exit status 7" || death.LastWords != "these are my last words" {
		t.Errorf("%v", err)
	}
	if got := kerneltest.Text(events, "stdout"); !strings.HasSuffix(got, "line 499\n") {
		t.Errorf("its outputs end with %q", got[max(0, len(got)-20):])
	}
	<-k.Done()
	if status := k.Status(); status != kernel.StatusDead {
		t.Errorf("status is %s", status)
	}
}

func TestAKilledKernelIsKnownToBeDead(t *testing.T) {
	_, k := fake(t, kernel.Options{Shim: kerneltest.Shim()})
	_, err := k.Execute(t.Context(), kernel.ExecuteRequest{Code: "kill"}, func(kernel.Event) {})
	var death *kernel.DeathError
	if !errors.As(err, &death) || death.Status != "signal: killed" {
		t.Errorf("%v", err)
	}
}

func TestAReplyBeforeTheEndCounts(t *testing.T) {
	_, k := fake(t, kernel.Options{})
	if _, reply := kerneltest.Execute(t, k, "print bye\nquit"); reply.Status != "ok" {
		t.Errorf("%+v", reply)
	}
	<-k.Done()
}

func TestCodeCanHaveItsKernelEnd(t *testing.T) {
	_, k := fake(t, kernel.Options{})
	kerneltest.Execute(t, k, "ask-exit")
	<-k.Done()
	if !errors.Is(k.Err(), kernel.ErrQuit) {
		t.Errorf("it ended for %v", k.Err())
	}
}

func TestAStoppedKernelIsShownAsUnresponsiveAndCanBeShutDown(t *testing.T) {
	t.Parallel() // it waits
	_, k := fake(t, kernel.Options{Shim: kerneltest.Shim()})
	frozen := make(chan string, 10)
	k.OnStatus(func(s string) { frozen <- s })
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() {
		_, err := k.Execute(t.Context(), kernel.ExecuteRequest{Code: "stop"}, func(kernel.Event) {})
		ended <- err
	}()
	for s := range frozen {
		if s == kernel.StatusUnresponsive {
			break
		}
	}
	cancel()
	if err := k.Shutdown(ctx); err != nil {
		t.Error(err)
	}
	if err := <-ended; !errors.Is(err, kernel.ErrGone) {
		t.Errorf("what ran ended in %v", err)
	}
}

func TestExecutionsTakeTurns(t *testing.T) {
	_, k := fake(t, kernel.Options{})
	results := make(chan int64)
	for range 20 {
		go func() {
			reply, err := k.Execute(t.Context(), kernel.ExecuteRequest{Code: "lines 10", StoreHistory: true}, func(kernel.Event) {})
			if err != nil {
				t.Error(err)
			}
			results <- reply.Count
		}()
	}
	seen := map[int64]bool{}
	for range 20 {
		seen[<-results] = true
	}
	if len(seen) != 20 {
		t.Errorf("counts: %v", seen)
	}
}

func TestAQuestionToABusyKernelEndsWithItsContext(t *testing.T) {
	_, k := fake(t, kernel.Options{})
	begun := make(chan struct{}, 1)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_, _ = k.Execute(t.Context(), kernel.ExecuteRequest{Code: "sleep 100s"}, func(kernel.Event) { begun <- struct{}{} })
	}()
	<-begun
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := k.Complete(ctx, "pri", 3); !errors.Is(err, kernel.ErrBusy) {
		t.Errorf("%v", err)
	}
	for { // until the fake is in its sleep
		if err := k.Interrupt(t.Context()); err != nil {
			t.Error(err)
		}
		select {
		case <-ended:
			return
		case <-time.After(50 * time.Millisecond):
		}
	}
}

func TestSecretsOfTheHubDoNotReachKernels(t *testing.T) {
	dir := t.TempDir()
	kerneltest.Install(t, dir, kerneltest.Fake{})
	l := launch(t, kernel.Options{
		DataDirs: []string{dir}, Secrets: []string{"OTHER"},
		Environ: append(os.Environ(), "HUB_TOKEN=secret", "OTHER=secret", "JUPYTER_TOKEN=secret", "PLAIN=fine"),
	})
	k := start(t, l, "fake", dir)
	events, _ := kerneltest.Execute(t, k, "env HUB_TOKEN\nenv OTHER\nenv JUPYTER_TOKEN\nenv PLAIN")
	if got := kerneltest.Text(events, "stdout"); got != "\n\n\nfine\n" {
		t.Errorf("it sees %q", got)
	}
}

// Threads print after the end of what started them, also while other code runs.
func TestWhatComesAfterAnExecutionIsHandedToWhoeverRanIt(t *testing.T) {
	l, k := fake(t, kernel.Options{})
	said := make(chan string, 10)
	run := func(name, code string) {
		t.Helper()
		hear := func(ev kernel.Event) {
			if ev.Kind == kernel.KindStream {
				said <- name + " " + ev.Text
			}
		}
		if _, err := k.Execute(t.Context(), kernel.ExecuteRequest{Code: code, Late: hear}, hear); err != nil {
			t.Fatal(err)
		}
	}
	run("first", "print now\nleave after\nlinger behind")
	if got := []string{<-said, <-said}; !slices.Equal(got, []string{"first now\n", "first after\n"}) {
		t.Errorf("said were %q", got)
	}
	run("second", "print other")
	got := []string{<-said, <-said}
	if slices.Sort(got); !slices.Equal(got, []string{"first behind\n", "second other\n"}) {
		t.Errorf("said were %q", got)
	}
	if n := l.Stats().Unclaimed; n > 0 {
		t.Errorf("%d outputs were nobody's", n)
	}
}

func TestWhatAKernelSaidWhileItStartedIsNotItsLastWord(t *testing.T) {
	l := fakes(t, kernel.Options{}, kerneltest.Fake{Start: []string{"chatty"}})
	k := start(t, l, "fake", t.TempDir())
	_, err := k.Execute(t.Context(), kernel.ExecuteRequest{Code: "kill"}, func(kernel.Event) {})
	var death *kernel.DeathError
	if !errors.As(err, &death) || death.Status != "signal: killed" || death.LastWords != "" {
		t.Errorf("%v", err)
	}
}
