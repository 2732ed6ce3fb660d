package store

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/google/uuid"
)

// shelf is a folder of sealed entries, each with a JSON head that can be read
// without the notebook behind it. Versions and trash are shelves.
type shelf struct {
	disk FS
	dir  string
	kind byte
	ext  string
}

func (h shelf) path(id uuid.UUID) string { return filepath.Join(h.dir, id.String()+h.ext) }

// put makes an entry durable.
func (h shelf) put(id uuid.UUID, head any, file []byte) error {
	text, err := json.Marshal(head)
	if err != nil {
		return err
	}
	if len(text) > maxMeta {
		return fmt.Errorf("description of %d bytes: too long", len(text))
	}
	if err := makeDir(h.disk, h.dir); err != nil {
		return err
	}
	return replaceFile(h.disk, h.path(id), nil, seal(h.kind, id, text, file)...)
}

// get reads and verifies a whole entry.
func (h shelf) get(id uuid.UUID, head any) (file []byte, err error) {
	data, _, err := readFile(h.disk, h.path(id))
	if missing(err) {
		return nil, ErrNotFound
	}
	if err != nil {
		return nil, err
	}
	parts, err := unseal(data, h.kind, id)
	if err != nil {
		return nil, err
	}
	if len(parts) != 2 {
		return nil, fmt.Errorf("%w: %d sections", ErrDamaged, len(parts))
	}
	return parts[1], json.Unmarshal(parts[0], head)
}

// remove removes an entry.
func (h shelf) remove(id uuid.UUID) error {
	err := h.disk.Remove(h.path(id))
	if missing(err) {
		return ErrNotFound
	}
	if err != nil {
		return err
	}
	return h.disk.SyncDir(h.dir)
}

// ids lists the entries in the order of their ids.
func (h shelf) ids() ([]uuid.UUID, error) {
	entries, err := readDir(h.disk, h.dir)
	var ids []uuid.UUID
	for _, e := range entries {
		name, ok := strings.CutSuffix(e.Name(), h.ext)
		if id, err := uuid.Parse(name); ok && err == nil {
			ids = append(ids, id)
		}
	}
	return ids, err
}

// head reads and verifies an entry's description.
func (h shelf) head(id uuid.UUID, head any) error {
	f, err := h.disk.OpenFile(h.path(id), os.O_RDONLY, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	text, err := peek(f, h.kind, id)
	if err != nil {
		return err
	}
	return json.Unmarshal(text, head)
}

// heads lists the descriptions, youngest first. Entries that cannot be read are
// left out and stay where they are; only a process without descriptors or memory
// is an error.
func heads[T any](h shelf, young func(a, b T) int) ([]T, error) {
	ids, err := h.ids()
	if err != nil {
		return nil, err
	}
	var all []T
	for _, id := range ids {
		var head T
		if err := h.head(id, &head); err == nil {
			all = append(all, head)
		} else if transient(err) {
			return nil, err
		}
	}
	slices.SortStableFunc(all, young)
	return all, nil
}

// tidy removes what a crash left half-written. Nobody may be writing to the shelf.
func (h shelf) tidy() {
	entries, err := readDir(h.disk, h.dir)
	if err != nil {
		return // whoever uses the shelf will be told
	}
	for _, e := range entries {
		if filepath.Ext(e.Name()) == tmpExt {
			h.disk.Remove(filepath.Join(h.dir, e.Name()))
		}
	}
}

// newID is an id for an entry, ordered by time of making.
func newID() (uuid.UUID, error) {
	id, err := uuid.NewV7()
	return id, wrap("make id", err)
}

// younger orders by time, then by id, youngest first.
func younger(a, b int64, ida, idb uuid.UUID) int {
	return cmp.Or(cmp.Compare(b, a), strings.Compare(idb.String(), ida.String()))
}

// errNoFile says that an entry would hold nothing.
var errNoFile = errors.New("no bytes to keep")
