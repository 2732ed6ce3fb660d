package hub_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"

	"github.com/notebookhub/hub/hub"
	"github.com/notebookhub/hub/hub/hubtest"
	"github.com/notebookhub/hub/hub/notebook"
)

// disputed brings a room into a conflict: cell b was deleted in the file, which
// got other news besides, and edited here.
func disputed(e *hubtest.Env, room uuid.UUID) *hubtest.Peer {
	p := e.Join(room)
	p.Type("b", "two, edited here")
	p.AwaitEvent("ack")
	e.Write("a.ipynb", hubtest.Notebook("one and news"))
	p.AwaitValue("hub", "state", "name", "conflict")
	p.AwaitSources("a:one and news", "b:two, edited here")
	return p
}

// While a person has not decided, what one change of the file brought is not
// brought again by the next one, whatever became of it here.
func TestConflict_LaterChangesAreMergedFromWhereTheFileWas(t *testing.T) {
	bubble(t, func(t *testing.T, e *hubtest.Env, room uuid.UUID) {
		p := disputed(e, room)
		p.Type("a", "one and good news")
		p.AwaitEvent("ack")
		e.Write("a.ipynb", cutCell(t, hubtest.Notebook("one and news", "", "third"), "b"))
		p.AwaitSources("a:one and good news", "c:third", "b:two, edited here")
		p.Delete(1, 1)
		p.AwaitEvent("ack")
		time.Sleep(time.Second)
		e.Write("a.ipynb", cutCell(t, hubtest.Notebook("one and news", "", "third", "fourth"), "b"))
		p.AwaitSources("a:one and good news", "d:fourth", "b:two, edited here")
		if s := e.Room(room).State; s != hub.StateConflict {
			t.Errorf("the room is %s", s)
		}
	})
}

// cutCell takes a cell out of an .ipynb.
func cutCell(t *testing.T, text, id string) string {
	t.Helper()
	file, err := notebook.Parse([]byte(text), notebook.ParseOptions{})
	if err != nil {
		t.Fatal(err)
	}
	nb := *file.Notebook()
	nb.Cells = nil
	for _, c := range file.Notebook().Cells {
		if c.ID != id {
			nb.Cells = append(nb.Cells, c)
		}
	}
	data, err := file.Render(&nb)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// What waits for a decision still does in the next life of the room, and in the
// next hub.
func TestConflict_SurvivesEvictionAndRestart(t *testing.T) {
	bubble(t, func(t *testing.T, e *hubtest.Env, room uuid.UUID) {
		p := disputed(e, room)
		p.Drop()
		awaitRooms(t, e, 0)
		for range 2 {
			p = e.Join(room)
			p.AwaitValue("hub", "state", "name", "conflict")
			p.AwaitSources("a:one and news", "b:two, edited here")
			time.Sleep(time.Minute)
			if e.Read("a.ipynb") != hubtest.Notebook("one and news") {
				t.Errorf("the file was written: %s", e.Read("a.ipynb"))
			}
			e.Restart()
		}
		if _, err := e.Hub.Resolve(ctx, room, "room", hub.Client{}); err != nil {
			t.Fatal(err)
		}
		if want := hubtest.Notebook("one and news", "two, edited here"); e.Read("a.ipynb") != want {
			t.Errorf("the file holds %s", e.Read("a.ipynb"))
		}
		e.Restart()
		e.Open("a.ipynb")
		if s := e.Room(room).State; s != hub.StateLive {
			t.Errorf("after the decision the room is %s", s)
		}
	})
}

// A file that gets the disputed cell back ends the dispute by itself.
func TestConflict_EndsWhenTheFileHasTheCellAgain(t *testing.T) {
	bubble(t, func(t *testing.T, e *hubtest.Env, room uuid.UUID) {
		p := disputed(e, room)
		e.Write("a.ipynb", hubtest.Notebook("one and news", "two"))
		p.AwaitValue("hub", "state", "name", "live")
		p.AwaitSources("a:one and news", "b:two, edited here")
		time.Sleep(10 * time.Second)
		if want := hubtest.Notebook("one and news", "two, edited here"); e.Read("a.ipynb") != want {
			t.Errorf("the file holds %s", e.Read("a.ipynb"))
		}
	})
}

// A decision is about the bytes that were on the disk then: it neither allows
// others to be replaced nor stands in the way of later saves.
func TestConflict_ADecisionIsAboutItsBytesAlone(t *testing.T) {
	bubble(t, func(t *testing.T, e *hubtest.Env, room uuid.UUID) {
		p := e.Join(room)
		p.Type("b", "two, edited here")
		p.AwaitEvent("ack")
		e.Write("a.ipynb", "<<<<<<< broken")
		p.AwaitValue("hub", "state", "name", "conflict")
		e.Disk.FailWrites(func(string) error { return &hub.Error{Code: hub.CodeDiskFull, Detail: "full"} })
		if _, err := e.Hub.Resolve(ctx, room, "room", hub.Client{}); hub.CodeOf(err) != hub.CodeDiskFull {
			t.Fatalf("resolve on a full disk: %v", err)
		}
		e.Write("a.ipynb", hubtest.Notebook("one by somebody", "two"))
		p.AwaitSources("a:one by somebody", "b:two, edited here")
		e.Disk.FailWrites(nil)
		if _, err := e.Hub.Save(ctx, room, hub.SaveRequest{}); err != nil {
			t.Fatalf("save: %v", err)
		}
		if want := hubtest.Notebook("one by somebody", "two, edited here"); e.Read("a.ipynb") != want {
			t.Errorf("the file holds %s", e.Read("a.ipynb"))
		}
	})
}

// Every change of the file is taken in, also in notebooks that hold what JSON
// has no word for.
func TestOutside_ChangesBesideNaNAreAllMerged(t *testing.T) {
	bubble(t, func(t *testing.T, e *hubtest.Env, room uuid.UUID) {
		odd := func(source string) string {
			return strings.Replace(hubtest.Notebook("one", source), `"metadata": {}`, `"metadata": {"q": NaN}`, 1)
		}
		p := e.Join(room)
		e.Write("a.ipynb", odd("two"))
		time.Sleep(time.Second)
		for n := range 4 {
			p.Type("a", "one"+strings.Repeat("!", n+1))
			p.AwaitEvent("ack")
			e.Write("a.ipynb", odd("two"+strings.Repeat("?", n+1)))
			p.AwaitSource("b", "two"+strings.Repeat("?", n+1))
		}
	})
}

// A file that was renamed while no hub ran is found by whoever attaches to its
// room, and keeps that room.
func TestRecovery_RenamedWhileNoHubRan(t *testing.T) {
	e := hubtest.New(t, nil)
	e.Write("a.ipynb", hubtest.Notebook("x"))
	room := e.Open("a.ipynb")
	e.Stop()
	if err := os.Rename(filepath.Join(e.Dir, "a.ipynb"), filepath.Join(e.Dir, "b.ipynb")); err != nil {
		t.Fatal(err)
	}
	e.Start()
	e.SetSource(room, "a", "edited")
	await(t, "the room to follow", func() bool { return e.Room(room).Path == "b.ipynb" })
	if again := e.Open("b.ipynb"); again != room {
		t.Errorf("another room: %s", again)
	}
	if _, err := e.Hub.Save(ctx, room, hub.SaveRequest{}); err != nil || e.Read("b.ipynb") != hubtest.Notebook("edited") {
		t.Errorf("saved %v: %s", err, e.Read("b.ipynb"))
	}
}

// In notebooks without cell ids a short cell that both sides rewrite is still one
// cell, merged by character, also when the file moves it.
func TestOutside_CellsWithoutIDsAreKnownByTheirPlace(t *testing.T) {
	old := func(sources ...string) string {
		text := strings.Replace(hubtest.Notebook(sources...), `"nbformat_minor": 5`, `"nbformat_minor": 4`, 1)
		for _, id := range []string{"a", "b", "c"} {
			text = strings.Replace(text, `   "id": "`+id+`",`+"\n", "", 1)
		}
		return text
	}
	for _, file := range [][]string{{"import time", "c = 10", "print(a)"}, {"c = 10", "import time", "print(a)"}} {
		synctest.Test(t, func(t *testing.T) {
			e := hubtest.New(t, nil)
			e.Write("a.ipynb", old("import time", "a = 10", "print(a)"))
			room := e.Open("a.ipynb")
			cells, err := e.Hub.Cells(ctx, room)
			if err != nil {
				t.Fatal(err)
			}
			id := cells.Cells[1].ID
			e.SetSource(room, id, "a = 10 # room")
			e.Write("a.ipynb", old(file...))
			time.Sleep(time.Second)
			if got := e.Source(room, id); got != "c = 10 # room" {
				t.Errorf("the cell holds %q", got)
			}
			if s := e.Room(room).State; s != hub.StateLive {
				t.Errorf("the room is %s", s)
			}
			e.Stop()
		})
	}
}
