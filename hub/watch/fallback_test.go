package watch

import (
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

// scripted is a source of events that a test plays.
type scripted struct {
	mu     sync.Mutex // guards refuse
	refuse error      // what Add answers
	events chan event
	done   chan struct{}
}

func newScripted() *scripted {
	return &scripted{events: make(chan event), done: make(chan struct{})}
}

func (s *scripted) Add(string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.refuse
}

func (s *scripted) answer(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.refuse = err
}

func (s *scripted) Remove(string) error { return nil }

func (s *scripted) Next() (event, bool) {
	select {
	case e := <-s.events:
		return e, true
	case <-s.done:
		return event{}, false
	}
}

func (s *scripted) Close() error {
	close(s.done)
	return nil
}

// rig is a Watcher over a scripted source and a channel of calls for one path.
func rig(t *testing.T, n notifier) (w *Watcher, path string, told chan struct{}) {
	t.Helper()
	w = start(Options{Quiet: 10 * time.Millisecond, Poll: 20 * time.Millisecond, Check: 40 * time.Millisecond}, n)
	t.Cleanup(func() { w.Close() })
	path, told = filepath.Join(t.TempDir(), "n.ipynb"), make(chan struct{}, 100)
	if _, err := w.Watch(path, func() { told <- struct{}{} }); err != nil {
		t.Fatal(err)
	}
	return w, path, told
}

func hear(t *testing.T, told chan struct{}, what string) {
	t.Helper()
	select {
	case <-told:
	case <-time.After(2 * time.Minute): // only a defect takes so long
		t.Fatalf("%s: nothing was said", what)
	}
}

// told may hold more than one word about a change that took a while, so what
// follows the last one is awaited.
func awaitStats(t *testing.T, w *Watcher, want Stats) {
	t.Helper()
	for range 60_000 {
		if w.Stats() == want {
			return
		}
		<-tick()
	}
	t.Fatalf("%+v, want %+v", w.Stats(), want)
}

func put(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// Beyond the system's limit paths are polled, and watched as soon as there is room.
func TestWatch_LimitOfTheSystemMeansPolling(t *testing.T) {
	s := newScripted()
	s.answer(syscall.ENOSPC)
	w, path, told := rig(t, s)
	put(t, path, "1")
	hear(t, told, "created")
	put(t, path, "22")
	hear(t, told, "grown")
	if err := os.Chtimes(path, time.Time{}, time.Unix(1, 0)); err != nil {
		t.Fatal(err)
	}
	hear(t, told, "same size, other time")
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	hear(t, told, "removed")
	if got := w.Stats(); got.Polled != 1 || got.Folders != 0 {
		t.Errorf("%+v", got)
	}
	s.answer(nil)
	awaitStats(t, w, Stats{Paths: 1, Folders: 1})
	hear(t, told, "watched again: something may have been missed")
}

func TestWatch_WithoutNotificationsEverythingIsPolled(t *testing.T) {
	_, path, told := rig(t, nil)
	put(t, path, "1")
	hear(t, told, "created")
}

// When the system lost events, every path may have changed, and every watch may
// be gone.
func TestWatch_OverflowIsAChangeOfEverything(t *testing.T) {
	s := newScripted()
	w, _, told := rig(t, s)
	var other atomic.Int64
	if _, err := w.Watch(filepath.Join(t.TempDir(), "other"), func() { other.Add(1) }); err != nil {
		t.Fatal(err)
	}
	s.events <- event{all: true}
	hear(t, told, "overflow")
	for range 60_000 {
		if other.Load() > 0 {
			return
		}
		s.events <- event{path: "/elsewhere"}
		<-tick()
	}
	t.Error("the other path was not told")
}

// tick rings a little later.
func tick() chan struct{} {
	c := make(chan struct{})
	time.AfterFunc(5*time.Millisecond, func() { close(c) })
	return c
}

// Draining goes on while a callback takes its time.
func TestWatch_SlowCallbackNeverStopsTheDrain(t *testing.T) {
	s := newScripted()
	w := start(Options{Quiet: time.Millisecond}, s)
	path := filepath.Join(t.TempDir(), "n")
	entered, release := make(chan struct{}, 10), make(chan struct{})
	if _, err := w.Watch(path, func() { entered <- struct{}{}; <-release }); err != nil {
		t.Fatal(err)
	}
	s.events <- event{path: path}
	<-entered
	for range 10_000 {
		s.events <- event{path: path}
	}
	close(release)
	<-entered
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
}

// 200 changes a second neither flood nor starve who listens.
func TestWatch_ConstantChangeIsBoundedBothWays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScripted()
		w := start(Options{Quiet: 100 * time.Millisecond, MaxDelay: 500 * time.Millisecond}, s)
		defer w.Close()
		path := filepath.Join(t.TempDir(), "n")
		var calls atomic.Int64
		if _, err := w.Watch(path, func() { calls.Add(1) }); err != nil {
			t.Fatal(err)
		}
		during := func(changes int) int64 {
			calls.Store(0)
			for range changes {
				s.events <- event{path: path}
				time.Sleep(5 * time.Millisecond)
			}
			return calls.Load()
		}
		after := func() int64 {
			calls.Store(0)
			time.Sleep(time.Second)
			return calls.Load()
		}
		if n := during(600); n < 5 || n > 6 {
			t.Errorf("%d calls in 3 s, want one every 500 ms", n)
		}
		if n := after(); n != 1 {
			t.Errorf("%d calls after the last of many changes", n)
		}
		if n := during(1); n != 0 {
			t.Errorf("%d calls before a change has rested", n)
		}
		if n := after(); n != 1 {
			t.Errorf("%d calls for one change", n)
		}
	})
}
