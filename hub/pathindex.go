package hub

import (
	"github.com/google/uuid"
)

// pathIndex holds the claims on names: a room id, a canonical path and a file
// identity are each held by at most one claim. It is a plain structure; Hub.mu
// must be held around every call.
//
// A claim is made by an operation (an open, a save-as, a rename) before that
// operation touches the disk, is bound to a room when the operation succeeds,
// and is released by nobody but its holder. A room's claims outlive its entry
// in the registry: they go when the room is gone, so a file never has two
// writers.
type pathIndex struct {
	byRoom map[uuid.UUID]*claim
	byPath map[string]*claim
	byFile map[FileID]*claim
}

// claim is the right to one name. Its fields are guarded by Hub.mu.
type claim struct {
	id   uuid.UUID // set: a claim on a room id
	path string    // set: a claim on a canonical path
	file FileID    // of the file at path, zero when there is none
	room *room     // nil while the operation that made it works
	// settled is closed whenever the claim is bound or released: whoever met it
	// looks again then.
	settled chan struct{}
}

func newPathIndex() pathIndex {
	return pathIndex{
		byRoom: make(map[uuid.UUID]*claim),
		byPath: make(map[string]*claim),
		byFile: make(map[FileID]*claim),
	}
}

// claimRoom claims a room id, or returns the claim that holds it.
func (x *pathIndex) claimRoom(id uuid.UUID) (mine, held *claim) {
	if c := x.byRoom[id]; c != nil {
		return nil, c
	}
	c := &claim{id: id, settled: make(chan struct{})}
	x.byRoom[id] = c
	return c, nil
}

// claimPath claims a path and the file that is there, or returns the claim
// that holds either.
func (x *pathIndex) claimPath(path string, file FileID) (mine, held *claim) {
	if c := x.lookup(path, file); c != nil {
		return nil, c
	}
	c := &claim{path: path, settled: make(chan struct{})}
	x.byPath[path] = c
	x.refile(c, file)
	return c, nil
}

// lookup returns the claim on a path or on the file that is there.
func (x *pathIndex) lookup(path string, file FileID) *claim {
	if c := x.byPath[path]; c != nil {
		return c
	}
	if file != (FileID{}) {
		return x.byFile[file]
	}
	return nil
}

// refile notes which file is at a claim's path now: each save makes a new one.
// A file that another claim holds stays with that claim.
func (x *pathIndex) refile(c *claim, file FileID) {
	if c.file != (FileID{}) && x.byFile[c.file] == c {
		delete(x.byFile, c.file)
	}
	c.file = file
	if file != (FileID{}) && x.byFile[file] == nil {
		x.byFile[file] = c
	}
}

// bind gives a claim to a room.
func (x *pathIndex) bind(c *claim, r *room) {
	c.room = r
	close(c.settled)
	c.settled = make(chan struct{})
}

// release drops a claim. Names that meanwhile belong to another claim stay.
func (x *pathIndex) release(c *claim) {
	if c == nil {
		return
	}
	if x.byRoom[c.id] == c {
		delete(x.byRoom, c.id)
	}
	if x.byPath[c.path] == c {
		delete(x.byPath, c.path)
	}
	if x.byFile[c.file] == c {
		delete(x.byFile, c.file)
	}
	close(c.settled)
	c.settled = make(chan struct{})
}

// size counts the claims.
func (x *pathIndex) size() int { return len(x.byRoom) + len(x.byPath) }
