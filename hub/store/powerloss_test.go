package store_test

import (
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/notebookhub/hub/hub/store"
)

// diary is a disk in memory that remembers every step, so that a test can ask what
// a real disk may hold after the power failed at any of them: all that was synced,
// and any part of the rest.
type diary struct {
	mu    sync.Mutex // guards what follows and all nodes
	names map[string]*node
	steps []step
}

// node is a file or folder, whatever its name is.
type node struct {
	dir  bool
	data []byte
}

// step is one change or sync, in the order in which the store made it.
type step struct {
	kind     string // make, rename, remove, write, truncate, sync, syncdir
	path, to string
	node     *node
	off      int64
	data     []byte
}

// newDiary begins with the folder root and those above it.
func newDiary(root string) *diary {
	d := &diary{names: map[string]*node{}}
	for dir := root; ; dir = filepath.Dir(dir) {
		d.names[dir] = &node{dir: true}
		if dir == filepath.Dir(dir) {
			return d
		}
	}
}

// now is how many steps were made.
func (d *diary) now() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return len(d.steps)
}

func notThere(op, name string) error { return &fs.PathError{Op: op, Path: name, Err: fs.ErrNotExist} }

func (d *diary) OpenFile(name string, flag int, _ fs.FileMode) (store.File, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	n := d.names[name]
	switch {
	case n == nil && flag&os.O_CREATE == 0, d.names[filepath.Dir(name)] == nil:
		return nil, notThere("open", name)
	case n != nil && flag&os.O_EXCL != 0:
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrExist}
	case n != nil && n.dir && flag != os.O_RDONLY:
		return nil, &fs.PathError{Op: "open", Path: name, Err: syscall.EISDIR}
	case n == nil:
		n = &node{}
		d.names[name] = n
		d.steps = append(d.steps, step{kind: "make", path: name, node: n})
	}
	if flag&os.O_TRUNC != 0 && len(n.data) > 0 {
		n.data = nil
		d.steps = append(d.steps, step{kind: "truncate", node: n})
	}
	return &diaryFile{d: d, n: n, name: name}, nil
}

func (d *diary) Rename(from, to string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.names[from] == nil {
		return notThere("rename", from)
	}
	move(d.names, from, to)
	d.steps = append(d.steps, step{kind: "rename", path: from, to: to})
	return nil
}

// move renames a name and all below it.
func move(names map[string]*node, from, to string) {
	for name, n := range names {
		if name == from || strings.HasPrefix(name, from+"/") {
			delete(names, name)
			names[to+strings.TrimPrefix(name, from)] = n
		}
	}
}

func (d *diary) Remove(name string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.names[name] == nil {
		return notThere("remove", name)
	}
	delete(d.names, name)
	d.steps = append(d.steps, step{kind: "remove", path: name})
	return nil
}

func (d *diary) RemoveAll(top string) error {
	d.mu.Lock()
	var names []string
	for name := range d.names {
		if name == top || strings.HasPrefix(name, top+"/") {
			names = append(names, name)
		}
	}
	d.mu.Unlock()
	slices.Sort(names)
	slices.Reverse(names)
	for _, name := range names {
		d.Remove(name)
	}
	return nil
}

func (d *diary) Mkdir(name string, _ fs.FileMode) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.names[name] != nil {
		return &fs.PathError{Op: "mkdir", Path: name, Err: fs.ErrExist}
	}
	n := &node{dir: true}
	d.names[name] = n
	d.steps = append(d.steps, step{kind: "make", path: name, node: n})
	return nil
}

func (d *diary) ReadDir(dir string) (list []fs.DirEntry, err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.names[dir] == nil {
		return nil, notThere("readdir", dir)
	}
	for name, n := range d.names {
		if filepath.Dir(name) == dir && name != dir {
			list = append(list, fs.FileInfoToDirEntry(diaryInfo{name, n.dir, int64(len(n.data))}))
		}
	}
	slices.SortFunc(list, func(a, b fs.DirEntry) int { return strings.Compare(a.Name(), b.Name()) })
	return list, nil
}

func (d *diary) Stat(name string) (fs.FileInfo, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	n := d.names[name]
	if n == nil {
		return nil, notThere("stat", name)
	}
	return diaryInfo{name, n.dir, int64(len(n.data))}, nil
}

func (d *diary) Chtimes(string, time.Time) error { return nil }

func (d *diary) SyncDir(name string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.steps = append(d.steps, step{kind: "syncdir", path: name})
	return nil
}

type diaryInfo struct {
	path string
	dir  bool
	size int64
}

func (i diaryInfo) Name() string       { return filepath.Base(i.path) }
func (i diaryInfo) Size() int64        { return i.size }
func (i diaryInfo) IsDir() bool        { return i.dir }
func (i diaryInfo) ModTime() time.Time { return time.Time{} }
func (i diaryInfo) Sys() any           { return nil }
func (i diaryInfo) Mode() fs.FileMode {
	if i.dir {
		return fs.ModeDir | 0o700
	}
	return 0o600
}

// diaryFile is an open file of a diary.
type diaryFile struct {
	d    *diary
	n    *node
	name string
	off  int64 // of the one goroutine that reads or writes in sequence
}

func (f *diaryFile) Close() error { return nil }

func (f *diaryFile) Read(p []byte) (int, error) {
	n, err := f.ReadAt(p, f.off)
	f.off += int64(n)
	return n, err
}

func (f *diaryFile) ReadAt(p []byte, off int64) (int, error) {
	f.d.mu.Lock()
	defer f.d.mu.Unlock()
	if off >= int64(len(f.n.data)) {
		return 0, io.EOF
	}
	n := copy(p, f.n.data[off:])
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

func (f *diaryFile) Write(p []byte) (int, error) {
	n, err := f.WriteAt(p, f.off)
	f.off += int64(n)
	return n, err
}

func (f *diaryFile) WriteAt(p []byte, off int64) (int, error) {
	f.d.mu.Lock()
	defer f.d.mu.Unlock()
	s := step{kind: "write", node: f.n, off: off, data: slices.Clone(p)}
	f.n.data = s.apply(f.n.data)
	f.d.steps = append(f.d.steps, s)
	return len(p), nil
}

func (f *diaryFile) Truncate(size int64) error {
	f.d.mu.Lock()
	defer f.d.mu.Unlock()
	s := step{kind: "truncate", node: f.n, off: size}
	f.n.data = s.apply(f.n.data)
	f.d.steps = append(f.d.steps, s)
	return nil
}

func (f *diaryFile) Seek(off int64, whence int) (int64, error) {
	if whence != io.SeekStart {
		return 0, fs.ErrInvalid
	}
	f.off = off
	return off, nil
}

func (f *diaryFile) Sync() error {
	f.d.mu.Lock()
	defer f.d.mu.Unlock()
	f.d.steps = append(f.d.steps, step{kind: "sync", node: f.n})
	return nil
}

func (f *diaryFile) Stat() (fs.FileInfo, error) { return f.d.Stat(f.name) }

// apply is what a file's bytes become by a write or a truncation.
func (s step) apply(data []byte) []byte {
	end := int(s.off) + len(s.data)
	grown := slices.Clone(data)
	if len(grown) < end {
		grown = append(grown, make([]byte, end-len(grown))...)
	}
	if s.kind == "truncate" {
		return grown[:s.off]
	}
	copy(grown[s.off:], s.data)
	return grown
}

// powerLoss writes to a new folder what a disk may hold when the power fails after
// n steps. Below root nothing else is there.
func (d *diary) powerLoss(t *testing.T, r *rand.Rand, root string, n int) string {
	t.Helper()
	names := d.namesAfter(r, root, n)
	dir := t.TempDir()
	paths := make([]string, 0, len(names))
	for name := range names {
		paths = append(paths, name)
	}
	slices.Sort(paths)
	for _, name := range paths {
		to := filepath.Join(dir, strings.TrimPrefix(name, root))
		parent, err := os.Stat(filepath.Dir(to))
		switch {
		case err != nil || !parent.IsDir():
			continue // its folder never reached the disk
		case names[name].dir:
			must(t, os.MkdirAll(to, 0o700))
		default:
			must(t, os.WriteFile(to, d.bytesAfter(r, names[name], n), 0o600))
		}
	}
	return dir
}

// namesAfter are the names that may be found: a folder's entries are those of its
// last sync or of any later moment.
func (d *diary) namesAfter(r *rand.Rand, root string, n int) map[string]*node {
	upTo := map[string]int{}
	for i, s := range d.steps[:n] {
		if s.kind == "syncdir" {
			upTo[s.path] = i
		}
	}
	for i := range d.steps[:n] {
		for _, dir := range d.steps[i].folders() {
			if _, seen := upTo[dir]; !seen {
				upTo[dir] = -1
			}
		}
	}
	for _, dir := range sortedKeys(upTo) {
		upTo[dir] += r.IntN(n - upTo[dir])
	}
	names := map[string]*node{root: {dir: true}}
	for i, s := range d.steps[:n] {
		if slices.ContainsFunc(s.folders(), func(dir string) bool { return i <= upTo[dir] }) {
			s.enter(names)
		}
	}
	return names
}

func sortedKeys(m map[string]int) []string {
	var keys []string
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// folders are those whose entries a step changes.
func (s step) folders() []string {
	switch s.kind {
	case "make", "remove":
		return []string{filepath.Dir(s.path)}
	case "rename":
		return []string{filepath.Dir(s.path), filepath.Dir(s.to)}
	}
	return nil
}

// enter applies a step to names.
func (s step) enter(names map[string]*node) {
	switch s.kind {
	case "make":
		names[s.path] = s.node
	case "remove":
		delete(names, s.path)
	case "rename":
		if names[s.path] != nil {
			move(names, s.path, s.to)
		}
	}
}

// bytesAfter are what a file may hold: its bytes at the last sync, then some of
// the later writes, the last of them perhaps in part.
func (d *diary) bytesAfter(r *rand.Rand, n *node, steps int) []byte {
	var synced, later []step
	for _, s := range d.steps[:steps] {
		switch {
		case s.node != n || s.kind == "make":
		case s.kind == "sync":
			synced, later = append(synced, later...), nil
		default:
			later = append(later, s)
		}
	}
	var data []byte
	for _, s := range synced {
		data = s.apply(data)
	}
	if len(later) == 0 {
		return data
	}
	cut := r.IntN(len(later) + 1)
	for _, s := range later[:cut] {
		data = s.apply(data)
	}
	if cut < len(later) && later[cut].kind == "write" {
		part := later[cut]
		part.data = part.data[:r.IntN(len(part.data)+1)]
		data = part.apply(data)
	}
	return data
}
