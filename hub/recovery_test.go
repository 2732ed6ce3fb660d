package hub_test

import (
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/uuid"

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

// A save whose promotion fails has written the file: it succeeds, and neither the
// next save nor the next hub takes our own bytes for a change by others.
func TestRecovery_FailedPromotionDoublesNothing(t *testing.T) {
	for _, crash := range []bool{false, true} {
		e := hubtest.New(t, nil)
		e.Write("a.ipynb", hubtest.Notebook("x"))
		room := e.Open("a.ipynb")
		e.SetSource(room, "a", "x saved")
		e.Journal.Fail(func(_ int, op storetest.Op, name string) error {
			if op == storetest.Rename && filepath.Base(name) == "baseline" {
				return os.ErrInvalid
			}
			return nil
		})
		if _, err := e.Hub.Save(ctx, room, hub.SaveRequest{}); err != nil || !strings.Contains(e.Read("a.ipynb"), "x saved") {
			t.Fatalf("save: %v", err)
		}
		e.SetSource(room, "a", "x saved and on")
		if crash {
			later := killed(t, e)
			e.Journal.FailAll(nil)
			e = later
		} else {
			_, err := e.Hub.Save(ctx, room, hub.SaveRequest{})
			if hub.CodeOf(err) != hub.CodeStorage {
				t.Fatalf("save over what was not promoted: %v", err)
			}
			e.Journal.FailAll(nil)
		}
		if got := e.Source(e.Open("a.ipynb"), "a"); got != "x saved and on" {
			t.Errorf("crash %v: the room holds %q", crash, got)
		}
		if _, err := e.Hub.Save(ctx, room, hub.SaveRequest{}); err != nil || !strings.Contains(e.Read("a.ipynb"), "x saved and on") {
			t.Errorf("crash %v: %v, the file holds %s", crash, err, e.Read("a.ipynb"))
		}
		if merges := e.Hub.Stats().Merges; merges != 0 {
			t.Errorf("crash %v: our own bytes were merged %d times", crash, merges)
		}
	}
}

// An edit that the journal will not take is never answered as if it were safe,
// and is not in the document either.
func TestEdit_ThatTheJournalRefusesIsAnError(t *testing.T) {
	e := hubtest.New(t, nil)
	e.Write("a.ipynb", hubtest.Notebook("x"))
	room := e.Open("a.ipynb")
	e.SetSource(room, "a", "kept")
	if err := e.Store.Close(); err != nil {
		t.Fatal(err)
	}
	text := "lost"
	if _, err := e.Hub.PatchCell(ctx, room, "a", hub.CellPatch{Source: &text}, hub.Client{}); err == nil {
		t.Error("the edit was answered as done")
	}
	e.Stop()
	e.Start()
	if got := e.Source(e.Open("a.ipynb"), "a"); got != "kept" {
		t.Errorf("the room holds %q", got)
	}
}

// A panic costs no edit: the document is rebuilt from the journal, queued updates
// included, peers are brought level, a save that is under way ends well, and the
// room goes on.
func TestRebuild_CostsNoEdit(t *testing.T) {
	e := hubtest.New(t, nil)
	e.Write("a.ipynb", hubtest.Notebook("x", "y"))
	room := e.Open("a.ipynb")
	p, q := e.Join(room), e.Join(room)
	e.SetSource(room, "a", "durable")
	release := stuckJournal(e)
	p.Type("b", "queued")
	q.AwaitSource("b", "queued")
	e.Watcher.PanicOnce()
	if _, err := e.Hub.Rename(ctx, room, "b.ipynb", hub.Client{}); err == nil {
		t.Fatal("the rename was told although its step panicked")
	}
	release()
	await(t, "the panic to be counted", func() bool { return e.Hub.Stats().Panics == 1 })
	p.Type("a", "durable and on")
	for _, peer := range []*hubtest.Peer{p, q} {
		peer.AwaitSources("a:durable and on", "b:queued")
	}
	if got := e.Source(room, "b"); got != "queued" {
		t.Errorf("the room holds %q", got)
	}
	e.Restart()
	if got := e.Source(room, "a") + ", " + e.Source(room, "b"); got != "durable and on, queued" {
		t.Errorf("the next hub has %q", got)
	}
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

// What a person is to decide about is known after a crash before the baseline has
// moved, whichever side deleted the cell.
func TestRecovery_ADisputeOutlivesACrashDuringTheMerge(t *testing.T) {
	for name, sides := range map[string]struct {
		room func(*hubtest.Env, uuid.UUID) error
		disk string
	}{
		"deleted in the file": {func(e *hubtest.Env, room uuid.UUID) error {
			e.SetSource(room, "b", "two, edited")
			return nil
		}, hubtest.Notebook("one")},
		"deleted in the room": {func(e *hubtest.Env, room uuid.UUID) error {
			return e.Hub.DeleteCell(ctx, room, "b", "", hub.Client{})
		}, hubtest.Notebook("one", "two, edited")},
	} {
		t.Run(name, func(t *testing.T) {
			e := hubtest.New(t, nil)
			e.Write("a.ipynb", hubtest.Notebook("one", "two"))
			room := e.Open("a.ipynb")
			if err := sides.room(e, room); err != nil {
				t.Fatal(err)
			}
			var refused atomic.Int64
			e.Journal.Fail(func(_ int, op storetest.Op, name string) error {
				if op == storetest.Rename && filepath.Base(name) == "baseline" {
					refused.Add(1)
					return os.ErrInvalid
				}
				return nil
			})
			e.Write("a.ipynb", sides.disk)
			await(t, "the baseline to be refused", func() bool { return refused.Load() > 0 && e.Room(room).State == hub.StateConflict })
			if _, err := e.Hub.Save(ctx, room, hub.SaveRequest{}); hub.CodeOf(err) != hub.CodeConflict {
				t.Errorf("saved over it: %v", err)
			}
			later := killed(t, e)
			e.Journal.FailAll(nil)
			later.Open("a.ipynb")
			if info := later.Room(room); info.State != hub.StateConflict || !strings.Contains(info.Reason, `cell 2 ("two, edited")`) {
				t.Errorf("after the crash the room is %s (%s)", info.State, info.Reason)
			}
			if got := later.Source(room, "b"); got != "two, edited" {
				t.Errorf("the cell holds %q", got)
			}
		})
	}
}
