package store

import (
	"path/filepath"
	"time"

	"github.com/google/uuid"
)

// Version is a former state of a room's notebook.
type Version struct {
	ID     uuid.UUID `json:"id"`
	Time   time.Time `json:"time"`
	Reason string    `json:"reason"`       // why it was kept, a code of the hub's
	By     string    `json:"by,omitempty"` // who caused it
	Size   int64     `json:"size"`         // bytes of the file
	Cells  int       `json:"cells"`        // how many it has, as the hub counted
	File   []byte    `json:"-"`            // the notebook file; empty in lists
}

const versionsName = "versions"

func (s *Store) versionShelf(room uuid.UUID) shelf {
	return shelf{s.disk, filepath.Join(s.roomDir(room), versionsName), kindVersion, ".version"}
}

// AddVersion keeps a former state durably and returns its id; ID and Size are
// filled in, Time when it is zero. The oldest beyond the bounds of [Options] go.
// The log need not be open.
func (s *Store) AddVersion(room uuid.UUID, v Version) (uuid.UUID, error) {
	if len(v.File) == 0 {
		return uuid.Nil, wrap("add version", errNoFile)
	}
	id, err := newID()
	if err != nil {
		return uuid.Nil, wrap("add version", err)
	}
	v.ID, v.Size = id, int64(len(v.File))
	if v.Time.IsZero() {
		v.Time = s.opts.Now()
	}
	defer s.stripe(room)()
	h := s.versionShelf(room)
	if err := h.put(id, v, v.File); err != nil {
		return uuid.Nil, wrap("add version", err)
	}
	return id, wrap("drop old versions", s.pruneVersions(h))
}

// pruneVersions keeps the youngest within count, age and bytes, one at least. The
// room's stripe must be held.
func (s *Store) pruneVersions(h shelf) error {
	h.tidy()
	all, err := heads(h, youngerVersion)
	if err != nil {
		return err
	}
	oldest, size := s.opts.Now().Add(-s.opts.VersionAge), int64(0)
	for i, v := range all {
		size += v.Size
		keep := i < s.opts.VersionCount && size <= s.opts.VersionBytes && !v.Time.Before(oldest)
		if i == 0 || keep {
			continue
		}
		if err := h.remove(v.ID); err != nil && err != ErrNotFound {
			return err
		}
		size -= v.Size
	}
	return nil
}

func youngerVersion(a, b Version) int {
	return younger(a.Time.UnixNano(), b.Time.UnixNano(), a.ID, b.ID)
}

// Versions lists a room's former states, youngest first, without their files.
func (s *Store) Versions(room uuid.UUID) ([]Version, error) {
	all, err := heads(s.versionShelf(room), youngerVersion)
	return all, wrap("list versions", err)
}

// Version is one former state with its file.
func (s *Store) Version(room, id uuid.UUID) (v Version, err error) {
	v.File, err = s.versionShelf(room).get(id, &v)
	return v, wrap("read version", err)
}
