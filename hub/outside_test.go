package hub_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"

	"github.com/notebookhub/hub/hub"
	"github.com/notebookhub/hub/hub/hubtest"
)

// What git changes and what people type both survive, in room and file.
func TestOutside_ChangeIsMergedWhilePeopleType(t *testing.T) {
	bubble(t, func(t *testing.T, e *hubtest.Env, room uuid.UUID) {
		p := e.Join(room)
		p.Type("a", "one, typed")
		p.AwaitEvent("ack")
		e.Write("a.ipynb", hubtest.Notebook("one", "two from git", "three from git"))
		p.AwaitSources("a:one, typed", "b:two from git", "c:three from git")
		time.Sleep(10 * time.Second)
		if want := hubtest.Notebook("one, typed", "two from git", "three from git"); e.Read("a.ipynb") != want {
			t.Errorf("the file holds %s", e.Read("a.ipynb"))
		}
		if info := e.Room(room); info.State != hub.StateLive || info.Unsaved {
			t.Errorf("the room is %+v", info)
		}
	})
}

// Both sides change the same cell: every character survives, once.
func TestOutside_SameCellMergesByCharacter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := hubtest.New(t, nil)
		e.Write("a.ipynb", hubtest.Notebook("first\nsecond\nthird"))
		room := e.Open("a.ipynb")
		p := e.Join(room)
		p.Type("a", "FIRST\nsecond\nthird")
		p.AwaitEvent("ack")
		e.Write("a.ipynb", hubtest.Notebook("first\nsecond\nTHIRD"))
		p.AwaitSource("a", "FIRST\nsecond\nTHIRD")
		e.Write("a.ipynb", hubtest.Notebook("first\nsecond\nTHIRD")) // the same again
		time.Sleep(10 * time.Second)
		if got := e.Source(room, "a"); got != "FIRST\nsecond\nTHIRD" {
			t.Errorf("the cell holds %q", got)
		}
		e.Stop()
	})
}

// Our own writes are known by their content, whenever the watcher tells.
func TestOutside_OwnWritesAreNoChange(t *testing.T) {
	bubble(t, func(t *testing.T, e *hubtest.Env, room uuid.UUID) {
		p := e.Join(room)
		for i := range 20 {
			p.Type("a", fmt.Sprintf("typing %d", i))
			time.Sleep(1500 * time.Millisecond)
			e.Watcher.Changed(filepath.Join(e.Dir, "a.ipynb"))
		}
		time.Sleep(time.Minute)
		if stats := e.Hub.Stats(); stats.Merges != 0 || stats.Saves == 0 {
			t.Errorf("%d merges, %d saves", stats.Merges, stats.Saves)
		}
		if got := e.Source(room, "a"); got != "typing 19" {
			t.Errorf("the cell holds %q", got)
		}
	})
}

// A file that is half written when it is looked at is read again.
func TestOutside_HalfWrittenFilesAreRetried(t *testing.T) {
	bubble(t, func(t *testing.T, e *hubtest.Env, room uuid.UUID) {
		whole := hubtest.Notebook("one", "two, later")
		e.Write("a.ipynb", whole[:len(whole)/2])
		time.Sleep(200 * time.Millisecond)
		if err := os.WriteFile(filepath.Join(e.Dir, "a.ipynb"), []byte(whole), 0o644); err != nil {
			t.Fatal(err)
		}
		p := e.Join(room)
		p.AwaitSource("b", "two, later")
		if e.Hub.Stats().Conflicts != 0 {
			t.Error("a half-written file became a conflict")
		}
	})
}

// A file that cannot be decoded is a conflict: nothing is written, people go on,
// and the end of the conflict is seen by itself.
func TestOutside_MergeMarkersAreAConflictUntilTheyAreGone(t *testing.T) {
	bubble(t, func(t *testing.T, e *hubtest.Env, room uuid.UUID) {
		p := e.Join(room)
		marked := "<<<<<<< HEAD\n" + hubtest.Notebook("one") + "=======\n>>>>>>> branch\n"
		e.Write("a.ipynb", marked)
		p.AwaitValue("hub", "state", "name", "conflict")
		if state := p.AwaitEvent("state"); state["state"] != "conflict" || !strings.Contains(fmt.Sprint(state["reason"]), "conflict") {
			t.Errorf("told %v", state)
		}
		p.Type("a", "typed meanwhile")
		p.AwaitEvent("ack")
		time.Sleep(time.Minute)
		if e.Read("a.ipynb") != marked {
			t.Error("a conflicting file was written")
		}
		if _, err := e.Hub.Save(ctx, room, hub.SaveRequest{}); hub.CodeOf(err) != hub.CodeConflict {
			t.Errorf("save: %v", err)
		}
		e.Write("a.ipynb", hubtest.Notebook("one", "two, resolved"))
		p.AwaitValue("hub", "state", "name", "live")
		p.AwaitSources("a:typed meanwhile", "b:two, resolved")
		time.Sleep(10 * time.Second)
		if want := hubtest.Notebook("typed meanwhile", "two, resolved"); e.Read("a.ipynb") != want {
			t.Errorf("the file holds %s", e.Read("a.ipynb"))
		}
	})
}

// One side deletes what the other edits: a person decides, and the loser is
// kept.
func TestOutside_DeleteAgainstEditIsDecidedByAPerson(t *testing.T) {
	for _, keep := range []string{"room", "disk"} {
		t.Run(keep, func(t *testing.T) {
			bubble(t, func(t *testing.T, e *hubtest.Env, room uuid.UUID) {
				p := e.Join(room)
				p.Type("b", "two, edited here")
				p.AwaitEvent("ack")
				onDisk := hubtest.Notebook("one")
				e.Write("a.ipynb", onDisk)
				p.AwaitValue("hub", "state", "name", "conflict")
				p.AwaitSources("a:one", "b:two, edited here")
				if disk, err := e.Hub.Disk(ctx, room); err != nil || string(disk.Data) != onDisk {
					t.Errorf("the other side is %s, %v", disk.Data, err)
				}
				if _, err := e.Hub.Resolve(ctx, room, keep, hub.Client{}); err != nil {
					t.Fatal(err)
				}
				p.AwaitValue("hub", "state", "name", "live")
				time.Sleep(10 * time.Second)
				want, lost := hubtest.Notebook("one", "two, edited here"), onDisk
				if keep == "disk" {
					want, lost = onDisk, hubtest.Notebook("one", "two, edited here")
					p.AwaitSources("a:one")
				}
				if e.Read("a.ipynb") != want {
					t.Errorf("the file holds %s", e.Read("a.ipynb"))
				}
				if !kept(t, e, room, lost) {
					t.Error("the losing side was not kept")
				}
			})
		})
	}
}

// kept tells whether a version holds exactly this.
func kept(t *testing.T, e *hubtest.Env, room uuid.UUID, content string) bool {
	t.Helper()
	versions, err := e.Hub.Versions(ctx, room)
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range versions {
		if doc, err := e.Hub.Version(ctx, room, v.ID); err == nil && string(doc.Data) == content {
			return true
		}
	}
	return false
}

// A deleted file stays deleted until somebody consents; what is in the room
// stays in the room.
func TestOutside_DeletedFileIsNotRecreatedUnasked(t *testing.T) {
	bubble(t, func(t *testing.T, e *hubtest.Env, room uuid.UUID) {
		p := e.Join(room)
		p.Type("a", "edited")
		p.AwaitEvent("ack")
		e.Remove("a.ipynb")
		p.AwaitValue("hub", "state", "name", "missing")
		p.Type("a", "edited again")
		time.Sleep(time.Minute)
		if e.Read("a.ipynb") != "" {
			t.Error("the file is back")
		}
		if _, err := e.Hub.Save(ctx, room, hub.SaveRequest{}); hub.CodeOf(err) != hub.CodeMissing {
			t.Errorf("save: %v", err)
		}
		p.Drop()
		awaitRooms(t, e, 0)
		if again := e.Open("a.ipynb"); again != room {
			t.Errorf("opening gave room %s", again)
		}
		if got := e.Source(room, "a"); got != "edited again" {
			t.Errorf("the room holds %q", got)
		}
		if _, err := e.Hub.Save(ctx, room, hub.SaveRequest{Recreate: true}); err != nil {
			t.Fatal(err)
		}
		if e.Read("a.ipynb") != hubtest.Notebook("edited again", "two") || e.Room(room).State != hub.StateLive {
			t.Errorf("the file holds %s", e.Read("a.ipynb"))
		}
	})
}

// A file that is moved inside the root takes its room along.
func TestOutside_MovedFileIsFollowed(t *testing.T) {
	bubble(t, func(t *testing.T, e *hubtest.Env, room uuid.UUID) {
		p := e.Join(room)
		if err := os.MkdirAll(filepath.Join(e.Dir, "deep/er"), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(filepath.Join(e.Dir, "a.ipynb"), filepath.Join(e.Dir, "deep/er/b.ipynb")); err != nil {
			t.Fatal(err)
		}
		e.Watcher.Changed(filepath.Join(e.Dir, "a.ipynb"))
		if moved := p.AwaitEvent("path_changed"); moved["path"] != "deep/er/b.ipynb" {
			t.Errorf("told %v", moved)
		}
		p.Type("a", "after the move")
		time.Sleep(10 * time.Second)
		if e.Read("a.ipynb") != "" || e.Read("deep/er/b.ipynb") != hubtest.Notebook("after the move", "two") {
			t.Errorf("the files hold %q and %q", e.Read("a.ipynb"), e.Read("deep/er/b.ipynb"))
		}
		if again := e.Open("deep/er/b.ipynb"); again != room {
			t.Errorf("its room is %s", again)
		}
		if e.Room(room).State != hub.StateLive {
			t.Errorf("the room is %+v", e.Room(room))
		}
	})
}

// The same, while no hub looked.
func TestOutside_MovedFileIsRecognisedLater(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := hubtest.New(t, nil)
		e.Write("a.ipynb", hubtest.Notebook("one"))
		room := e.Open("a.ipynb")
		e.Stop()
		if err := os.Rename(filepath.Join(e.Dir, "a.ipynb"), filepath.Join(e.Dir, "b.ipynb")); err != nil {
			t.Fatal(err)
		}
		e.Start()
		if got := e.Open("b.ipynb"); got != room {
			t.Errorf("b.ipynb is room %s, not %s", got, room)
		}
		if info := e.Room(room); info.Path != "b.ipynb" || info.State != hub.StateLive {
			t.Errorf("the room is %+v", info)
		}
		e.Stop()
	})
}

// An outside change while the room is at rest is merged with its unsaved edits
// when it comes back.
func TestOutside_ChangeDuringRestIsMergedOnReturn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := hubtest.New(t, func(o *hub.Options) { o.SaveQuiet, o.SaveMax = time.Hour, time.Hour })
		e.Write("a.ipynb", hubtest.Notebook("one", "two"))
		room := e.Open("a.ipynb")
		e.Disk.FailWrites(func(string) error { return &hub.Error{Code: hub.CodePermission, Detail: "read-only"} })
		e.SetSource(room, "a", "only in the journal")
		e.Stop()
		if e.Read("a.ipynb") != hubtest.Notebook("one", "two") {
			t.Fatal("the edit is in the file already")
		}
		e.Write("a.ipynb", hubtest.Notebook("one", "two from git"))
		e.Start()
		p := e.Join(e.Open("a.ipynb"))
		p.AwaitSources("a:only in the journal", "b:two from git")
		e.Stop()
		if want := hubtest.Notebook("only in the journal", "two from git"); e.Read("a.ipynb") != want {
			t.Errorf("the file holds %s", e.Read("a.ipynb"))
		}
	})
}

// Deleting every cell on purpose is saved, and what was there is kept.
func TestDeleteAll_IsSavedAndKept(t *testing.T) {
	bubble(t, func(t *testing.T, e *hubtest.Env, room uuid.UUID) {
		p := e.Join(room)
		p.Type("a", "one, edited")
		p.AwaitEvent("ack")
		time.Sleep(5 * time.Second)
		p.Delete(0, 2)
		p.AwaitSources()
		time.Sleep(10 * time.Second)
		if got := e.Read("a.ipynb"); strings.Contains(got, "source") {
			t.Errorf("the file holds %s", got)
		}
		if !kept(t, e, room, hubtest.Notebook("one, edited", "two")) {
			t.Error("the former cells were not kept")
		}
		versions, _ := e.Hub.Versions(ctx, room)
		if _, err := e.Hub.RestoreVersion(ctx, room, versions[0].ID, hub.Client{}); err != nil {
			t.Fatal(err)
		}
		p.AwaitSources("a:one, edited", "b:two")
	})
}

// A deleted notebook goes to the trash, whole, and comes back.
func TestTrash_TakesAndGivesBack(t *testing.T) {
	bubble(t, func(t *testing.T, e *hubtest.Env, room uuid.UUID) {
		e.SetSource(room, "a", "unsaved when deleted")
		entry, err := e.Hub.DeleteFile(ctx, "a.ipynb", hub.Client{Name: "ann"})
		if err != nil || e.Read("a.ipynb") != "" {
			t.Fatalf("delete: %v", err)
		}
		if list, err := e.Hub.Trash(ctx); err != nil || len(list) != 1 || list[0].Path != "a.ipynb" || list[0].By != "ann" {
			t.Errorf("the trash holds %+v, %v", list, err)
		}
		e.Write("a.ipynb", hubtest.Notebook("another one"))
		if e.Open("a.ipynb") == room {
			t.Error("another notebook at the path is in the deleted one's room")
		}
		if _, err := e.Hub.RestoreTrash(ctx, entry.ID, "", hub.Client{}); hub.CodeOf(err) != hub.CodeFileExists {
			t.Errorf("restore over a file: %v", err)
		}
		if _, err := e.Hub.RestoreTrash(ctx, entry.ID, "back.ipynb", hub.Client{}); err != nil {
			t.Fatal(err)
		}
		if e.Read("back.ipynb") != hubtest.Notebook("unsaved when deleted", "two") {
			t.Errorf("it came back as %s", e.Read("back.ipynb"))
		}
	})
}

// afterWrite lets a test act between the write of a file and the end of a save.
type afterWrite struct {
	hub.Files
	then func(path string)
}

func (f *afterWrite) Write(p string, data []byte, o hub.WriteOptions) (hub.Written, error) {
	stat, err := f.Files.Write(p, data, o)
	if f.then != nil && err == nil {
		f.then(p)
	}
	return stat, err
}

// A change that comes while a save ends is looked at afterwards.
func TestOutside_ChangeDuringASaveIsSeen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var files *afterWrite
		e := hubtest.New(t, func(o *hub.Options) {
			files = &afterWrite{Files: o.Files}
			o.Files = files
		})
		e.Write("a.ipynb", hubtest.Notebook("x", "y"))
		room := e.Open("a.ipynb")
		peer := e.Join(room)
		e.SetSource(room, "a", "edited")
		files.then = func(p string) {
			files.then = nil
			e.Write(p, strings.Replace(e.Read(p), `"y"`, `"outside"`, 1))
			time.Sleep(50 * time.Millisecond) // the watcher's word arrives during the save
		}
		if _, err := e.Hub.Save(ctx, room, hub.SaveRequest{}); err != nil {
			t.Fatal(err)
		}
		time.Sleep(10 * time.Second)
		if got := e.Source(room, "b"); got != "outside" {
			t.Errorf("the room has %q", got)
		}
		peer.Drop()
		e.Stop()
	})
}

// Everything is deleted as the first thing that happens.
func TestDeleteAll_AsTheFirstEditIsKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := hubtest.New(t, nil)
		e.Write("a.ipynb", hubtest.Notebook("x", "y"))
		room := e.Open("a.ipynb")
		peer := e.Join(room)
		peer.Delete(0, 2)
		time.Sleep(5 * time.Second)
		versions, err := e.Hub.Versions(ctx, room)
		if err != nil || len(versions) != 1 {
			t.Errorf("versions: %v %v", versions, err)
		}
		peer.Drop()
		e.Stop()
	})
}

// What a person decided about one content of the file is not meant for the next.
func TestResolve_DecisionIsForWhatWasSeen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := hubtest.New(t, nil)
		e.Write("a.ipynb", hubtest.Notebook("x"))
		room := e.Open("a.ipynb")
		e.Write("a.ipynb", "<<<<<<< broken")
		time.Sleep(5 * time.Second)
		if s := e.Room(room).State; s != hub.StateConflict {
			t.Fatalf("state %s", s)
		}
		var reads atomic.Int32
		e.Disk.FailReads(func(string) error {
			if reads.Add(1) == 2 { // after the decision, before the write
				os.WriteFile(filepath.Join(e.Dir, "a.ipynb"), []byte(hubtest.Notebook("x", "outside")), 0o644)
			}
			return nil
		})
		info, err := e.Hub.Resolve(ctx, room, "room", hub.Client{})
		t.Log(info.State, err)
		e.Disk.FailReads(nil)
		e.SetSource(room, "a", "edited later")
		time.Sleep(3 * time.Minute)
		if info := e.Room(room); info.State != hub.StateLive || info.Unsaved {
			t.Errorf("room is %s (%s), unsaved %v", info.State, info.Reason, info.Unsaved)
		}
		if got := e.Read("a.ipynb"); !strings.Contains(got, "edited later") || !strings.Contains(got, "outside") {
			t.Errorf("file: %s", got)
		}
		e.Stop()
	})
}
