package hub

import (
	"crypto/sha256"
	"encoding/hex"
	"io"
	"io/fs"
	"time"

	"github.com/notebookhub/hub/hub/store"
)

// FileID tells files apart whatever they are called: device and inode. The
// zero value means unknown.
type FileID = store.FileID

// Files is the folder that the hub serves. Paths are relative to it, with "/",
// and were checked; errors are coded. All methods may be called concurrently.
// OpenRoot returns the real one; tests wrap it to make disks fail.
type Files interface {
	// Resolve follows links inside the root and returns the one canonical path
	// of a file that may not exist yet, and its identity when it does.
	Resolve(path string) (canonical string, id FileID, err error)
	// Read returns a regular file of at most max bytes.
	Read(path string, max int64) (FileContent, error)
	// Open opens a regular file of any size for reading.
	Open(path string) (io.ReadSeekCloser, FileStat, error)
	// Stat tells about a file or folder.
	Stat(path string) (FileStat, error)
	// Write replaces a file atomically, or with Create makes one that must not
	// exist. Readers see the old bytes or the new ones, never anything else. A
	// file that may not be written is not replaced either.
	Write(path string, data []byte, o WriteOptions) (Written, error)
	// Rename moves a file and never replaces one.
	Rename(from, to string) error
	Remove(path string) error
	MkdirAll(dir string) error
	// ReadDir lists a folder, sorted by name.
	ReadDir(dir string) ([]FileStat, error)
	// Absolute returns the path as the operating system knows it.
	Absolute(path string) string
}

// anySize is the limit of reads of what is known to be the hub's own.
const anySize = 1 << 62

// FileStat is what the file system says of a file.
type FileStat struct {
	Name     string
	ID       FileID
	Size     int64
	Mode     fs.FileMode
	Modified time.Time
	Links    uint64
	Owner    int // user id; -1 where there is none
}

// unchanged tells whether two looks at a path found the same file, not written in
// between.
func (s FileStat) unchanged(former FileStat) bool {
	return s.ID == former.ID && s.Size == former.Size && s.Modified.Equal(former.Modified)
}

// Written is a file after a Write, and what the write could not keep of the one
// that it replaced.
type Written struct {
	FileStat
	OtherLinks uint64 // other names of the replaced file, which keep its bytes
	OwnerLost  bool   // it belonged to somebody else, and the new one does not
}

// FileContent is a file's bytes with their hash.
type FileContent struct {
	FileStat
	Data []byte
	Hash string // hex SHA-256
}

// WriteOptions say how to write a file.
type WriteOptions struct {
	// Create: the file must not exist; nothing is ever replaced.
	Create bool
	// Expect, when set, is the hash of the bytes that may be replaced. Anything
	// else on the disk is left alone, with CodeDiskChanged.
	Expect string
	// Temp tells the temporary files of different writers apart and makes the
	// leftover of a crashed one recognisable.
	Temp string
	// Ready, when set, is called when the bytes are on the disk under their
	// temporary name; an error ends the write. Undo is called when they do not get
	// the file's name after that. If it fails the temporary file stays: it tells
	// that the file was not replaced.
	Ready, Undo func() error
}

func hashOf(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}
