package hub

// locate returns the canonical path of a file and its identity, with the index
// told where it was wrong about that identity: a file system gives the identity
// of a file that was replaced to the next new one, and whoever replaces files
// does not ask us.
func (h *Hub) locate(path string) (canonical string, file FileID, err error) {
	canonical, file, err = h.files.Resolve(path)
	if err != nil || file == (FileID{}) {
		return canonical, file, err
	}
	h.mu.Lock()
	c := h.index.byFile[file]
	h.mu.Unlock()
	if c == nil || c.path == canonical {
		return canonical, file, nil
	}
	// Two names of one file, or a claim that names what is no longer there.
	if _, now, err := h.files.Resolve(c.path); err != nil || now != file {
		h.refile(c, now)
	}
	return canonical, file, nil
}

// refile notes which file is at a claimed path now.
func (h *Hub) refile(c *claim, file FileID) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if c != nil && h.index.byPath[c.path] == c {
		h.index.refile(c, file)
	}
}

// refile notes the identity of the room's own file: each save makes a new one.
func (r *room) refile(file FileID) {
	r.hub.mu.Lock()
	c := r.pathClaim
	r.hub.mu.Unlock()
	r.hub.refile(c, file)
}
