package store

import (
	"errors"
	"fmt"
	"io/fs"
	"syscall"
)

var (
	// ErrFull says that the disk or the user's quota is full.
	ErrFull = errors.New("disk is full")
	// ErrPermission says that the system refused, or that the disk is read-only.
	ErrPermission = errors.New("permission denied")
	// ErrNotFound says that the store knows nothing under this id, path or hash.
	ErrNotFound = errors.New("not in the store")
	// ErrClosed says that the store or the log has been closed.
	ErrClosed = errors.New("store is closed")
	// ErrBusy says that the room's log is open, so it cannot be opened or
	// forgotten.
	ErrBusy = errors.New("room's log is open")
	// ErrDamaged says that stored bytes do not match their checksum.
	ErrDamaged = errors.New("stored bytes are damaged")
)

// LockedError says that another living process owns the state directory or the
// root. PID is 0 and URL is "" while the owner has not written them yet.
type LockedError struct {
	Path string // the lock file
	PID  int
	URL  string
}

// Error names the holder.
func (e *LockedError) Error() string {
	switch {
	case e.PID == 0:
		return fmt.Sprintf("lock %s: held by another hub", e.Path)
	case e.URL == "":
		return fmt.Sprintf("lock %s: held by the hub with pid %d", e.Path, e.PID)
	}
	return fmt.Sprintf("lock %s: held by the hub with pid %d at %s", e.Path, e.PID, e.URL)
}

// wrap adds what was being done, and the store's own class when the system's
// error belongs to one, so that callers need no errno.
func wrap(doing string, err error) error {
	if err == nil {
		return nil
	}
	if class := classOf(err); class != nil {
		return fmt.Errorf("%s: %w: %w", doing, class, err)
	}
	return fmt.Errorf("%s: %w", doing, err)
}

// classOf is the store's class for a system error, nil when it has none or is
// already wrapped.
func classOf(err error) error {
	if errors.Is(err, ErrFull) || errors.Is(err, ErrPermission) {
		return nil
	}
	for _, full := range fullErrnos {
		if errors.Is(err, full) {
			return ErrFull
		}
	}
	if errors.Is(err, fs.ErrPermission) || errors.Is(err, syscall.EROFS) {
		return ErrPermission
	}
	return nil
}

// transient says that the process, not the stored bytes, is at fault, so that
// nothing may be taken for damaged.
func transient(err error) bool {
	for _, e := range []error{syscall.EMFILE, syscall.ENFILE, syscall.ENOMEM, syscall.EINTR, syscall.EAGAIN} {
		if errors.Is(err, e) {
			return true
		}
	}
	return false
}
