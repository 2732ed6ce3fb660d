//go:build linux

package main

import (
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// threeCells is a notebook of three cells as people have them in git: every
// cell of several lines.
func threeCells(two, three string) string {
	cell := func(id, source string) string {
		return fmt.Sprintf("  {\n   \"cell_type\": \"code\",\n   \"execution_count\": null,\n   \"id\": %q,\n   \"metadata\": {},\n   \"outputs\": [],\n   \"source\": [\n    \"# %s\\n\",\n    %q\n   ]\n  }", id, id, source)
	}
	return "{\n \"cells\": [\n" + cell("one", "typed: ") + ",\n" + cell("two", two) + ",\n" + cell("three", three) +
		"\n ],\n \"metadata\": {},\n \"nbformat\": 4,\n \"nbformat_minor\": 5\n}\n"
}

// meeting is a file, the real hub on it, and somebody who types into its first
// cell all the time.
type meeting struct {
	t    *testing.T
	s    *site
	h    *served
	pid  int
	room string
	d    *desk
	stop func()
}

func newMeeting(t *testing.T, flags ...string) *meeting {
	m := &meeting{t: t, s: newSite(t)}
	m.s.write("n.ipynb", threeCells("text two", "text three"))
	m.begin(flags...)
	return m
}

func (m *meeting) begin(flags ...string) {
	cmd, h := m.s.process(flags...)
	m.h, m.pid = h, cmd.Process.Pid
	m.room = m.s.hub("open", "--url", h.url, "n.ipynb").want(m.t, `.*\n`)
	m.d = newDesk(m.t, rand.IntN)
	m.d.attach(h, m.room)
	m.stop = m.d.keepTyping("one", 4*time.Millisecond, marker())
	m.t.Cleanup(m.stop)
}

// sees waits until the person has this in a cell.
func (m *meeting) sees(cell, part string) {
	m.t.Helper()
	m.d.await(fmt.Sprintf("%q in cell %s", part, cell), func() bool { return strings.Contains(m.d.text(cell), part) })
}

func (m *meeting) save() {
	m.t.Helper()
	m.s.hub("save", "--url", m.h.url, m.room).want(m.t, hash+`  n\.ipynb\n`)
}

// end stops the typing and compares person, hub and file: every mark is there
// once.
func (m *meeting) end() {
	m.t.Helper()
	m.stop()
	m.d.await("everything to be acknowledged", func() bool { return m.d.acked >= m.d.doc.State()[m.d.doc.ClientID()] })
	m.save()
	cells := filed(m.t, m.s.read("n.ipynb"))
	once(m.t, cells, m.d.marks, "in the end")
	unique(m.t, cells, "in the end")
	if got := m.d.cells(); !slices.Equal(got, cells) {
		m.t.Errorf("the person holds %q\nthe file %q", got, cells)
	}
	if r := m.h.rooms()["n.ipynb"]; r.State != "live" {
		m.t.Errorf("the room is %+v", r)
	}
	m.t.Logf("%d marks typed", len(m.d.marks))
}

// lastMark is the last one that was typed and has arrived.
func (m *meeting) lastMark() string {
	m.t.Helper()
	var last string
	m.d.await("a mark to be acknowledged", func() bool {
		for _, mark := range m.d.marks {
			if m.d.clocks[mark] <= m.d.acked {
				last = string(mark)
			}
		}
		return last != ""
	})
	return last
}

// git runs git in the folder, with a person's name that is this repository's.
func (m *meeting) git(args ...string) string {
	m.t.Helper()
	cmd := exec.CommandContext(m.t.Context(), "git", args...)
	cmd.Dir = m.s.root
	cmd.Env = append(os.Environ(), "GIT_CONFIG_NOSYSTEM=1", "GIT_EDITOR=true")
	out, err := cmd.CombinedOutput()
	if err != nil {
		m.t.Fatalf("git %v: %v\n%s", args, err, out)
	}
	return string(out)
}

// change writes the file as a script does that knows nothing of hubs.
func (m *meeting) change(from, to string) {
	m.t.Helper()
	m.s.write("n.ipynb", strings.Replace(m.s.read("n.ipynb"), from, to, 1))
}

// A branch is checked out, merged, rebased and stashed while somebody types
// into another cell of the notebook. Nothing of either side is lost.
func TestGit_CheckoutMergeRebaseStashUnderTyping(t *testing.T) {
	m := &meeting{t: t, s: newSite(t)}
	m.s.write("n.ipynb", threeCells("text two", "text three"))
	m.git("init", "-q", "-b", "main")
	m.git("config", "user.name", "Ann")
	m.git("config", "user.email", "ann@example.org")
	m.git("add", ".")
	m.git("commit", "-qm", "base")
	m.git("checkout", "-qb", "feature")
	m.change("text two\"", "text two of feature\"")
	m.git("commit", "-qam", "feature")
	m.git("checkout", "-q", "main")

	m.begin("--save-quiet", "1h", "--save-max", "1h") // what is saved is saved by hand, or git would refuse
	m.git("checkout", "-q", "feature")
	m.sees("two", "two of feature")
	m.git("checkout", "-q", "main")
	m.d.await("main's cell again", func() bool { return m.d.text("two") == "# two\ntext two" })

	m.save()
	m.git("commit", "-qam", "typed")
	m.git("merge", "-q", "--no-edit", "feature")
	m.sees("two", "two of feature")
	m.save()
	m.git("commit", "-qam", "typed after the merge")

	m.git("checkout", "-qb", "topic", "HEAD~1")
	m.change("text three\"", "text three of topic\"")
	m.git("commit", "-qam", "topic")
	m.sees("three", "three of topic")
	m.git("rebase", "-q", "main")
	m.sees("three", "three of topic")

	last := m.lastMark()
	m.save()
	m.git("stash", "-q")
	m.d.await("what is stashed to go", func() bool { return !strings.Contains(m.d.text("one"), last) })
	m.git("stash", "pop", "-q")
	m.sees("one", last)
	m.end()
	if status := m.git("status", "--porcelain"); status != " M n.ipynb\n" {
		t.Errorf("git status: %q", status)
	}
}

// Editors and tools write files in different ways: in place, by a backup and a
// new file, by a temporary file and a rename.
func TestOutside_TheWaysOfEditorsUnderTyping(t *testing.T) {
	m := newMeeting(t, "--save-quiet", "100ms", "--save-max", "300ms")
	file := filepath.Join(m.s.root, "n.ipynb")
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	ways := map[string]func(data string){
		"vim": func(data string) {
			must(os.Rename(file, file+"~"))
			must(os.WriteFile(file, []byte(data), 0o600))
			must(os.Remove(file + "~"))
		},
		"VS Code": func(data string) {
			f, err := os.OpenFile(file, os.O_WRONLY|os.O_TRUNC, 0)
			must(err)
			half := len(data) / 2
			_, err = f.WriteString(data[:half])
			must(err)
			_, err = f.WriteString(data[half:])
			must(err)
			must(f.Close())
		},
		"atomic": func(data string) {
			must(os.WriteFile(file+".new", []byte(data), 0o600))
			must(os.Rename(file+".new", file))
		},
	}
	for name, write := range ways {
		quiet(m, func(data string) { write(strings.Replace(data, `"text three`, `"text three, `+name, 1)) })
		m.sees("three", name)
	}
	for i := range 3 {
		quiet(m, func(string) {
			out, err := exec.CommandContext(t.Context(), "sed", "-i", fmt.Sprintf(`s/"text two/"text two sed%d/`, i), file).CombinedOutput()
			if err != nil {
				t.Fatalf("%v %s", err, out)
			}
		})
		m.sees("two", fmt.Sprintf("sed%d", i))
	}
	m.end()
	entries, err := os.ReadDir(m.s.root)
	if err != nil || len(entries) != 2 { // a.ipynb is the site's
		t.Errorf("the folder holds %v, %v", entries, err)
	}
}

// quiet changes the file while the hub does not: an editor that reads before
// and writes after a save of the hub's takes that save back, and nobody could
// tell that from a person's will. Typing stops for a moment, and goes on.
func quiet(m *meeting, change func(data string)) {
	m.t.Helper()
	m.stop()
	await(m.t, "the room to be saved", func() bool { return !m.h.rooms()["n.ipynb"].Unsaved })
	data := m.s.read("n.ipynb")
	mark := marks(m)
	m.stop = m.d.keepTyping("one", 4*time.Millisecond, mark)
	change(data)
}

// marks goes on where the typing stopped.
func marks(m *meeting) func() rune {
	m.d.mu.Lock()
	n := len(m.d.marks)
	m.d.mu.Unlock()
	next := marker()
	for range n {
		next()
	}
	return next
}

// Two hundred changes a second settle: the last one is there, the typing too,
// and the log has not grown by a line for each.
func TestOutside_TwoHundredChangesASecondSettle(t *testing.T) {
	m := newMeeting(t, "--save-quiet", "1h", "--save-max", "1h")
	data := m.s.read("n.ipynb")
	file := filepath.Join(m.s.root, "n.ipynb")
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	const changes = 500
	before := strings.Count(m.h.err.String(), "\n")
	for i := range changes {
		<-tick.C
		target := file
		if i%2 == 0 {
			target += ".swp"
		}
		if err := os.WriteFile(target, []byte(strings.Replace(data, `"text two"`, fmt.Sprintf(`"text two %d"`, i), 1)), 0o600); err != nil {
			t.Fatal(err)
		}
		if target != file {
			if err := os.Rename(target, file); err != nil {
				t.Fatal(err)
			}
		}
	}
	m.sees("two", fmt.Sprintf("text two %d", changes-1))
	if lines := strings.Count(m.h.err.String(), "\n") - before; lines > 120 {
		t.Errorf("%d lines were logged for %d changes: %.2000s", lines, changes, m.h.err)
	}
	m.end()
}

// A thousand rooms in fifty folders share the watches of their folders, and
// cost nothing while nothing happens.
func TestWatch_AThousandRoomsInFiftyFolders(t *testing.T) {
	s := newSite(t)
	s.asPeopleGetIt()
	for i := range 1000 {
		s.write(fmt.Sprintf("f%02d/n%03d.ipynb", i%50, i), plain)
	}
	cmd, h := s.process("--room-idle", "1h")
	api, err := newClient(h.url, "")
	if err != nil {
		t.Fatal(err)
	}
	var openers sync.WaitGroup
	for first := range 8 { // most of an opening waits for the disk
		openers.Go(func() {
			for i := first; i < 1000; i += 8 {
				if _, err := api.call(t.Context(), "POST", "api/v1/rooms", map[string]any{"path": fmt.Sprintf("f%02d/n%03d.ipynb", i%50, i)}, nil); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	openers.Wait()
	if n := len(h.rooms()); n != 1000 {
		t.Fatalf("%d rooms are open", n)
	}
	if n := watches(t, cmd.Process.Pid); n > 60 || n < 50 {
		t.Errorf("%d watches", n)
	}
	// Each of them is watched nevertheless.
	s.write("f07/n307.ipynb", strings.Replace(plain, "print hello", "print changed outside", 1))
	id := h.rooms()["f07/n307.ipynb"].ID
	await(t, "the change", func() bool {
		_, text := h.get("api/v1/rooms/" + id + "/cells/one")
		return strings.Contains(text, "changed outside")
	})
	await(t, "three seconds in which doing nothing costs next to nothing", func() bool {
		before := cpu(t, cmd.Process.Pid)
		<-time.After(3 * time.Second)
		spent := cpu(t, cmd.Process.Pid) - before
		t.Logf("%d watches; doing nothing for 3 s cost %v", watches(t, cmd.Process.Pid), spent)
		return spent <= 150*time.Millisecond
	})
}

// watches counts the inotify watches of a process.
func watches(t *testing.T, pid int) int {
	t.Helper()
	infos, err := filepath.Glob(fmt.Sprintf("/proc/%d/fdinfo/*", pid))
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, info := range infos {
		data, err := os.ReadFile(info)
		if err == nil {
			n += strings.Count(string(data), "inotify wd:")
		}
	}
	return n
}

// cpu is the processor time that a process has used, in steps of 10 ms.
func cpu(t *testing.T, pid int) time.Duration {
	t.Helper()
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(data), ") ")
	fields := strings.Fields(rest)
	var ticks int
	for _, field := range fields[11:13] { // utime and stime, proc(5)
		n, err := strconv.Atoi(field)
		if err != nil {
			t.Fatal(err)
		}
		ticks += n
	}
	return time.Duration(ticks) * 10 * time.Millisecond
}
