package store

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/google/uuid"
)

const (
	blobsName = "blobs"
	// incomingName is the folder of blobs that are being written.
	incomingName = "incoming"
)

// PutBlob stores what r yields, immutable, under its SHA-256 in lower-case
// hexadecimal. What is there already is renewed, so that no sweep takes it before
// its grace is over, and replaced when it is damaged.
func (s *Store) PutBlob(r io.Reader) (sum string, size int64, err error) {
	dir := filepath.Join(s.dir, blobsName, incomingName)
	if err := makeDir(s.disk, dir); err != nil {
		return "", 0, wrap("put blob", err)
	}
	tmp := filepath.Join(dir, uuid.NewString()+tmpExt)
	defer s.disk.Remove(tmp) // gone already when all went well
	sum, size, err = s.receive(tmp, r)
	if err != nil {
		return "", 0, wrap("put blob", err)
	}
	return sum, size, wrap("put blob", s.place(tmp, sum))
}

// receive writes and hashes a stream, durably.
func (s *Store) receive(tmp string, r io.Reader) (sum string, size int64, err error) {
	f, err := s.disk.OpenFile(tmp, os.O_RDWR|os.O_CREATE|os.O_EXCL, fileMode)
	if err != nil {
		return "", 0, err
	}
	h := sha256.New()
	size, err = io.Copy(io.MultiWriter(f, h), r)
	if err == nil {
		err = f.Sync()
	}
	if closing := f.Close(); err == nil {
		err = closing
	}
	return hexSum(h), size, err
}

func hexSum(h hash.Hash) string { return hex.EncodeToString(h.Sum(nil)) }

// place gives a received blob its name, unless a good one has it.
func (s *Store) place(tmp, sum string) error {
	path := s.blobPath(sum)
	if err := makeDir(s.disk, filepath.Dir(path)); err != nil {
		return err
	}
	good := s.checkBlob(sum) == nil
	s.blobMu.Lock()
	defer s.blobMu.Unlock()
	if good {
		if err := s.disk.Chtimes(path, s.opts.Now()); err == nil {
			return nil
		}
	}
	if err := s.disk.Chtimes(tmp, s.opts.Now()); err != nil {
		return err
	}
	if err := s.disk.Rename(tmp, path); err != nil {
		return err
	}
	return s.disk.SyncDir(filepath.Dir(path))
}

// checkBlob reads a blob and compares it with its name.
func (s *Store) checkBlob(sum string) error {
	f, err := s.OpenBlob(sum)
	if err != nil {
		return err
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return err
	}
	if hexSum(h) != sum {
		return fmt.Errorf("%w: blob %s", ErrDamaged, sum)
	}
	return nil
}

// OpenBlob opens a blob for reading anywhere in it; the caller closes it. Anything
// that is not a known hash is ErrNotFound. The bytes are not verified.
func (s *Store) OpenBlob(sum string) (File, error) {
	if !isSum(sum) {
		return nil, wrap("open blob", ErrNotFound)
	}
	f, err := s.disk.OpenFile(s.blobPath(sum), os.O_RDONLY, 0)
	if missing(err) {
		return nil, wrap("open blob", ErrNotFound)
	}
	if err != nil {
		return nil, wrap("open blob", err)
	}
	return f, nil
}

// sumLen is the length of a hash in hexadecimal digits.
const sumLen = 2 * sha256.Size

// isSum says that this is a hash as we write it.
func isSum(sum string) bool {
	if len(sum) != sumLen {
		return false
	}
	for i := range len(sum) {
		if !isDigit(sum[i]) {
			return false
		}
	}
	return true
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' || 'a' <= c && c <= 'f' }

func (s *Store) blobPath(sum string) string {
	return filepath.Join(s.dir, blobsName, sum[:2], sum[2:4], sum)
}

// SweepBlobs removes the blobs that nobody mentions and that have not been put
// for grace, and says how many. What is mentioned: whatever hash appears
// in the stored bytes of any room (journal, snapshot, baselines, versions) or of
// the trash, and what mark adds (hashes that are only in memory; it may be nil).
// Unless everything could be read and mark succeeded, nothing is removed.
func (s *Store) SweepBlobs(ctx context.Context, grace time.Duration, mark func(add func(sum string)) error) (removed int, err error) {
	before := s.opts.Now().Add(-grace)
	doomed, err := s.oldBlobs(ctx, before)
	if err != nil || len(doomed) == 0 {
		return 0, wrap("sweep blobs", err)
	}
	spare := func(sum []byte) {
		if doomed[string(sum)] { // looked up without an allocation
			delete(doomed, string(sum))
		}
	}
	if mark != nil {
		if err := mark(func(sum string) { delete(doomed, sum) }); err != nil {
			return 0, wrap("sweep blobs", err)
		}
	}
	if err := s.mentioned(ctx, spare); err != nil {
		return 0, wrap("sweep blobs", err)
	}
	for sum := range doomed {
		gone, err := s.removeBlob(sum, before)
		if err != nil {
			return removed, wrap("sweep blobs", err)
		}
		removed += gone
	}
	return removed, nil
}

// removeBlob removes a blob unless it was put again meanwhile.
func (s *Store) removeBlob(sum string, before time.Time) (int, error) {
	s.blobMu.Lock()
	defer s.blobMu.Unlock()
	info, err := s.disk.Stat(s.blobPath(sum))
	if missing(err) || err == nil && !info.ModTime().Before(before) {
		return 0, nil
	}
	if err == nil {
		err = s.disk.Remove(s.blobPath(sum))
	}
	if err != nil {
		return 0, err
	}
	return 1, nil
}

// oldBlobs lists the blobs last put before a time, and removes what was never
// received to its end.
func (s *Store) oldBlobs(ctx context.Context, before time.Time) (map[string]bool, error) {
	old := map[string]bool{}
	err := s.walk(ctx, filepath.Join(s.dir, blobsName), func(path string) error {
		info, err := s.disk.Stat(path)
		if missing(err) || err == nil && !info.ModTime().Before(before) {
			return nil
		}
		if err != nil {
			return err
		}
		if name := filepath.Base(path); isSum(name) {
			old[name] = true
		} else if filepath.Ext(name) == tmpExt {
			s.disk.Remove(path)
		}
		return nil
	})
	return old, err
}

// mentioned finds every hash in the stored bytes of rooms and trash. Nothing there
// is compressed and a hash is a string in one piece, so no format need be known.
func (s *Store) mentioned(ctx context.Context, found func(sum []byte)) error {
	for _, top := range []string{roomsName, trashName} {
		err := s.walk(ctx, filepath.Join(s.dir, top), func(path string) error {
			data, holes, err := readFile(s.disk, path)
			if missing(err) {
				return nil
			}
			if err == nil && holes {
				err = fmt.Errorf("%w: %s has unreadable parts", ErrDamaged, filepath.Base(path))
			}
			if err != nil {
				return err
			}
			findSums(data, found)
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// findSums calls found for every stretch of 64 hexadecimal digits, overlapping
// ones included.
func findSums(data []byte, found func(sum []byte)) {
	run := 0
	for i, c := range data {
		if !isDigit(c) {
			run = 0
			continue
		}
		if run++; run >= sumLen {
			found(data[i+1-sumLen : i+1])
		}
	}
}

// walk calls f for every file below dir. Folders and files that vanish meanwhile
// are passed over.
func (s *Store) walk(ctx context.Context, dir string, f func(path string) error) error {
	entries, err := readDir(s.disk, dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if err := context.Cause(ctx); err != nil {
			return err
		}
		path := filepath.Join(dir, e.Name())
		if e.IsDir() {
			err = s.walk(ctx, path, f)
		} else {
			err = f(path)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
