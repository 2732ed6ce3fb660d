package store

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"

	"github.com/google/uuid"
	"go.etcd.io/bbolt"
)

// tables are the index's buckets within one transaction. Rooms holds checksummed
// records by id, the others ids: by path, by file identity, and of the untitled.
type tables struct {
	rooms, paths, files, untitled *bbolt.Bucket
}

// tableNames are the buckets of the present layout; another layout has other
// names and is rebuilt.
func tableNames() []string { return []string{"rooms-1", "paths-1", "files-1", "untitled-1"} }

// openTables finds the buckets; in a writable transaction it makes them.
func openTables(tx *bbolt.Tx) (tables, error) {
	var found [4]*bbolt.Bucket
	for i, name := range tableNames() {
		found[i] = tx.Bucket([]byte(name))
		if found[i] == nil && tx.Writable() {
			var err error
			if found[i], err = tx.CreateBucket([]byte(name)); err != nil {
				return tables{}, err
			}
		}
		if found[i] == nil {
			return tables{}, fmt.Errorf("%w: no table %s", ErrDamaged, name)
		}
	}
	return tables{found[0], found[1], found[2], found[3]}, nil
}

// fileKey orders by device, then inode.
func fileKey(f FileID) []byte {
	key := binary.BigEndian.AppendUint64(nil, f.Dev)
	return binary.BigEndian.AppendUint64(key, f.Ino)
}

// room is the record of one room.
func (t tables) room(id uuid.UUID) (stamped, error) {
	value := t.rooms.Get(id[:])
	if value == nil {
		return stamped{}, ErrNotFound
	}
	return decodeRow(id[:], value)
}

// each calls f for every record in the order of ids.
func (t tables) each(f func(stamped) error) error {
	return t.rooms.ForEach(func(k, v []byte) error {
		st, err := decodeRow(k, v)
		if err != nil {
			return err
		}
		return f(st)
	})
}

// decodeRow verifies a stored record.
func decodeRow(key, value []byte) (st stamped, err error) {
	if len(value) < 4 || crc32.Checksum(value[4:], castagnoli) != binary.LittleEndian.Uint32(value) {
		return st, fmt.Errorf("%w: index row %x", ErrDamaged, key)
	}
	if err := json.Unmarshal(value[4:], &st); err != nil || string(st.Room[:]) != string(key) {
		return st, fmt.Errorf("%w: index row %x", ErrDamaged, key)
	}
	return st, nil
}

// put stores a record and points path and file to it.
func (t tables) put(st stamped) error {
	id := st.Room[:]
	if err := t.unlink(st.Room); err != nil {
		return err
	}
	text, err := json.Marshal(st)
	if err != nil {
		return err
	}
	row := binary.LittleEndian.AppendUint32(nil, crc32.Checksum(text, castagnoli))
	if err := t.rooms.Put(id, append(row, text...)); err != nil {
		return err
	}
	if st.Status == StatusReplaced {
		return nil
	}
	if !st.File.Zero() {
		if err := t.files.Put(fileKey(st.File), id); err != nil {
			return err
		}
	}
	if st.Path == "" {
		return t.untitled.Put(id, []byte{1})
	}
	return t.paths.Put([]byte(st.Path), id)
}

// remove drops a record and what points to it.
func (t tables) remove(id uuid.UUID) error {
	if err := t.unlink(id); err != nil {
		return err
	}
	return t.rooms.Delete(id[:])
}

// unlink drops what points to the room's present record, unless it points to
// another room by now.
func (t tables) unlink(id uuid.UUID) error {
	old, err := t.room(id)
	if err == ErrNotFound {
		return nil
	}
	if err != nil {
		return err
	}
	if err := t.untitled.Delete(id[:]); err != nil {
		return err
	}
	if path := []byte(old.Path); len(path) > 0 && string(t.paths.Get(path)) == string(id[:]) {
		if err := t.paths.Delete(path); err != nil {
			return err
		}
	}
	if key := fileKey(old.File); string(t.files.Get(key)) == string(id[:]) {
		return t.files.Delete(key)
	}
	return nil
}

// check reads everything once and finds everything once: rows have checksums, but
// the pages that lead to them have none. It tells seen of every stamp.
func (t tables) check(seen func(stamp int64)) error {
	rooms := map[uuid.UUID]Record{}
	err := t.each(func(st stamped) error {
		seen(st.Stamp)
		rooms[st.Room] = st.Record
		return nil
	})
	if err != nil {
		return err
	}
	for id, rec := range rooms {
		if t.rooms.Get(id[:]) == nil || !t.leadTo(rec) {
			return fmt.Errorf("%w: index does not lead to room %s", ErrDamaged, id)
		}
	}
	return errors.Join(
		checkPointers(t.paths, func(key, id []byte) bool { return rooms[uuid.UUID(id)].Path == string(key) }),
		checkPointers(t.files, func(key, id []byte) bool { return string(fileKey(rooms[uuid.UUID(id)].File)) == string(key) }),
		t.untitled.ForEach(func(k, _ []byte) error {
			if rec, ok := rooms[uuid.UUID(k)]; !ok || rec.Path != "" {
				return fmt.Errorf("%w: untitled %x", ErrDamaged, k)
			}
			return nil
		}),
	)
}

// leadTo says that a record can be found by what it names. Its path and its file
// may be another's by now.
func (t tables) leadTo(rec Record) bool {
	switch {
	case rec.Status == StatusReplaced:
		return true
	case !rec.File.Zero() && t.files.Get(fileKey(rec.File)) == nil:
		return false
	case rec.Path == "":
		return t.untitled.Get(rec.Room[:]) != nil
	}
	return t.paths.Get([]byte(rec.Path)) != nil
}

// checkPointers compares a table of ids with the records they point to.
func checkPointers(b *bbolt.Bucket, right func(key, id []byte) bool) error {
	return b.ForEach(func(k, v []byte) error {
		if len(v) != len(uuid.UUID{}) || !right(k, v) {
			return fmt.Errorf("%w: index key %q", ErrDamaged, k)
		}
		return nil
	})
}
