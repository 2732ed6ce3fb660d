package hub_test

import (
	"testing"

	"github.com/notebookhub/hub/hub"
	"github.com/notebookhub/hub/hub/hubtest"
)

// A version is compared with the present cell by cell.
func TestDiffVersion_TellsWhatBecameOfEachCell(t *testing.T) {
	e := hubtest.New(t, nil)
	e.Write("a.ipynb", hubtest.Notebook("one", "two", "three", "four"))
	room := e.Open("a.ipynb")
	version, err := e.Hub.KeepVersion(ctx, room, hub.Client{Name: "ann"})
	if err != nil || version.Cells != 4 || version.By != "ann" || version.Reason != "request" {
		t.Fatalf("kept %+v, %v", version, err)
	}
	p := e.Join(room)
	p.Type("a", "one, changed")
	p.Insert(4, "e", "five")
	p.Delete(1, 1)
	await(t, "the edits arrived", func() bool { return e.Room(room).Cells == 4 && e.Source(room, "a") == "one, changed" })
	first := 0
	if _, err := e.Hub.MoveCell(ctx, room, "d", hub.Place{Index: &first}, hub.Client{}); err != nil {
		t.Fatal(err)
	}
	d, err := e.Hub.DiffVersion(ctx, room, version.ID)
	if err != nil || d.Inserted != 1 || d.Deleted != 1 || d.Changed != 1 || d.Moved != 1 || d.Metadata {
		t.Fatalf("the difference is %+v, %v", d, err)
	}
	want := map[string]string{"a": "changed", "b": "deleted", "d": "moved", "e": "inserted"}
	for _, c := range d.Cells {
		if want[c.ID] != c.Kind {
			t.Errorf("cell %s: %+v", c.ID, c)
		}
	}
	if _, err := e.Hub.DiffVersion(ctx, room, "nonsense"); hub.CodeOf(err) != hub.CodeNoSuchVersion {
		t.Errorf("an unknown version: %v", err)
	}
}
