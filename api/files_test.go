package api

import (
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/notebookhub/hub/hub"
	"github.com/notebookhub/hub/hub/store"
)

const (
	png  = "\x89PNG\r\n\x1a\nthe rest of a picture"
	evil = `<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"><script>alert(2)</script></svg>`
)

// What lies beside a notebook is shown when it is a kind that cannot act, and
// handed over when it is not; its bytes decide, not its name.
func TestFiles_TheBytesSayWhatIsShown(t *testing.T) {
	e := newEnv(t)
	for name, c := range map[string]struct{ content, kind string }{
		"plot.png":            {png, "image/png"},
		"img/deep/plot.JPG":   {"\xff\xd8\xff\xe0 and so on", "image/jpeg"},
		"a.gif":               {"GIF89a and so on", "image/gif"},
		"a.webp":              {"RIFF\x10\x00\x00\x00WEBPVP8 and so on", "image/webp"},
		"a.avif":              {"\x00\x00\x00\x1cftypavif and so on", "image/avif"},
		"drawing.svg":         {evil, "image/svg+xml"},
		"clip.mp4":            {"\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00mp42isom and so on", "video/mp4"},
		"table.csv":           {"a,b\n1,ä\n", "text/plain; charset=utf-8"},
		"cut.txt":             {strings.Repeat("x", sniffed-1) + "ä and so on", "text/plain; charset=utf-8"},
		"empty":               {"", "text/plain; charset=utf-8"},
		"page.html":           {"<!doctype html><script>alert(1)</script>", "text/plain; charset=utf-8"},
		"page.png":            {"<html><script>alert(1)</script>", "text/plain; charset=utf-8"},
		"script.js":           {"alert(1)", "text/plain; charset=utf-8"},
		"a.pdf":               {"%PDF-1.7 and so on", typeFile},
		"latin.txt":           {"caf\xe9 and so on", typeFile},
		"wide.svg":            {"\xff\xfe<\x00s\x00v\x00g\x00>\x00", typeFile},
		"Grüße & so/100%.png": {png, "image/png"},
		"a.ipynb":             {twoCells, "text/plain; charset=utf-8"},
	} {
		e.file(name, c.content)
		r := e.do("GET", fileURL(name), nil).want(200)
		if string(r.body) != c.content || r.header.Get("Content-Type") != c.kind {
			t.Errorf("%s: %q with %d bytes, want %q with %d", name, r.header.Get("Content-Type"), len(r.body), c.kind, len(c.content))
		}
		if got := r.header.Get("Content-Disposition"); (got != "") != (c.kind == typeFile) {
			t.Errorf("%s: disposition %q", name, got)
		}
		if r.header.Get("X-Content-Type-Options") != "nosniff" || !strings.HasPrefix(r.header.Get("Content-Security-Policy"), "sandbox; default-src 'none'") || r.header.Get("Cross-Origin-Resource-Policy") != "same-origin" {
			t.Errorf("%s: headers %v", name, r.header)
		}
	}
	r := e.do("GET", fileURL("plot.png")+"?download=true", nil).want(200)
	if got := r.header.Get("Content-Disposition"); got != "attachment; filename=plot.png" {
		t.Errorf("a download's disposition %q", got)
	}
	e.do("GET", fileURL("plot.png")+"?download=perhaps", nil).want(422)
}

// A browser asks again and gets nothing until the file is another; parts are
// served.
func TestFiles_ConditionsAndRanges(t *testing.T) {
	e := newEnv(t)
	e.file("plot.png", png)
	tag := e.do("GET", fileURL("plot.png"), nil).want(200).header.Get("ETag")
	e.do("GET", fileURL("plot.png"), nil, "If-None-Match", tag).want(304)
	if part := e.do("GET", fileURL("plot.png"), nil, "Range", "bytes=1-3", "If-Range", tag).want(206); string(part.body) != "PNG" {
		t.Errorf("part %q", part.body)
	}
	e.do("GET", fileURL("plot.png"), nil, "Range", "bytes=9999-").want(416)
	later := time.Now().Add(time.Second)
	e.ok(os.Chtimes(filepath.Join(e.root, "plot.png"), later, later)) // written again with as many bytes
	r := e.do("GET", fileURL("plot.png"), nil, "If-None-Match", tag).want(200)
	if r.header.Get("ETag") == tag || !strings.Contains(r.header.Get("Cache-Control"), "no-cache") {
		t.Errorf("headers of the changed file %v", r.header)
	}
}

// A file larger than any notebook may be is passed on as it is read.
func TestFiles_SizeHasNoBound(t *testing.T) {
	e := newEnv(t)
	e.file("large.csv", strings.Repeat("1,2,3\n", 1<<19)) // three times --max-notebook here
	if r := e.do("GET", fileURL("large.csv"), nil).want(200); len(r.body) != 6<<19 {
		t.Errorf("%d bytes", len(r.body))
	}
}

// What is hidden, outside, no file, or the hub's own does not exist.
func TestFiles_WhatDoesNotExist(t *testing.T) {
	var state string
	e := newEnv(t, func(s *setup) {
		state = filepath.Join(s.hub.Files.Absolute(""), "state")
		st, err := store.Open(state, store.Options{})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { st.Close() })
		s.hub.Store = st
	})
	outside := filepath.Join(t.TempDir(), "secret.png")
	e.ok(os.WriteFile(outside, []byte(png), 0o600))
	e.file("real/plot.png", png)
	e.file(".hidden/plot.png", png)
	e.file(".secret.png", png)
	for name, target := range map[string]string{"out.png": outside, "up.png": "../" + filepath.Base(filepath.Dir(outside)) + "/secret.png", "hid.png": ".secret.png", "own": "state", "link.png": "real/plot.png"} {
		e.ok(os.Symlink(target, filepath.Join(e.root, name)))
	}
	index, err := os.ReadDir(state)
	e.ok(err)
	gone := []string{".hidden/plot.png", ".secret.png", "out.png", "up.png", "hid.png", "none.png", "real", "real/plot.png/x", "real/..%2f..%2fx", "..%2fplot.png", "%2e%2e/plot.png", strings.Repeat("x", 300), "a%00b"}
	for _, file := range index {
		gone = append(gone, "state/"+file.Name(), "own/"+file.Name())
	}
	if len(index) == 0 {
		t.Fatal("the store has no files")
	}
	for _, name := range gone {
		e.do("GET", "/api/v1/files/"+name, nil).wantCode(404, hub.CodeNotFound)
	}
	e.do("GET", fileURL("link.png"), nil).want(200)
	e.faulty.FailReads(func(string) error { return &hub.Error{Code: hub.CodePermission, Detail: "no", Err: errors.New("no")} })
	e.do("GET", fileURL("real/plot.png"), nil).wantCode(http.StatusForbidden, hub.CodePermission)
}

// fileURL is where a file beside notebooks is served.
func fileURL(name string) string {
	var s server
	return strings.Replace(s.notebookURL(name), "/notebooks/", "/files/", 1)
}
