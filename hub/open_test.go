package hub_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"

	"github.com/notebookhub/hub/hub"
	"github.com/notebookhub/hub/hub/hubtest"
)

var ctx = context.Background()

// A file is one room, whatever links and spellings lead to it.
func TestOpen_AnyNameOfAFileIsTheSameRoom(t *testing.T) {
	e := hubtest.New(t, nil)
	e.Write("dir/a.ipynb", hubtest.Notebook("x"))
	for _, link := range []struct{ from, to string }{{"a.ipynb", "dir/soft.ipynb"}, {"dir", "folder"}} {
		if err := os.Symlink(link.from, filepath.Join(e.Dir, link.to)); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Link(filepath.Join(e.Dir, "dir/a.ipynb"), filepath.Join(e.Dir, "hard.ipynb")); err != nil {
		t.Fatal(err)
	}
	want := e.Open("dir/a.ipynb")
	for _, name := range []string{"dir/./a.ipynb", "dir//a.ipynb", "dir/soft.ipynb", "folder/a.ipynb", "folder/soft.ipynb", "hard.ipynb"} {
		if got := e.Open(name); got != want {
			t.Errorf("%s is room %s, not %s", name, got, want)
		}
	}
	if n := e.Hub.Stats().Rooms; n != 1 {
		t.Errorf("there are %d rooms", n)
	}
}

func TestOpen_AtTheSameTimeLoadsOnce(t *testing.T) {
	e := hubtest.New(t, nil)
	e.Write("a.ipynb", hubtest.Notebook("x"))
	rooms := make([]uuid.UUID, 64)
	opened := make([]bool, 64)
	var wg sync.WaitGroup
	for i := range rooms {
		wg.Go(func() {
			r, err := e.Hub.Open(ctx, hub.OpenRequest{Path: "a.ipynb"})
			if err != nil {
				t.Error(err)
			}
			rooms[i], opened[i] = r.Room.ID, r.Opened
		})
	}
	wg.Wait()
	count := 0
	for i := range rooms {
		if rooms[i] != rooms[0] {
			t.Errorf("opens gave rooms %s and %s", rooms[0], rooms[i])
		}
		if opened[i] {
			count++
		}
	}
	if stats := e.Hub.Stats(); stats.Opened != 1 || stats.Watchers != 1 || count != 1 {
		t.Errorf("opened %d times, %d watches, %d callers were told that they opened it", stats.Opened, stats.Watchers, count)
	}
}

func TestOpen_KeepsTheRoomIDOverEvictionsAndRestarts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := hubtest.New(t, nil)
		e.Write("a.ipynb", hubtest.Notebook("x"))
		first := e.Open("a.ipynb")
		awaitRooms(t, e, 0)
		if again := e.Open("a.ipynb"); again != first {
			t.Errorf("after eviction the room is %s, not %s", again, first)
		}
		e.Restart()
		if again := e.Open("a.ipynb"); again != first {
			t.Errorf("after a restart the room is %s, not %s", again, first)
		}
		e.Stop()
	})
}

// What cannot be opened says why, opens nothing, and keeps every byte.
func TestOpen_BadFilesStayUntouched(t *testing.T) {
	files := map[string]struct {
		content string
		code    hub.Code
	}{
		"broken.ipynb":   {`{"cells": [`, hub.CodeBadNotebook},
		"empty.ipynb":    {``, hub.CodeBadNotebook},
		"object.ipynb":   {`{}`, hub.CodeBadNotebook},
		"array.ipynb":    {`[]`, hub.CodeBadNotebook},
		"merge.ipynb":    {"<<<<<<< HEAD\n" + hubtest.Notebook("x") + "=======\n>>>>>>> b\n", hub.CodeBadNotebook},
		"future.ipynb":   {`{"cells":[],"metadata":{},"nbformat":5,"nbformat_minor":0}`, hub.CodeUnsupported},
		"binary.ipynb":   {"\x00\x01\x02", hub.CodeBadNotebook},
		"toolarge.ipynb": {hubtest.Notebook(fmt.Sprintf("%01000000d", 1)), hub.CodeTooLarge},
	}
	synctest.Test(t, func(t *testing.T) {
		e := hubtest.New(t, func(o *hub.Options) { o.MaxNotebook = 500_000 })
		for name, f := range files {
			e.Write(name, f.content)
			_, err := e.Hub.Open(ctx, hub.OpenRequest{Path: name})
			if got := hub.CodeOf(err); got != f.code {
				t.Errorf("open %s: %v; code %q, want %q", name, err, got, f.code)
			}
		}
		awaitRooms(t, e, 0)
		for name, f := range files {
			if e.Read(name) != f.content {
				t.Errorf("%s was changed", name)
			}
		}
		if claims := e.Hub.Stats().Claims; claims != 0 {
			t.Errorf("%d claims are left", claims)
		}
		e.Stop()
	})
}

func TestOpen_RefusesWhatIsNoNotebook(t *testing.T) {
	e := hubtest.New(t, nil)
	outside := filepath.Join(t.TempDir(), "secret.ipynb")
	if err := os.WriteFile(outside, []byte(hubtest.Notebook("secret")), 0o600); err != nil {
		t.Fatal(err)
	}
	e.Write(".hidden/a.ipynb", hubtest.Notebook("x"))
	e.Write("folder.ipynb/a.txt", "x")
	e.Write("a.txt", "x")
	for to, from := range map[string]string{"out.ipynb": outside, "up.ipynb": "../" + filepath.Base(filepath.Dir(outside)) + "/secret.ipynb",
		"in.ipynb": ".hidden/a.ipynb", "loop.ipynb": "loop.ipynb"} {
		if err := os.Symlink(from, filepath.Join(e.Dir, to)); err != nil {
			t.Fatal(err)
		}
	}
	wantPipe := makePipe(t, filepath.Join(e.Dir, "pipe.ipynb"))
	for path, want := range map[string]hub.Code{
		"missing.ipynb": hub.CodeNotFound, "../up.ipynb": hub.CodeNotFound, "a/../../up.ipynb": hub.CodeNotFound,
		"/etc/passwd.ipynb": hub.CodeNotFound, `C:\a.ipynb`: hub.CodeNotFound, "C:/a.ipynb": hub.CodeNotFound,
		".hidden/a.ipynb": hub.CodeNotFound, "a\x00.ipynb": hub.CodeInvalidPath, "a.txt": hub.CodeInvalidPath, ".ipynb": hub.CodeNotFound,
		"out.ipynb": hub.CodeNotFound, "up.ipynb": hub.CodeNotFound, "in.ipynb": hub.CodeNotFound, "loop.ipynb": hub.CodeNotFound,
		"folder.ipynb": hub.CodeNotAFile, "pipe.ipynb": wantPipe, "a.txt/b.ipynb": hub.CodeNotFound,
	} {
		_, err := e.Hub.Open(ctx, hub.OpenRequest{Path: path})
		if got := hub.CodeOf(err); got != want {
			t.Errorf("open %q: %v; want code %q", path, err, want)
		}
	}
}

// Attaching reopens what the store knows and never makes a room.
func TestJoin_UnknownIDsMakeNoRoom(t *testing.T) {
	e := hubtest.New(t, nil)
	p := e.JoinAs(uuid.New(), hubtest.JoinAs{})
	if <-p.Left(); hub.CodeOf(p.Err) != hub.CodeRoomNotFound {
		t.Errorf("joining an unknown room: %v", p.Err)
	}
	if stats := e.Hub.Stats(); stats.Rooms != 0 || stats.Claims != 0 {
		t.Errorf("it left %+v", stats)
	}
}

// A notebook that was moved while its room waits for it can be opened.
func TestOpen_MovedFileFindsTheRoomThatWaitsForIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := hubtest.New(t, nil)
		e.Write("a.ipynb", hubtest.Notebook("x"))
		room := e.Open("a.ipynb")
		peer := e.Join(room)
		away := filepath.Join(e.State, "away") // on the same device
		os.Rename(filepath.Join(e.Dir, "a.ipynb"), away)
		e.Watcher.Changed(filepath.Join(e.Dir, "a.ipynb"))
		time.Sleep(time.Second)
		if s := e.Room(room).State; s != hub.StateMissing {
			t.Fatalf("state %s", s)
		}
		if err := os.Rename(away, filepath.Join(e.Dir, "b.ipynb")); err != nil {
			t.Fatal(err)
		}
		limit, cancel := context.WithTimeout(ctx, time.Minute)
		defer cancel()
		r, err := e.Hub.Open(limit, hub.OpenRequest{Path: "b.ipynb"})
		if err != nil || r.Room.ID != room {
			t.Errorf("open: %v %v", r.Room.ID, err)
		}
		if info := e.Room(room); info.State != hub.StateLive || info.Path != "b.ipynb" {
			t.Errorf("room %s %s", info.State, info.Path)
		}
		peer.Drop()
		e.Stop()
	})
}

// A folder that became a link leads to the same room.
func TestOpen_FolderThatBecameALinkLeadsToTheSameRoom(t *testing.T) {
	e := hubtest.New(t, func(o *hub.Options) { o.RoomIdle = 50 * time.Millisecond })
	e.Write("sub/a.ipynb", hubtest.Notebook("x"))
	room := e.Open("sub/a.ipynb")
	awaitRooms(t, e, 0)
	os.Rename(filepath.Join(e.Dir, "sub"), filepath.Join(e.Dir, "real"))
	os.Symlink("real", filepath.Join(e.Dir, "sub"))
	limit, cancel := context.WithTimeout(ctx, 2*time.Minute)
	defer cancel()
	if _, err := e.Hub.Cells(limit, room); err != nil {
		t.Errorf("by id: %v", err)
	}
	r, err := e.Hub.Open(limit, hub.OpenRequest{Path: "sub/a.ipynb"})
	if err != nil || r.Room.ID != room {
		t.Errorf("by path: %v %v", r.Room.ID, err)
	}
}

// Two who come to a room at rest at once, by its id or by its path: who is second
// is let in, although the first one opens it between two looks of the other.
func TestOpen_TheSecondOfTwoAtARestingRoomIsLetIn(t *testing.T) {
	for name, come := range map[string]func(ctx context.Context, e *hubtest.Env, room uuid.UUID) error{
		"by id": func(ctx context.Context, e *hubtest.Env, room uuid.UUID) error {
			_, err := e.Hub.Cells(ctx, room)
			return err
		},
		"by path": func(ctx context.Context, e *hubtest.Env, _ uuid.UUID) error {
			_, err := e.Hub.Open(ctx, hub.OpenRequest{Path: "a.ipynb"})
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T, e *hubtest.Env, room uuid.UUID) {
				awaitRooms(t, e, 0)
				looks, faster := 0, make(chan struct{})
				e.Disk.OnResolve(func(string) {
					if looks++; looks == 1 {
						<-faster
					}
				})
				ended := make(chan error, 1)
				ctx, cancel := context.WithTimeout(ctx, time.Minute)
				defer cancel()
				go func() { ended <- come(ctx, e, room) }()
				synctest.Wait()
				first := e.Join(room) // and stays
				close(faster)
				if err := <-ended; err != nil {
					t.Errorf("who was second: %v", err)
				}
				first.Drop()
			})
		})
	}
}
