package store

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// FS is the disk as the store uses it. [OS] is the real one; tests put faults and
// crashes in between. Names are complete paths. Implementations are safe for
// concurrent use.
type FS interface {
	// OpenFile opens with the os package's flags.
	OpenFile(name string, flag int, perm fs.FileMode) (File, error)
	// Rename replaces newname atomically.
	Rename(oldname, newname string) error
	Remove(name string) error
	RemoveAll(name string) error
	Mkdir(name string, perm fs.FileMode) error
	// ReadDir lists a folder in the order of names.
	ReadDir(name string) ([]fs.DirEntry, error)
	Stat(name string) (fs.FileInfo, error)
	Chtimes(name string, modified time.Time) error
	// SyncDir makes the folder's entries durable.
	SyncDir(name string) error
}

// File is an open file of an [FS].
type File interface {
	io.Reader
	io.ReaderAt
	io.WriterAt
	io.Writer
	io.Seeker
	io.Closer
	Truncate(size int64) error
	// Sync makes the file's bytes and its size durable.
	Sync() error
	Stat() (fs.FileInfo, error)
}

// OS is the real disk.
type OS struct{}

// OpenFile opens a file of the system.
func (OS) OpenFile(name string, flag int, perm fs.FileMode) (File, error) {
	f, err := os.OpenFile(name, flag, perm)
	if err != nil {
		return nil, err
	}
	return osFile{f}, nil
}

// Rename replaces newname atomically.
func (OS) Rename(oldname, newname string) error { return os.Rename(oldname, newname) }

// Remove removes a file or an empty folder.
func (OS) Remove(name string) error { return os.Remove(name) }

// RemoveAll removes a folder with all it holds.
func (OS) RemoveAll(name string) error { return os.RemoveAll(name) }

// Mkdir makes one folder.
func (OS) Mkdir(name string, perm fs.FileMode) error { return os.Mkdir(name, perm) }

// ReadDir lists a folder in the order of names.
func (OS) ReadDir(name string) ([]fs.DirEntry, error) { return os.ReadDir(name) }

// Stat describes a file.
func (OS) Stat(name string) (fs.FileInfo, error) { return os.Stat(name) }

// Chtimes sets a file's times.
func (OS) Chtimes(name string, modified time.Time) error {
	return os.Chtimes(name, modified, modified)
}

// SyncDir makes the folder's entries durable where the system can.
func (OS) SyncDir(name string) error { return syncDir(name) }

// osFile is a file of the system whose Sync leaves out what durability does not
// need, where the system can tell.
type osFile struct{ *os.File }

// Sync makes the file's bytes and its size durable.
func (f osFile) Sync() error { return syncData(f.File) }

const (
	dirMode  = 0o700
	fileMode = 0o600
	tmpExt   = ".tmp"
)

// makeDir makes a folder and those above it, and makes their entries durable.
func makeDir(disk FS, dir string) error {
	if info, err := disk.Stat(dir); err == nil && info.IsDir() {
		return nil
	}
	parent := filepath.Dir(dir)
	if parent != dir {
		if err := makeDir(disk, parent); err != nil {
			return err
		}
	}
	if err := disk.Mkdir(dir, dirMode); err != nil && !errors.Is(err, fs.ErrExist) {
		return wrap("make folder", err)
	}
	return wrap("sync folder", disk.SyncDir(parent))
}

// replaceFile makes path hold exactly these parts, durably: either the old bytes
// or the new ones are found there after a crash. One writer per path at a time.
func replaceFile(disk FS, path string, check func(tmp string) error, parts ...[]byte) error {
	tmp := path + tmpExt
	if err := writeFile(disk, tmp, parts...); err != nil {
		disk.Remove(tmp)
		return err
	}
	if check != nil {
		if err := check(tmp); err != nil {
			disk.Remove(tmp)
			return err
		}
	}
	if err := disk.Rename(tmp, path); err != nil {
		disk.Remove(tmp)
		return wrap("rename", err)
	}
	return wrap("sync folder", disk.SyncDir(filepath.Dir(path)))
}

// writeFile creates path with these parts and makes the bytes durable.
func writeFile(disk FS, path string, parts ...[]byte) error {
	f, err := disk.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_TRUNC, fileMode)
	if err != nil {
		return wrap("create", err)
	}
	for _, part := range parts {
		if _, err = f.Write(part); err != nil {
			break
		}
	}
	if err == nil {
		err = f.Sync()
	}
	if closing := f.Close(); err == nil {
		err = closing
	}
	return wrap("write", err)
}

// readBlock is how much is read at a time, and lost to one unreadable sector.
const readBlock = 64 << 10

// readFile reads a whole file. Blocks that the disk cannot read come back as
// zeros, with holes true: what is around them may still be good.
func readFile(disk FS, path string) (data []byte, holes bool, err error) {
	f, err := disk.OpenFile(path, os.O_RDONLY, 0)
	if err != nil {
		return nil, false, wrap("open", err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, false, wrap("stat", err)
	}
	if !info.Mode().IsRegular() {
		return nil, false, wrap("read", errNotRegular)
	}
	data = make([]byte, info.Size())
	n, err := io.ReadFull(f, data)
	if err == nil || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) {
		return data[:n], false, nil
	}
	for off := int64(0); off < info.Size(); off += readBlock {
		block := data[off:min(off+readBlock, info.Size())]
		if _, err := f.ReadAt(block, off); err != nil && !errors.Is(err, io.EOF) {
			clear(block)
		}
	}
	return data, true, nil
}

// errNotRegular says that something else lies where a file of ours belongs.
var errNotRegular = errors.New("not a regular file")
