package api

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"testing"
	"time"

	"github.com/notebookhub/hub/hub"
)

const sessionBody = `{"format":"json","type":"notebook"}`

// The sequence of Jupyter's front end: session, contents with hash, room, save.
func TestJupyter_OpenEditAndSave(t *testing.T) {
	e := newEnv(t)
	e.file("a/b.ipynb", twoCells)
	first := into[JupyterSession](e.do("PUT", "/api/collaboration/session/a%2Fb.ipynb", sessionBody).want(201))
	again := into[JupyterSession](e.do("PUT", "/api/collaboration/session/a/b.ipynb", sessionBody, "Content-Type", "text/plain;charset=UTF-8").want(200))
	if first != again || first.Format != "json" || first.Type != "notebook" {
		t.Fatalf("sessions %+v and %+v", first, again)
	}
	e.do("PUT", "/api/collaboration/session/none.ipynb", sessionBody).wantCode(404, hub.CodeNotFound)

	model := e.contents("a/b.ipynb?type=notebook&content=0&hash=1&1700000000000")
	sum := sha256.Sum256([]byte(twoCells))
	if model.Type != JupyterContentsTypeNotebook || model.Name != "b.ipynb" || model.Path != "a/b.ipynb" || model.Content != nil ||
		value(model.Hash) != hex.EncodeToString(sum[:]) || value(model.HashAlgorithm) != "sha256" || value(model.Size) != int64(len(twoCells)) {
		t.Fatalf("contents %+v", model)
	}
	c := e.attach("/api/collaboration/room/json:notebook:" + first.FileID.String() + "?sessionId=" + first.SessionID.String() + "&token=" + testToken)
	c.addCell("typed", "x")
	c.awaitState("path", "a/b.ipynb")
	c.send([]byte{2, 4, 's', 'a', 'v', 'e', 7})
	c.until("the answer to the save", func(kind uint64, payload []byte) bool {
		if kind != 2 {
			return false
		}
		var answer map[string]any
		e.ok(json.Unmarshal(payload[1:], &answer))
		return answer["responseTo"] == 7.0 && answer["status"] == "success"
	})
	model = e.contents("a/b.ipynb?content=0&hash=1")
	sum = sha256.Sum256([]byte(e.disk("a/b.ipynb")))
	if value(model.Hash) != hex.EncodeToString(sum[:]) {
		t.Error("after the save the hash is not the file's")
	}
	c.awaitState("hash", value(model.Hash))
}

func (e *env) contents(path string) JupyterContents {
	e.Helper()
	return into[JupyterContents](e.do("GET", "/api/contents/"+path, nil).want(200))
}

func TestJupyter_ContentsOfNotebooksAndFolders(t *testing.T) {
	e := newEnv(t)
	e.file("a.ipynb", twoCells)
	e.file("dir/nan.ipynb", `{"cells": [], "metadata": {"x": NaN}, "nbformat": 4, "nbformat_minor": 5}`)
	model := e.contents("a.ipynb")
	if model.Content.(map[string]any)["nbformat"] != 4.0 || value(model.Format) != "json" || model.Hash != nil {
		t.Fatalf("contents %+v", model)
	}
	root := e.contents("")
	if root.Type != JupyterContentsTypeDirectory || root.Path != "" || len(root.Content.([]any)) != 2 {
		t.Fatalf("root %+v", root)
	}
	if dir := e.contents("dir?content=0"); dir.Type != JupyterContentsTypeDirectory || dir.Content != nil {
		t.Fatalf("folder %+v", dir)
	}
	// Jupyter spells NaN, which no JSON parser has to take.
	resp, err := e.server.Client().Do(e.request("GET", "/api/contents/dir/nan.ipynb", nil))
	e.ok(err)
	defer resp.Body.Close()
	if resp.StatusCode != 200 {
		t.Errorf("a notebook with NaN: %d", resp.StatusCode)
	}
	e.do("GET", "/api/contents/none.ipynb", nil).wantCode(404, hub.CodeNotFound)
	e.do("GET", "/api/contents/a.ipynb?hash=yes", nil).wantCode(400, codeBadJSON)
	e.do("GET", "/api/contents/a.ipynb?content=maybe", nil).wantCode(400, codeBadJSON)
}

// Unsaved edits are no change of the file: its hash stays.
func TestJupyter_TheHashIsTheFiles(t *testing.T) {
	e := newEnv(t, func(s *setup) { s.hub.SaveQuiet, s.hub.SaveMax = time.Hour, time.Hour })
	e.file("a.ipynb", twoCells)
	sum := sha256.Sum256([]byte(twoCells))
	closed := e.contents("a.ipynb?content=0&hash=1")
	room := e.open("a.ipynb")
	e.do("PATCH", roomPath(room.ID, "/cells/first"), map[string]any{"source": "unsaved"}).want(200)
	open := e.contents("a.ipynb?content=0&hash=1")
	if want := hex.EncodeToString(sum[:]); value(closed.Hash) != want || value(open.Hash) != want {
		t.Errorf("hash %s closed, %s open, want %s", value(closed.Hash), value(open.Hash), want)
	}
}

func TestJupyter_SessionBodies(t *testing.T) {
	e := newEnv(t)
	e.file("a.ipynb", twoCells)
	for _, body := range []string{"", "{", "[]", `{"format":"text","type":"file"}`, `{"format":"json"}`, `{"format":1,"type":2}`} {
		e.do("PUT", "/api/collaboration/session/a.ipynb", body).wantCode(400, codeBadJSON)
	}
}

func TestJupyter_Me(t *testing.T) {
	e := newEnv(t)
	me := into[JupyterMe](e.do("GET", "/api/me", nil, "X-Hub-Name", "Ada").want(200))
	if me.Identity.Name != "Ada" || me.Identity.Username == "" {
		t.Fatalf("me %+v", me)
	}
}

// Rooms that cannot be had are told by close codes first, then at the door.
func TestJupyter_RoomsThatCannotBeHad(t *testing.T) {
	e := newEnv(t)
	e.file("gone.ipynb", twoCells)
	gone := e.open("gone.ipynb")
	e.do("DELETE", "/api/v1/notebooks/gone.ipynb", nil).want(200)
	for id, status := range map[string]int{gone.ID.String(): 410, "7c9e6679-7425-40de-944b-e07fc1f90ae7": 404, "no-id": 404} {
		path := "/api/collaboration/room/json:notebook:" + id
		c, _ := e.dial(path, nil)
		if c == nil {
			t.Fatalf("%s: refused without a code", id)
		}
		if code, _ := c.closed(); code != closeNotFound {
			t.Errorf("%s: closed with %d", id, code)
		}
		if c, got := e.dial(path, nil); c != nil || got != status {
			t.Errorf("%s again: %d, want %d", id, got, status)
		}
	}
	for _, name := range []string{"JupyterLab:globalAwareness", "text:file:x", "x", "json:notebook"} {
		if c, status := e.dial("/api/collaboration/room/"+name, nil); c != nil || status != 404 {
			t.Errorf("%s: %d", name, status)
		}
	}
}
