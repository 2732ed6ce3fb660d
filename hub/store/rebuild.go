package store

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"

	"github.com/google/uuid"
)

const (
	roomsName   = "rooms"
	recordName  = "record"
	damagedName = "damaged"
	goneExt     = ".gone"
)

// missing says that a file or folder is not there.
func missing(err error) bool { return errors.Is(err, fs.ErrNotExist) }

// roomDir is a room's folder.
func (s *Store) roomDir(id uuid.UUID) string {
	name := id.String()
	return filepath.Join(s.dir, roomsName, name[:2], name)
}

// rooms lists the ids of all room folders. What a crashed Forget left is removed.
func (s *Store) rooms() ([]uuid.UUID, error) {
	top := filepath.Join(s.dir, roomsName)
	shelves, err := readDir(s.disk, top)
	if err != nil {
		return nil, err
	}
	var ids []uuid.UUID
	for _, shelf := range shelves {
		if !shelf.IsDir() {
			continue
		}
		entries, err := readDir(s.disk, filepath.Join(top, shelf.Name()))
		if err != nil {
			return nil, err
		}
		for _, e := range entries {
			if strings.HasSuffix(e.Name(), goneExt) {
				s.disk.RemoveAll(filepath.Join(top, shelf.Name(), e.Name()))
			} else if id, err := uuid.Parse(e.Name()); err == nil && id.String() == e.Name() {
				ids = append(ids, id)
			}
		}
	}
	return ids, nil
}

// readDir lists a folder; one that is not there is empty.
func readDir(disk FS, dir string) ([]fs.DirEntry, error) {
	entries, err := disk.ReadDir(dir)
	if missing(err) {
		return nil, nil
	}
	return entries, wrap("list folder", err)
}

// records reads every room's own record, oldest first, so that the youngest claim
// on a path wins.
func (s *Store) records(yield func(stamped) error) error {
	ids, err := s.rooms()
	if err != nil {
		return err
	}
	all := make([]stamped, 0, len(ids))
	for _, id := range ids {
		st, err := s.readRecord(id)
		if err != nil && transient(err) {
			return err
		}
		if err != nil {
			st = s.salvageRecord(id, err)
		}
		all = append(all, st)
	}
	slices.SortStableFunc(all, func(a, b stamped) int { return cmp.Compare(a.Stamp, b.Stamp) })
	for _, st := range all {
		s.seenStamp(st.Stamp)
		if err := yield(st); err != nil {
			return err
		}
	}
	return nil
}

// salvageRecord makes a record for a room whose own cannot be read: the baseline
// still knows the path; without it the work is found among the untitled.
func (s *Store) salvageRecord(id uuid.UUID, why error) stamped {
	dir := s.roomDir(id)
	s.logger.Error("room's record is unreadable", "room", id, "error", why)
	if !missing(why) {
		if err := s.setAside(dir, recordName, true); err != nil {
			s.logger.Error("room's record cannot be set aside", "room", id, "error", err)
		}
	}
	st := stamped{Record: Record{Room: id, Status: StatusOpen, Title: "Recovered"}}
	if b, err := s.readBaseline(id, baselineName); err == nil {
		st.Path = b.Path
	}
	if info, err := s.disk.Stat(dir); err == nil {
		st.Created, st.Modified = info.ModTime().UTC(), info.ModTime().UTC()
	}
	return st
}

// setAside keeps the file dir/name below dir/damaged, by renaming it or, when the
// original must stay in place, by copying it.
func (s *Store) setAside(dir, name string, move bool) error {
	aside, err := asideName(s.disk, dir, name)
	if err != nil {
		return err
	}
	from := filepath.Join(dir, name)
	if move {
		if err := s.disk.Rename(from, aside); err != nil {
			return wrap("set aside", err)
		}
		return wrap("set aside", s.disk.SyncDir(dir))
	}
	data, _, err := readFile(s.disk, from)
	if err != nil {
		return err
	}
	return replaceFile(s.disk, aside, nil, data)
}

// asideName makes dir/damaged and finds an unused name in it.
func asideName(disk FS, dir, name string) (string, error) {
	aside := filepath.Join(dir, damagedName)
	if err := makeDir(disk, aside); err != nil {
		return "", err
	}
	for i := 1; ; i++ {
		path := filepath.Join(aside, fmt.Sprintf("%s.%d", name, i))
		if _, err := disk.Stat(path); missing(err) {
			return path, nil
		} else if err != nil {
			return "", wrap("set aside", err)
		}
	}
}
