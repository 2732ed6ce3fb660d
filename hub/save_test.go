package hub_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"

	"github.com/notebookhub/hub/hub"
	"github.com/notebookhub/hub/hub/hubtest"
)

func TestAutosave_WaitsForQuietButNotForEver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := hubtest.New(t, nil) // 2 s quiet, 10 s at the latest
		e.Write("a.ipynb", hubtest.Notebook("x"))
		room := e.Open("a.ipynb")
		e.SetSource(room, "a", "edited")
		time.Sleep(1900 * time.Millisecond)
		if strings.Contains(e.Read("a.ipynb"), "edited") {
			t.Error("saved before the quiet time was over")
		}
		time.Sleep(200 * time.Millisecond)
		if !strings.Contains(e.Read("a.ipynb"), "edited") {
			t.Error("not saved after the quiet time")
		}
		for i := range 12 { // typing without a pause
			e.SetSource(room, "a", strings.Repeat("b", i+1))
			time.Sleep(time.Second)
		}
		if !strings.Contains(e.Read("a.ipynb"), "bbbbbbbb") {
			t.Errorf("not saved after 10 s of typing: %s", e.Read("a.ipynb"))
		}
		e.Stop()
	})
}

// Opening and saving without an edit changes nothing, not even the time of the
// file.
func TestSave_WithoutEditsLeavesTheFileAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := hubtest.New(t, nil)
		source := "{\"nbformat\": 4,\r\n\t\"cells\": [], \"nbformat_minor\": 2, \"metadata\": {\"x\": 1.0, \"x\": 1e5}}"
		e.Write("a.ipynb", source)
		before, err := os.Stat(filepath.Join(e.Dir, "a.ipynb"))
		if err != nil {
			t.Fatal(err)
		}
		room := e.Open("a.ipynb")
		result, err := e.Hub.Save(ctx, room, hub.SaveRequest{})
		if err != nil || result.Written {
			t.Errorf("save: %+v, %v", result, err)
		}
		awaitRooms(t, e, 0)
		after, err := os.Stat(filepath.Join(e.Dir, "a.ipynb"))
		if err != nil || !os.SameFile(before, after) || !before.ModTime().Equal(after.ModTime()) || e.Read("a.ipynb") != source {
			t.Errorf("the file was touched: %v", err)
		}
		e.Stop()
	})
}

func TestSave_EditChangesOnlyItsLines(t *testing.T) {
	e := hubtest.New(t, nil)
	e.Write("a.ipynb", hubtest.Notebook("one", "two\nlines", "three"))
	room := e.Open("a.ipynb")
	e.SetSource(room, "b", "two\nchanged")
	result, err := e.Hub.Save(ctx, room, hub.SaveRequest{})
	if err != nil || !result.Written {
		t.Fatalf("save: %+v, %v", result, err)
	}
	if want := hubtest.Notebook("one", "two\nchanged", "three"); e.Read("a.ipynb") != want {
		t.Errorf("the file holds %s", e.Read("a.ipynb"))
	}
}

// A private notebook stays private.
func TestSave_KeepsTheMode(t *testing.T) {
	e := hubtest.New(t, nil)
	e.Write("a.ipynb", hubtest.Notebook("x"))
	file := filepath.Join(e.Dir, "a.ipynb")
	if err := os.Chmod(file, 0o600); err != nil {
		t.Fatal(err)
	}
	room := e.Open("a.ipynb")
	e.SetSource(room, "a", "y")
	if _, err := e.Hub.Save(ctx, room, hub.SaveRequest{}); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode is %v, %v", info.Mode(), err)
	}
	if entries, _ := os.ReadDir(e.Dir); len(entries) != 1 {
		t.Errorf("the folder holds %v", entries)
	}
}

// A losing save leaves the other file byte-identical, and both documents whole.
func TestSaveAs_CollisionTouchesNothing(t *testing.T) {
	e := hubtest.New(t, nil)
	e.Write("open.ipynb", hubtest.Notebook("theirs"))
	e.Write("rest.ipynb", hubtest.Notebook("at rest"))
	if err := os.Symlink("open.ipynb", filepath.Join(e.Dir, "link.ipynb")); err != nil {
		t.Fatal(err)
	}
	other, mine := e.Open("open.ipynb"), e.Open("")
	insert(t, e, mine, "mine")
	claims := e.Hub.Stats().Claims
	for _, path := range []string{"open.ipynb", "link.ipynb", "./open.ipynb"} {
		_, err := e.Hub.Save(ctx, mine, hub.SaveRequest{Path: path, Overwrite: true})
		var held *hub.PathAlreadyOpenError
		if !errors.As(err, &held) || held.Room != other {
			t.Errorf("save as %s: %v", path, err)
		}
		if _, err := e.Hub.Rename(ctx, mine, path, hub.Client{}); hub.CodeOf(err) != hub.CodePathOpen {
			t.Errorf("rename to %s: %v", path, err)
		}
	}
	if _, err := e.Hub.Save(ctx, mine, hub.SaveRequest{Path: "rest.ipynb"}); hub.CodeOf(err) != hub.CodeFileExists {
		t.Errorf("save over a file: %v", err)
	}
	if e.Read("open.ipynb") != hubtest.Notebook("theirs") || e.Read("rest.ipynb") != hubtest.Notebook("at rest") {
		t.Error("a losing save changed a file")
	}
	if e.Source(other, "a") != "theirs" || e.Room(mine).Path != "" {
		t.Error("a losing save changed a room")
	}
	if now := e.Hub.Stats().Claims; now != claims {
		t.Errorf("claims went from %d to %d", claims, now)
	}
}

func insert(t *testing.T, e *hubtest.Env, room uuid.UUID, source string) string {
	t.Helper()
	cells, err := e.Hub.Cells(ctx, room)
	if err != nil {
		t.Fatal(err)
	}
	id := cells.Cells[0].ID
	e.SetSource(room, id, source)
	return id
}

// With consent a file is replaced, and what it held is kept.
func TestSaveAs_OverwritingKeepsTheFormerBytes(t *testing.T) {
	e := hubtest.New(t, nil)
	e.Write("old.ipynb", hubtest.Notebook("precious"))
	room := e.Open("")
	insert(t, e, room, "new")
	if _, err := e.Hub.Save(ctx, room, hub.SaveRequest{Path: "old.ipynb", Overwrite: true}); err != nil {
		t.Fatal(err)
	}
	versions, err := e.Hub.Versions(ctx, room)
	if err != nil || len(versions) != 1 {
		t.Fatalf("versions: %v, %v", versions, err)
	}
	doc, err := e.Hub.Version(ctx, room, versions[0].ID)
	if err != nil || string(doc.Data) != hubtest.Notebook("precious") {
		t.Errorf("the version holds %s, %v", doc.Data, err)
	}
}

// Of many saves to one new path one wins; the others leave no claim and no
// litter.
func TestSaveAs_RaceHasOneWinner(t *testing.T) {
	e := hubtest.New(t, nil)
	const n = 16
	rooms := make([]uuid.UUID, n)
	for i := range rooms {
		rooms[i] = e.Open("")
	}
	claims := e.Hub.Stats().Claims
	var wg sync.WaitGroup
	results := make([]error, n)
	for i, room := range rooms {
		wg.Go(func() { _, results[i] = e.Hub.Save(ctx, room, hub.SaveRequest{Path: "target.ipynb"}) })
	}
	wg.Wait()
	winners := 0
	for _, err := range results {
		switch hub.CodeOf(err) {
		case "":
			winners++
		case hub.CodePathOpen, hub.CodeFileExists:
		default:
			t.Errorf("a loser got %v", err)
		}
	}
	if winners != 1 {
		t.Errorf("%d saves won", winners)
	}
	if now := e.Hub.Stats().Claims; now != claims+1 {
		t.Errorf("claims went from %d to %d", claims, now)
	}
	if entries, _ := os.ReadDir(e.Dir); len(entries) != 1 {
		t.Errorf("the folder holds %v", entries)
	}
}

// Every failure on the way gives the claim back.
func TestSaveAs_FailureReleasesTheClaim(t *testing.T) {
	e := hubtest.New(t, nil)
	room := e.Open("")
	for _, cause := range []error{syscall.ENOSPC, syscall.EIO, syscall.EACCES} {
		claims := e.Hub.Stats().Claims
		e.Disk.FailWrites(func(string) error { return &hub.Error{Code: hub.CodeStorage, Detail: "disk", Err: cause} })
		if _, err := e.Hub.Save(ctx, room, hub.SaveRequest{Path: "a.ipynb"}); !errors.Is(err, cause) {
			t.Errorf("save: %v", err)
		}
		e.Disk.FailWrites(nil)
		e.Journal.FailAll(cause)
		if _, err := e.Hub.Save(ctx, room, hub.SaveRequest{Path: "a.ipynb"}); err == nil {
			t.Error("a save without a journal succeeded")
		}
		e.Journal.FailAll(nil)
		if now := e.Hub.Stats().Claims; now != claims {
			t.Errorf("claims went from %d to %d", claims, now)
		}
	}
	if _, err := e.Hub.Save(ctx, room, hub.SaveRequest{Path: "a.ipynb"}); err != nil {
		t.Errorf("after all that: %v", err)
	}
}

// A path change is told to everyone: as an event, and as state to those who
// come late or do not listen.
func TestPathChanged_IsEventAndState(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := hubtest.New(t, nil)
		room := e.Open("")
		p := e.Join(room)
		plain := e.JoinAs(room, hubtest.JoinAs{})
		steps := []struct {
			path string
			do   func() error
		}{
			{"promoted.ipynb", func() error { _, err := e.Hub.Save(ctx, room, hub.SaveRequest{Path: "promoted.ipynb"}); return err }},
			{"copy.ipynb", func() error { _, err := e.Hub.Save(ctx, room, hub.SaveRequest{Path: "copy.ipynb"}); return err }},
			{"dir/moved.ipynb", func() error {
				_, err := e.Hub.Rename(ctx, room, "dir/moved.ipynb", hub.Client{Name: "ann"})
				return err
			}},
		}
		for _, step := range steps {
			if err := step.do(); err != nil {
				t.Fatal(err)
			}
			for p.AwaitEvent("path_changed")["path"] != step.path {
				synctest.Wait()
			}
			plain.AwaitValue("state", "path", "", step.path)
			if got := e.Room(room); got.Path != step.path || got.ID != room {
				t.Errorf("the room is %+v", got)
			}
			if e.Read(step.path) == "" {
				t.Errorf("%s is not there", step.path)
			}
		}
		if e.Read("copy.ipynb") != "" || e.Read("promoted.ipynb") == "" {
			t.Error("a rename leaves no file behind, a save-as does")
		}
		late := e.Join(room)
		late.AwaitValue("state", "path", "", "dir/moved.ipynb")
		if hello := late.AwaitEvent("hello"); hello["path"] != "dir/moved.ipynb" || hello["room"] != room.String() {
			t.Errorf("hello: %v", hello)
		}
		e.Stop()
	})
}

// Former names are free: another notebook there is another room.
func TestRename_FreesTheFormerPath(t *testing.T) {
	e := hubtest.New(t, nil)
	e.Write("a.ipynb", hubtest.Notebook("first"))
	room := e.Open("a.ipynb")
	e.SetSource(room, "a", "unsaved edit")
	if _, err := e.Hub.Rename(ctx, room, "b.ipynb", hub.Client{}); err != nil {
		t.Fatal(err)
	}
	e.Write("a.ipynb", hubtest.Notebook("second"))
	other := e.Open("a.ipynb")
	if other == room {
		t.Fatal("the new file is in the old room")
	}
	if _, err := e.Hub.Save(ctx, room, hub.SaveRequest{}); err != nil {
		t.Fatal(err)
	}
	if e.Read("a.ipynb") != hubtest.Notebook("second") || e.Read("b.ipynb") != hubtest.Notebook("unsaved edit") {
		t.Errorf("a holds %s, b holds %s", e.Read("a.ipynb"), e.Read("b.ipynb"))
	}
}

// Untitled notebooks survive anything, at any age, and can be found.
func TestUntitled_SurvivesEvictionAndRestart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := hubtest.New(t, nil)
		room := e.Open("")
		cell := insert(t, e, room, "an idea")
		awaitRooms(t, e, 0)
		time.Sleep(72 * time.Hour)
		e.Restart()
		list, err := e.Hub.Rooms(ctx, true)
		if err != nil || len(list) != 1 || list[0].ID != room || list[0].Open {
			t.Fatalf("rooms: %+v, %v", list, err)
		}
		if got := e.Source(room, cell); got != "an idea" {
			t.Errorf("it holds %q", got)
		}
		if _, err := e.Hub.Save(ctx, room, hub.SaveRequest{Path: "idea.ipynb"}); err != nil {
			t.Fatal(err)
		}
		if list, _ := e.Hub.Rooms(ctx, true); len(list) != 1 || list[0].Path != "idea.ipynb" {
			t.Errorf("rooms: %+v", list)
		}
		e.Stop()
	})
}

// The file is written over only when it is what the room last agreed with.
func TestSave_OutsideChangeIsMergedFirst(t *testing.T) {
	e := hubtest.New(t, nil)
	e.Write("a.ipynb", hubtest.Notebook("one", "two"))
	room := e.Open("a.ipynb")
	e.SetSource(room, "a", "one from the room")
	// No event of the watcher: the save itself must see it.
	file := filepath.Join(e.Dir, "a.ipynb")
	if err := os.WriteFile(file, []byte(hubtest.Notebook("one", "two from git")), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := e.Hub.Save(ctx, room, hub.SaveRequest{}); err != nil {
		t.Fatal(err)
	}
	if want := hubtest.Notebook("one from the room", "two from git"); e.Read("a.ipynb") != want {
		t.Errorf("the file holds %s", e.Read("a.ipynb"))
	}
}

// A full disk loses nothing: the old file stays whole, the edits stay in room
// and journal, everybody is told, and it is tried again.
func TestSave_FullDiskIsToldAndRetried(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := hubtest.New(t, nil)
		e.Write("a.ipynb", hubtest.Notebook("x"))
		room := e.Open("a.ipynb")
		p := e.Join(room)
		e.Disk.FailWrites(func(string) error { return &hub.Error{Code: hub.CodeDiskFull, Detail: "full", Err: syscall.ENOSPC} })
		p.Type("a", "y")
		if failed := p.AwaitEvent("save_failed"); failed["code"] != "disk_full" {
			t.Errorf("told %v", failed)
		}
		p.AwaitValue("hub", "state", "name", "degraded")
		p.AwaitValue("state", "dirty", "", true)
		if e.Read("a.ipynb") != hubtest.Notebook("x") {
			t.Error("the file was harmed")
		}
		e.Disk.FailWrites(nil)
		p.AwaitEvent("saved")
		p.AwaitValue("hub", "state", "name", "live")
		p.AwaitValue("state", "dirty", "", false)
		if e.Read("a.ipynb") != hubtest.Notebook("y") {
			t.Errorf("the file holds %s", e.Read("a.ipynb"))
		}
		e.Stop()
	})
}

// Jupyter's own save request is answered when the bytes are on disk, and with
// the truth when they are not.
func TestRawSave_AnswersWithTheTruth(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := hubtest.New(t, nil)
		e.Write("a.ipynb", hubtest.Notebook("x"))
		p := e.Join(e.Open("a.ipynb"))
		p.Type("a", "y")
		_ = p.Conn.Send([]byte{2, 4, 's', 'a', 'v', 'e', 7})
		if reply := p.AwaitRaw(); reply["status"] != "success" || reply["responseTo"] != 7.0 {
			t.Errorf("reply: %v", reply)
		}
		if e.Read("a.ipynb") != hubtest.Notebook("y") {
			t.Errorf("the file holds %s", e.Read("a.ipynb"))
		}
		p.AwaitValue("state", "hash", "", e.Room(e.Open("a.ipynb")).Saved.SHA256)
		e.Disk.FailWrites(func(string) error { return &hub.Error{Code: hub.CodePermission, Detail: "no", Err: syscall.EACCES} })
		p.Type("a", "z")
		_ = p.Conn.Send([]byte{2, 4, 's', 'a', 'v', 'e', 8})
		for p.AwaitRaw()["responseTo"] != 8.0 {
			synctest.Wait()
		}
		if reply := p.AwaitRaw(); reply["status"] != "failed" {
			t.Errorf("reply: %v", reply)
		}
		e.Stop()
	})
}

// The identity of a file that was replaced goes to the next new file: that is
// another notebook all the same.
func TestSave_ReplacedFilesIdentityMayComeBack(t *testing.T) {
	e := hubtest.New(t, nil)
	e.Write("a.ipynb", hubtest.Notebook("mine"))
	_, former, err := e.Disk.Resolve("a.ipynb")
	if err != nil {
		t.Fatal(err)
	}
	room := e.Open("a.ipynb")
	e.SetSource(room, "a", "mine, edited")
	if _, err := e.Hub.Save(ctx, room, hub.SaveRequest{}); err != nil {
		t.Fatal(err)
	}
	replace := func(path string) { // by an editor: the hub is not asked
		e.Write(path+".new", hubtest.Notebook("mine, edited"))
		if err := os.Rename(filepath.Join(e.Dir, path+".new"), filepath.Join(e.Dir, path)); err != nil {
			t.Fatal(err)
		}
	}
	for i, path := range []string{"saved.ipynb", "replaced.ipynb"} {
		if i == 1 {
			if _, former, err = e.Disk.Resolve("a.ipynb"); err != nil {
				t.Fatal(err)
			}
			replace("a.ipynb")
		}
		e.Write(path, hubtest.Notebook("theirs"))
		if err := e.Disk.Reuse(path, former); err != nil {
			t.Fatal(err)
		}
		if _, err := e.Hub.Save(ctx, room, hub.SaveRequest{Path: path}); hub.CodeOf(err) != hub.CodeFileExists {
			t.Errorf("save as %s: %v", path, err)
		}
		if other := e.Open(path); other == room {
			t.Errorf("%s is taken for the room's own file", path)
		}
	}
}

// Saves that wait behind one that meets a conflict are answered too.
func TestSave_EverybodyInTheQueueIsAnswered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := hubtest.New(t, nil)
		e.Write("a.ipynb", hubtest.Notebook("x"))
		room := e.Open("a.ipynb")
		e.SetSource(room, "a", "edited")
		os.WriteFile(filepath.Join(e.Dir, "a.ipynb"), []byte("<<<<<<< broken"), 0o644)
		hold := make(chan struct{})
		e.Disk.FailReads(func(string) error { <-hold; return nil })
		ends := make(chan error, 3)
		for range 3 {
			go func() {
				_, err := e.Hub.Save(ctx, room, hub.SaveRequest{})
				ends <- err
			}()
		}
		synctest.Wait()
		close(hold)
		for i := range 3 {
			select {
			case err := <-ends:
				if hub.CodeOf(err) != hub.CodeConflict {
					t.Errorf("save %d: %v", i, err)
				}
			case <-time.After(time.Minute):
				t.Fatalf("save %d was never answered", i)
			}
		}
		e.Stop()
	})
}

// The longest names can be saved.
func TestSave_LongestNames(t *testing.T) {
	e := hubtest.New(t, nil)
	name := strings.Repeat("n", 255-6) + ".ipynb"
	e.Write(name, hubtest.Notebook("x"))
	room := e.Open(name)
	e.SetSource(room, "a", "y")
	if _, err := e.Hub.Save(ctx, room, hub.SaveRequest{}); err != nil {
		t.Error(err)
	}
}

// What was taken in is written, whatever its size, and what the hub wrote it
// opens again.
func TestSave_WhatWasAcknowledgedIsNeverTooLarge(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := hubtest.New(t, func(o *hub.Options) { o.MaxNotebook, o.MaxText = 2000, 1000 })
		e.Write("a.ipynb", hubtest.Notebook("one"))
		room := e.Open("a.ipynb")
		large := strings.Repeat("x", 3000)
		e.SetSource(room, "a", large)
		for range 2 {
			if _, err := e.Hub.Save(ctx, room, hub.SaveRequest{}); err != nil {
				t.Fatal(err)
			}
			if e.Read("a.ipynb") != hubtest.Notebook(large) || e.Room(room).State != hub.StateLive {
				t.Fatalf("the room is %+v", e.Room(room))
			}
			large += "y"
			e.SetSource(room, "a", large)
		}
		e.Restart()
		e.Open("a.ipynb")
		e.Write("a.ipynb", hubtest.Notebook(large, "from outside"))
		time.Sleep(time.Minute)
		if got := e.Source(room, "b"); got != "from outside" || e.Room(room).State != hub.StateLive {
			t.Errorf("a change outside: %q, %+v", got, e.Room(room))
		}
		for _, keep := range []string{"room", "disk"} {
			e.SetSource(room, "b", "here, for "+keep)
			e.Write("a.ipynb", hubtest.Notebook(large))
			time.Sleep(time.Second)
			if _, err := e.Hub.Resolve(ctx, room, keep, hub.Client{}); err != nil {
				t.Errorf("keep the %s's: %v", keep, err)
			}
			time.Sleep(time.Minute)
		}
		e.Stop()
	})
}
