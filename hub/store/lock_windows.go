package store

import (
	"os"
	"syscall"
)

// errSharing is ERROR_SHARING_VIOLATION.
const errSharing = syscall.Errno(32)

// openLocked opens the file for writing and shares only reading, which Windows
// ends with the process: another owner cannot open it for writing, but can read
// who has it.
func openLocked(path string) (*os.File, error) {
	name, err := syscall.UTF16PtrFromString(path)
	if err != nil {
		return nil, err
	}
	h, err := syscall.CreateFile(name, syscall.GENERIC_READ|syscall.GENERIC_WRITE, syscall.FILE_SHARE_READ,
		nil, syscall.OPEN_ALWAYS, syscall.FILE_ATTRIBUTE_NORMAL, 0)
	if err == errSharing {
		return nil, errHeld
	}
	if err != nil {
		return nil, &os.PathError{Op: "open", Path: path, Err: err}
	}
	return os.NewFile(uintptr(h), path), nil
}

// release closes and then removes the file; when another hub was faster the
// removal fails, as it should.
func (l *lock) release() error {
	err := l.f.Close()
	os.Remove(l.path)
	return wrap("release lock", err)
}

// heldFolders are none: Windows has no lock for folders.
type heldFolders struct{}

func (heldFolders) release() {}

func holdFolders(string, bool) (heldFolders, error) { return heldFolders{}, nil }
