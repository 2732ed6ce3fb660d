package store

import (
	"strings"

	"github.com/google/uuid"
)

// Interrupted lists the rooms whose journal holds updates that no snapshot
// does. A hub that ends cleanly compacts every room, so after a start these are
// the rooms that were open when a former one died.
func (s *Store) Interrupted() ([]uuid.UUID, error) {
	all, err := s.rooms()
	if err != nil {
		return nil, wrap("list rooms", err)
	}
	var found []uuid.UUID
	for _, id := range all {
		entries, err := readDir(s.disk, s.roomDir(id))
		if err != nil {
			return found, wrap("list room", err)
		}
		for _, e := range entries {
			if strings.HasPrefix(e.Name(), journalPrefix) {
				found = append(found, id)
				break
			}
		}
	}
	return found, nil
}

// Check says whether the store can be used: ErrClosed after Close, else what
// the index says.
func (s *Store) Check() error {
	s.mu.Lock()
	closed := s.closed
	s.mu.Unlock()
	if closed {
		return wrap("check store", ErrClosed)
	}
	return wrap("check store", s.index.view(func(tables) error { return nil }))
}
