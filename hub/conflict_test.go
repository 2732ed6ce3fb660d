package hub_test

import (
	"testing"
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
