//go:build unix

package main

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// elsewhere is another login session: another runtime folder, and another state
// directory if a flag is given it.
func (s *site) elsewhere() (stateDir string) {
	s.t.Helper()
	dir := s.t.TempDir()
	s.t.Setenv("XDG_RUNTIME_DIR", dir)
	return "--state-dir=" + filepath.Join(dir, "state")
}

// refused starts a hub that must not start, and returns how it ended.
func (s *site) refused(flags ...string) result {
	s.t.Helper()
	ctx, cancel := context.WithCancel(s.t.Context())
	defer cancel()
	var out, said output
	ended := make(chan int, 1)
	go func() {
		ended <- run(ctx, append([]string{"serve", "--port=0"}, flags...), console{strings.NewReader(""), &out, &said})
	}()
	await(s.t, "the hub to give up", func() bool {
		if address.MatchString(out.String()) {
			cancel()
		}
		return len(ended) > 0
	})
	return result{<-ended, out.String(), said.String()}
}

// Neither the runtime folder nor the state directory is the same, and yet there
// is one hub for a folder and what is in it.
func TestOwner_OneHubWhateverTheEnvironment(t *testing.T) {
	s := newSite(t)
	s.write("sub/b.ipynb", plain)
	h := s.serve()
	where := strings.Split(h.url, "?")[0]
	sub := filepath.Join(s.root, "sub")
	other := "--state-dir=" + filepath.Join(s.state, "..", "other")
	s.refused("--root-dir", sub, other).fails(t, 1, where, s.root)
	s.refused("--root-dir", filepath.Dir(s.root), other).fails(t, 1, where, s.root)

	other = s.elsewhere()
	s.refused("--root-dir", s.root, other).fails(t, 1, "another hub has "+s.root, "fuser -v "+s.root)
	s.refused("--root-dir", sub, other).fails(t, 1, "another hub has "+s.root, "fuser -v "+s.root)
	s.refused("--root-dir", filepath.Dir(s.root), other).fails(t, 1, "a folder in "+filepath.Dir(s.root))
	s.hub("run", filepath.Join(sub, "b.ipynb")).fails(t, 1, "another hub has "+s.root)
	if s.read("sub/b.ipynb") != plain {
		t.Error("the notebook has changed")
	}
	h.stop()
	s.serve(other)
}

// Runs for one notebook each need not wait for each other, nor does a hub wait
// for them.
func TestOwner_RunsBesideEachOtherAndAHub(t *testing.T) {
	s := newSite(t)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	said := []*output{{}, {}}
	ended := make(chan int, 2)
	for i, name := range []string{"one.ipynb", "two.ipynb"} {
		s.write(name, cells("print begun", "sleep 1h"))
		go func() {
			ended <- run(ctx, []string{"run", filepath.Join(s.root, name)}, console{strings.NewReader(""), &output{}, said[i]})
		}()
	}
	for _, o := range said {
		await(t, "a run to have begun", func() bool {
			if len(ended) > 0 {
				t.Fatalf("a run has ended: %s%s", said[0], said[1])
			}
			return strings.Contains(o.String(), "[1/2]")
		})
	}
	h := s.serve()
	s.hub("ls").want(t, `.*one\.ipynb.*`)
	h.stop()
	cancel()
	for range said {
		if code := <-ended; code != 1 {
			t.Errorf("a cancelled run ended with %d: %s%s", code, said[0], said[1])
		}
	}
	if !strings.Contains(s.read("one.ipynb"), "begun") || !strings.Contains(s.read("two.ipynb"), "begun") {
		t.Error("what has run is not in the files")
	}
}

// states is where the state of each root is.
func (s *site) states() []string {
	s.t.Helper()
	found, err := filepath.Glob(filepath.Join(s.state, "roots", "*"))
	if err != nil {
		s.t.Fatal(err)
	}
	return found
}

// After the folder was renamed everything is found again: untitled notebooks,
// versions, the trash.
func TestMoved_ARenamedFolderKeepsItsState(t *testing.T) {
	s := newSite(t)
	s.write("b.ipynb", plain)
	h := s.serve()
	room := s.hub("open", "a.ipynb").want(t, `.*\n`)
	untitled := s.hub("open").want(t, `.*\n`)
	h.edit(room, "one", "print edited")
	version := s.hub("versions", "--keep", "a.ipynb").want(t, `.*\n`)
	h.call("DELETE", "api/v1/notebooks/b.ipynb", nil)
	h.stop()

	from := s.root
	s.root = filepath.Join(filepath.Dir(from), "renamed")
	if err := os.Rename(from, s.root); err != nil {
		t.Fatal(err)
	}
	h = s.serve()
	if said := h.err.String(); !strings.Contains(said, "renamed") || !strings.Contains(said, "was="+from) {
		t.Errorf("logged %s", said)
	}
	if now := h.rooms()["(untitled)"].ID; now != untitled {
		t.Errorf("the untitled notebook was %s and is %q", untitled, now)
	}
	s.hub("open", "a.ipynb").want(t, room+"\n")
	s.hub("versions", "a.ipynb").want(t, version+"\n")
	if _, list := h.get("api/v1/trash"); !strings.Contains(list, "b.ipynb") {
		t.Errorf("trash: %s", list)
	}
	if n := len(s.states()); n != 1 {
		t.Errorf("%d states", n)
	}
}

// The state of a folder that is where it was is nobody else's, and neither is
// that of a removed one whose inode a new folder got.
func TestMoved_NothingIsTakenFromAFolderThatIsThere(t *testing.T) {
	s := newSite(t)
	ours, err := identify(s.root)
	if err != nil {
		t.Fatal(err)
	}
	reborn, other := ours, ours
	reborn.Born++
	other.Ino++
	link := filepath.Join(s.state, "..", "link")
	if err := os.Symlink(s.root, link); err != nil {
		t.Fatal(err)
	}
	for name, mark := range map[string]rootMark{
		"there":  {Path: link, Folder: ours},
		"reborn": {Path: filepath.Join(s.root, "gone"), Folder: reborn},
		"other":  {Path: filepath.Join(s.root, "gone"), Folder: other},
	} {
		text, err := json.Marshal(mark)
		if err != nil {
			t.Fatal(err)
		}
		dir := filepath.Join(s.state, "roots", name)
		if err := os.MkdirAll(dir, 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, rootMarkName), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	h := s.serve()
	if strings.Contains(h.err.String(), "taken over") || len(s.states()) != 4 {
		t.Errorf("states %v: %s", s.states(), h.err)
	}
}
