package store

import (
	"path/filepath"
	"time"

	"github.com/google/uuid"
)

// Trashed is a deleted notebook. It stays until somebody removes or restores it.
type Trashed struct {
	ID   uuid.UUID `json:"id"`
	Time time.Time `json:"time"` // of the deletion
	Path string    `json:"path"` // where it was, "" for an untitled one
	Room uuid.UUID `json:"room"` // its room, zero when it had none
	By   string    `json:"by,omitempty"`
	Size int64     `json:"size"` // bytes of the file
	File []byte    `json:"-"`    // the notebook file; empty in lists
}

const trashName = "trash"

func (s *Store) trashShelf() shelf {
	return shelf{s.disk, filepath.Join(s.dir, trashName), kindTrash, ".trash"}
}

// TrashAdd keeps a deleted notebook durably and returns its id; call it before
// the file is removed. ID and Size are filled in, Time when it is zero.
func (s *Store) TrashAdd(t Trashed) (uuid.UUID, error) {
	id, err := newID()
	if err != nil {
		return uuid.Nil, wrap("add to trash", err)
	}
	t.ID, t.Size = id, int64(len(t.File))
	if t.Time.IsZero() {
		t.Time = s.opts.Now()
	}
	if err := s.trashShelf().put(id, t, t.File); err != nil {
		return uuid.Nil, wrap("add to trash", err)
	}
	return id, nil
}

// TrashList lists the trash, youngest first, without the files.
func (s *Store) TrashList() ([]Trashed, error) {
	all, err := heads(s.trashShelf(), func(a, b Trashed) int {
		return younger(a.Time.UnixNano(), b.Time.UnixNano(), a.ID, b.ID)
	})
	return all, wrap("list trash", err)
}

// TrashGet is one deleted notebook with its file.
func (s *Store) TrashGet(id uuid.UUID) (t Trashed, err error) {
	t.File, err = s.trashShelf().get(id, &t)
	return t, wrap("read trash", err)
}

// TrashRemove removes a notebook from the trash for good.
func (s *Store) TrashRemove(id uuid.UUID) error {
	return wrap("remove from trash", s.trashShelf().remove(id))
}
