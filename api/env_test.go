package api

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/notebookhub/hub/hub"
	"github.com/notebookhub/hub/hub/hubtest"
	"github.com/notebookhub/hub/hub/store"
)

const testToken = "correct-horse-battery-staple"

// patience bounds every wait for what must come: only a defect takes so long.
const patience = 2 * time.Minute

// twoCells is a notebook of one code and one Markdown cell.
const twoCells = `{
 "cells": [
  {
   "cell_type": "code",
   "execution_count": null,
   "id": "first",
   "metadata": {},
   "outputs": [],
   "source": [
    "print('hello')"
   ]
  },
  {
   "cell_type": "markdown",
   "id": "second",
   "metadata": {},
   "source": [
    "# Title"
   ]
  }
 ],
 "metadata": {},
 "nbformat": 4,
 "nbformat_minor": 5
}
`

// env is a real hub over a folder of its own, behind the real handler, on
// loopback. Whatever its client does is held to the contract.
type env struct {
	*testing.T
	hub     *hub.Hub
	store   *store.Store
	kernels *fakeKernels
	faulty  *hubtest.Files // the notebooks' disk, which can be made to fail
	journal *fullDisk      // the journal's disk, which can be made to fail
	root    string
	url     string // with the base
	log     *bytes.Buffer
	server  *httptest.Server
	client  *http.Client
	close   func() // ends the hub; the server goes on
}

type setup struct {
	api Options
	hub hub.Options
}

func newEnv(t *testing.T, change ...func(*setup)) *env {
	t.Helper()
	e := &env{T: t, root: t.TempDir(), kernels: &fakeKernels{}, journal: &fullDisk{}, log: &bytes.Buffer{}}
	files, root, err := hub.OpenRoot(e.root)
	e.ok(err)
	st, err := store.Open(t.TempDir(), store.Options{FS: e.journal})
	e.ok(err)
	e.faulty = &hubtest.Files{Files: files}
	logs := slog.New(slog.NewTextHandler(&locked{w: e.log}, nil))
	e.store = st
	s := setup{
		api: Options{Auth: Auth{Token: testToken}, Logger: logs, Version: "test", MaxNotebook: 1 << 20},
		hub: hub.Options{Files: e.faulty, Store: st, Kernels: e.kernels, RoomIdle: time.Hour, MaxNotebook: 1 << 20},
	}
	for _, f := range change {
		f(&s)
	}
	e.hub, err = hub.New(context.Background(), s.hub)
	e.ok(err)
	s.api.Hub = e.hub
	e.server = httptest.NewServer(New(s.api))
	base := cleanBase(s.api.BaseURL)
	e.url = e.server.URL + base
	e.client = &http.Client{
		Transport:     &judge{t: t, base: base, next: e.server.Client().Transport},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	closed := false
	e.close = func() {
		if !closed {
			closed = true
			ctx, cancel := context.WithTimeout(context.Background(), patience)
			defer cancel()
			if err := e.hub.Close(ctx); err != nil {
				t.Logf("close hub: %v", err)
			}
		}
	}
	t.Cleanup(func() {
		e.close()
		e.server.CloseClientConnections()
		e.server.Close()
		e.ok(st.Close())
		root.Close()
	})
	return e
}

func (e *env) ok(err error) {
	e.Helper()
	if err != nil {
		e.Fatal(err)
	}
}

// file writes a file below the root.
func (e *env) file(path, content string) {
	e.Helper()
	full := filepath.Join(e.root, filepath.FromSlash(path))
	e.ok(os.MkdirAll(filepath.Dir(full), 0o755))
	e.ok(os.WriteFile(full, []byte(content), 0o644))
}

func (e *env) disk(path string) string {
	e.Helper()
	data, err := os.ReadFile(filepath.Join(e.root, filepath.FromSlash(path)))
	e.ok(err)
	return string(data)
}

// reply is an answer, read to its end.
type reply struct {
	e      *env
	what   string
	status int
	header http.Header
	body   []byte
}

// request builds a request with the token. A body that is no string is sent
// as JSON; headers are pairs.
func (e *env) request(method, path string, body any, headers ...string) *http.Request {
	e.Helper()
	var content io.Reader
	kind := "application/json"
	switch b := body.(type) {
	case nil:
		kind = ""
	case string:
		content = strings.NewReader(b)
	default:
		data, err := json.Marshal(b)
		e.ok(err)
		content = bytes.NewReader(data)
	}
	r, err := http.NewRequest(method, e.url+path, content)
	e.ok(err)
	r.Header.Set("Authorization", "Bearer "+testToken)
	if kind != "" {
		r.Header.Set("Content-Type", kind)
	}
	for i := 0; i < len(headers); i += 2 {
		switch {
		case headers[i] == "Host":
			r.Host = headers[i+1]
		case headers[i+1] == "":
			r.Header.Del(headers[i])
		default:
			r.Header.Set(headers[i], headers[i+1])
		}
	}
	return r
}

func (e *env) send(r *http.Request) reply {
	e.Helper()
	resp, err := e.client.Do(r)
	e.ok(err)
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	e.ok(err)
	return reply{e, r.Method + " " + r.URL.String(), resp.StatusCode, resp.Header, body}
}

func (e *env) do(method, path string, body any, headers ...string) reply {
	e.Helper()
	return e.send(e.request(method, path, body, headers...))
}

// want fails the test unless the status is the one given.
func (r reply) want(status int) reply {
	r.e.Helper()
	if r.status != status {
		r.e.Fatalf("%s: %d, want %d: %s", r.what, r.status, status, r.body)
	}
	return r
}

// wantCode fails the test unless the answer is this problem.
func (r reply) wantCode(status int, code hub.Code) Problem {
	r.e.Helper()
	p := into[Problem](r.want(status))
	if p.Code != Code(code) {
		r.e.Fatalf("%s: code %q, want %q: %s", r.what, p.Code, code, r.body)
	}
	return p
}

func into[T any](r reply) T {
	r.e.Helper()
	var v T
	if err := json.Unmarshal(r.body, &v); err != nil {
		r.e.Fatalf("%s: %v: %s", r.what, err, r.body)
	}
	return v
}

// open opens a notebook and returns its room.
func (e *env) open(path string) Room {
	e.Helper()
	r := e.do("POST", "/api/v1/rooms", map[string]any{"path": path})
	if r.status != http.StatusOK {
		r.want(http.StatusCreated)
	}
	return into[Room](r)
}

func roomPath(room uuid.UUID, rest string) string { return "/api/v1/rooms/" + room.String() + rest }

// until waits for a condition and fails the test when it does not come.
func (e *env) until(what string, ok func() bool) {
	e.Helper()
	limit := time.NewTimer(patience)
	tick := time.NewTicker(2 * time.Millisecond)
	defer limit.Stop()
	defer tick.Stop()
	for !ok() {
		select {
		case <-tick.C:
		case <-limit.C:
			e.Fatalf("%s did not come about", what)
		}
	}
}
