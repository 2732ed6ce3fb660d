package hub_test

import (
	"context"
	"errors"
	"os"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/notebookhub/hub/hub"
	"github.com/notebookhub/hub/hub/hubtest"
)

// After an eviction nothing of the room is left, however it lived.
func TestEvict_LeavesNothingBehind(t *testing.T) {
	e := hubtest.New(t, func(o *hub.Options) {
		o.RoomIdle, o.SaveQuiet, o.LeaveDelay = 20*time.Millisecond, 5*time.Millisecond, time.Millisecond
	})
	e.Write("a.ipynb", hubtest.Notebook("x", "y"))
	cycle := func() {
		room := e.Open("a.ipynb")
		p, q := e.Join(room), e.Join(room)
		p.Type("a", "typed")
		q.AwaitSource("a", "typed")
		p.Type("a", "x")
		untitled := e.Open("")
		if _, err := e.Hub.Save(ctx, untitled, hub.SaveRequest{Path: "new/promoted.ipynb"}); err != nil {
			t.Fatal(err)
		}
		if _, err := e.Hub.Rename(ctx, untitled, "moved.ipynb", hub.Client{}); err != nil {
			t.Fatal(err)
		}
		p.Drop()
		q.Drop()
		if _, err := e.Hub.DeleteFile(ctx, "moved.ipynb", hub.Client{}); err != nil {
			t.Fatal(err)
		}
		awaitRooms(t, e, 0)
		await(t, "claims are gone", func() bool { return e.Hub.Stats().Claims == 0 })
	}
	cycle()
	goroutines, fds := runtime.NumGoroutine(), countFDs(t)
	for range 20 {
		cycle()
	}
	await(t, "goroutines are back at their number", func() bool { return runtime.NumGoroutine() <= goroutines })
	if now := countFDs(t); now > fds {
		t.Errorf("file descriptors went from %d to %d", fds, now)
	}
	if e.Watcher.Watched() != 0 || e.Hub.Stats().Watchers != 0 {
		t.Errorf("%d watches are left", e.Watcher.Watched())
	}
	if e.Hub.Stats().Evicted == 0 {
		t.Error("nothing was evicted")
	}
}

func countFDs(t *testing.T) int {
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		return 0 // not Linux: descriptors are not counted
	}
	return len(entries)
}

// Leave, come back, leave again: the time counts from the last leave.
func TestEvict_StaleTimerKeepsRejoinedRoom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := hubtest.New(t, nil) // 30 s
		e.Write("a.ipynb", hubtest.Notebook("x"))
		room := e.Open("a.ipynb")
		e.Join(room).Drop()
		time.Sleep(10 * time.Second)
		p := e.Join(room)
		time.Sleep(15 * time.Second)
		p.Drop()
		time.Sleep(25 * time.Second) // 50 s after the first leave, 25 s after the second
		if n := e.Hub.Stats().Rooms; n != 1 {
			t.Errorf("%d rooms: evicted by a timer of an earlier leave", n)
		}
		time.Sleep(15 * time.Second)
		if n := e.Hub.Stats().Rooms; n != 0 {
			t.Errorf("%d rooms 40 s after the last leave", n)
		}
		e.Stop()
	})
}

// Edits that were not saved yet are saved by the eviction itself.
func TestEvict_SavesWhatAutosaveHadNot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := hubtest.New(t, func(o *hub.Options) { o.SaveQuiet, o.SaveMax = time.Hour, time.Hour })
		e.Write("a.ipynb", hubtest.Notebook("x"))
		room := e.Open("a.ipynb")
		p := e.Join(room)
		p.Type("a", "last words")
		p.AwaitEvent("ack")
		p.Drop()
		awaitRooms(t, e, 0)
		if got := e.Read("a.ipynb"); !strings.Contains(got, "last words") {
			t.Errorf("the file holds %s", got)
		}
		e.Stop()
	})
}

// A room whose file cannot be written stays, says so, and goes when it can.
func TestEvict_FailedFlushKeepsTheRoom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := hubtest.New(t, nil)
		e.Write("a.ipynb", hubtest.Notebook("x"))
		e.Disk.FailWrites(func(string) error {
			return &hub.Error{Code: hub.CodeDiskFull, Detail: "no space left", Err: syscall.ENOSPC}
		})
		room := e.Open("a.ipynb")
		e.SetSource(room, "a", "edited")
		time.Sleep(5 * time.Minute)
		info := e.Room(room)
		if info.State != hub.StateDegraded || info.Code != hub.CodeDiskFull || !info.Open {
			t.Errorf("the room is %+v", info)
		}
		if e.Hub.Stats().EvictionsKept == 0 {
			t.Error("no eviction was given up")
		}
		e.Disk.FailWrites(nil)
		awaitRooms(t, e, 0)
		if got := e.Read("a.ipynb"); !strings.Contains(got, "edited") {
			t.Errorf("the file holds %s", got)
		}
		e.Stop()
	})
}

// Whoever comes back after an eviction or a restart has the same history: not a
// cell or a character twice.
func TestEvict_ReturningClientsContinueTheHistory(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := hubtest.New(t, nil)
		e.Write("a.ipynb", hubtest.Notebook("one", "two"))
		room := e.Open("a.ipynb")
		p := e.Join(room)
		p.Type("a", "one more")
		p.AwaitEvent("ack")
		for range 3 {
			p.Drop()
			typed := p.Sources()[1][2:] + "!"
			p.Type("b", typed) // offline
			awaitRooms(t, e, 0)
			e.Restart()
			p = e.JoinAs(room, hubtest.JoinAs{Doc: p.Doc()})
			await(t, "the offline edit arrived", func() bool { return e.Source(room, "b") == typed })
		}
		p.AwaitSources("a:one more", "b:two!!!")
		e.Stop()
		want := hubtest.Notebook("one more", "two!!!")
		if got := e.Read("a.ipynb"); got != want {
			t.Errorf("the file holds %s", got)
		}
	})
}

func TestClose_RefusesReturnUntilThePathIsOpened(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := hubtest.New(t, nil)
		e.Write("a.ipynb", hubtest.Notebook("x"))
		room := e.Open("a.ipynb")
		p := e.Join(room)
		p.Type("a", "y")
		p.AwaitEvent("ack")
		result, err := e.Hub.CloseRoom(ctx, room, hub.Client{})
		if err != nil || result.Path != "a.ipynb" || !strings.Contains(e.Read("a.ipynb"), `"y"`) {
			t.Errorf("close: %+v, %v; the file holds %s", result, err, e.Read("a.ipynb"))
		}
		<-p.Left()
		if code, reason := p.Conn.Closed(); code != hub.CloseRestart || reason != "closed" {
			t.Errorf("the peer was told %d %q", code, reason)
		}
		q := e.JoinAs(room, hubtest.JoinAs{})
		if <-q.Left(); hub.CodeOf(q.Err) != hub.CodeRoomClosed {
			t.Errorf("joining a closed room: %v", q.Err)
		}
		if again := e.Open("a.ipynb"); again != room {
			t.Errorf("opening the path gave room %s, not %s", again, room)
		}
		e.Join(room).AwaitSource("a", "y")
		e.Stop()
	})
}

// A close whose save fails keeps the room, and is the answer.
func TestClose_FailedSaveKeepsTheRoom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := hubtest.New(t, nil)
		e.Write("a.ipynb", hubtest.Notebook("x"))
		room := e.Open("a.ipynb")
		e.SetSource(room, "a", "y")
		e.Disk.FailWrites(func(string) error { return &hub.Error{Code: hub.CodeDiskFull, Detail: "full", Err: syscall.ENOSPC} })
		if _, err := e.Hub.CloseRoom(ctx, room, hub.Client{}); hub.CodeOf(err) != hub.CodeDiskFull {
			t.Errorf("close: %v", err)
		}
		if !e.Room(room).Open {
			t.Error("the room is gone")
		}
		e.Disk.FailWrites(nil)
		e.Stop()
	})
}

// The hub's own end is the same teardown: peers are told, files are written,
// and what cannot be written is named.
func TestShutdown_SavesTellsAndNamesWhatItCouldNot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := hubtest.New(t, nil)
		e.Write("good.ipynb", hubtest.Notebook("x"))
		e.Write("bad.ipynb", hubtest.Notebook("x"))
		good, bad := e.Open("good.ipynb"), e.Open("bad.ipynb")
		p := e.Join(good)
		p.Type("a", "typed at the last moment")
		p.AwaitEvent("ack")
		e.SetSource(bad, "a", "kept in the journal")
		e.Disk.FailWrites(func(path string) error {
			if path == "bad.ipynb" {
				return &hub.Error{Code: hub.CodeDiskFull, Detail: "full", Err: syscall.ENOSPC}
			}
			return nil
		})
		err := e.Hub.Close(ctx)
		if err == nil || !strings.Contains(err.Error(), "bad.ipynb") || strings.Contains(err.Error(), "good.ipynb") {
			t.Errorf("close said %v", err)
		}
		<-p.Left()
		if code, reason := p.Conn.Closed(); code != hub.CloseRestart || reason != "shutdown" {
			t.Errorf("the peer was told %d %q", code, reason)
		}
		if goodbye := p.AwaitEvent("goodbye"); goodbye["reason"] != "shutdown" {
			t.Errorf("goodbye: %v", goodbye)
		}
		if _, err := e.Hub.Open(ctx, hub.OpenRequest{Path: "good.ipynb"}); hub.CodeOf(err) != hub.CodeClosing {
			t.Errorf("opening after close: %v", err)
		}
		e.Restart()
		if !strings.Contains(e.Read("good.ipynb"), "last moment") {
			t.Errorf("good.ipynb holds %s", e.Read("good.ipynb"))
		}
		if got := e.Source(bad, "a"); got != "kept in the journal" {
			t.Errorf("the journal gave %q", got)
		}
		e.Stop()
	})
}

// A room that a running cell pins is not evicted; one with an idle kernel is.
func TestEvict_RunningCellPinsTheRoom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := hubtest.New(t, nil)
		e.Write("a.ipynb", hubtest.Notebook("x"))
		finish := make(chan struct{})
		e.Kernels.Run = runUntil(finish)
		room := e.Open("a.ipynb")
		if _, err := e.Hub.Execute(ctx, room, hub.ExecuteRequest{Cells: []string{"a"}}); err != nil {
			t.Fatal(err)
		}
		time.Sleep(10 * time.Minute)
		if n := e.Hub.Stats().Rooms; n != 1 {
			t.Fatalf("%d rooms while a cell runs", n)
		}
		close(finish)
		awaitRooms(t, e, 0)
		if stats := e.Hub.Stats(); stats.KernelsRunning != 0 {
			t.Errorf("%d kernels outlived their room", stats.KernelsRunning)
		}
		if left, err := e.Store.Interrupted(); err != nil || len(left) != 0 {
			t.Errorf("an evicted room left a journal: %v, %v", left, err)
		}
		if !errors.Is(e.Kernels.Started()[0].Err(), nil) {
			t.Error("the kernel died instead of being shut down")
		}
		e.Stop()
	})
}

// Close ends although its time is over and a cell runs.
func TestShutdown_WithoutTimeLeftEndsWhatRuns(t *testing.T) {
	for i := range 5 { // what is over and what is ready is chosen between by chance
		synctest.Test(t, func(t *testing.T) {
			e := hubtest.New(t, nil)
			e.Kernels.Run = func(_ *hubtest.Kernel, ctx context.Context, _ hub.KernelRun, _ func(hub.KernelEvent)) (hub.KernelReply, error) {
				<-ctx.Done()
				return hub.KernelReply{}, ctx.Err()
			}
			e.Write("a.ipynb", hubtest.Notebook("x"))
			room := e.Open("a.ipynb")
			if _, err := e.Hub.Execute(ctx, room, hub.ExecuteRequest{All: true}); err != nil {
				t.Fatal(err)
			}
			synctest.Wait()
			over, cancel := context.WithCancel(ctx)
			cancel()
			ended := make(chan struct{})
			go func() { e.Hub.Close(over); close(ended) }()
			select {
			case <-ended:
			case <-time.After(10 * time.Minute):
				t.Fatalf("round %d: Close never ends", i)
			}
			for _, k := range e.Kernels.Started() {
				select {
				case <-k.Done():
				default:
					t.Errorf("round %d: a kernel is left", i)
				}
			}
			e.Stop()
		})
	}
}
