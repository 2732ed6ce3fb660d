package storetest

import (
	"io/fs"
	"os"
	"sync"
	"time"

	"github.com/notebookhub/hub/hub/store"
)

// Op names a step of the disk that can fail.
type Op string

// The steps that change or make durable what is on the disk.
const (
	Create   Op = "create" // opening a file for writing
	Write    Op = "write"
	Truncate Op = "truncate"
	Sync     Op = "sync"
	Rename   Op = "rename" // name is the new one
	Remove   Op = "remove"
	Mkdir    Op = "mkdir"
	SyncDir  Op = "syncdir"
)

// Faults is a disk that fails where its function says so. The zero value is the
// real disk without faults. Safe for concurrent use.
type Faults struct {
	// Short makes a failing write leave the first half of its bytes, as a full disk
	// or a killed process does. Set before use.
	Short bool
	// NoSync leaves out the waiting for the disk: syncs are counted and can fail, but
	// do nothing. Set before use.
	NoSync bool

	disk  store.OS
	mu    sync.Mutex // guards what follows
	fail  func(step int, op Op, name string) error
	steps int
}

// Fail sets what decides about each step, nil for a disk without faults. It is
// called before the step, which does not happen when it returns an error; step
// counts from 1 since Fail was called. It may block, but not use the disk.
func (f *Faults) Fail(decide func(step int, op Op, name string) error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.fail, f.steps = decide, 0
}

// FailAll makes every step fail with err; nil ends the faults.
func (f *Faults) FailAll(err error) {
	f.Fail(func(int, Op, string) error { return err })
}

// FailFrom makes step n and all later ones fail with err.
func (f *Faults) FailFrom(n int, err error) {
	f.Fail(func(step int, _ Op, _ string) error {
		if step >= n {
			return err
		}
		return nil
	})
}

// Steps is how many steps were taken or refused since Fail was called.
func (f *Faults) Steps() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.steps
}

// before counts a step and decides about it.
func (f *Faults) before(op Op, name string) error {
	f.mu.Lock()
	f.steps++
	step, decide := f.steps, f.fail
	f.mu.Unlock()
	if decide == nil {
		return nil
	}
	if err := decide(step, op, name); err != nil {
		return &fs.PathError{Op: string(op), Path: name, Err: err}
	}
	return nil
}

// OpenFile opens a file; for writing it is a step.
func (f *Faults) OpenFile(name string, flag int, perm fs.FileMode) (store.File, error) {
	if flag != os.O_RDONLY {
		if err := f.before(Create, name); err != nil {
			return nil, err
		}
	}
	file, err := f.disk.OpenFile(name, flag, perm)
	if err != nil {
		return nil, err
	}
	return &faultFile{File: file, faults: f, name: name}, nil
}

// Rename is a step.
func (f *Faults) Rename(oldname, newname string) error {
	if err := f.before(Rename, newname); err != nil {
		return err
	}
	return f.disk.Rename(oldname, newname)
}

// Remove is a step.
func (f *Faults) Remove(name string) error {
	if err := f.before(Remove, name); err != nil {
		return err
	}
	return f.disk.Remove(name)
}

// RemoveAll is one step.
func (f *Faults) RemoveAll(name string) error {
	if err := f.before(Remove, name); err != nil {
		return err
	}
	return f.disk.RemoveAll(name)
}

// Mkdir is a step.
func (f *Faults) Mkdir(name string, perm fs.FileMode) error {
	if err := f.before(Mkdir, name); err != nil {
		return err
	}
	return f.disk.Mkdir(name, perm)
}

// SyncDir is a step.
func (f *Faults) SyncDir(name string) error {
	if err := f.before(SyncDir, name); err != nil || f.NoSync {
		return err
	}
	return f.disk.SyncDir(name)
}

// ReadDir never fails by itself.
func (f *Faults) ReadDir(name string) ([]fs.DirEntry, error) { return f.disk.ReadDir(name) }

// Stat never fails by itself.
func (f *Faults) Stat(name string) (fs.FileInfo, error) { return f.disk.Stat(name) }

// Chtimes never fails by itself.
func (f *Faults) Chtimes(name string, modified time.Time) error {
	return f.disk.Chtimes(name, modified)
}

// faultFile is an open file whose steps can fail.
type faultFile struct {
	store.File
	faults *Faults
	name   string
}

func (f *faultFile) Write(p []byte) (int, error) {
	if err := f.faults.before(Write, f.name); err != nil {
		n := 0
		if f.faults.Short {
			n, _ = f.File.Write(p[:len(p)/2])
		}
		return n, err
	}
	return f.File.Write(p)
}

func (f *faultFile) WriteAt(p []byte, off int64) (int, error) {
	if err := f.faults.before(Write, f.name); err != nil {
		n := 0
		if f.faults.Short {
			n, _ = f.File.WriteAt(p[:len(p)/2], off)
		}
		return n, err
	}
	return f.File.WriteAt(p, off)
}

func (f *faultFile) Truncate(size int64) error {
	if err := f.faults.before(Truncate, f.name); err != nil {
		return err
	}
	return f.File.Truncate(size)
}

func (f *faultFile) Sync() error {
	if err := f.faults.before(Sync, f.name); err != nil || f.faults.NoSync {
		return err
	}
	return f.File.Sync()
}
