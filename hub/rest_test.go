package hub_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"

	"github.com/notebookhub/hub/hub"
	"github.com/notebookhub/hub/hub/hubtest"
	"github.com/notebookhub/hub/hub/store/storetest"
)

// resting returns what is told of a room that is not open.
func resting(t *testing.T, e *hubtest.Env, room uuid.UUID) (info hub.RoomInfo, listed bool) {
	t.Helper()
	awaitRooms(t, e, 0)
	rooms, err := e.Hub.Rooms(ctx, true)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range rooms {
		listed = listed || r.ID == room
	}
	return e.Room(room), listed
}

// Edits that are in no file are told of and found also when their room rests.
func TestRest_WhatIsInNoFileIsTold(t *testing.T) {
	bubble(t, func(t *testing.T, e *hubtest.Env, room uuid.UUID) {
		e.SetSource(room, "a", "kept here")
		e.Remove("a.ipynb")
		await(t, "the file to be missed", func() bool { return e.Room(room).State == hub.StateMissing })
		info, listed := resting(t, e, room)
		if !listed || info.State != hub.StateMissing || !info.Unsaved || info.Open || info.Cells != 2 {
			t.Errorf("listed %v, %+v", listed, info)
		}
		e.Restart()
		if info = e.Room(room); info.Code != hub.CodeMissing || !strings.Contains(info.Reason, "deleted outside") {
			t.Errorf("the next hub does not say why: %+v", info)
		}
		if _, err := e.Hub.Save(ctx, room, hub.SaveRequest{Recreate: true}); err != nil {
			t.Fatal(err)
		}
		if info, listed = resting(t, e, room); listed || info.State != hub.StateLive || info.Unsaved {
			t.Errorf("after the save: listed %v, %+v", listed, info)
		}
	})
}

// A notebook of an old format is not rewritten because its room is closed.
func TestClose_DoesNotUpgradeUnasked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := hubtest.New(t, nil)
		old := `{"metadata": {"name": "x"}, "nbformat": 3, "nbformat_minor": 0, "worksheets": [{"cells": [{"cell_type": "code", "input": "x", "outputs": [], "language": "python"}]}]}`
		e.Write("a.ipynb", old)
		room := e.Open("a.ipynb")
		cells, err := e.Hub.Cells(ctx, room)
		if err != nil {
			t.Fatal(err)
		}
		e.SetSource(room, cells.Cells[0].ID, "edited")
		if result, err := e.Hub.CloseRoom(ctx, room, hub.Client{}); err != nil || result.Written {
			t.Errorf("closed with %+v, %v", result, err)
		}
		if e.Read("a.ipynb") != old {
			t.Errorf("the file holds %s", e.Read("a.ipynb"))
		}
		e.Open("a.ipynb")
		if got := e.Source(room, cells.Cells[0].ID); got != "edited" {
			t.Errorf("the room holds %q", got)
		}
		e.Stop()
	})
}

// A notebook that comes back from the trash has its room, history and former
// versions again.
func TestTrash_BringsTheRoomBack(t *testing.T) {
	e := hubtest.New(t, nil)
	e.Write("a.ipynb", hubtest.Notebook("one"))
	room := e.Open("a.ipynb")
	p := e.Join(room)
	p.Type("a", "one, typed")
	p.AwaitEvent("ack")
	if _, err := e.Hub.KeepVersion(ctx, room, hub.Client{}); err != nil {
		t.Fatal(err)
	}
	entry, err := e.Hub.DeleteFile(ctx, "a.ipynb", hub.Client{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := e.Hub.RestoreTrash(ctx, entry.ID, "b.ipynb", hub.Client{}); err != nil {
		t.Fatal(err)
	}
	if again := e.Open("b.ipynb"); again != room {
		t.Errorf("another room: %s", again)
	}
	if versions, err := e.Hub.Versions(ctx, room); err != nil || len(versions) != 1 {
		t.Errorf("versions %+v, %v", versions, err)
	}
	e.JoinAs(room, hubtest.JoinAs{Doc: p.Doc()}).AwaitSources("a:one, typed")
}

// What a whole notebook is put over is kept, also when no room ever had it.
func TestWriteFile_KeepsWhatItReplaces(t *testing.T) {
	e := hubtest.New(t, nil)
	former := hubtest.Notebook("never opened")
	e.Write("a.ipynb", former)
	if _, _, err := e.Hub.WriteFile(ctx, "a.ipynb", []byte(hubtest.Notebook("new")), "", hub.Client{Name: "ann"}); err != nil {
		t.Fatal(err)
	}
	room := e.Open("a.ipynb")
	if e.Source(room, "a") != "new" || !kept(t, e, room, former) {
		t.Error("the former notebook is gone")
	}
	if versions, _ := e.Hub.Versions(ctx, room); len(versions) != 1 || versions[0].By != "ann" {
		t.Errorf("versions %+v", versions)
	}
}

// Nothing is left of a notebook that could not be opened, nor beside the user's
// files when a save-as is cut short.
func TestLoad_LeavesNoLitter(t *testing.T) {
	e := hubtest.New(t, nil)
	e.Write("a.ipynb", hubtest.Notebook("x"))
	e.Journal.Fail(func(_ int, _ storetest.Op, name string) error {
		if base := filepath.Base(name); strings.HasPrefix(base, "baseline") || strings.HasPrefix(base, "record") {
			return os.ErrInvalid
		}
		return nil
	})
	if _, err := e.Hub.Open(ctx, hub.OpenRequest{Path: "a.ipynb"}); err == nil {
		t.Fatal("opened without a store")
	}
	e.Journal.FailAll(nil)
	if found, err := filepath.Glob(filepath.Join(e.State, "rooms", "*", "*")); err != nil || len(found) != 0 {
		t.Errorf("left in the store: %v, %v", found, err)
	}
	room := e.Open("a.ipynb")
	temp := ".~b.ipynb." + room.String()[:8] + ".tmp"
	var later *hubtest.Env
	e.Disk.FailWrites(func(string) error {
		if err := os.WriteFile(filepath.Join(e.Dir, temp), []byte("half of it"), 0o600); err != nil {
			return err
		}
		later = killed(t, e) // it dies while it writes
		return os.ErrInvalid
	})
	if _, err := e.Hub.Save(ctx, room, hub.SaveRequest{Path: "b.ipynb"}); err == nil {
		t.Fatal("saved although it died")
	}
	await(t, "the temporary file to be cleared away", func() bool {
		_, err := os.Stat(filepath.Join(later.Dir, temp))
		return os.IsNotExist(err)
	})
}

// A notebook from the trash takes nobody's place: one that waits at its path, with
// edits for a file that is gone, takes the file in.
func TestTrash_TakesNobodysPlace(t *testing.T) {
	e := hubtest.New(t, nil)
	e.Write("a.ipynb", hubtest.Notebook("old"))
	e.Open("a.ipynb")
	entry, err := e.Hub.DeleteFile(ctx, "a.ipynb", hub.Client{})
	if err != nil {
		t.Fatal(err)
	}
	e.Write("a.ipynb", hubtest.Notebook("new"))
	room := e.Open("a.ipynb")
	e.SetSource(room, "a", "new and unsaved")
	e.Remove("a.ipynb")
	await(t, "the file to be missed", func() bool { return e.Room(room).State == hub.StateMissing })
	e.Restart()
	if _, err := e.Hub.RestoreTrash(ctx, entry.ID, "", hub.Client{}); err != nil {
		t.Fatal(err)
	}
	if again := e.Open("a.ipynb"); again != room || !strings.Contains(e.Source(room, "a"), "unsaved") {
		t.Errorf("room %s is at the path, with %q", again, e.Source(again, "a"))
	}
}

// noIDs is a file system that tells no identity.
type noIDs struct{ hub.Files }

func (f noIDs) Resolve(path string) (string, hub.FileID, error) {
	canonical, _, err := f.Files.Resolve(path)
	return canonical, hub.FileID{}, err
}

// Files beside notebooks are read also where files have no identity, and nothing
// is made in a hidden folder that a link leads to.
func TestFiles_IdentityAndHiddenFolders(t *testing.T) {
	e := hubtest.New(t, func(o *hub.Options) { o.Files = noIDs{o.Files} })
	e.Write("data.csv", "1,2")
	file, err := e.Hub.OpenFile(ctx, "data.csv")
	if err != nil {
		t.Fatal(err)
	}
	_ = file.Close()
	if _, err := e.Hub.OpenFile(ctx, "none.csv"); hub.CodeOf(err) != hub.CodeNotFound {
		t.Errorf("a file that is not there: %v", err)
	}
	if err := errors.Join(os.Mkdir(filepath.Join(e.Dir, ".hidden"), 0o755), os.Symlink(".hidden", filepath.Join(e.Dir, "link"))); err != nil {
		t.Fatal(err)
	}
	if _, err := e.Hub.Open(ctx, hub.OpenRequest{Path: "link/new.ipynb", Create: true}); hub.CodeOf(err) != hub.CodeNotFound {
		t.Errorf("created behind a link: %v", err)
	}
}

// Another notebook takes the path of one that rests there, with edits for a file
// that is gone: these edits stay within reach.
func TestRest_WhoTakesThePathLeavesTheEditsWithinReach(t *testing.T) {
	for name, take := range map[string]func(t *testing.T, e *hubtest.Env, room uuid.UUID) error{
		"save as": func(_ *testing.T, e *hubtest.Env, room uuid.UUID) error {
			_, err := e.Hub.Save(ctx, room, hub.SaveRequest{Path: "a.ipynb"})
			return err
		},
		"rename": func(_ *testing.T, e *hubtest.Env, room uuid.UUID) error {
			_, err := e.Hub.Rename(ctx, room, "a.ipynb", hub.Client{})
			return err
		},
		"moved outside": func(t *testing.T, e *hubtest.Env, room uuid.UUID) error {
			err := os.Rename(filepath.Join(e.Dir, "b.ipynb"), filepath.Join(e.Dir, "a.ipynb"))
			e.Watcher.Changed(filepath.Join(e.Dir, "b.ipynb"))
			await(t, "the room to follow", func() bool { return e.Room(room).Path == "a.ipynb" })
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T, e *hubtest.Env, waiting uuid.UUID) {
				e.SetSource(waiting, "a", "a day of work")
				e.Remove("a.ipynb")
				await(t, "the file to be missed", func() bool { return e.Room(waiting).State == hub.StateMissing })
				awaitRooms(t, e, 0)
				e.Write("b.ipynb", hubtest.Notebook("another"))
				room := e.Open("b.ipynb")
				p := e.Join(room)
				if err := take(t, e, room); err != nil {
					t.Fatal(err)
				}
				synctest.Wait()
				if got := e.Source(waiting, "a"); got != "a day of work" || e.Room(waiting).Path != "" {
					t.Errorf("it holds %q at %q", got, e.Room(waiting).Path)
				}
				if e.Read("a.ipynb") != hubtest.Notebook("another") {
					t.Errorf("the file holds %s", e.Read("a.ipynb"))
				}
				p.Drop()
			})
		})
	}
}

// A file that was renamed is the same room under its new name, also for who opens
// it before anybody noticed.
func TestOpen_ARenamedFileBeforeTheWatcherSpoke(t *testing.T) {
	bubble(t, func(t *testing.T, e *hubtest.Env, room uuid.UUID) {
		p := e.Join(room)
		if err := os.Rename(filepath.Join(e.Dir, "a.ipynb"), filepath.Join(e.Dir, "b.ipynb")); err != nil {
			t.Fatal(err)
		}
		if again := e.Open("b.ipynb"); again != room {
			t.Errorf("another room: %s", again)
		}
		if moved := p.AwaitEvent("path_changed"); moved["path"] != "b.ipynb" {
			t.Errorf("told %v", moved)
		}
	})
}

// Two who close a room at once are both answered when it has ended.
func TestClose_TwoAtOnceAreAnswered(t *testing.T) {
	bubble(t, func(t *testing.T, e *hubtest.Env, room uuid.UUID) {
		p := e.Join(room)
		began := time.Now()
		results := make(chan error, 2)
		for range 2 {
			go func() {
				_, err := e.Hub.CloseRoom(ctx, room, hub.Client{})
				results <- err
			}()
		}
		for range 2 {
			if err := <-results; err != nil && hub.CodeOf(err) != hub.CodeRoomClosed {
				t.Error(err)
			}
		}
		if waited := time.Since(began); waited > time.Second { // of virtual time
			t.Errorf("it took %v", waited)
		}
		p.Drop()
	})
}

// A notebook that cannot be put into the trash stays, with those who are in it.
func TestDiscard_ThatFailsDisturbsNobody(t *testing.T) {
	e := hubtest.New(t, nil)
	opened, err := e.Hub.Open(ctx, hub.OpenRequest{})
	if err != nil {
		t.Fatal(err)
	}
	p := e.Join(opened.Room.ID)
	e.Journal.Fail(func(_ int, _ storetest.Op, name string) error {
		if strings.Contains(name, "trash") {
			return os.ErrInvalid
		}
		return nil
	})
	if _, err := e.Hub.Discard(ctx, opened.Room.ID, hub.Client{}); err == nil {
		t.Error("thrown away without a trash")
	}
	e.Journal.FailAll(nil)
	p.Insert(0, "z", "still here")
	p.AwaitEvent("ack")
	if code, reason := p.Conn.Closed(); code != 0 {
		t.Errorf("closed with %d %s", code, reason)
	}
}

// The end of the hub names every open notebook whose file lacks edits, and why.
func TestClose_OfTheHubNamesWhatIsInNoFile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := hubtest.New(t, nil)
		e.Write("old.ipynb", `{"metadata": {}, "nbformat": 3, "nbformat_minor": 0, "worksheets": [{"cells": [{"cell_type": "code", "input": "x", "outputs": [], "language": "python"}]}]}`)
		e.Write("gone.ipynb", hubtest.Notebook("x"))
		e.Write("fine.ipynb", hubtest.Notebook("x"))
		for _, name := range []string{"old.ipynb", "gone.ipynb", "fine.ipynb"} {
			room := e.Open(name)
			cells, err := e.Hub.Cells(ctx, room)
			if err != nil {
				t.Fatal(err)
			}
			e.SetSource(room, cells.Cells[0].ID, "edited")
			if name == "gone.ipynb" {
				e.Remove(name)
				await(t, "the file to be missed", func() bool { return e.Room(room).State == hub.StateMissing })
			}
		}
		err := e.Hub.Close(ctx)
		if err == nil {
			t.Fatal("everything was saved")
		}
		for part, want := range map[string]bool{"old.ipynb": true, "old format": true, "gone.ipynb": true, "missing": true, "fine.ipynb": false} {
			if strings.Contains(err.Error(), part) != want {
				t.Errorf("told %q", err)
			}
		}
		e.Stop()
	})
}
