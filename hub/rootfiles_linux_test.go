package hub_test

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"github.com/notebookhub/hub/hub"
	"github.com/notebookhub/hub/hub/hubtest"
)

// asNobody runs f as somebody who is not root, and who owns these files: root may
// write everything.
func asNobody(t *testing.T, names []string, f func()) {
	if os.Geteuid() == 0 {
		const nobody = 65534
		for _, name := range names {
			if err := os.Chown(name, nobody, nobody); err != nil {
				t.Fatal(err)
			}
		}
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		if err := syscall.Setfsuid(nobody); err != nil {
			t.Fatal(err)
		}
		defer func() { _ = syscall.Setfsuid(0) }()
	}
	f()
}

// A file that may not be written is not replaced, although the folder would
// allow it.
func TestFiles_AFileThatMayNotBeWrittenIsNotReplaced(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "a.ipynb")
	if err := os.WriteFile(path, []byte("old"), 0o444); err != nil {
		t.Fatal(err)
	}
	files, folder, err := hub.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer folder.Close()
	asNobody(t, []string{dir, path}, func() {
		if _, err := files.Write("a.ipynb", []byte("new"), hub.WriteOptions{Temp: "t"}); hub.CodeOf(err) != hub.CodePermission {
			t.Errorf("write: %v", err)
		}
	})
	if got, err := os.ReadFile(path); err != nil || string(got) != "old" {
		t.Errorf("the file holds %q, %v", got, err)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) != 1 {
		t.Errorf("the folder holds %v, %v", left, err)
	}
}

// A save that leaves another name of the file behind says so.
func TestSave_SaysThatOtherNamesKeepTheFormerBytes(t *testing.T) {
	e := hubtest.New(t, nil)
	e.Write("a.ipynb", hubtest.Notebook("x"))
	if err := os.Link(filepath.Join(e.Dir, "a.ipynb"), filepath.Join(e.Dir, "other.ipynb")); err != nil {
		t.Fatal(err)
	}
	room := e.Open("a.ipynb")
	e.SetSource(room, "a", "y")
	result, err := e.Hub.Save(ctx, room, hub.SaveRequest{})
	if err != nil || result.Links != 1 || len(result.Notes) != 1 || !strings.Contains(result.Notes[0], "other name") {
		t.Errorf("save: %+v, %v", result, err)
	}
	if e.Read("other.ipynb") != hubtest.Notebook("x") {
		t.Errorf("the other name holds %s", e.Read("other.ipynb"))
	}
}
