//go:build unix

package store_test

import (
	"bufio"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/notebookhub/hub/hub/store"
)

// held checks that a claim fails because of a folder.
func held(t *testing.T, err error, folder string, within bool) {
	t.Helper()
	var by *store.FolderHeldError
	if !errors.As(err, &by) || by.Folder != folder || by.Within != within {
		t.Errorf("claimed beside the holder of %s: %v", folder, err)
	}
}

// tree makes outer/root/sub and outer/beside, and a runtime folder for each
// environment that is asked for.
func tree(t *testing.T) (outer string, environment func() string) {
	t.Helper()
	outer, err := filepath.EvalSymlinks(t.TempDir())
	must(t, err)
	must(t, os.MkdirAll(filepath.Join(outer, "root", "sub"), 0o700))
	must(t, os.MkdirAll(filepath.Join(outer, "beside"), 0o700))
	must(t, os.WriteFile(filepath.Join(outer, "root", "a.ipynb"), nil, 0o600))
	must(t, os.WriteFile(filepath.Join(outer, "root", "b.ipynb"), nil, 0o600))
	return outer, func() string { return t.TempDir() }
}

// Hubs that know nothing of each other, neither by a runtime folder nor by a
// state directory, exclude each other on a folder and those around and in it.
func TestLockRoot_OneOwnerWhateverTheEnvironment(t *testing.T) {
	outer, environment := tree(t)
	root, sub := filepath.Join(outer, "root"), filepath.Join(outer, "root", "sub")
	first, err := store.LockRoot(environment(), root, "")
	must(t, err)
	_, err = store.LockRoot(environment(), root, "")
	held(t, err, root, false)
	_, err = store.LockRoot(environment(), sub, "")
	held(t, err, root, false)
	_, err = store.LockRoot(environment(), outer, "")
	held(t, err, outer, true)
	run := environment()
	beside, err := store.LockRoot(run, filepath.Join(outer, "beside"), "")
	must(t, err)
	must(t, errors.Join(first.Close(), beside.Close()))

	whole, err := store.LockRoot(run, outer, "")
	must(t, err)
	must(t, whole.Close())
	if left := append(glob(t, run, "*"), glob(t, root, "*.*")...); len(left) != 2 {
		t.Errorf("left behind: %v", left)
	}
}

// Commands that are about one notebook work side by side in a folder, and keep no
// hub from it; a hub that has it is to be asked.
func TestLockNotebook_BesideOthersInTheFolder(t *testing.T) {
	outer, environment := tree(t)
	root := filepath.Join(outer, "root")
	run := environment()
	a, err := store.LockNotebook(run, filepath.Join(root, "a.ipynb"), "")
	must(t, err)
	b, err := store.LockNotebook(run, filepath.Join(root, "b.ipynb"), "")
	must(t, err)
	var locked *store.LockedError
	if _, err := store.LockNotebook(run, filepath.Join(root, "b.ipynb"), ""); !errors.As(err, &locked) {
		t.Errorf("the same notebook twice: %v", err)
	}
	hub, err := store.LockRoot(environment(), outer, "")
	must(t, err)
	must(t, errors.Join(a.Close(), b.Close()))
	_, err = store.LockNotebook(run, filepath.Join(root, "a.ipynb"), "")
	held(t, err, outer, false)
	must(t, hub.Close())
	if left := glob(t, run, "*"); len(left) != 0 {
		t.Errorf("left behind: %v", left)
	}
}

func TestLockRoot_ADeadOwnersFolderIsFree(t *testing.T) {
	dir := t.TempDir()
	if n := store.Holder(dir); n != nil {
		t.Errorf("nobody has it, and yet %v", n)
	}
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), helperEnv+"="+dir)
	out, err := cmd.StdoutPipe()
	must(t, err)
	must(t, cmd.Start())
	if lines := bufio.NewScanner(out); !lines.Scan() {
		t.Fatal("the helper says nothing")
	}
	_, err = store.LockRoot(t.TempDir(), dir, "")
	resolved, _ := filepath.EvalSymlinks(dir)
	held(t, err, resolved, false)
	if owner := store.Holder(dir); owner == nil || owner.PID != cmd.Process.Pid || owner.URL != "http://helper/" {
		t.Errorf("the state is held by %v", owner)
	}
	must(t, cmd.Process.Kill())
	_ = cmd.Wait()
	if owner := store.Holder(dir); owner != nil {
		t.Errorf("the dead hub still has the state: %v", owner)
	}
	l, err := store.LockRoot(t.TempDir(), dir, "")
	must(t, err)
	must(t, l.Close())
}
