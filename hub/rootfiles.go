package hub

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"syscall"
)

const (
	maxLinks   = 40
	newMode    = 0o644
	newDirMode = 0o755
)

// rootFiles is Files over a real folder, confined by os.Root: neither ".." nor
// a link leads out of it.
type rootFiles struct {
	root *os.Root
	dir  string // absolute
}

// OpenRoot opens the folder that the hub serves. Close it after Hub.Close.
func OpenRoot(dir string) (Files, io.Closer, error) {
	absolute, err := filepath.Abs(dir)
	if err != nil {
		return nil, nil, err
	}
	if absolute, err = filepath.EvalSymlinks(absolute); err != nil {
		return nil, nil, err
	}
	root, err := os.OpenRoot(absolute)
	if err != nil {
		return nil, nil, err
	}
	return &rootFiles{root: root, dir: absolute}, root, nil
}

func (f *rootFiles) Absolute(p string) string {
	return filepath.Join(f.dir, filepath.FromSlash(p))
}

// Resolve walks the path name by name, because os.Root follows links but does
// not say where they led.
func (f *rootFiles) Resolve(p string) (string, FileID, error) {
	done, rest := ".", p
	for links := 0; rest != ""; {
		name, tail, _ := strings.Cut(rest, "/")
		next := path.Join(done, name)
		info, err := f.root.Lstat(next)
		switch {
		case errors.Is(err, fs.ErrNotExist): // no links below what is not there
			canonical, err := cleanPath(path.Join(next, tail))
			return canonical, FileID{}, err
		case err != nil:
			return "", FileID{}, diskError(err, p)
		case info.Mode()&fs.ModeSymlink == 0:
			done, rest = next, tail
			continue
		}
		if links++; links > maxLinks {
			return "", FileID{}, notFound(p)
		}
		target, err := f.root.Readlink(next)
		if err != nil || filepath.IsAbs(target) {
			return "", FileID{}, notFound(p)
		}
		target = path.Join(done, filepath.ToSlash(target))
		if target == ".." || strings.HasPrefix(target, "../") {
			return "", FileID{}, notFound(p)
		}
		done, rest = ".", path.Join(target, tail)
	}
	if _, err := cleanPath(done); err != nil {
		return "", FileID{}, err // a link into a hidden folder
	}
	info, err := f.root.Stat(done)
	if err != nil {
		return "", FileID{}, diskError(err, p)
	}
	return done, fileID(info), nil
}

func (f *rootFiles) Stat(p string) (FileStat, error) {
	info, err := f.root.Stat(local(p))
	if err != nil {
		return FileStat{}, diskError(err, p)
	}
	return statOf(info), nil
}

func (f *rootFiles) Read(p string, max int64) (FileContent, error) {
	file, stat, err := f.open(p)
	if err != nil {
		return FileContent{}, err
	}
	defer file.Close()
	if stat.Size > max {
		return FileContent{}, tooLarge(p, stat.Size, max)
	}
	data := bytes.NewBuffer(make([]byte, 0, stat.Size+bytes.MinRead))
	if _, err = io.Copy(data, io.LimitReader(file, max+1)); err != nil {
		return FileContent{}, diskError(err, p)
	}
	if int64(data.Len()) > max {
		return FileContent{}, tooLarge(p, int64(data.Len()), max)
	}
	return FileContent{FileStat: stat, Data: data.Bytes(), Hash: hashOf(data.Bytes())}, nil
}

func (f *rootFiles) Open(p string) (io.ReadSeekCloser, FileStat, error) {
	file, stat, err := f.open(p)
	if err != nil {
		return nil, FileStat{}, err
	}
	return file, stat, nil
}

// open opens what is a regular file before and after; a pipe that took the
// file's place in between must not hang us.
func (f *rootFiles) open(p string) (*os.File, FileStat, error) {
	info, err := f.root.Stat(local(p))
	if err != nil {
		return nil, FileStat{}, diskError(err, p)
	}
	if !info.Mode().IsRegular() {
		return nil, FileStat{}, notRegular(p, nil)
	}
	file, err := f.root.OpenFile(local(p), os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, FileStat{}, diskError(err, p)
	}
	if info, err = file.Stat(); err != nil || !info.Mode().IsRegular() {
		return nil, FileStat{}, notRegular(p, errors.Join(err, file.Close()))
	}
	return file, statOf(info), nil
}

func (f *rootFiles) ReadDir(dir string) ([]FileStat, error) {
	folder, err := f.root.Open(local(dir))
	if err != nil {
		return nil, diskError(err, dir)
	}
	defer folder.Close()
	entries, err := folder.ReadDir(-1)
	if err != nil {
		return nil, diskError(err, dir)
	}
	stats := make([]FileStat, 0, len(entries))
	for _, e := range entries {
		if info, err := f.root.Stat(path.Join(local(dir), e.Name())); err == nil {
			stat := statOf(info)
			stat.Name = e.Name()
			stats = append(stats, stat)
		}
	}
	return stats, nil
}

func (f *rootFiles) Remove(p string) error {
	if err := f.root.Remove(local(p)); err != nil {
		return diskError(err, p)
	}
	return f.syncDir(path.Dir(p))
}

func (f *rootFiles) MkdirAll(dir string) error {
	if err := f.root.MkdirAll(local(dir), newDirMode); err != nil {
		return diskError(err, dir)
	}
	return nil
}

// local is the spelling that os.Root wants: the root itself is ".".
func local(p string) string {
	if p == "" {
		return "."
	}
	return p
}

func statOf(info fs.FileInfo) FileStat {
	return FileStat{
		Name: info.Name(), ID: fileID(info), Size: info.Size(), Mode: info.Mode(),
		Modified: info.ModTime(), Links: linkCount(info), Owner: ownerOf(info),
	}
}

// escapes recognises os.Root's refusal, which has no exported value.
func escapes(err error) bool {
	return strings.Contains(err.Error(), "escapes from parent")
}

func notRegular(p string, err error) error {
	return fail(CodeNotAFile, err, "%s is not a regular file", p)
}

func tooLarge(p string, size, max int64) error {
	return fail(CodeTooLarge, nil, "%s has %d bytes; at most %d are opened (--max-notebook)", p, size, max)
}
