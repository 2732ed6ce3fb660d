package store

import (
	"errors"
	"fmt"
	"path/filepath"
)

// FolderHeldError says that another living process has a root's folder itself,
// whatever its environment: a hub that serves it or a folder around it, or, with
// Within, one that serves a folder in it.
type FolderHeldError struct {
	Folder string
	Within bool
}

// Error names the folder.
func (e *FolderHeldError) Error() string {
	if e.Within {
		return fmt.Sprintf("lock folder %s: another hub serves a folder in it", e.Folder)
	}
	return fmt.Sprintf("lock folder %s: held by another hub", e.Folder)
}

// LockNotebook claims one notebook for a process that serves nothing else, so
// several may work in one folder. A [*LockedError] names who has that notebook; a
// [*FolderHeldError] says that a hub serves its folder, and that hub is to be asked.
// A hub that starts later is not kept from the folder.
func LockNotebook(runtimeDir, file, url string) (*RootLock, error) {
	l, err := lockIdentity(runtimeDir, file, url)
	if err != nil {
		return nil, err
	}
	folders, err := holdFolders(filepath.Dir(file), false)
	folders.release()
	if err != nil {
		return nil, errors.Join(err, l.release())
	}
	return &RootLock{l: l}, nil
}

// Holder tells which hub has a state directory; nil when none has, or when there
// is no such directory.
func Holder(stateDir string) *LockedError {
	l, err := acquire(filepath.Join(stateDir, "lock"), "")
	var locked *LockedError
	if errors.As(err, &locked) {
		return locked
	}
	if err == nil {
		l.release()
	}
	return nil
}
