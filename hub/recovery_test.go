package hub_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/notebookhub/hub/hub"
	"github.com/notebookhub/hub/hub/hubtest"
	"github.com/notebookhub/hub/hub/store/storetest"
)

// A journal that lags behind a saved file takes nothing back from it.
func TestRecovery_LaggingJournalTakesNothingBack(t *testing.T) {
	e := hubtest.New(t, nil)
	e.Write("a.ipynb", hubtest.Notebook("x"))
	room := e.Open("a.ipynb")
	e.SetSource(room, "a", "durable")
	e.Journal.Fail(func(_ int, _ storetest.Op, name string) error {
		if strings.Contains(filepath.Base(name), "journal") {
			return os.ErrInvalid
		}
		return nil
	})
	peer := e.Join(room)
	peer.Type("a", "typed and saved")
	await(t, "edit", func() bool { return e.Source(room, "a") == "typed and saved" })
	result, err := e.Hub.Save(ctx, room, hub.SaveRequest{})
	if err != nil || !strings.Contains(e.Read("a.ipynb"), "typed and saved") {
		t.Fatalf("save: %+v %v", result, err)
	}
	later := killed(t, e)
	again := later.Open("a.ipynb")
	if again != room {
		t.Fatalf("another room")
	}
	if got := later.Source(again, "a"); got != "typed and saved" {
		t.Errorf("the room went back to %q", got)
	}
	later.SetSource(again, "a", later.Source(again, "a")+"!")
	if _, err := later.Hub.Save(ctx, again, hub.SaveRequest{}); err != nil {
		t.Fatal(err)
	}
	later.Restart()
	if got := later.Source(later.Open("a.ipynb"), "a"); got != "typed and saved!" {
		t.Errorf("after another restart %q", got)
	}
	e.Journal.FailAll(nil)
}

// A save-as that a crash cut short takes nothing back from the room.
func TestRecovery_CutSaveAsTakesNothingBack(t *testing.T) {
	e := hubtest.New(t, nil)
	e.Write("a.ipynb", hubtest.Notebook("x"))
	room := e.Open("a.ipynb")
	e.SetSource(room, "a", "edited")
	e.Journal.Fail(func(_ int, _ storetest.Op, name string) error {
		if strings.Contains(filepath.Base(name), "record") {
			return os.ErrInvalid // the process dies before the record is written
		}
		return nil
	})
	if _, err := e.Hub.Save(ctx, room, hub.SaveRequest{Path: "b.ipynb"}); err != nil {
		t.Fatal(err)
	}
	later := killed(t, e)
	if got := later.Source(later.Open("a.ipynb"), "a"); got != "edited" {
		t.Errorf("the room went back to %q", got)
	}
	e.Journal.FailAll(nil)
}

// killed starts a hub on what is on the disk, as after the death of e's.
func killed(t *testing.T, e *hubtest.Env) *hubtest.Env {
	t.Helper()
	later := hubtest.New(t, nil)
	later.Stop()
	later.State, later.Dir = t.TempDir(), t.TempDir()
	for to, from := range map[string]string{later.State: e.State, later.Dir: e.Dir} {
		if err := os.CopyFS(to, os.DirFS(from)); err != nil {
			t.Fatal(err)
		}
	}
	later.Start()
	return later
}

// A journal that fails and recovers hides no conflict and no missing file.
func TestDegraded_JournalFailureHidesNoConflict(t *testing.T) {
	for _, want := range []hub.RoomState{hub.StateConflict, hub.StateMissing} {
		t.Run(string(want), func(t *testing.T) {
			e := hubtest.New(t, nil)
			e.Write("a.ipynb", hubtest.Notebook("x"))
			room := e.Open("a.ipynb")
			peer := e.Join(room)
			if want == hub.StateConflict {
				e.Write("a.ipynb", "<<<<<<< broken")
			} else {
				e.Remove("a.ipynb")
			}
			await(t, "state", func() bool { return e.Room(room).State == want })
			e.Journal.FailAll(os.ErrInvalid)
			peer.Type("a", "y")
			await(t, "failure", func() bool { return e.Hub.Stats().JournalFailures > 0 })
			e.Journal.FailAll(nil)
			peer.AwaitEvent("ack")
			if s := e.Room(room).State; s != want {
				t.Errorf("state is %s", s)
			}
		})
	}
}
