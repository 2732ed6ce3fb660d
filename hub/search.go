package hub

import "path"

// searchBound is how many names are looked at for files that moved.
const searchBound = 20000

// search looks for files that are no longer where their rooms had them. One is
// made by the first room that asks and joined by those who ask until it begins,
// so that however many files went together, the root is walked for them once.
type search struct {
	wanted map[FileID]string // hash of what is in it; guarded by Hub.mu until the walk begins
	found  map[FileID]string // path
	done   chan struct{}     // closed when found is complete
}

// followMove looks for the room's file elsewhere inside the root, beside the
// room: the same file, with the bytes that the room last agreed with.
func (s *state) followMove() {
	if s.file == (FileID{}) || s.saved == nil {
		return
	}
	from, file, hash := s.path, s.file, s.saved.SHA256
	s.r.work.Go(func() {
		if to := s.h.findFile(file, hash); to != "" {
			s.r.follow(from, to, file)
		}
	})
}

// findFile returns where a file is, or nothing. It takes as long as a walk
// through the root, and another one that is under way.
func (h *Hub) findFile(file FileID, hash string) string {
	s, first := h.joinSearch(file, hash)
	if first {
		h.searching <- struct{}{}
		h.beginSearch()
		h.walk(s)
		<-h.searching
		close(s.done)
	}
	<-s.done
	return s.found[file]
}

// joinSearch asks the next search for a file. first tells that nobody else has
// asked it for anything yet.
func (h *Hub) joinSearch(file FileID, hash string) (s *search, first bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if first = h.next == nil; first {
		h.next = &search{wanted: make(map[FileID]string), found: make(map[FileID]string), done: make(chan struct{})}
	}
	h.next.wanted[file] = hash
	return h.next, first
}

// beginSearch lets nobody join the next search any more.
func (h *Hub) beginSearch() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.next = nil
}

// walk goes through the root, breadth first and bounded, until all is found.
func (h *Hub) walk(s *search) {
	dirs := []string{""}
	for seen := 0; len(dirs) > 0 && seen < searchBound && len(s.found) < len(s.wanted); dirs = dirs[1:] {
		entries, err := h.files.ReadDir(dirs[0])
		if err != nil {
			continue
		}
		seen += len(entries)
		for _, e := range entries {
			p := path.Join(dirs[0], e.Name)
			switch _, err := cleanPath(p); {
			case err != nil:
			case e.Mode.IsDir():
				dirs = append(dirs, p)
			case isNotebook(p):
				h.compare(s, p, e.ID)
			}
		}
	}
}

// compare notes a file that is looked for, if its bytes are those that were last
// seen: file systems give an identity away again.
func (h *Hub) compare(s *search, p string, file FileID) {
	hash, wanted := s.wanted[file]
	if _, found := s.found[file]; !wanted || found {
		return
	}
	if c, err := h.files.Read(p, anySize); err == nil && c.Hash == hash {
		s.found[file] = p
	}
}
