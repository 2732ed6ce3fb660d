package hub_test

import (
	"strings"
	"testing"
	"testing/synctest"

	"github.com/notebookhub/hub/hub"
	"github.com/notebookhub/hub/hub/hubtest"
)

// Notebooks of nbformat 3 are read, their edits are kept in the journal, and
// the file is written, as 4.5, only when somebody asks.
func TestOldFormat_IsWrittenOnlyWhenAskedFor(t *testing.T) {
	old := `{"metadata":{"name":""},"nbformat":3,"nbformat_minor":0,"worksheets":[{"cells":[` +
		`{"cell_type":"code","collapsed":false,"input":["x = 1"],"language":"python","metadata":{},"outputs":[]}],"metadata":{}}]}`
	synctest.Test(t, func(t *testing.T) {
		e := hubtest.New(t, nil)
		e.Write("old.ipynb", old)
		room := e.Open("old.ipynb")
		cells, err := e.Hub.Cells(ctx, room)
		if err != nil || len(cells.Cells) != 1 || cells.Cells[0].Source != "x = 1" {
			t.Fatalf("it reads as %+v, %v", cells, err)
		}
		id := cells.Cells[0].ID
		e.SetSource(room, id, "x = 2")
		awaitRooms(t, e, 0)
		e.Restart()
		if got := e.Source(room, id); got != "x = 2" || e.Read("old.ipynb") != old {
			t.Errorf("the edit is %q, the file %s", got, e.Read("old.ipynb"))
		}
		if doc, err := e.Hub.Notebook(ctx, room); err != nil || !strings.Contains(string(doc.Data), `"nbformat":4`) {
			t.Errorf("the export is %s, %v", doc.Data, err)
		}
		if _, err := e.Hub.Save(ctx, room, hub.SaveRequest{}); err != nil {
			t.Fatal(err)
		}
		if got := e.Read("old.ipynb"); !strings.Contains(got, `"nbformat_minor":5`) || !strings.Contains(got, "x = 2") {
			t.Errorf("the file holds %s", got)
		}
		e.SetSource(room, id, "x = 3")
		e.Stop()
		if !strings.Contains(e.Read("old.ipynb"), "x = 3") {
			t.Error("after that it is a notebook like any other")
		}
	})
}
