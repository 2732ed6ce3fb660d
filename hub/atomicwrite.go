package hub

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path"
	"syscall"
)

// Write puts the bytes into a temporary file of the same folder, makes them
// durable, and only then gives them the name. A crash leaves the old file or
// the new one; the temporary name is the same each time, so the next write of
// the same writer clears away what a crash left.
func (f *rootFiles) Write(p string, data []byte, o WriteOptions) (Written, error) {
	old, err := f.former(p, o)
	if err != nil {
		return Written{}, err
	}
	temp := tempName(p, o.Temp)
	if err := f.writeTemp(temp, p, data); err != nil {
		f.root.Remove(temp)
		return Written{}, diskError(err, p)
	}
	if err := f.install(temp, p, o); err != nil {
		if o.Undo == nil || o.Undo() == nil {
			f.root.Remove(temp)
		}
		return Written{}, err
	}
	if err := f.syncDir(path.Dir(p)); err != nil {
		return Written{}, diskError(err, p)
	}
	now, err := f.Stat(p)
	w := Written{FileStat: now}
	if old != nil {
		w.OtherLinks, w.OwnerLost = old.Links-1, now.Owner != old.Owner
	}
	return w, err
}

// tempName is where a writer puts the bytes of a file first.
func tempName(p, writer string) string {
	const marks = len(".~.12345678.tmp")
	name := path.Base(p)
	name = cutText(name, min(len(name), maxNameLen-marks))
	return path.Join(path.Dir(p), ".~"+name+"."+writer+".tmp")
}

// former looks at the file that is to be replaced, nil when there is none. To
// put another file in its place takes only the right to write the folder, so it
// is asked for its own.
func (f *rootFiles) former(p string, o WriteOptions) (*FileStat, error) {
	if o.Create {
		return nil, nil
	}
	file, err := f.root.OpenFile(local(p), os.O_WRONLY|syscall.O_NONBLOCK, 0)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, nil
	case err != nil:
		return nil, diskError(err, p)
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return nil, diskError(err, p)
	}
	stat := statOf(info)
	return &stat, nil
}

func (f *rootFiles) writeTemp(temp, p string, data []byte) error {
	f.root.Remove(temp)
	file, err := f.root.OpenFile(temp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, newMode)
	if err != nil {
		return err
	}
	_, err = file.Write(data)
	if old, statErr := f.root.Stat(p); err == nil && statErr == nil {
		err = keepOwner(file, old)
	}
	if err == nil {
		err = file.Sync()
	}
	return errors.Join(err, file.Close())
}

// install gives the temporary file its name. A new file is linked, which fails
// when the name is taken; an existing one is compared and replaced.
func (f *rootFiles) install(temp, p string, o WriteOptions) error {
	if o.Ready != nil {
		if err := o.Ready(); err != nil {
			return err
		}
	}
	if o.Create {
		return f.link(temp, p)
	}
	if o.Expect != "" {
		if err := f.expect(p, o.Expect); err != nil {
			return err
		}
	}
	if err := f.root.Rename(temp, local(p)); err != nil {
		return diskError(err, p)
	}
	return nil
}

// link names a file without ever replacing one. File systems without hard
// links get a check and a rename, which leaves a moment in between.
func (f *rootFiles) link(from, to string) error {
	err := f.root.Link(from, to)
	switch {
	case err == nil:
		if err = f.root.Remove(from); err != nil {
			err = diskError(err, to)
		}
		return err
	case errors.Is(err, fs.ErrExist):
		return fileExists(to)
	case errors.Is(err, errors.ErrUnsupported), errors.Is(err, syscall.EPERM), errors.Is(err, syscall.EMLINK):
		if _, statErr := f.root.Lstat(to); statErr == nil {
			return fileExists(to)
		}
		err = f.root.Rename(from, to)
	}
	if err != nil {
		return diskError(err, to)
	}
	return nil
}

// expect makes sure that a file has the bytes of that hash. To read many takes
// long enough for somebody to write the file meanwhile, so it is looked at once
// more.
func (f *rootFiles) expect(p, hash string) error {
	now, err := f.Read(p, anySize)
	if err != nil {
		return err
	}
	latest, err := f.Stat(p)
	if err != nil {
		return err
	}
	if now.Hash != hash || !latest.unchanged(now.FileStat) {
		return fail(CodeDiskChanged, nil, "%s changed on disk since the hub last read or wrote it", p)
	}
	return nil
}

func (f *rootFiles) Rename(from, to string) error {
	if err := f.link(local(from), local(to)); err != nil {
		return err
	}
	return errors.Join(f.syncDir(path.Dir(from)), f.syncDir(path.Dir(to)))
}

func (f *rootFiles) syncDir(dir string) error {
	folder, err := f.root.Open(local(dir))
	if err != nil {
		return err
	}
	defer folder.Close()
	// Windows and some network file systems cannot sync a folder; the rename
	// is as durable as they make it.
	if err := folder.Sync(); err != nil && !cannotSync(err) {
		return err
	}
	return nil
}

func cannotSync(err error) bool {
	return errors.Is(err, errors.ErrUnsupported) || errors.Is(err, fs.ErrPermission) ||
		errors.Is(err, syscall.EINVAL) || errors.Is(err, syscall.EBADF)
}

func fileExists(p string) error {
	return fail(CodeFileExists, nil, "%s exists; ask for overwriting to replace it", p)
}

// diskError codes what the operating system said, without its paths.
func diskError(err error, p string) error {
	var coded *Error
	switch {
	case errors.As(err, &coded):
		return err
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, syscall.ENOTDIR), errors.Is(err, syscall.ELOOP):
		return fail(CodeNotFound, err, "there is no notebook %q", p)
	case errors.Is(err, fs.ErrPermission), errors.Is(err, syscall.EROFS):
		return fail(CodePermission, err, "the operating system does not allow this with %s; see to the permissions of the file and of its folder", p)
	case isDiskFull(err):
		return fail(CodeDiskFull, err, "no space is left on the disk of %s", p)
	case errors.Is(err, fs.ErrExist):
		return fileExists(p)
	case errors.Is(err, io.ErrUnexpectedEOF):
		return fail(CodeStorage, err, "%s ended while it was read", p)
	}
	if escapes(err) {
		return notFound(p)
	}
	return fail(CodeStorage, err, "the disk failed with %s", p)
}
