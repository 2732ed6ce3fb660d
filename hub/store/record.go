package store

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"time"

	"github.com/google/uuid"
)

// Status says what becomes of who attaches to a room by its id.
type Status string

const (
	// StatusOpen rooms are reopened by whoever attaches.
	StatusOpen Status = "open"
	// StatusClosed rooms were closed by somebody; only opening the path reopens them.
	StatusClosed Status = "closed"
	// StatusReplaced rooms lost their history; Replacement names the successor.
	StatusReplaced Status = "replaced"
)

// Record is what the store knows about a room at rest. Path is relative to the
// root in the hub's canonical form, "" for an untitled notebook.
type Record struct {
	Room        uuid.UUID `json:"room"`
	Lineage     uuid.UUID `json:"lineage"`
	Seed        uint64    `json:"seed"` // the Yjs client id that made the lineage's first content
	Path        string    `json:"path,omitempty"`
	File        FileID    `json:"file"`
	Hash        string    `json:"hash,omitempty"` // hex SHA-256 of the file when room and file last agreed
	Rev         uint64    `json:"rev"`
	Status      Status    `json:"status"`
	Replacement uuid.UUID `json:"replacement"`
	Title       string    `json:"title,omitempty"`
	Standing    string    `json:"standing,omitempty"` // how room and file stood when it went to rest, in the hub's words
	Code        string    `json:"code,omitempty"`     // why, likewise
	Reason      string    `json:"reason,omitempty"`
	Unsaved     bool      `json:"unsaved,omitempty"` // it has edits that its file has not
	Cells       int       `json:"cells,omitempty"`
	Created     time.Time `json:"created"`
	Modified    time.Time `json:"modified"`
}

// stamped is a record with the time of its writing, which decides between two
// rooms that claim one path when the index is rebuilt.
type stamped struct {
	Record
	Stamp int64 `json:"stamp"` // Unix nanoseconds, strictly increasing
}

// maxPath is the longest path in bytes that a record can hold.
const maxPath = 16 << 10

// Room is the record of a room, ErrNotFound when the id was never given out.
func (s *Store) Room(id uuid.UUID) (rec Record, err error) {
	err = s.index.view(func(t tables) error {
		st, err := t.room(id)
		rec = st.Record
		return err
	})
	return rec, wrap("find room", err)
}

// ByPath is the record of the room that was last put under this path, whatever
// other records still name it. Replaced rooms are not found.
func (s *Store) ByPath(path string) (Record, error) {
	return s.lookup("find path",
		func(t tables) []byte { return t.paths.Get([]byte(path)) },
		func(rec Record) bool { return rec.Path == path })
}

// ByFile is the record of the room whose file last had this identity.
func (s *Store) ByFile(file FileID) (Record, error) {
	return s.lookup("find file",
		func(t tables) []byte { return t.files.Get(fileKey(file)) },
		func(rec Record) bool { return rec.File == file })
}

// lookup reads the record that one of the tables points to, rightly.
func (s *Store) lookup(doing string, find func(tables) []byte, right func(Record) bool) (rec Record, err error) {
	err = s.index.view(func(t tables) error {
		id, err := uuid.FromBytes(find(t))
		if err != nil {
			return ErrNotFound
		}
		st, err := t.room(id)
		if err == nil && !right(st.Record) {
			err = fmt.Errorf("%w: index leads to room %s", ErrDamaged, st.Room)
		}
		rec = st.Record
		return err
	})
	return rec, wrap(doing, err)
}

// Untitled lists the notebooks that have no path, replaced ones excepted.
func (s *Store) Untitled() ([]Record, error) {
	var recs []Record
	err := s.index.view(func(t tables) error {
		recs = nil
		return t.untitled.ForEach(func(k, _ []byte) error {
			st, err := t.room(uuid.UUID(k))
			recs = append(recs, st.Record)
			return err
		})
	})
	return recs, wrap("list untitled", err)
}

// Records calls yield for every record, in the order of ids, until it returns
// false. The list is that of the moment of the call; yield may use the store.
func (s *Store) Records(yield func(Record) bool) error {
	var recs []Record
	err := s.index.view(func(t tables) error {
		recs = nil
		return t.each(func(st stamped) error {
			recs = append(recs, st.Record)
			return nil
		})
	})
	for _, rec := range recs {
		if !yield(rec) {
			break
		}
	}
	return wrap("list rooms", err)
}

// PutRecord stores a record durably, first in the room's own folder. An unchanged
// record costs nothing.
func (s *Store) PutRecord(rec Record) error {
	if rec.Room == uuid.Nil || len(rec.Path) > maxPath {
		return fmt.Errorf("put record: room %s, path of %d bytes: not allowed", rec.Room, len(rec.Path))
	}
	if rec.Status == "" {
		rec.Status = StatusOpen
	}
	defer s.stripe(rec.Room)()
	if old, err := s.Room(rec.Room); err == nil && sameRecord(old, rec) {
		return nil
	}
	st := stamped{Record: rec, Stamp: s.stamp()}
	if err := s.writeRecord(st); err != nil {
		return wrap("put record", err)
	}
	return wrap("put record", s.index.update(func(t tables) error { return t.put(st) }))
}

// sameRecord compares times as times.
func sameRecord(a, b Record) bool {
	same := a.Created.Equal(b.Created) && a.Modified.Equal(b.Modified)
	a.Created, a.Modified, b.Created, b.Modified = time.Time{}, time.Time{}, time.Time{}, time.Time{}
	return same && a == b
}

// Forget removes a room with its journal, baseline and versions for good. The
// room's log must be closed. What is to be restorable belongs in the trash first.
func (s *Store) Forget(id uuid.UUID) error {
	if err := s.reserve(id, nil); err != nil {
		return wrap("forget room", err)
	}
	defer s.unreserve(id)
	defer s.stripe(id)()
	dir := s.roomDir(id)
	gone := dir + goneExt
	if err := s.disk.Rename(dir, gone); err != nil && !missing(err) {
		return wrap("forget room", err)
	}
	if err := s.index.update(func(t tables) error { return t.remove(id) }); err != nil {
		return wrap("forget room", err)
	}
	if err := s.disk.SyncDir(filepath.Dir(dir)); err != nil && !missing(err) {
		return wrap("forget room", err)
	}
	return wrap("forget room", s.disk.RemoveAll(gone))
}

// writeRecord makes the room's own record durable.
func (s *Store) writeRecord(st stamped) error {
	text, err := json.Marshal(st)
	if err != nil {
		return err
	}
	dir := s.roomDir(st.Room)
	if err := makeDir(s.disk, dir); err != nil {
		return err
	}
	return replaceFile(s.disk, filepath.Join(dir, recordName), nil, seal(kindRecord, st.Room, text)...)
}

// readRecord reads the record in a room's folder.
func (s *Store) readRecord(id uuid.UUID) (st stamped, err error) {
	data, _, err := readFile(s.disk, filepath.Join(s.roomDir(id), recordName))
	if err != nil {
		return st, err
	}
	parts, err := unseal(data, kindRecord, id)
	if err != nil {
		return st, err
	}
	if len(parts) != 1 || json.Unmarshal(parts[0], &st) != nil || st.Room != id {
		return st, fmt.Errorf("%w: record of %s", ErrDamaged, id)
	}
	return st, nil
}
