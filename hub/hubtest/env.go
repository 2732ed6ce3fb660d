package hubtest

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/notebookhub/hub/hub"
	"github.com/notebookhub/hub/hub/store"
	"github.com/notebookhub/hub/hub/store/storetest"
	"github.com/notebookhub/hub/hub/yjs"
)

// Env is a hub with a folder and a state directory of its own.
type Env struct {
	T       testing.TB
	Dir     string // of notebooks
	State   string
	Disk    *Files            // the notebooks' disk, which can be made to fail
	Journal *storetest.Faults // the journal's disk, which can be made to fail
	Watcher *Watcher
	Kernels *Kernels
	Hub     *hub.Hub
	Store   *store.Store

	change func(*hub.Options)
	folder io.Closer
	joined []*Peer
}

// New starts a hub, which ends with the test. change may alter its options.
func New(t testing.TB, change func(*hub.Options)) *Env {
	t.Helper()
	e := &Env{T: t, Dir: t.TempDir(), State: t.TempDir(), Kernels: NewKernels(), change: change}
	e.Start()
	t.Cleanup(e.Stop)
	return e
}

// Start starts a hub on what is there.
func (e *Env) Start() {
	e.T.Helper()
	files, folder, err := hub.OpenRoot(e.Dir)
	e.must(err)
	e.folder, e.Disk, e.Watcher, e.Journal = folder, &Files{Files: files}, NewWatcher(), &storetest.Faults{}
	e.Store, err = store.Open(e.State, store.Options{FS: e.Journal})
	e.must(err)
	o := hub.Options{Files: e.Disk, Store: e.Store, Watcher: e.Watcher, Kernels: e.Kernels, Version: "test", Logger: logger(e.T)}
	if e.change != nil {
		e.change(&o)
	}
	e.Hub, err = hub.New(context.Background(), o)
	e.must(err)
}

// logger shows the hub's log with -v and on failure; a benchmark's would hide its
// figures.
func logger(t testing.TB) *slog.Logger {
	if _, measuring := t.(*testing.B); measuring {
		return slog.New(slog.DiscardHandler)
	}
	return slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelInfo}))
}

// Stop ends the hub cleanly. What could not be saved is the test's business.
func (e *Env) Stop() {
	if e.Hub == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	_ = e.Hub.Close(ctx)
	for _, p := range e.joined {
		p.Drop()
		p.gone.Wait()
	}
	e.joined = nil
	_ = e.Store.Close()
	_ = e.folder.Close()
	e.Hub = nil
}

// Restart ends the hub and starts another one.
func (e *Env) Restart() {
	e.Stop()
	e.Start()
}

func (e *Env) must(err error) {
	e.T.Helper()
	if err != nil {
		e.T.Fatal(err)
	}
}

// Write puts a file into the folder, as any other program would.
func (e *Env) Write(path, content string) {
	e.T.Helper()
	file := filepath.Join(e.Dir, path)
	e.must(os.MkdirAll(filepath.Dir(file), 0o755))
	e.must(os.WriteFile(file, []byte(content), 0o644))
	e.Watcher.Changed(file)
}

// Read returns a file of the folder, "" when there is none.
func (e *Env) Read(path string) string {
	e.T.Helper()
	data, err := os.ReadFile(filepath.Join(e.Dir, path))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		e.T.Fatal(err)
	}
	return string(data)
}

// Remove deletes a file of the folder, as any other program would.
func (e *Env) Remove(path string) {
	e.T.Helper()
	file := filepath.Join(e.Dir, path)
	e.must(os.Remove(file))
	e.Watcher.Changed(file)
}

// Open opens a notebook and returns its room.
func (e *Env) Open(path string) uuid.UUID {
	e.T.Helper()
	r, err := e.Hub.Open(context.Background(), hub.OpenRequest{Path: path})
	e.must(err)
	return r.Room.ID
}

// Room tells about a room.
func (e *Env) Room(id uuid.UUID) hub.RoomInfo {
	e.T.Helper()
	info, err := e.Hub.Room(context.Background(), id)
	e.must(err)
	return info
}

// SetSource changes a cell by REST, and returns when that is on disk.
func (e *Env) SetSource(room uuid.UUID, cell, text string) {
	e.T.Helper()
	_, err := e.Hub.PatchCell(context.Background(), room, cell, hub.CellPatch{Source: &text}, hub.Client{Name: "rest"})
	e.must(err)
}

// Source returns a cell's source.
func (e *Env) Source(room uuid.UUID, cell string) string {
	e.T.Helper()
	c, err := e.Hub.Cell(context.Background(), room, cell)
	e.must(err)
	return c.Source
}

// StateVector returns what a client that is level with a room holds.
func (e *Env) StateVector(room uuid.UUID) []byte {
	e.T.Helper()
	p := e.Join(room)
	defer p.Drop()
	var vector []byte
	p.Read(func(doc *yjs.Doc) { vector = doc.StateVector() })
	return vector
}

// Notebook is an .ipynb of code cells, whose ids are a, b, c and so on.
func Notebook(sources ...string) string {
	text := "{\n \"cells\": ["
	for i, source := range sources {
		if i > 0 {
			text += ","
		}
		text += "\n  {\n   \"cell_type\": \"code\",\n   \"execution_count\": null,\n   \"id\": \"" + string(rune('a'+i)) +
			"\",\n   \"metadata\": {},\n   \"outputs\": [],\n   \"source\": [" + quoteLines(source) + "]\n  }"
	}
	return text + "\n ],\n \"metadata\": {},\n \"nbformat\": 4,\n \"nbformat_minor\": 5\n}\n"
}
