package api

import (
	"strings"
	"testing"

	"github.com/notebookhub/hub/hub"
)

func (e *env) sources(room Room) string {
	e.Helper()
	list := into[CellList](e.do("GET", roomPath(room.ID, "/cells"), nil).want(200))
	var ids []string
	for i, c := range list.Cells {
		if c.Index != i {
			e.Errorf("cell %s has index %d at %d", c.ID, c.Index, i)
		}
		ids = append(ids, c.ID)
	}
	return strings.Join(ids, " ")
}

// Cells are inserted, read, changed, moved and deleted by id.
func TestCells_ByID(t *testing.T) {
	e := newEnv(t)
	e.file("a.ipynb", twoCells)
	room := e.open("a.ipynb")
	cells := roomPath(room.ID, "/cells")

	made := e.do("POST", cells, map[string]any{"id": "third", "cell_type": "raw", "source": "x", "metadata": map[string]any{"tags": []string{"t"}}, "index": 1}).want(201)
	c := into[Cell](made)
	if c.ID != "third" || c.Index != 1 || c.CellType != CellTypeRaw || made.header.Get("Location") != cells+"/third" || made.header.Get("ETag") != c.Etag || c.Outputs != nil {
		t.Fatalf("made %+v at %s", c, made.header.Get("Location"))
	}
	e.do("POST", cells, map[string]any{"id": "fourth", "after": "first", "attachments": map[string]any{"a.png": map[string]any{"image/png": "AA=="}}, "cell_type": "markdown"}).want(201)
	e.do("POST", cells, map[string]any{"id": "fifth", "before": "second"}).want(201)
	minted := into[Cell](e.do("POST", cells, map[string]any{}).want(201))
	if minted.ID == "" || minted.CellType != CellTypeCode || minted.Outputs == nil {
		t.Fatalf("minted %+v", minted)
	}
	if got := e.sources(room); got != "first fourth third fifth second "+minted.ID {
		t.Fatalf("order %q", got)
	}
	e.do("POST", cells, map[string]any{"id": "third"}).wantCode(422, hub.CodeInvalid)
	e.do("POST", cells, map[string]any{"after": "nobody"}).wantCode(404, hub.CodeCellNotFound)

	all := e.do("GET", cells, nil).want(200)
	e.do("GET", cells, nil, "If-None-Match", all.header.Get("ETag")).want(304)
	if nb := e.do("GET", roomPath(room.ID, "/notebook"), nil).want(200); nb.header.Get("ETag") != all.header.Get("ETag") {
		t.Error("cells and notebook have different ETags")
	}

	got := e.do("GET", cells+"/first", nil).want(200)
	tag := got.header.Get("ETag")
	e.do("GET", cells+"/first", nil, "If-None-Match", tag).want(304)
	patched := e.do("PATCH", cells+"/first", map[string]any{"source": "# now text", "cell_type": "markdown", "metadata": map[string]any{"k": 1.5}}, "If-Match", tag).want(200)
	c = into[Cell](patched)
	if c.Source != "# now text" || c.CellType != CellTypeMarkdown || c.Metadata["k"] != 1.5 || patched.header.Get("ETag") == tag {
		t.Fatalf("patched %+v", c)
	}
	e.do("PATCH", cells+"/first", map[string]any{"source": "stale"}, "If-Match", tag).wantCode(412, hub.CodeStale)
	e.do("DELETE", cells+"/first", nil, "If-Match", tag).wantCode(412, hub.CodeStale)

	if c := into[Cell](e.do("POST", cells+"/first/move", map[string]any{"after": "second"}).want(200)); c.ID != "first" || c.Source != "# now text" {
		t.Fatalf("moved %+v", c)
	}
	e.do("POST", cells+"/second/move", map[string]any{"index": 0}).want(200)
	e.do("POST", cells+"/"+minted.ID+"/move", map[string]any{"before": "third"}).want(200)
	e.do("POST", cells+"/fourth/move", nil).want(200)
	if got := e.sources(room); got != "second "+minted.ID+" third fifth first fourth" {
		t.Fatalf("order %q", got)
	}
	e.do("DELETE", cells+"/first", nil, "If-Match", patched.header.Get("ETag")).want(204)
	for _, path := range []string{"/first", "/a%2Fb", "/%00", "/first%20"} {
		e.do("GET", cells+path, nil).wantCode(404, hub.CodeCellNotFound)
		e.do("PATCH", cells+path, map[string]any{"source": ""}).wantCode(404, hub.CodeCellNotFound)
		e.do("DELETE", cells+path, nil).wantCode(404, hub.CodeCellNotFound)
		e.do("POST", cells+path+"/move", map[string]any{"index": 0}).wantCode(404, hub.CodeCellNotFound)
	}
}

// JSON has no word for the numbers that notebooks may hold.
func TestCells_NumbersThatJSONCannotSay(t *testing.T) {
	e := newEnv(t)
	e.file("nan.ipynb", `{"cells": [{"cell_type": "code", "id": "a", "execution_count": 3, "metadata": {"x": [NaN, 1], "y": {"z": -Infinity}}, "outputs": [
 {"output_type": "execute_result", "execution_count": 3, "data": {"application/json": {"v": Infinity}}, "metadata": {}}], "source": ""}],
 "metadata": {}, "nbformat": 4, "nbformat_minor": 5}`)
	room := e.open("nan.ipynb")
	c := into[Cell](e.do("GET", roomPath(room.ID, "/cells/a"), nil).want(200))
	if list := c.Metadata["x"].([]any); list[0] != nil || list[1] != 1.0 || value(c.ExecutionCount) != 3 {
		t.Fatalf("cell %+v", c)
	}
	bare := into[CellList](e.do("GET", roomPath(room.ID, "/cells?outputs=0"), nil).want(200))
	if bare.Cells[0].Outputs != nil {
		t.Error("outputs although they were not wanted")
	}
	if r := e.do("GET", roomPath(room.ID, "/notebook"), nil).want(200); !strings.Contains(string(r.body), "NaN") {
		t.Error("the notebook lost its NaN")
	}
}
