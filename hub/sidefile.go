package hub

import (
	"context"
	"io"
	"path/filepath"
)

// SideFile is a file that lies beside notebooks: a picture that Markdown
// shows, a table that a cell reads. Close it.
type SideFile struct {
	io.ReadSeekCloser
	FileStat
}

// OpenFile opens a regular file below the root for reading, whatever its size.
// What is hidden, what is the hub's own state and what is no file does not
// exist. It enters no room: of an open notebook it reads what is on disk.
func (h *Hub) OpenFile(_ context.Context, p string) (SideFile, error) {
	clean, err := cleanPath(p)
	if err != nil {
		return SideFile{}, noFile(p, err)
	}
	canonical, _, err := h.files.Resolve(clean)
	if err != nil {
		return SideFile{}, noFile(p, err)
	}
	if h.ownState(canonical) {
		return SideFile{}, noFile(p, nil)
	}
	content, stat, err := h.files.Open(canonical)
	if err != nil {
		return SideFile{}, noFile(p, err)
	}
	return SideFile{ReadSeekCloser: content, FileStat: stat}, nil
}

// ownState tells what lies in the store, should somebody have put that into
// the folder that is served.
func (h *Hub) ownState(canonical string) bool {
	state, err := filepath.EvalSymlinks(h.store.Dir())
	if err != nil {
		return false // of a store that is gone nothing can be read
	}
	inside, err := filepath.Rel(state, h.files.Absolute(canonical))
	return err == nil && filepath.IsLocal(inside)
}

// noFile says that there is no such file, unless it cannot be read for another
// reason.
func noFile(p string, err error) error {
	switch CodeOf(err) {
	case "", CodeNotFound, CodeNotAFile, CodeInvalidPath:
		return fail(CodeNotFound, err, "there is no file %q", p)
	}
	return err
}
