package api

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/notebookhub/hub/hub"
)

// A script lists, reads, writes, copies, deletes and restores by path.
func TestNotebooks_AScriptsDay(t *testing.T) {
	e := newEnv(t)
	e.file("a.ipynb", twoCells)
	e.file("deep/er/b.ipynb", twoCells)
	e.file("notes.txt", "no notebook")
	e.file(".hidden.ipynb", twoCells)

	list := into[Listing](e.do("GET", "/api/v1/notebooks", nil).want(200))
	if len(list.Entries) != 2 || list.Entries[0].Type != EntryTypeFolder || list.Entries[1].Path != "a.ipynb" || list.Entries[1].Size != int64(len(twoCells)) {
		t.Fatalf("listing %+v", list)
	}
	list = into[Listing](e.do("GET", "/api/v1/notebooks?dir=deep&recursive=1", nil).want(200))
	if len(list.Entries) != 2 || list.Entries[1].Path != "deep/er/b.ipynb" || list.Dir != "deep" {
		t.Fatalf("recursive listing %+v", list)
	}

	read := e.do("GET", "/api/v1/notebooks/a.ipynb", nil).want(200)
	if string(read.body) != twoCells || read.header.Get("Content-Type") != typeNotebook {
		t.Fatalf("read %q as %s", read.body, read.header.Get("Content-Type"))
	}
	tag := read.header.Get("ETag")
	e.do("GET", "/api/v1/notebooks/a.ipynb", nil, "If-None-Match", `"x", W/`+tag).want(304)
	e.do("GET", "/api/v1/notebooks/a.ipynb", nil, "If-None-Match", `"x"`).want(200)

	changed := strings.Replace(twoCells, "hello", "world", 1)
	write := e.do("PUT", "/api/v1/notebooks/a.ipynb", changed, "If-Match", tag).want(200)
	if e.disk("a.ipynb") != changed || write.header.Get("ETag") == tag {
		t.Fatalf("on disk %q, ETag %s", e.disk("a.ipynb"), write.header.Get("ETag"))
	}
	e.do("PUT", "/api/v1/notebooks/a.ipynb", twoCells, "If-Match", tag).wantCode(412, hub.CodeStale)
	e.do("PUT", "/api/v1/notebooks/a.ipynb", twoCells, "If-Match", "W/"+write.header.Get("ETag")).wantCode(412, hub.CodeStale)
	if e.disk("a.ipynb") != changed {
		t.Fatal("a stale write reached the disk")
	}

	made := e.do("PUT", "/api/v1/notebooks/new%20one.ipynb", twoCells, "Content-Type", typeNotebook, "If-None-Match", "*").want(201)
	if made.header.Get("Location") != "/api/v1/notebooks/new%20one.ipynb" || e.disk("new one.ipynb") != twoCells {
		t.Fatalf("made at %q", made.header.Get("Location"))
	}
	e.do("PUT", "/api/v1/notebooks/new%20one.ipynb", changed, "If-None-Match", "*").wantCode(409, hub.CodeFileExists)
	e.do("PUT", "/api/v1/notebooks/other.ipynb", changed, "If-Match", "*").wantCode(412, hub.CodeStale)
	e.do("PUT", "/api/v1/notebooks/new%20one.ipynb", changed, "If-Match", "*").want(200)

	copied := into[PathResult](e.do("POST", "/api/v1/notebooks", map[string]any{"from": "a.ipynb"}).want(201))
	if copied.Path == "a.ipynb" || e.disk(copied.Path) != changed {
		t.Fatalf("copied to %q", copied.Path)
	}
	e.wantInTheWay(e.do("POST", "/api/v1/notebooks", map[string]any{"from": "a.ipynb", "to": copied.Path}), "to")

	gone := into[TrashEntry](e.do("DELETE", "/api/v1/notebooks/a.ipynb", nil, "X-Hub-Name", "Ada").want(200))
	if gone.Path != "a.ipynb" {
		t.Fatalf("in the trash %+v", gone)
	}
	if _, err := os.Stat(filepath.Join(e.root, "a.ipynb")); !os.IsNotExist(err) {
		t.Fatal("the deleted notebook is still there")
	}
	trash := into[TrashList](e.do("GET", "/api/v1/trash", nil).want(200))
	if len(trash.Entries) != 1 || trash.Entries[0].ID != gone.ID {
		t.Fatalf("trash %+v", trash)
	}
	back := e.do("POST", "/api/v1/trash", map[string]any{"id": gone.ID}).want(201)
	if into[PathResult](back).Path != "a.ipynb" || e.disk("a.ipynb") != changed {
		t.Fatal("not restored")
	}
	e.do("POST", "/api/v1/trash", map[string]any{"id": gone.ID}).wantCode(404, hub.CodeNoSuchVersion)
	gone = into[TrashEntry](e.do("DELETE", "/api/v1/notebooks/a.ipynb", nil).want(200))
	e.wantInTheWay(e.do("POST", "/api/v1/trash", map[string]any{"id": gone.ID, "to": copied.Path}), "to")
	e.do("POST", "/api/v1/trash", map[string]any{"id": gone.ID, "to": "elsewhere.ipynb"}).want(201)
}

// A path that is open is read and written through its room.
func TestNotebooks_AnOpenOneIsItsRoom(t *testing.T) {
	e := newEnv(t)
	e.file("a.ipynb", twoCells)
	room := e.open("a.ipynb")
	e.do("PATCH", roomPath(room.ID, "/cells/first"), map[string]any{"source": "typed"}).want(200)
	if r := e.do("GET", "/api/v1/notebooks/a.ipynb", nil).want(200); !strings.Contains(string(r.body), "typed") {
		t.Fatalf("the file's bytes instead of the live document: %s", r.body)
	}
	e.do("PUT", "/api/v1/notebooks/a.ipynb", strings.Replace(twoCells, "# Title", "# Name", 1)).want(200)
	if c := into[Cell](e.do("GET", roomPath(room.ID, "/cells/second"), nil).want(200)); c.Source != "# Name" {
		t.Fatalf("the room has %q", c.Source)
	}
	list := into[Listing](e.do("GET", "/api/v1/notebooks", nil).want(200))
	if list.Entries[0].Room == nil || list.Entries[0].Room.ID != room.ID {
		t.Fatalf("the listing does not name the room: %+v", list.Entries[0])
	}
}

func TestNotebooks_Downloads(t *testing.T) {
	e := newEnv(t)
	e.file("täst é.ipynb", twoCells)
	r := e.do("GET", "/api/v1/notebooks/t%C3%A4st%20%C3%A9.ipynb?download=1", nil).want(200)
	if got := r.header.Get("Content-Disposition"); got != "attachment; filename*=utf-8''t%C3%A4st%20%C3%A9.ipynb" {
		t.Errorf("disposition %q", got)
	}
	room := into[Room](e.do("POST", "/api/v1/rooms", nil).want(201))
	r = e.do("GET", roomPath(room.ID, "/notebook?download=true"), nil).want(200)
	if got := r.header.Get("Content-Disposition"); got != "attachment; filename=Untitled.ipynb" {
		t.Errorf("disposition %q", got)
	}
}

// What lies outside of the root does not exist, however it is spelled.
func TestNotebooks_NothingOutsideOfTheRoot(t *testing.T) {
	e := newEnv(t)
	e.file("a.ipynb", twoCells)
	sibling := e.root + "-sibling"
	e.ok(os.MkdirAll(sibling, 0o755))
	t.Cleanup(func() { os.RemoveAll(sibling) })
	secret := filepath.Join(sibling, "secret.ipynb")
	e.ok(os.WriteFile(secret, []byte(twoCells), 0o644))
	e.ok(os.Symlink(secret, filepath.Join(e.root, "link.ipynb")))
	e.file(".state/x.ipynb", twoCells)
	name := filepath.Base(sibling)
	hostile := []string{
		"../" + name + "/secret.ipynb", "%2e%2e/" + name + "/secret.ipynb", "%2E%2E%2F" + name + "%2Fsecret.ipynb",
		"..%2f" + name + "/secret.ipynb", "%252e%252e/" + name + "/secret.ipynb", "x/../../" + name + "/secret.ipynb",
		`..%5C` + name + `%5Csecret.ipynb`, secret, "%2F" + secret, "/" + secret, "a.ipynb%00", "%00a.ipynb", "C:/a.ipynb",
		"C:a.ipynb", "c%3A%5Ca.ipynb", "%5C%5Chost%5Cshare%5Ca.ipynb", "./a.ipynb", "%2e/a.ipynb", "x//a.ipynb", "a.ipynb/",
		"link.ipynb", ".state/x.ipynb", "", "/", "..", "%2e%2e", ".",
	}
	for _, path := range hostile {
		for _, route := range everyRoute {
			if !strings.HasSuffix(route.name, "{path}") || (path == "" || path == "/" || path == ".") && strings.Contains(route.name, "contents") {
				continue // the root folder has a model in Jupyter's eyes
			}
			if got := e.raw(route, path); got != http.StatusNotFound {
				t.Errorf("%s of %q: %d, want 404", route.name, path, got)
			}
		}
	}
	for _, path := range []string{"../" + name + "/secret.ipynb", secret, "link.ipynb", `..\` + name, "C:/a.ipynb", ".state/x.ipynb"} {
		room := e.open("a.ipynb")
		for what, r := range map[string]reply{
			"open":    e.do("POST", "/api/v1/rooms", map[string]any{"path": path}),
			"create":  e.do("POST", "/api/v1/rooms", map[string]any{"path": path, "create": true}),
			"save as": e.do("POST", roomPath(room.ID, "/save"), map[string]any{"path": path, "overwrite": true}),
			"rename":  e.do("POST", roomPath(room.ID, "/rename"), map[string]any{"path": path}),
			"copy":    e.do("POST", "/api/v1/notebooks", map[string]any{"from": path}),
			"copy to": e.do("POST", "/api/v1/notebooks", map[string]any{"from": "a.ipynb", "to": path}),
		} {
			if r.status != http.StatusNotFound {
				t.Errorf("%s %q: %d %s", what, path, r.status, r.body)
			}
		}
	}
	for _, dir := range []string{"..", "../" + name, sibling, ".state", "x/..", `..\x`, "C:"} {
		r := e.request("GET", "/api/v1/notebooks", nil)
		r.URL.RawQuery = "dir=" + strings.NewReplacer(`\`, "%5C", "/", "%2F").Replace(dir)
		if got := e.send(r); got.status != http.StatusNotFound {
			t.Errorf("list %q: %d", dir, got.status)
		}
	}
	if data, err := os.ReadFile(secret); err != nil || string(data) != twoCells {
		t.Error("the file outside was touched")
	}
}

// raw sends a path as it is: no client of good manners would.
func (e *env) raw(r route, path string) int {
	e.Helper()
	var body any
	if r.body != "" {
		body = r.body
	}
	req := e.request(r.method(), "", body)
	target := strings.Split(r.name, " ")[1]
	req.URL.Opaque = strings.Replace(target, "{path}", path, 1)
	resp, err := e.server.Client().Do(req)
	e.ok(err)
	resp.Body.Close()
	return resp.StatusCode
}

// Notebooks that are none change nothing, wherever they come from.
func TestNotebooks_WhatIsNoNotebook(t *testing.T) {
	e := newEnv(t)
	e.file("a.ipynb", twoCells)
	bad := map[string]struct {
		content string
		status  int
		code    hub.Code
	}{
		"broken":    {`{"cells": [`, 422, hub.CodeBadNotebook},
		"empty":     {``, 422, hub.CodeBadNotebook},
		"object":    {`{}`, 422, hub.CodeBadNotebook},
		"list":      {`[]`, 422, hub.CodeBadNotebook},
		"future":    {`{"cells": [], "metadata": {}, "nbformat": 5, "nbformat_minor": 0}`, 422, hub.CodeUnsupported},
		"conflict":  {"<<<<<<< HEAD\n" + twoCells, 422, hub.CodeBadNotebook},
		"too large": {`{"cells": [], "metadata": {"x": "` + strings.Repeat("x", 1<<20) + `"}, "nbformat": 4, "nbformat_minor": 5}`, 413, hub.CodeTooLarge},
	}
	room := e.open("a.ipynb")
	e.file("closed.ipynb", twoCells)
	for name, c := range bad {
		e.do("PUT", roomPath(room.ID, "/notebook"), c.content).wantCode(c.status, c.code)
		e.do("PUT", "/api/v1/notebooks/a.ipynb", c.content).wantCode(c.status, c.code)
		e.do("PUT", "/api/v1/notebooks/closed.ipynb", c.content).wantCode(c.status, c.code)
		e.file("bad.ipynb", c.content)
		e.do("POST", "/api/v1/rooms", map[string]any{"path": "bad.ipynb"}).wantCode(c.status, c.code)
		e.do("PUT", "/api/collaboration/session/bad.ipynb", `{"format":"json","type":"notebook"}`).wantCode(c.status, c.code)
		if e.disk("bad.ipynb") != c.content {
			t.Errorf("%s: the file was changed", name)
		}
	}
	if e.disk("a.ipynb") != twoCells || e.disk("closed.ipynb") != twoCells {
		t.Error("a bad notebook reached a file")
	}
	e.ok(os.Mkdir(filepath.Join(e.root, "folder.ipynb"), 0o755))
	e.do("GET", "/api/v1/notebooks/folder.ipynb", nil).wantCode(422, hub.CodeNotAFile)
	e.do("POST", "/api/v1/rooms", map[string]any{"path": "folder.ipynb"}).wantCode(422, hub.CodeNotAFile)
	e.do("DELETE", "/api/v1/notebooks/notes.txt", nil).wantCode(422, hub.CodeInvalidPath)
	e.do("GET", "/api/v1/notebooks/notes.txt", nil).wantCode(422, hub.CodeInvalidPath)
}

// wantInTheWay checks that a file which is there was not replaced, and that the
// answer promises no way to.
func (e *env) wantInTheWay(r reply, field string) {
	e.Helper()
	if p := r.wantCode(409, hub.CodeFileExists); value(p.Field) != field || strings.Contains(p.Detail, "overwriting") || !strings.Contains(p.Detail, field) {
		e.Errorf("%s: field %q: %s", r.what, value(p.Field), p.Detail)
	}
}
