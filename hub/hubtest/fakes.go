package hubtest

import (
	"io"
	"sync"

	"github.com/notebookhub/hub/hub"
)

// Watcher tells only what the test tells it.
type Watcher struct {
	mu     sync.Mutex
	paths  map[string]map[*func()]bool
	panics bool
}

// NewWatcher returns a watcher of nothing.
func NewWatcher() *Watcher { return &Watcher{paths: make(map[string]map[*func()]bool)} }

// Watch is the hub's.
func (w *Watcher) Watch(path string, changed func()) (stop func(), err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.panics {
		w.panics = false
		panic("the watcher was told to")
	}
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

// PanicOnce makes the next Watch panic, in the goroutine of the room that asks.
func (w *Watcher) PanicOnce() {
	w.mu.Lock()
	w.panics = true
	w.mu.Unlock()
}

// Watched counts the paths that are watched.
func (w *Watcher) Watched() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.paths)
}

// Files is a disk that fails when the test says so, and that can give the
// identity of a replaced file to the next new one, as real ones do.
type Files struct {
	hub.Files
	mu      sync.Mutex
	reused  map[hub.FileID]hub.FileID // by the real identity
	onWrite func(path string) error
	onRead  func(path string) error
	onFind  func(path string)
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

// OnResolve has f called with every path that is looked up; nil ends that.
func (f *Files) OnResolve(find func(path string)) {
	f.mu.Lock()
	f.onFind = find
	f.mu.Unlock()
}

// Reuse makes a file that is there appear under another's former identity.
func (f *Files) Reuse(path string, former hub.FileID) error {
	stat, err := f.Files.Stat(path)
	if err != nil {
		return err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.reused == nil {
		f.reused = make(map[hub.FileID]hub.FileID)
	}
	f.reused[stat.ID] = former
	return nil
}

// Resolve is the hub's.
func (f *Files) Resolve(path string) (string, hub.FileID, error) {
	f.mu.Lock()
	find := f.onFind
	f.mu.Unlock()
	if find != nil {
		find(path)
	}
	canonical, id, err := f.Files.Resolve(path)
	f.mu.Lock()
	defer f.mu.Unlock()
	if former, ok := f.reused[id]; ok {
		id = former
	}
	return canonical, id, err
}

// Write is the hub's.
func (f *Files) Write(path string, data []byte, o hub.WriteOptions) (hub.Written, error) {
	f.mu.Lock()
	fail := f.onWrite
	f.mu.Unlock()
	if fail != nil {
		if err := fail(path); err != nil {
			return hub.Written{}, err
		}
	}
	return f.Files.Write(path, data, o)
}

// Read is the hub's.
func (f *Files) Read(path string, max int64) (hub.FileContent, error) {
	if err := f.readable(path); err != nil {
		return hub.FileContent{}, err
	}
	return f.Files.Read(path, max)
}

// Open is the hub's.
func (f *Files) Open(path string) (io.ReadSeekCloser, hub.FileStat, error) {
	if err := f.readable(path); err != nil {
		return nil, hub.FileStat{}, err
	}
	return f.Files.Open(path)
}

func (f *Files) readable(path string) error {
	f.mu.Lock()
	fail := f.onRead
	f.mu.Unlock()
	if fail == nil {
		return nil
	}
	return fail(path)
}
