package watch

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

// state is what a poll compares: whether the file is there, which one, and its
// size and time.
type state struct{ info fs.FileInfo }

// look reads the state of a path, following links.
func look(path string) state {
	info, err := os.Stat(path)
	if err != nil {
		return state{}
	}
	return state{info}
}

// same says that two states show no change.
func (s state) same(t state) bool {
	if s.info == nil || t.info == nil {
		return s.info == nil && t.info == nil
	}
	return os.SameFile(s.info, t.info) && s.info.Size() == t.info.Size() &&
		s.info.ModTime().Equal(t.info.ModTime()) && s.info.Mode() == t.info.Mode()
}

// polled says that the system does not report every change of the path. Watcher.mu
// must be held.
func (e *entry) polled() bool { return e.link || e.folder.remote || !e.folder.watched }

func (w *Watcher) isPolled(e *entry) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return e.polled()
}

func (w *Watcher) isWatched(f *folder) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return f.watched
}

// connect watches a folder that is not watched yet. One that was absent when it
// was first asked for and turns out to be another's second name stays polled: the
// system reports one name per folder. topology must be held.
func (w *Watcher) connect(f *folder) {
	if w.notify == nil || w.isWatched(f) {
		return
	}
	if dir, err := filepath.EvalSymlinks(f.path); err != nil || dir != f.path {
		return
	}
	err := w.notify.Add(f.path)
	if err != nil {
		if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EMFILE) {
			w.warn("the system watches no more folders: polling (on Linux raise fs.inotify.max_user_watches)", err)
		}
		return
	}
	info, err := os.Stat(f.path)
	if err != nil || !info.IsDir() {
		w.notify.Remove(f.path)
		return
	}
	remote := isRemote(f.path)
	w.mu.Lock()
	defer w.mu.Unlock()
	f.watched, f.lost, f.info, f.remote = true, false, info, remote
}

// examine finds out whether a path is a link, and what a poll is to compare with.
func (w *Watcher) examine(e *entry) {
	info, err := os.Lstat(e.path) // outside of every lock: the disk may hang
	link := err == nil && info.Mode()&fs.ModeSymlink != 0
	seen := look(e.path)
	w.mu.Lock()
	defer w.mu.Unlock()
	e.doubt, e.link = false, link
	if !e.known {
		e.known, e.seen = true, seen
	}
}

// review examines the paths that changed lately.
func (w *Watcher) review() {
	w.mu.Lock()
	var doubtful []*entry
	for _, e := range w.entries {
		if e.doubt {
			doubtful = append(doubtful, e)
		}
	}
	w.mu.Unlock()
	for _, e := range doubtful {
		w.examine(e)
	}
}

// poll looks after what the system does not report. It sleeps for Poll while there
// is such a thing, else for Check, and while nothing is watched for good.
func (w *Watcher) poll() {
	checked, last := time.Now(), time.Now()
	for {
		tick, ok := w.untilLook(last)
		if !ok {
			return
		}
		if tick {
			last = time.Now()
		}
		full := tick && last.Sub(checked) >= w.opts.Check
		if full {
			checked = last
		}
		w.verify(tick, full)
		if tick {
			w.compare()
		}
		w.review()
	}
}

// untilLook sleeps until it is time to look again after last, a tick, or until
// somebody asks for it. It is false when the Watcher was closed.
func (w *Watcher) untilLook(last time.Time) (tick, ok bool) {
	var c <-chan time.Time
	if pause := w.pause(); pause > 0 {
		t := time.NewTimer(time.Until(last.Add(pause)))
		defer t.Stop()
		c = t.C
	}
	select {
	case <-c:
		return true, !w.isClosed()
	case <-w.look:
		return false, !w.isClosed()
	case <-w.done:
		return false, false
	}
}

func (w *Watcher) isClosed() bool {
	select {
	case <-w.done:
		return true
	default:
		return false
	}
}

// pause is the time between looks, 0 for none.
func (w *Watcher) pause() time.Duration {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.entries) == 0 {
		return 0
	}
	for _, e := range w.entries {
		if e.polled() {
			return w.opts.Poll
		}
	}
	return w.opts.Check
}

// verify brings the watches in line with the folders: with those whose watch is
// said to be gone, at a tick with those that are not watched, and now and then,
// full, with all of them, because nobody says when a folder above is renamed.
func (w *Watcher) verify(tick, full bool) {
	for _, f := range w.doubtful(tick, full) {
		info, err := os.Stat(f.path) // outside of every lock: the disk may hang
		there := err == nil && info.IsDir()
		w.reconnect(f, info, there)
	}
}

// doubtful are the folders to look at.
func (w *Watcher) doubtful(tick, full bool) []*folder {
	w.mu.Lock()
	defer w.mu.Unlock()
	var list []*folder
	for _, f := range w.folders {
		if full || f.lost || tick && !f.watched {
			list = append(list, f)
		}
	}
	return list
}

// reconnect brings a folder's watch in line with what is at its path.
func (w *Watcher) reconnect(f *folder, info fs.FileInfo, there bool) {
	w.topology.Lock()
	defer w.topology.Unlock()
	w.mu.Lock()
	gone := w.folders[key(f.path)] != f || w.closed
	same := f.watched && !f.lost && there && os.SameFile(f.info, info)
	was := f.watched
	w.mu.Unlock()
	if gone || same || !was && !there {
		return
	}
	if was {
		w.disconnect(f)
	}
	if there {
		w.connect(f)
	}
	if was || w.isWatched(f) {
		w.markAll(f)
	}
}

// disconnect gives up a watch. topology must be held.
func (w *Watcher) disconnect(f *folder) {
	w.notify.Remove(f.path) // an error says that the system was faster
	w.mu.Lock()
	defer w.mu.Unlock()
	f.watched, f.lost, f.info, f.remote = false, false, nil, false
}

// markAll notes that every path of a folder may have changed.
func (w *Watcher) markAll(f *folder) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for e := range f.entries {
		w.markLocked(e)
	}
}

// compare looks at the polled paths.
func (w *Watcher) compare() {
	w.mu.Lock()
	var polled []*entry
	for _, e := range w.entries {
		if e.polled() {
			polled = append(polled, e)
		}
	}
	w.mu.Unlock()
	for _, e := range polled {
		now := look(e.path) // outside of every lock: the disk may hang
		w.mu.Lock()
		if !now.same(e.seen) {
			w.markLocked(e)
		}
		e.seen = now
		w.mu.Unlock()
	}
}
