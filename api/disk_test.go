package api

import (
	"net/http"
	"strings"
	"syscall"
	"testing"

	"github.com/notebookhub/hub/hub"
)

// A full disk is told where it shows, and nothing is lost by it.
func TestDisk_FullForTheNotebook(t *testing.T) {
	e := newEnv(t)
	e.file("a.ipynb", twoCells)
	room := e.open("a.ipynb")
	c := e.attach("/ws/"+room.ID.String(), subprotocol)
	e.do("PATCH", roomPath(room.ID, "/cells/first"), map[string]any{"source": "precious"}).want(200)
	e.faulty.FailWrites(func(string) error {
		return &hub.Error{Code: hub.CodeDiskFull, Detail: "no space is left for a.ipynb", Err: syscall.ENOSPC}
	})
	if p := e.do("POST", roomPath(room.ID, "/save"), nil).wantCode(http.StatusInsufficientStorage, hub.CodeDiskFull); !strings.Contains(p.Detail, "no space") {
		t.Errorf("told %+v", p)
	}
	if r := c.ask(1, "save", nil)["error"].(map[string]any); r["code"] != "disk_full" {
		t.Errorf("the socket was told %v", r)
	}
	if ev := c.event("save_failed"); ev["code"] != "disk_full" || ev["path"] != "a.ipynb" {
		t.Errorf("save_failed %v", ev)
	}
	if info := into[Room](e.do("GET", roomPath(room.ID, ""), nil).want(200)); info.State != RoomStateDegraded || value(info.Code) != Code(hub.CodeDiskFull) || !info.Unsaved {
		t.Errorf("room %+v", info)
	}
	if e.disk("a.ipynb") != twoCells {
		t.Error("the file was touched")
	}
	e.do("PUT", "/api/v1/notebooks/new.ipynb", twoCells).wantCode(http.StatusInsufficientStorage, hub.CodeDiskFull)
	e.do("DELETE", roomPath(room.ID, ""), nil).wantCode(http.StatusInsufficientStorage, hub.CodeDiskFull)
	e.do("PATCH", roomPath(room.ID, "/cells/second"), map[string]any{"source": "typed meanwhile"}).want(200)
	e.do("GET", "/readyz", nil).want(200) // the journal works: edits are safe

	e.faulty.FailWrites(nil)
	e.do("POST", roomPath(room.ID, "/save"), nil).want(200)
	if text := e.disk("a.ipynb"); !strings.Contains(text, "precious") || !strings.Contains(text, "typed meanwhile") {
		t.Errorf("saved %s", text)
	}
	if info := into[Room](e.do("GET", roomPath(room.ID, ""), nil).want(200)); info.State != RoomStateLive || info.Code != nil || info.Reason != nil {
		t.Errorf("room %+v", info)
	}
}

// A file that may not be written is said to be read-only, not broken.
func TestDisk_NotWritable(t *testing.T) {
	e := newEnv(t)
	e.file("a.ipynb", twoCells)
	room := e.open("a.ipynb")
	e.faulty.FailWrites(func(string) error {
		return &hub.Error{Code: hub.CodePermission, Detail: "a.ipynb may not be written", Err: syscall.EACCES}
	})
	e.do("PATCH", roomPath(room.ID, "/cells/first"), map[string]any{"source": "mine"}).want(200)
	e.do("POST", roomPath(room.ID, "/save"), nil).wantCode(http.StatusForbidden, hub.CodePermission)
	if info := into[Room](e.do("GET", roomPath(room.ID, ""), nil).want(200)); info.State != RoomStateReadOnly || value(info.Code) != Code(hub.CodePermission) {
		t.Errorf("room %+v", info)
	}
	e.do("PUT", "/api/v1/notebooks/new.ipynb", twoCells).wantCode(http.StatusForbidden, hub.CodePermission)
	e.faulty.FailWrites(nil)
	e.do("POST", roomPath(room.ID, "/save"), nil).want(200)
}

// Without a journal no edit is promised; all is well again once there is room.
func TestDisk_FullForTheJournal(t *testing.T) {
	e := newEnv(t)
	e.file("a.ipynb", twoCells)
	room := e.open("a.ipynb")
	e.journal.fail(syscall.ENOSPC)
	t.Cleanup(func() { e.journal.fail(nil) })
	cell := roomPath(room.ID, "/cells/first")
	e.do("PATCH", cell, map[string]any{"source": "unsure"}).wantCode(http.StatusInsufficientStorage, hub.CodeDiskFull)
	e.do("GET", "/readyz", nil).wantCode(http.StatusInsufficientStorage, hub.CodeDiskFull)
	e.do("GET", "/healthz", nil).want(200)
	if info := into[Room](e.do("GET", roomPath(room.ID, ""), nil).want(200)); info.State != RoomStateDegraded || value(info.Code) != Code(hub.CodeDiskFull) {
		t.Errorf("room %+v", info)
	}
	e.journal.fail(nil)
	e.until("the journal to work again", func() bool {
		return e.do("PATCH", cell, map[string]any{"source": "sure"}).status == 200
	})
	e.until("readiness", func() bool { return e.do("GET", "/readyz", nil).status == 200 })
	e.until("the room to be well", func() bool {
		return into[Room](e.do("GET", roomPath(room.ID, ""), nil).want(200)).State == RoomStateLive
	})
}
