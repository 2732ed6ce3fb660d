//go:build unix

package store

import (
	"os"
	"syscall"
)

// openLocked opens the file and takes its flock, which the kernel releases when
// the last copy of this descriptor is gone, however the process ends.
func openLocked(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, fileMode)
	if err != nil {
		return nil, err
	}
	if err = flock(f, syscall.LOCK_EX); err == nil {
		return f, nil
	}
	f.Close()
	if err == syscall.EWOULDBLOCK {
		return nil, errHeld
	}
	return nil, os.NewSyscallError("flock", err)
}

// release removes the file while it is still locked, so that whoever locks the
// removed file sees that it is no longer there.
func (l *lock) release() error {
	err := os.Remove(l.path)
	if closing := l.f.Close(); err == nil {
		err = closing
	}
	return wrap("release lock", err)
}
