//go:build linux && disks

package main

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// These tests mount small disks, which takes root: go test -tags disks.

// mount puts a disk of so many bytes at a folder, until the test ends.
func mount(t *testing.T, dir, size string) {
	t.Helper()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size="+size); err != nil {
		t.Fatalf("mount a small disk, which takes root: %v", err)
	}
	t.Cleanup(func() { _ = syscall.Unmount(dir, syscall.MNT_DETACH) })
}

// fill takes all space of a folder's disk but so many bytes, and returns what
// gives it back.
func fill(t *testing.T, dir string, leave int) (free func()) {
	t.Helper()
	name := filepath.Join(dir, "filler")
	f, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	block := make([]byte, 4096)
	for {
		if _, err := f.Write(block); err != nil {
			break
		}
	}
	info, err := f.Stat()
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Truncate(max(0, info.Size()-int64(leave))); err != nil {
		t.Fatal(err)
	}
	_ = f.Close()
	return func() {
		if err := os.Remove(name); err != nil {
			t.Error(err)
		}
	}
}

// The notebooks' disk is full: the save says so and changes no byte of the
// file, edits go on, and the file is written when there is space again.
func TestDisk_FullUnderTheNotebooks(t *testing.T) {
	s := newSite(t)
	mount(t, s.root, "2m")
	s.write("a.ipynb", plain)
	_, h := s.process("--save-quiet", "50ms", "--save-max", "200ms")
	room := s.hub("open", "--url", h.url, "a.ipynb").want(t, `.*\n`)
	free := fill(t, s.root, 8192)
	h.edit(room, "one", strings.Repeat("too large for this disk\n", 10_000))
	await(t, "the room to say so", func() bool { return h.rooms()["a.ipynb"].State == "degraded" })
	s.hub("save", "--url", h.url, room).fails(t, 1, "(disk_full)")
	if s.read("a.ipynb") != plain {
		t.Error("the file has changed")
	}
	h.edit(room, "one", strings.Repeat("still too large for this disk\n", 10_000))
	if _, text := h.get("api/v1/rooms/" + room + "/cells/one"); !strings.Contains(text, "still too large") {
		t.Error("the room does not go on")
	}
	free()
	await(t, "the file to be written by itself", func() bool { return strings.Contains(s.read("a.ipynb"), "still too large") })
	await(t, "the room to be live", func() bool { return h.rooms()["a.ipynb"].State == "live" })
	entries, err := os.ReadDir(s.root)
	if err != nil || len(entries) != 1 {
		t.Errorf("the folder holds %v, %v", entries, err)
	}
}

// The journal's disk is full: no edit is acknowledged that is not on a disk,
// everybody is told, and once there is space everything is as it was said.
func TestDisk_FullUnderTheJournal(t *testing.T) {
	s := newSite(t)
	if err := os.MkdirAll(s.state, 0o700); err != nil {
		t.Fatal(err)
	}
	mount(t, s.state, "4m")
	cmd, h := s.process("--save-quiet", "50ms", "--save-max", "200ms")
	room := s.hub("open", "--url", h.url, "a.ipynb").want(t, `.*\n`)
	h.edit(room, "one", "before")
	await(t, "the file to be written", func() bool { return strings.Contains(s.read("a.ipynb"), "before") })
	free := fill(t, s.state, 0)
	api, err := newClient(h.url, "")
	if err != nil {
		t.Fatal(err)
	}
	put := func(source string) error {
		_, err := api.call(t.Context(), http.MethodPatch, "api/v1/rooms/"+room+"/cells/one", map[string]any{"source": source}, nil)
		return err
	}
	if err := put(strings.Repeat("no space for this\n", 1000)); err == nil || !strings.Contains(err.Error(), "disk_full") {
		t.Errorf("the edit was answered with %v", err)
	}
	if status, _ := h.get("healthz"); status != http.StatusOK {
		t.Errorf("health is %d", status)
	}
	free()
	await(t, "edits to be taken again", func() bool { return put("after") == nil })
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait()
	_, h = s.process()
	if _, text := h.get("api/v1/rooms/" + room + "/cells/one"); !strings.Contains(text, `"after"`) {
		t.Errorf("after a crash the cell is %s", text)
	}
}

// A folder that cannot be written: notebooks open and are edited together, the
// save says why not, and nobody's file changes.
func TestDisk_ReadOnlyFolder(t *testing.T) {
	s := newSite(t)
	mount(t, s.root, "2m")
	s.write("a.ipynb", plain)
	if err := syscall.Mount("", s.root, "", syscall.MS_REMOUNT|syscall.MS_RDONLY, ""); err != nil {
		t.Fatal(err)
	}
	_, h := s.process("--save-quiet", "50ms", "--save-max", "200ms")
	room := s.hub("open", "--url", h.url, "a.ipynb").want(t, `.*\n`)
	h.edit(room, "one", "kept in the journal")
	await(t, "the room to say so", func() bool { return h.rooms()["a.ipynb"].State != "live" })
	r := h.rooms()["a.ipynb"]
	t.Logf("state %s: %s", r.State, r.Reason)
	if got := s.hub("save", "--url", h.url, room); got.code != 1 || !strings.Contains(got.err, "(permission") && !strings.Contains(got.err, "read") {
		t.Errorf("save: %d %s", got.code, got.err)
	}
	if s.read("a.ipynb") != plain {
		t.Error("the file has changed")
	}
	if err := syscall.Mount("", s.root, "", syscall.MS_REMOUNT, ""); err != nil {
		t.Fatal(err)
	}
	await(t, "the file to be written when it can be", func() bool { return strings.Contains(s.read("a.ipynb"), "kept in the journal") })
}
