package watch

import (
	"errors"
	"path/filepath"
	"runtime"
	"time"

	"github.com/fsnotify/fsnotify"
)

// notifier is the source of the system's events; tests have another.
type notifier interface {
	Add(dir string) error
	Remove(dir string) error
	// Next waits for an event; it is false when the notifier was closed.
	Next() (event, bool)
	Close() error
}

// event is one of the system's.
type event struct {
	path string
	gone bool // removed, or renamed to something else
	all  bool // events were lost: anything may have changed
}

// system is the real notifier.
type system struct{ *fsnotify.Watcher }

func newNotifier() (notifier, error) {
	w, err := fsnotify.NewWatcher()
	if err != nil {
		return nil, err
	}
	return system{w}, nil
}

// Next passes over changes of attributes on darwin, where indexing makes them all
// the time. Every error means that something may have been missed.
func (s system) Next() (event, bool) {
	for {
		select {
		case e, ok := <-s.Events:
			if !ok {
				return event{}, false
			}
			if e.Name == "" || runtime.GOOS == "darwin" && e.Op == fsnotify.Chmod {
				continue
			}
			return event{path: filepath.Clean(e.Name), gone: e.Has(fsnotify.Remove) || e.Has(fsnotify.Rename)}, true
		case err, ok := <-s.Errors:
			if !ok {
				return event{}, false
			}
			if !errors.Is(err, fsnotify.ErrNonExistentWatch) {
				return event{all: true}, true
			}
		}
	}
}

// drain enters the system's events in the books and does nothing else.
func (w *Watcher) drain() {
	for {
		ev, ok := w.notify.Next()
		if !ok {
			return
		}
		w.mu.Lock()
		w.noteLocked(ev)
		w.mu.Unlock()
	}
}

// noteLocked enters one event. A folder that went takes its watch with it, even
// when there is another under its name by now. mu must be held.
func (w *Watcher) noteLocked(ev event) {
	if ev.all {
		for _, e := range w.entries {
			w.markLocked(e)
		}
		for _, f := range w.folders {
			f.lost = f.watched
		}
		poke(w.look)
		return
	}
	if e := w.entries[key(ev.path)]; e != nil {
		w.markLocked(e)
	}
	if f := w.folders[key(ev.path)]; f != nil && f.watched && ev.gone {
		f.lost = true
		poke(w.look)
	}
}

// markLocked notes that a path changed now. mu must be held.
func (w *Watcher) markLocked(e *entry) {
	if w.entries[key(e.path)] != e {
		return
	}
	now := time.Now()
	b, open := w.pending[e]
	if !open {
		b.first = now
		if len(w.pending) == 0 {
			poke(w.wake)
		}
	}
	b.last = now
	w.pending[e] = b
}

// tell calls the callbacks of what is due. Changes that come in while it sleeps
// only ever put off what is pending, or come due later: no need to wake for them.
func (w *Watcher) tell() {
	for {
		select {
		case <-w.wake:
		case <-w.done:
			return
		}
		for {
			due, next := w.due(time.Now())
			for _, e := range due {
				w.call(e)
			}
			if next == 0 {
				break
			}
			if !w.sleep(max(next, w.opts.Quiet/4)) {
				return
			}
		}
	}
}

// due takes out what has to be told now, and says when to look again; 0 when
// nothing is pending.
func (w *Watcher) due(now time.Time) (due []*entry, next time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for e, b := range w.pending {
		at := b.last.Add(w.opts.Quiet)
		if latest := b.first.Add(w.opts.MaxDelay); latest.Before(at) {
			at = latest
		}
		if wait := at.Sub(now); wait <= 0 {
			due = append(due, e)
			delete(w.pending, e)
		} else if next == 0 || wait < next {
			next = wait
		}
	}
	return due, next
}

// call tells everybody who watches the path.
func (w *Watcher) call(e *entry) {
	w.mu.Lock()
	e.doubt = true
	subs := make([]*subscription, 0, len(e.subs))
	for sub := range e.subs {
		subs = append(subs, sub)
	}
	w.mu.Unlock()
	poke(w.look) // it may be a link now, or no longer
	for _, sub := range subs {
		if w.wanted(e, sub) {
			sub.changed()
		}
	}
}

// wanted says that a subscription was not stopped meanwhile.
func (w *Watcher) wanted(e *entry, sub *subscription) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	_, ok := e.subs[sub]
	return ok && !w.closed
}

// sleep is false when the Watcher was closed.
func (w *Watcher) sleep(d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-w.done:
		return false
	}
}
