package store

import (
	"errors"
	"testing"

	"github.com/google/uuid"
)

// When a record reached its room but not the index, the next start does not trust
// the index, although this one closed it.
func TestIndex_ThatFellBehindIsRebuilt(t *testing.T) {
	dir := t.TempDir()
	s, err := Open(dir, Options{})
	if err != nil {
		t.Fatal(err)
	}
	id := uuid.New()
	if err := s.writeRecord(stamped{Record: Record{Room: id, Path: "p"}, Stamp: s.stamp()}); err != nil {
		t.Fatal(err)
	}
	full := errors.New("no room for the index")
	if err := s.index.update(func(tables) error { return full }); !errors.Is(err, full) {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if s, err = Open(dir, Options{}); err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if rec, err := s.ByPath("p"); err != nil || rec.Room != id {
		t.Errorf("%v, %v", rec, err)
	}
}
