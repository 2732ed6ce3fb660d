package hubtest

import (
	"sync"

	"github.com/notebookhub/hub/hub"
)

// Watcher tells only what the test tells it.
type Watcher struct {
	mu    sync.Mutex
	paths map[string]map[*func()]bool
}

// NewWatcher returns a watcher of nothing.
func NewWatcher() *Watcher { return &Watcher{paths: make(map[string]map[*func()]bool)} }

// Watch is the hub's.
func (w *Watcher) Watch(path string, changed func()) (stop func(), err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	key := &changed
	if w.paths[path] == nil {
		w.paths[path] = make(map[*func()]bool)
	}
	w.paths[path][key] = true
	return func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		delete(w.paths[path], key)
		if len(w.paths[path]) == 0 {
			delete(w.paths, path)
		}
	}, nil
}

// Changed tells whoever watches a path.
func (w *Watcher) Changed(path string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for changed := range w.paths[path] {
		(*changed)()
	}
}

// Watched counts the paths that are watched.
func (w *Watcher) Watched() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.paths)
}

// Files is a disk that fails when the test says so.
type Files struct {
	hub.Files
	mu      sync.Mutex
	onWrite func(path string) error
	onRead  func(path string) error
}

// FailWrites has every write answered by f; nil lets them be.
func (f *Files) FailWrites(fail func(path string) error) {
	f.mu.Lock()
	f.onWrite = fail
	f.mu.Unlock()
}

// FailReads has every read answered by f; nil lets them be.
func (f *Files) FailReads(fail func(path string) error) {
	f.mu.Lock()
	f.onRead = fail
	f.mu.Unlock()
}

// Write is the hub's.
func (f *Files) Write(path string, data []byte, o hub.WriteOptions) (hub.FileStat, error) {
	f.mu.Lock()
	fail := f.onWrite
	f.mu.Unlock()
	if fail != nil {
		if err := fail(path); err != nil {
			return hub.FileStat{}, err
		}
	}
	return f.Files.Write(path, data, o)
}

// Read is the hub's.
func (f *Files) Read(path string, max int64) (hub.FileContent, error) {
	f.mu.Lock()
	fail := f.onRead
	f.mu.Unlock()
	if fail != nil {
		if err := fail(path); err != nil {
			return hub.FileContent{}, err
		}
	}
	return f.Files.Read(path, max)
}
