//go:build unix

package store

import (
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

// heldFolders are open folders with a flock(2) each. The kernel lets go of them
// when the process ends.
type heldFolders []*os.File

func (h heldFolders) release() {
	for _, f := range h {
		f.Close()
	}
}

// holdFolders locks a folder for itself or together with others, and those around
// it together with others. It leaves out what cannot be opened or locked, and
// folders like /tmp, where everybody keeps things, nobody serves notebooks, and
// cleaners take the same lock to see what is in use.
func holdFolders(dir string, alone bool) (held heldFolders, err error) {
	if dir, err = filepath.EvalSymlinks(dir); err != nil {
		return nil, wrap("lock folder", err)
	}
	if dir, err = filepath.Abs(dir); err != nil {
		return nil, wrap("lock folder", err)
	}
	for around := false; ; around = true {
		f, err := holdFolder(dir, alone && !around, around)
		if err != nil {
			held.release()
			return nil, err
		}
		if f != nil {
			held = append(held, f)
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return held, nil
		}
		dir = parent
	}
}

// A lock may be somebody's for a moment who only looks whether it is free.
const (
	lockTries = 8
	lockPause = 25 * time.Millisecond
)

// holdFolder locks one folder, if that can be done here.
func holdFolder(dir string, alone, around bool) (*os.File, error) {
	f, err := os.OpenFile(dir, os.O_RDONLY|syscall.O_DIRECTORY, 0)
	if err != nil {
		return nil, nil // who may not read a folder cannot lock it
	}
	if info, err := f.Stat(); around && (err != nil || info.Mode()&fs.ModeSticky != 0) {
		f.Close()
		return nil, nil
	}
	how := syscall.LOCK_SH
	if alone {
		how = syscall.LOCK_EX
	}
	for range lockTries {
		if err = flock(f, how); err != syscall.EWOULDBLOCK {
			break
		}
		time.Sleep(lockPause)
	}
	switch {
	case err == nil:
		return f, nil
	case err == syscall.EWOULDBLOCK:
		within := alone && flock(f, syscall.LOCK_SH) == nil
		f.Close()
		return nil, &FolderHeldError{Folder: dir, Within: within}
	}
	f.Close()
	return nil, nil // such as on a network's disk
}

// flock takes a lock without waiting.
func flock(f *os.File, how int) error {
	for {
		if err := syscall.Flock(int(f.Fd()), how|syscall.LOCK_NB); err != syscall.EINTR {
			return err
		}
	}
}
