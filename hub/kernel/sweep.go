package kernel

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// manifest says whose a kernel folder is. A process is named by its id and by
// when it was started, as ids are used again.
type manifest struct {
	Owner   owner     `json:"hub"`
	Kernel  owner     `json:"kernel"` // zero before it runs
	Shim    owner     `json:"shim"`   // zero without one
	Mark    string    `json:"mark"`   // in the environment of all that belongs to the kernel
	Sockets string    `json:"sockets,omitempty"`
	Spec    string    `json:"spec"`
	Room    string    `json:"room"`
	Started time.Time `json:"started"`
}

type owner struct {
	PID   int    `json:"pid"`
	Birth string `json:"birth"`
}

func ownerOf(pid int) owner { return owner{PID: pid, Birth: birth(pid)} }

// alive tells whether the process still runs. Where processes cannot be told
// apart it cannot know and says no.
func (o owner) alive() bool { return o.PID > 0 && o.Birth != "" && birth(o.PID) == o.Birth }

// Swept is what [Sweep] found.
type Swept struct {
	Folders int // kernel folders of hubs that are gone, removed
	Killed  int // kernels and other processes of theirs that still ran, killed
}

// Sweep removes what hubs that are gone left in a runtime folder: folders, and
// processes that still run. Processes are killed only when they are the very ones
// that the manifest names, or carry its random mark in their environment. What
// belongs to a living hub is left alone, and so is what is not a kernel's folder.
// A folder that does not exist is swept.
func Sweep(dir string) (Swept, error) {
	var s Swept
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return s, fmt.Errorf("sweep runtime folder: %w", err)
	}
	var errs []error
	for _, e := range entries {
		if e.IsDir() {
			errs = append(errs, s.folder(filepath.Join(dir, e.Name())))
		}
	}
	return s, errors.Join(errs...)
}

func (s *Swept) folder(path string) error {
	data, err := readSmall(filepath.Join(path, manifestName))
	if err != nil {
		return nil // not ours, or of a hub that is making it
	}
	var m manifest
	if err := json.Unmarshal(data, &m); err != nil || m.Owner.alive() {
		return nil
	}
	for _, o := range []owner{m.Kernel, m.Shim} {
		if o.alive() {
			killGroup(o.PID)
			s.Killed++
		}
	}
	s.Killed += killMarked(m.Mark)
	f := folder{path: path, sockets: path}
	if filepath.Dir(m.Sockets) == filepath.Clean(os.TempDir()) && strings.HasPrefix(filepath.Base(m.Sockets), "k") {
		f.sockets = m.Sockets
	}
	if err := f.remove(); err != nil {
		return fmt.Errorf("sweep kernel folder: %w", err)
	}
	s.Folders++
	return nil
}
