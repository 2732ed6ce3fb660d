package store

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// owner is what a lock file says about who holds it.
type owner struct {
	PID int    `json:"pid"`
	URL string `json:"url,omitempty"`
}

// errHeld says that another process, or another opening in this one, has the lock.
var errHeld = errors.New("lock is held")

// RootLock is one hub's claim on a root folder, kept outside of it. Created by
// [LockRoot], ended by Close or by the death of the process.
type RootLock struct {
	l       *lock
	folders heldFolders
}

// LockRoot claims a root, twice. A lock file in runtimeDir, which is made when
// absent, tells hubs of the same environment who is there and where it answers
// ([*LockedError]); its name is the root's device and inode, so links and other
// spellings meet. A flock(2) on the folder itself, alone, and on the folders around
// it, together with others, keeps off every hub of this computer, whoever started
// it, on this folder, one around it or one in it ([*FolderHeldError]). The second
// leaves no trace and ends with the process; programs that lock these folders in the
// same way (flock(1), say) wait for the hub, or keep it off. Where it cannot be had (Windows, some
// file systems of networks, folders that may not be read) the first has to do.
func LockRoot(runtimeDir, root, url string) (*RootLock, error) {
	l, err := lockIdentity(runtimeDir, root, url)
	if err != nil {
		return nil, err
	}
	folders, err := holdFolders(root, true)
	if err != nil {
		return nil, errors.Join(err, l.release())
	}
	return &RootLock{l, folders}, nil
}

// lockIdentity takes the lock file that stands for a file or folder.
func lockIdentity(runtimeDir, path, url string) (*lock, error) {
	id, err := Identify(path)
	if err != nil {
		return nil, err
	}
	if err := makeDir(OS{}, runtimeDir); err != nil {
		return nil, err
	}
	return acquire(filepath.Join(runtimeDir, fmt.Sprintf("root-%x-%x.lock", id.Dev, id.Ino)), url)
}

// Announce makes the lock name the URL where its holder answers.
func (r *RootLock) Announce(url string) error { return r.l.announce(url) }

// Close gives the root up.
func (r *RootLock) Close() error {
	r.folders.release()
	return r.l.release()
}

// lock is a held lock file.
type lock struct {
	path string
	f    *os.File
}

// maxLockTries bounds how often a lock may vanish under us.
const maxLockTries = 100

// A lock that is held is tried again for a moment: somebody may only look who
// has it.
const (
	heldTries = 5
	heldPause = 10 * time.Millisecond
)

// acquire takes the lock at path or says who has it. The file may be removed by
// an owner that leaves between our opening and locking it; then we hold nothing,
// and try again.
func acquire(path, url string) (*lock, error) {
	held := 0
	for range maxLockTries {
		f, err := openLocked(path)
		if held++; errors.Is(err, errHeld) && held < heldTries {
			time.Sleep(heldPause)
			continue
		}
		if errors.Is(err, errHeld) {
			o := readOwner(path)
			return nil, &LockedError{Path: path, PID: o.PID, URL: o.URL}
		}
		if err != nil {
			return nil, wrap("lock", err)
		}
		if !stillThere(f, path) {
			f.Close()
			continue
		}
		l := &lock{path: path, f: f}
		if err := l.announce(url); err != nil {
			l.release()
			return nil, err
		}
		return l, nil
	}
	return nil, &LockedError{Path: path}
}

// stillThere says that path names the very file that f has open.
func stillThere(f *os.File, path string) bool {
	ours, err := f.Stat()
	if err != nil {
		return false
	}
	named, err := os.Stat(path)
	return err == nil && os.SameFile(ours, named)
}

// announce writes pid and URL in one write, padded over what stood there, so that
// a reader sees one or the other.
func (l *lock) announce(url string) error {
	text, err := json.Marshal(owner{PID: os.Getpid(), URL: url})
	if err != nil {
		return wrap("write lock", err)
	}
	text = append(text, '\n')
	if _, err := l.f.WriteAt(text, 0); err != nil {
		return wrap("write lock", err)
	}
	return wrap("write lock", l.f.Truncate(int64(len(text))))
}

// readOwner reads who holds the lock; zero when it cannot be told.
func readOwner(path string) (o owner) {
	text, err := os.ReadFile(path)
	if err == nil {
		err = json.Unmarshal(text, &o)
	}
	if err != nil {
		return owner{}
	}
	return o
}
