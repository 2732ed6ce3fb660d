package kernel_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/notebookhub/hub/hub/kernel"
	"github.com/notebookhub/hub/hub/kernel/kerneltest"
)

func TestStartsThatFailSayWhy(t *testing.T) {
	for start, want := range map[string]string{
		"die":      "exit status 1",
		"hang":     "it has done nothing",
		"mute":     "it has done nothing",
		"deaf":     "it has done nothing",
		"strangle": "not ZMTP",
		"oldest":   "version 1.0",
	} {
		t.Run(start, func(t *testing.T) {
			t.Parallel()
			runtime := shortDir(t)
			o := kernel.Options{RuntimeDir: runtime, Shim: kerneltest.Shim()}
			if want == "it has done nothing" {
				o.StallLimit = 2 * time.Second
			}
			l := fakes(t, o, kerneltest.Fake{Language: "python", Start: []string{start}})
			_, err := l.Start(t.Context(), kernel.StartRequest{Spec: "fake"})
			var failure *kernel.StartError
			if !errors.As(err, &failure) || !strings.Contains(failure.Reason, want) {
				t.Errorf("%v, want %q", err, want)
			}
			if start == "die" && !strings.Contains(failure.LastWords, "No module named") {
				t.Errorf("last words: %q", failure.LastWords)
			}
			if left, _ := os.ReadDir(runtime); len(left) > 0 {
				t.Errorf("it leaves %v", left)
			}
		})
	}
}

func TestAKernelThatListensLateOrPublishesLateIsWaitedFor(t *testing.T) {
	for _, how := range []string{"slow", "late"} {
		l := fakes(t, kernel.Options{}, kerneltest.Fake{Start: []string{how}})
		k := start(t, l, "fake", t.TempDir())
		if events, _ := kerneltest.Execute(t, k, "print hello"); kerneltest.Text(events, "stdout") != "hello\n" {
			t.Errorf("%s: the first output is lost: %v", how, events)
		}
	}
}

func TestAKernelWhosePortsWereTakenIsStartedAgain(t *testing.T) {
	l := fakes(t, kernel.Options{}, kerneltest.Fake{Start: []string{"die-once"}})
	dir := t.TempDir()
	k := start(t, l, "fake", dir)
	if _, err := os.Stat(filepath.Join(dir, "died-once")); err != nil {
		t.Error("it did not die")
	}
	if info := k.Info(); info.Transport != kernel.TransportTCP {
		t.Errorf("%+v", info)
	}
}

func TestAStartEndsWithItsContext(t *testing.T) {
	runtime := shortDir(t)
	l := fakes(t, kernel.Options{RuntimeDir: runtime}, kerneltest.Fake{Start: []string{"hang"}})
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	if _, err := l.Start(ctx, kernel.StartRequest{Spec: "fake"}); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("%v", err)
	}
	if left, _ := os.ReadDir(runtime); len(left) > 0 {
		t.Errorf("it leaves %v", left)
	}
}

func TestClosingEndsStartsUnderWayAndKernels(t *testing.T) {
	dir := t.TempDir()
	kerneltest.Install(t, dir, kerneltest.Fake{Name: "well"})
	kerneltest.Install(t, dir, kerneltest.Fake{Name: "hang", Start: []string{"hang"}})
	l := launch(t, kernel.Options{DataDirs: []string{dir}, Shim: kerneltest.Shim()})
	k := start(t, l, "well", dir)
	failed := make(chan error)
	go func() {
		_, err := l.Start(t.Context(), kernel.StartRequest{Spec: "hang"})
		failed <- err
	}()
	for l.Stats().Running < 2 {
		<-time.After(time.Millisecond)
	}
	if err := l.Close(t.Context()); err != nil {
		t.Error(err)
	}
	if err := <-failed; !errors.Is(err, kernel.ErrGone) {
		t.Errorf("the start ended in %v", err)
	}
	select {
	case <-k.Done():
	default:
		t.Error("a kernel is there still")
	}
	if _, err := l.Start(t.Context(), kernel.StartRequest{Spec: "well"}); !errors.Is(err, kernel.ErrGone) {
		t.Errorf("a closed launcher starts: %v", err)
	}
}

// It is given time, except by who is in haste.
func TestAKernelThatWillNotLeaveIsKilled(t *testing.T) {
	t.Parallel() // it waits
	l := fakes(t, kernel.Options{}, kerneltest.Fake{Start: []string{"stay"}})
	patient, hasty := start(t, l, "fake", t.TempDir()), start(t, l, "fake", t.TempDir())
	left := make(chan error, 1)
	go func() { left <- patient.Shutdown(t.Context()) }()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := hasty.Shutdown(ctx); err != nil {
		t.Error(err)
	}
	select {
	case <-patient.Done():
		t.Error("one was given no time, or the other was")
	default:
	}
	if err := <-left; err != nil {
		t.Error(err)
	}
	<-patient.Done()
}

func TestARestartThatFailsEndsTheKernel(t *testing.T) {
	data := t.TempDir()
	kerneltest.Install(t, data, kerneltest.Fake{})
	l := launch(t, kernel.Options{DataDirs: []string{data}})
	dir := filepath.Join(t.TempDir(), "gone")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	k := start(t, l, "fake", dir)
	if err := os.Remove(dir); err != nil {
		t.Fatal(err)
	}
	var failure *kernel.StartError
	if err := k.Restart(t.Context()); !errors.As(err, &failure) {
		t.Errorf("restart: %v", err)
	}
	<-k.Done()
	if !errors.As(k.Err(), &failure) {
		t.Errorf("it is gone for %v", k.Err())
	}
	if err := k.Restart(t.Context()); !errors.As(err, &failure) {
		t.Errorf("once more: %v", err)
	}
}

func TestShutdownEndsARestart(t *testing.T) {
	l := fakes(t, kernel.Options{}, kerneltest.Fake{Start: []string{"hang-later"}})
	k := start(t, l, "fake", t.TempDir())
	restarting := make(chan struct{}, 1)
	k.OnStatus(func(s string) {
		if s == kernel.StatusRestarting {
			restarting <- struct{}{}
		}
	})
	ended := make(chan error)
	go func() { ended <- k.Restart(t.Context()) }()
	<-restarting
	if err := k.Shutdown(t.Context()); err != nil {
		t.Error(err)
	}
	if err := <-ended; !errors.Is(err, kernel.ErrGone) {
		t.Errorf("the restart ended in %v", err)
	}
	<-k.Done()
}
