package main

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/notebookhub/hub/hub/store"
)

// rootMark is what a root's state says about the folder that it belongs to. The
// state's own name is made of the path, which changes when somebody renames the
// folder or one above it.
type rootMark struct {
	Path   string   `json:"path"`
	Folder folderID `json:"folder"`
}

// folderID tells a folder from all others, by its birth also from those that get
// the inode of one that was removed. Where the system keeps no birth it is 0.
type folderID struct {
	store.FileID
	Born int64 `json:"born,omitempty"` // Unix nanoseconds
}

const rootMarkName = "root.json"

func identify(dir string) (folderID, error) {
	id, err := store.Identify(dir)
	if err != nil {
		return folderID{}, err
	}
	return folderID{id, born(dir)}, nil
}

// gone tells whether the folder is no longer where it was. Who may not look does
// not know, and takes it for there.
func (r rootMark) gone() bool {
	now, err := identify(r.Path)
	if err != nil {
		return errors.Is(err, fs.ErrNotExist)
	}
	return now != r.Folder
}

// remember notes which folder the state belongs to.
func (m *program) remember() {
	mark := rootMark{Path: m.root}
	var err error
	if mark.Folder, err = identify(m.root); err == nil {
		var text []byte
		text, err = json.Marshal(mark)
		name := filepath.Join(m.stateDir, rootMarkName)
		if err == nil {
			err = os.WriteFile(name+".tmp", text, 0o600)
		}
		if err == nil {
			err = os.Rename(name+".tmp", name)
		}
	}
	if err != nil {
		m.log.Warn("the state will not be found again should the folder be renamed", "root", m.root, "error", err)
	}
}

// inherit gives a root that has no state yet the one that it had under a former
// path: untitled notebooks, former versions and the trash come along. Nothing is
// taken from a folder that is still where it was.
func (m *program) inherit() {
	if _, err := os.Stat(m.stateDir); !errors.Is(err, fs.ErrNotExist) {
		return
	}
	former, from := m.formerState()
	if former == "" {
		return
	}
	if err := os.Rename(former, m.stateDir); err != nil {
		m.log.Warn("state of the renamed folder not taken over", "root", m.root, "was", from, "error", err)
		return
	}
	m.log.Info("the folder was renamed; its untitled notebooks, versions and trash are taken over", "root", m.root, "was", from)
}

// formerState finds the state that this folder had last under another path, and
// that path.
func (m *program) formerState() (state, path string) {
	ours, err := identify(m.root)
	if err != nil {
		return "", ""
	}
	states := filepath.Dir(m.stateDir)
	entries, _ := os.ReadDir(states) // none before the first start
	var latest time.Time
	for _, entry := range entries {
		dir := filepath.Join(states, entry.Name())
		mark, written := readMark(dir)
		if mark.Folder == ours && written.After(latest) && mark.gone() && store.Holder(dir) == nil {
			state, path, latest = dir, mark.Path, written
		}
	}
	return state, path
}

// readMark reads what a state says about its folder, and when that was written.
func readMark(state string) (mark rootMark, written time.Time) {
	name := filepath.Join(state, rootMarkName)
	info, err := os.Stat(name)
	if err != nil {
		return rootMark{}, time.Time{}
	}
	text, err := os.ReadFile(name)
	if err != nil || json.Unmarshal(text, &mark) != nil {
		return rootMark{}, time.Time{}
	}
	return mark, info.ModTime()
}
