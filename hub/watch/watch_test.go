//go:build unix

package watch_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/notebookhub/hub/hub/watch"
)

// patience is the longest wait for what must come: only a defect takes so long.
const patience = 2 * time.Minute

// probe counts the calls for one path and waits for more.
type probe struct {
	t     testing.TB
	w     *watch.Watcher
	calls atomic.Int64
	rang  chan struct{}
	stop  func()
}

func start(t testing.TB, o watch.Options) *watch.Watcher {
	w := watch.New(o)
	t.Cleanup(func() { w.Close() })
	return w
}

// fast makes bursts short so that the tests are.
func fast() watch.Options {
	return watch.Options{Quiet: 20 * time.Millisecond, MaxDelay: 200 * time.Millisecond, Poll: 40 * time.Millisecond, Check: 80 * time.Millisecond}
}

func observe(t testing.TB, w *watch.Watcher, path string) *probe {
	t.Helper()
	p := &probe{t: t, w: w, rang: make(chan struct{}, 1)}
	stop, err := w.Watch(path, func() {
		p.calls.Add(1)
		select {
		case p.rang <- struct{}{}:
		default:
		}
	})
	must(t, err)
	p.stop = stop
	return p
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// after does something to the path and waits for the news of it.
func (p *probe) after(what string, do func() error) {
	p.t.Helper()
	p.settle()
	must(p.t, do())
	p.hear(what)
}

func (p *probe) hear(what string) {
	p.t.Helper()
	select {
	case <-p.rang:
	case <-time.After(patience):
		p.t.Fatalf("%s: nothing was said", what)
	}
}

// settle forgets what was said until now, once nothing is said for a while. What
// comes later still, on a busy machine, is taken for news of what is done next.
func (p *probe) settle() {
	quiet := time.NewTimer(100 * time.Millisecond)
	for {
		select {
		case <-p.rang:
			quiet.Reset(100 * time.Millisecond)
		case <-quiet.C:
			return
		}
	}
}

// silent does something that must not be news.
func (p *probe) silent(what string, do func() error) {
	p.t.Helper()
	p.catchUp()
	before := p.calls.Load()
	must(p.t, do())
	p.catchUp()
	if p.calls.Load() != before {
		p.t.Errorf("%s: was taken for a change", what)
	}
}

// catchUp returns when everything was said about what has happened until now. The
// system reports in order, so it is enough to hear of another file, written later:
// twice, for what comes due together is told in any order.
func (p *probe) catchUp() {
	p.t.Helper()
	path := filepath.Join(p.t.TempDir(), "later")
	later := observe(p.t, p.w, path)
	defer later.stop()
	for range 2 {
		must(p.t, write(path, "x")())
		later.hear("a file written later")
	}
}

func write(path, text string) func() error {
	return func() error { return os.WriteFile(path, []byte(text), 0o600) }
}

func await(t testing.TB, what string, holds func() bool) {
	t.Helper()
	deadline := time.After(patience)
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for !holds() {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("waited in vain: %s", what)
		}
	}
}

func command(dir, name string, args ...string) func() error {
	return func() error {
		cmd := exec.Command(name, args...)
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), "GIT_CONFIG_GLOBAL=/dev/null", "GIT_AUTHOR_NAME=a", "GIT_AUTHOR_EMAIL=a@b", "GIT_COMMITTER_NAME=a", "GIT_COMMITTER_EMAIL=a@b")
		if out, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("%s %v: %w: %s", name, args, err, out)
		}
		return nil
	}
}

// All the ways in which editors and people change a file. Replacing it by rename
// must be seen every time, not only the first.
func TestWatch_EveryWayOfChangingAFile(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path, other := filepath.Join(dir, "n.ipynb"), filepath.Join(dir, "other")
	p := observe(t, start(t, fast()), path)
	p.after("created", write(path, "1"))
	p.after("written in place", write(path, "2"))
	p.after("appended", func() error {
		f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
		if err != nil {
			return err
		}
		defer f.Close()
		_, err = f.WriteString("more")
		return err
	})
	for i := range 10 {
		p.after("replaced", func() error {
			must(t, os.WriteFile(other, fmt.Append(nil, i), 0o600))
			return os.Rename(other, path)
		})
	}
	p.after("sed -i", command(dir, "sed", "-i", "s/9/nine/", "n.ipynb"))
	p.after("vim: backup, write anew", func() error {
		must(t, os.Rename(path, path+"~"))
		must(t, os.WriteFile(path, []byte("vim"), 0o600))
		return os.Remove(path + "~")
	})
	p.after("VS Code: truncate and write", func() error {
		must(t, os.Truncate(path, 0))
		return os.WriteFile(path, []byte("code"), 0o600)
	})
	p.after("permissions", func() error { return os.Chmod(path, 0o400) })
	p.after("removed", func() error { return os.Remove(path) })
	p.after("back", write(path, "3"))
	p.after("moved away", func() error { return os.Rename(path, other) })
	p.after("moved back", func() error { return os.Rename(other, path) })
	p.silent("a neighbour", write(other, "x"))
	p.silent("a neighbour with a longer name", write(path+".bak", "x"))
	p.stop()
	p.stop()
	p.silent("after stop", write(path, "4"))
}

func TestWatch_GitCheckout(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	sub := filepath.Join(dir, "deep", "er")
	path := filepath.Join(sub, "n.ipynb")
	git := func(args ...string) func() error { return command(dir, "git", args...) }
	must(t, git("init", "-q", "-b", "main")())
	must(t, git("commit", "-q", "--allow-empty", "-m", "0")())
	must(t, git("checkout", "-q", "-b", "work")())
	must(t, os.MkdirAll(sub, 0o700))
	must(t, write(path, "one")())
	must(t, git("add", ".")())
	must(t, git("commit", "-q", "-m", "1")())
	must(t, write(path, "two")())
	must(t, git("commit", "-q", "-a", "-m", "2")())
	w := start(t, fast())
	p := observe(t, w, path)
	p.after("checkout of another commit", git("checkout", "-q", "HEAD~1"))
	p.after("checkout of a branch without the folder", git("checkout", "-q", "main"))
	p.after("checkout of the branch with it", git("checkout", "-q", "work"))
	p.after("stash", func() error {
		must(t, write(path, "three")())
		p.settle()
		return git("stash", "-q")()
	})
	await(t, "the folder is watched again", func() bool { return w.Stats().Folders == 1 && w.Stats().Polled == 0 })
}

func TestWatch_FolderGoesAndComesBack(t *testing.T) {
	t.Parallel()
	top := t.TempDir()
	dir := filepath.Join(top, "a", "b")
	path := filepath.Join(dir, "n.ipynb")
	w := start(t, fast())
	p := observe(t, w, path)
	if s := w.Stats(); s.Folders != 0 || s.Polled != 1 {
		t.Errorf("an absent folder: %+v", s)
	}
	p.after("folder made with the file", func() error {
		must(t, os.MkdirAll(dir, 0o700))
		return write(path, "1")()
	})
	await(t, "watching", func() bool { return w.Stats().Folders == 1 })
	for range 3 {
		p.after("folder removed", func() error { return os.RemoveAll(dir) })
		p.after("folder back", func() error {
			must(t, os.Mkdir(dir, 0o700))
			return write(path, "2")()
		})
	}
	p.after("folder replaced at once", func() error {
		must(t, os.RemoveAll(dir))
		must(t, os.Mkdir(dir, 0o700))
		return write(path, "3")()
	})
	await(t, "watching", func() bool { s := w.Stats(); return s.Folders == 1 && s.Polled == 0 })
	p.after("written in the new folder", write(path, "4"))
	p.after("folder renamed", func() error { return os.Rename(dir, dir+"2") })
	p.after("and back", func() error { return os.Rename(dir+"2", dir) })
	p.after("a folder above renamed", func() error { return os.Rename(filepath.Join(top, "a"), filepath.Join(top, "x")) })
	p.after("and another in its place", func() error {
		must(t, os.MkdirAll(dir, 0o700))
		return write(path, "5")()
	})
	await(t, "watching", func() bool { s := w.Stats(); return s.Folders == 1 && s.Polled == 0 })
	p.after("written there", write(path, "6"))
}

// A notebook may be a link; its target lies elsewhere and may be replaced.
func TestWatch_LinksAreFollowed(t *testing.T) {
	t.Parallel()
	dir, elsewhere := t.TempDir(), t.TempDir()
	target, link := filepath.Join(elsewhere, "real.ipynb"), filepath.Join(dir, "n.ipynb")
	must(t, write(target, "1")())
	must(t, os.Symlink(target, link))
	must(t, os.Symlink(dir, filepath.Join(elsewhere, "folder")))
	w := start(t, fast())
	p := observe(t, w, link)
	p.after("target written", write(target, "22"))
	p.after("target replaced", func() error {
		must(t, write(target+"~", "333")())
		return os.Rename(target+"~", target)
	})
	p.after("link replaced by a file", func() error {
		must(t, write(link+"~", "4444")())
		return os.Rename(link+"~", link)
	})
	await(t, "no more polling", func() bool { return w.Stats().Polled == 0 })
	p.silent("former target", write(target, "55555"))
	q := observe(t, w, filepath.Join(elsewhere, "folder", "n.ipynb"))
	q.after("by another name of the folder", write(link, "6"))
	if s := w.Stats(); s.Folders != 1 || s.Paths != 1 {
		t.Errorf("one file by two names: %+v", s)
	}
}

func TestWatch_ThousandPathsShareFiftyFolders(t *testing.T) {
	top := t.TempDir()
	goroutines, fds := runtime.NumGoroutine(), countFDs(t)
	w := watch.New(watch.Options{Quiet: 20 * time.Millisecond})
	probes := map[string]*probe{}
	for i := range 1000 {
		dir := filepath.Join(top, fmt.Sprint("folder", i%50))
		must(t, os.MkdirAll(dir, 0o700))
		path := filepath.Join(dir, fmt.Sprint(i))
		probes[path] = observe(t, w, path)
	}
	if s := w.Stats(); s.Folders != 50 || s.Paths != 1000 || s.Polled != 0 {
		t.Errorf("%+v", s)
	}
	if n := countFDs(t) - fds; runtime.GOOS == "linux" && n > 4 {
		t.Errorf("%d descriptors", n)
	}
	if n := runtime.NumGoroutine() - goroutines; n > 4 {
		t.Errorf("%d goroutines", n)
	}
	await(t, "a second that costs next to nothing", func() bool {
		before := cpu(t)
		<-time.After(time.Second)
		return cpu(t)-before < 20*time.Millisecond
	})
	for path := range probes {
		must(t, write(path, "x")())
	}
	await(t, "all told", func() bool {
		for _, p := range probes {
			if p.calls.Load() == 0 {
				return false
			}
		}
		return true
	})
	for path, p := range probes {
		if n := p.calls.Load(); n > 3 {
			t.Errorf("%s: %d calls", path, n)
		}
		p.stop()
	}
	if s := w.Stats(); s != (watch.Stats{}) {
		t.Errorf("after the last stop: %+v", s)
	}
	must(t, w.Close())
	must(t, w.Close())
	await(t, "nothing left", func() bool { return runtime.NumGoroutine() <= goroutines && countFDs(t) <= fds })
	if _, err := w.Watch(filepath.Join(top, "x"), func() {}); err != watch.ErrClosed {
		t.Errorf("watch after close: %v", err)
	}
}

// cpu is what this process has used.
func cpu(t *testing.T) time.Duration {
	t.Helper()
	var u syscall.Rusage
	must(t, syscall.Getrusage(syscall.RUSAGE_SELF, &u))
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func countFDs(t *testing.T) int {
	t.Helper()
	entries, err := os.ReadDir("/dev/fd")
	must(t, err)
	return len(entries)
}

// Two who watch one path are independent, and a callback may watch and stop.
func TestWatch_CallbacksMayWatchAndStop(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path, next := filepath.Join(dir, "a"), filepath.Join(dir, "b")
	w := start(t, fast())
	both := observe(t, w, path)
	moved := make(chan struct{}, 1)
	var stop func()
	var once atomic.Int64
	stop, err := w.Watch(path, func() {
		once.Add(1)
		stop()
		if _, err := w.Watch(next, func() { moved <- struct{}{} }); err != nil {
			t.Error(err)
		}
	})
	must(t, err)
	both.after("first", write(path, "1"))
	await(t, "the other was told", func() bool { return once.Load() == 1 })
	both.after("second", write(path, "2"))
	must(t, write(next, "3")())
	<-moved
	if n := once.Load(); n != 1 {
		t.Errorf("called %d times after its own stop", n)
	}
}
