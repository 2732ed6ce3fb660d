package api

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/notebookhub/hub/hub"
	"github.com/notebookhub/hub/hub/yjs"
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
	for _, name := range []string{"JupyterLab:globalAwarenes", "text:file:x", "x", "json:notebook"} {
		if c, status := e.dial("/api/collaboration/room/"+name, nil); c != nil || status != 404 {
			t.Errorf("%s: %d", name, status)
		}
	}
}

const awarenessPath = "/api/collaboration/room/JupyterLab:globalAwareness"

// The front ends tell each other what they have open, with no more than the
// cookie; what they say of the hub's own socket they hear, and others' too.
func TestJupyter_GlobalAwareness(t *testing.T) {
	e := newEnv(t)
	ann, _ := e.dial(awarenessPath, nil, "Authorization", "", "Cookie", e.cookie(), "Origin", e.server.URL)
	if ann == nil {
		t.Fatal("refused with the cookie alone")
	}
	ann.send(yjs.AppendSyncStep1(nil, ann.doc.StateVector()))
	ann.until("the answer to the handshake", func(kind uint64, payload []byte) bool {
		step, body, err := yjs.ReadSync(payload)
		return kind == yjs.MessageSync && err == nil && step == yjs.SyncStep2 && string(body) == "\x00\x00"
	})
	ann.announce(7, `{"user":{"name":"Ann"},"current":"notebook:a.ipynb"}`)
	ann.awaitPresence(7, "notebook:a.ipynb")
	bob, _ := e.dial(awarenessPath, nil)
	bob.awaitPresence(7, "notebook:a.ipynb")
	bob.announce(8, `{"current":null}`)
	ann.awaitPresence(8, "null")

	done := make(chan struct{})
	go func() { defer close(done); e.close() }()
	for _, c := range []*client{ann, bob} {
		if code, _ := c.closed(); code != hub.CloseRestart {
			t.Errorf("closed with %d", code)
		}
	}
	<-done
	if c, status := e.dial(awarenessPath, nil); c != nil || status != 503 {
		t.Errorf("after the end: %d", status)
	}
}

func (c *client) announce(id uint64, state string) {
	c.e.Helper()
	c.send(yjs.AppendAwareness(nil, yjs.EncodeAwareness([]yjs.AwarenessEntry{{Client: id, Clock: 1, State: json.RawMessage(state)}})))
}

func (c *client) awaitPresence(id uint64, text string) {
	c.e.Helper()
	c.until(fmt.Sprintf("%d says %s", id, text), func(kind uint64, payload []byte) bool {
		if kind != yjs.MessageAwareness {
			return false
		}
		update, _, err := yjs.ReadVarBytes(payload)
		c.e.ok(err)
		entries, err := yjs.DecodeAwareness(update)
		c.e.ok(err)
		for _, entry := range entries {
			if entry.Client == id && strings.Contains(string(entry.State), text) {
				return true
			}
		}
		return false
	})
}

// There is room for many, and not for any number.
func TestJupyter_GlobalAwarenessIsBounded(t *testing.T) {
	e := newEnv(t)
	for i := range 256 {
		if c, status := e.dial(awarenessPath, nil); c == nil {
			t.Fatalf("client %d: %d", i, status)
		}
	}
	if c, status := e.dial(awarenessPath, nil); c != nil || status != 429 {
		t.Errorf("one too many: %d", status)
	}
}

func executePath(kernel string) string { return "/api/kernels/" + kernel + "/execute" }

func documentID(room Room) string { return "json:notebook:" + room.ID.String() }

// The executor of the front end: answered at once, although the cell runs until it
// is interrupted.
func TestJupyter_Execute(t *testing.T) {
	e := newEnv(t)
	e.file("a.ipynb", codeNotebook("wait", "two", "three"))
	room := e.open("a.ipynb")
	r := e.do("POST", executePath("made-up"), map[string]any{"document_id": documentID(room), "cell_id": "c0"}).want(200)
	runs := into[ExecutionList](r).Executions
	if len(runs) != 1 || runs[0].Cell != "c0" || runs[0].Room != room.ID {
		t.Fatalf("executions %+v", runs)
	}
	e.until("running", func() bool { return e.wait(runs[0], "1ms").State == ExecutionStateRunning })
	list := `{"document_id": "` + documentID(room) + `", "cells": [{"cell_id": "c1", "source_hash": "x"}, {"cell_id": "c2"}], "client_id": "y", "request_id": "1"}`
	more := into[ExecutionList](e.do("POST", executePath(uuid.NewString()), list, "Content-Type", "text/plain;charset=UTF-8").want(200)).Executions
	if len(more) != 2 || more[0].Cell != "c1" || more[1].Cell != "c2" {
		t.Fatalf("executions %+v", more)
	}
	if got := e.wait(runs[0], "1ms"); got.State != ExecutionStateRunning {
		t.Errorf("the first is %+v", got)
	}
}

func TestJupyter_ExecuteRefusals(t *testing.T) {
	e := newEnv(t)
	for _, name := range []string{"a", "closed", "deleted"} {
		e.file(name+".ipynb", codeNotebook("one"))
	}
	e.file("text.ipynb", twoCells)
	room, text, closed, deleted := e.open("a.ipynb"), e.open("text.ipynb"), e.open("closed.ipynb"), e.open("deleted.ipynb")
	e.do("DELETE", roomPath(closed.ID, ""), nil).want(200)
	e.do("DELETE", "/api/v1/notebooks/deleted.ipynb", nil).want(200)
	ask := func(body any) reply { return e.do("POST", executePath("k"), body) }
	id := documentID(room)
	for _, body := range []string{"", "{", "[]", "null", `{}`, `{"document_id": "` + id + `"}`, `{"cell_id": "c0"}`, `{"document_id": 1, "cell_id": "c0"}`,
		`{"document_id": "` + id + `", "cells": []}`, `{"document_id": "` + id + `", "cell_id": "c0", "cells": [{"cell_id": "c0"}]}`} {
		ask(body).wantCode(400, codeBadJSON)
	}
	cell := func(room, cell string) map[string]any { return map[string]any{"document_id": room, "cell_id": cell} }
	if p := ask(cell(id, "none")).wantCode(404, hub.CodeCellNotFound); value(p.Message) != p.Detail {
		t.Error("no message, which Jupyter's clients read")
	}
	for _, room := range []string{"x", "json:notebook:x", "text:file:" + room.ID.String(), room.ID.String(), "json:notebook:" + uuid.NewString()} {
		ask(cell(room, "c0")).wantCode(404, hub.CodeRoomNotFound)
	}
	ask(cell(documentID(closed), "c0")).wantCode(409, hub.CodeRoomClosed)
	ask(cell(documentID(deleted), "c0")).wantCode(410, hub.CodeRoomReplaced)
	ask(cell(documentID(text), "second")).wantCode(422, hub.CodeInvalid)
	ask(strings.Repeat(" ", maxBody+1)).wantCode(413, hub.CodeTooLarge)
	ask(`{"document_id": "`+id+`", "cells": [`+strings.Repeat(`{"cell_id":"c0"},`, 20_000)+`{"cell_id":"c0"}]}`).wantCode(429, hub.CodeBusy)
}

// "Run all" is one request for each cell, all at once: they run in the order of
// the document.
func TestJupyter_ExecuteInTheOrderOfTheDocument(t *testing.T) {
	kernels := &fakeKernels{}
	inVirtualTime(t, kernels, func(t *testing.T, h *hub.Hub) {
		kernels.heard = make(chan string, 20)
		s := New(Options{Hub: h, Auth: Auth{Token: testToken}})
		opened, err := h.Open(t.Context(), hub.OpenRequest{Path: "a.ipynb"})
		if err != nil {
			t.Fatal(err)
		}
		var asked sync.WaitGroup
		for i := range 20 {
			asked.Go(func() {
				body := fmt.Sprintf(`{"document_id": "json:notebook:%s", "cell_id": "c%d"}`, opened.Room.ID, 19-i)
				r := httptest.NewRequest("POST", "http://localhost"+executePath("k"), strings.NewReader(body))
				r.Header.Set("Authorization", "Bearer "+testToken)
				w := httptest.NewRecorder()
				if s.ServeHTTP(w, r); w.Code != 200 {
					t.Errorf("%d: %s", w.Code, w.Body)
				}
			})
		}
		asked.Wait()
		for i := range 20 {
			if ran := <-kernels.heard; ran != fmt.Sprint(i) {
				t.Fatalf("c%s ran as number %d", ran, i)
			}
		}
	})
}
