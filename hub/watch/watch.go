package watch

import (
	"errors"
	"io/fs"
	"log/slog"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"time"
)

// Options are a Watcher's settings; zero fields have defaults.
type Options struct {
	// Quiet is how long a path must rest before its callback is called, 150 ms by
	// default.
	Quiet time.Duration
	// MaxDelay bounds the wait under constant change, 2 s by default.
	MaxDelay time.Duration
	// Poll is how often paths that the system does not report are looked at, 1 s by
	// default.
	Poll time.Duration
	// Check is how often the watched folders are verified, 10 s by default.
	Check time.Duration
	// Logger gets what a user may have to act on: limits of the system. None: nothing
	// is logged.
	Logger *slog.Logger
}

// ErrClosed says that the Watcher was closed.
var ErrClosed = errors.New("watcher is closed")

// Watcher watches paths until Close. Safe for concurrent use. Made by [New].
type Watcher struct {
	// Static after construction.
	opts   Options
	notify notifier // nil when the system gave none: everything is polled
	done   chan struct{}
	wake   chan struct{} // capacity 1: something is pending
	look   chan struct{} // capacity 1: a folder was lost or is not watched
	loops  sync.WaitGroup

	// topology serialises what is watched; held over system calls, never by the
	// goroutine that drains events. Taken before mu.
	topology sync.Mutex

	mu      sync.Mutex // guards what follows and all entries and folders; map work only
	entries map[string]*entry
	folders map[string]*folder
	pending map[*entry]burst
	closed  bool
	limited bool // the system's limit was logged
}

// entry is a watched path, kept while somebody watches it. Guarded by Watcher.mu.
type entry struct {
	path   string
	folder *folder
	subs   map[*subscription]struct{}
	doubt  bool  // whether it is a link is to be found out
	link   bool  // a symbolic link: its target may change elsewhere
	known  bool  // seen is set
	seen   state // by the last poll
}

// subscription is one call of Watch; identity is its pointer.
type subscription struct{ changed func() }

// folder is the parent of watched paths. Guarded by Watcher.mu.
type folder struct {
	path    string
	entries map[*entry]struct{}
	watched bool
	lost    bool        // an event said that the watch is gone
	remote  bool        // others may change it without the system knowing
	info    fs.FileInfo // the folder that is watched
}

// burst is a run of changes that has not been told yet.
type burst struct{ first, last time.Time }

// New starts a Watcher. Where the system has no notifications to give it polls.
func New(o Options) *Watcher {
	n, err := newNotifier()
	w := start(o, n)
	if err != nil {
		w.warn("the system's file notifications are not to be had: polling", err)
	}
	return w
}

// start runs a Watcher over a source of events, nil for none.
func start(o Options, n notifier) *Watcher {
	orDefault(&o.Quiet, 150*time.Millisecond)
	orDefault(&o.MaxDelay, 2*time.Second)
	orDefault(&o.Poll, time.Second)
	orDefault(&o.Check, 10*time.Second)
	w := &Watcher{
		opts: o, notify: n,
		done: make(chan struct{}), wake: make(chan struct{}, 1), look: make(chan struct{}, 1),
		entries: map[string]*entry{}, folders: map[string]*folder{}, pending: map[*entry]burst{},
	}
	if n != nil {
		w.loops.Go(w.drain)
	}
	w.loops.Go(w.tell)
	w.loops.Go(w.poll)
	return w
}

func orDefault(setting *time.Duration, value time.Duration) {
	if *setting <= 0 {
		*setting = value
	}
}

// Watch calls changed after every burst of changes of path, which need not exist:
// created, written, replaced, removed, its permissions changed, its folder gone or
// back. Who reads the file after Watch returned misses nothing. After stop has
// returned no call begins, but one under way may still run; stop may be called
// more than once, also by the callback.
func (w *Watcher) Watch(path string, changed func()) (stop func(), err error) {
	path, err = canonical(path)
	if err != nil {
		return nil, err
	}
	sub := &subscription{changed}
	w.topology.Lock()
	defer w.topology.Unlock()
	e, err := w.subscribe(path, sub)
	if err != nil {
		return nil, err
	}
	w.connect(e.folder)
	if w.examine(e); w.isPolled(e) {
		poke(w.look)
	}
	return sync.OnceFunc(func() { w.unsubscribe(e, sub) }), nil
}

// canonical is the absolute path with the links of its folder resolved, as far as
// the folder exists: the system reports one name per folder.
func canonical(path string) (string, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return "", err
	}
	if dir, err := filepath.EvalSymlinks(filepath.Dir(path)); err == nil {
		path = filepath.Join(dir, filepath.Base(path))
	}
	return path, nil
}

// key is how a path is found. Where names differ in case only, too much is found
// rather than too little.
func key(path string) string {
	if runtime.GOOS == "darwin" || runtime.GOOS == "windows" {
		return strings.ToLower(path)
	}
	return path
}

// subscribe enters a path in the books.
func (w *Watcher) subscribe(path string, sub *subscription) (*entry, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closed {
		return nil, ErrClosed
	}
	e := w.entries[key(path)]
	if e == nil {
		dir := filepath.Dir(path)
		f := w.folders[key(dir)]
		if f == nil {
			f = &folder{path: dir, entries: map[*entry]struct{}{}}
			w.folders[key(dir)] = f
		}
		e = &entry{path: path, folder: f, doubt: true, subs: map[*subscription]struct{}{}}
		w.entries[key(path)], f.entries[e] = e, struct{}{}
	}
	e.subs[sub] = struct{}{}
	return e, nil
}

// unsubscribe takes a subscription out of the books, and the path and its folder
// with the last one.
func (w *Watcher) unsubscribe(e *entry, sub *subscription) {
	w.topology.Lock()
	defer w.topology.Unlock()
	if f := w.strike(e, sub); f != nil && w.notify != nil {
		w.notify.Remove(f.path) // an error says that the system was faster
	}
}

// strike returns the folder that need not be watched any longer, if there is one.
func (w *Watcher) strike(e *entry, sub *subscription) *folder {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(e.subs, sub)
	f := e.folder
	if len(e.subs) > 0 || w.closed {
		return nil
	}
	delete(w.entries, key(e.path))
	delete(w.pending, e)
	delete(f.entries, e)
	if len(f.entries) > 0 {
		return nil
	}
	delete(w.folders, key(f.path))
	if !f.watched {
		return nil
	}
	return f
}

// Stats says how much is watched, and how.
type Stats struct {
	Paths   int // watched paths
	Folders int // folders that the system watches
	Polled  int // paths that are polled
}

// Stats counts what is watched at the moment.
func (w *Watcher) Stats() (s Stats) {
	w.mu.Lock()
	defer w.mu.Unlock()
	s.Paths = len(w.entries)
	for _, f := range w.folders {
		if f.watched {
			s.Folders++
		}
	}
	for _, e := range w.entries {
		if e.polled() {
			s.Polled++
		}
	}
	return s
}

// Close ends all watching and waits for the goroutines, so a callback that is
// running has returned by then. A second Close does nothing.
func (w *Watcher) Close() error {
	w.mu.Lock()
	was := w.closed
	w.closed = true
	w.mu.Unlock()
	if was {
		w.loops.Wait()
		return nil
	}
	close(w.done)
	var err error
	if w.notify != nil {
		err = w.notify.Close()
	}
	w.loops.Wait()
	return err
}

// warn logs what limits us, once.
func (w *Watcher) warn(what string, err error) {
	w.mu.Lock()
	was := w.limited
	w.limited = true
	w.mu.Unlock()
	if w.opts.Logger != nil && !was {
		w.opts.Logger.Warn(what, "error", err)
	}
}

// poke wakes a goroutine, which may be awake already.
func poke(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}
