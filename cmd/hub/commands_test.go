package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/notebookhub/hub/hub/kernel/kerneltest"
)

const hash = `[0-9a-f]{64}`

func TestCommands_OpenListSaveClose(t *testing.T) {
	s := newSite(t)
	s.write("sub/b.ipynb", plain)
	h := s.serve("--save-quiet", "1h", "--save-max", "1h")
	s.hub("ls").want(t, `sub/ +\d{4}-\d\d-\d\d \d\d:\d\d\na\.ipynb  317  \d{4}-\d\d-\d\d \d\d:\d\d\n`)
	id := s.hub("open", "a.ipynb").want(t, `[0-9a-f-]{36}\n`)
	s.hub("open", "a.ipynb").want(t, id+"\n")
	s.hub("ls", "-r").want(t, `sub/ .*a\.ipynb +317  [0-9: -]+open in room `+id+`\nsub/b\.ipynb +317  [0-9: -]+\n`)
	s.hub("rooms").want(t, id+`  a\.ipynb  live  saved  nobody\n`)
	h.edit(id, "one", "print edited")
	s.hub("rooms").want(t, id+`  a\.ipynb  live  unsaved  nobody\n`)
	s.hub("save", "a.ipynb").want(t, hash+"  a.ipynb\n")
	if !strings.Contains(s.read("a.ipynb"), "edited") {
		t.Error("the file lacks the edit")
	}
	s.hub("save", id, "--as", "c.ipynb").want(t, hash+"  c.ipynb\n")
	s.hub("close", "c.ipynb").want(t, hash+"  c.ipynb\n")
	gone := s.hub("rooms")
	gone.want(t, "")
	if gone.err != "No room is open.\n" {
		t.Errorf("said %q", gone.err)
	}
	s.hub("close", "c.ipynb").fails(t, 1, "none that is open holds c.ipynb", "hub open c.ipynb")
	s.hub("open", "absent.ipynb").fails(t, 1, "(notebook_not_found)")
	s.hub("save", id, "--as", "sub/b.ipynb").fails(t, 1, "(room_closed)")
	s.hub("save").fails(t, 2, "room", "hub save --help")
}

func TestCommands_UntitledUntilItIsSavedAs(t *testing.T) {
	s := newSite(t)
	s.serve()
	id := s.hub("open").want(t, `.*\n`)
	s.hub("rooms", "--untitled").want(t, id+`  \(untitled\)  live  .*\n`)
	s.hub("save", id).fails(t, 1, "no file yet", "--as PATH")
	s.hub("close", id).want(t, "kept in the hub, untitled\n")
	s.hub("save", id, "--as", "a.ipynb").fails(t, 1, "(file_exists)")
	s.hub("save", id, "--as", "new.ipynb").want(t, hash+"  new.ipynb\n")
	if s.read("a.ipynb") != plain {
		t.Error("the file that was there has changed")
	}
}

func TestCommands_VersionTellsBothPrograms(t *testing.T) {
	s := newSite(t)
	s.hub("version").want(t, "hub dev\n")
	h := s.serve()
	s.hub("version").want(t, `hub dev\nat http://127\.0\.0\.1:\d+/ runs dev\n`)
	s.hub("version", "--url", h.url).want(t, `hub dev\nat http://127\.0\.0\.1:\d+/ runs dev\n`)
	s.hub("rooms", "--url", strings.Split(h.url, "?")[0]+"?token=wrong").fails(t, 1, "(unauthorized)")
	s.hub("rooms", "--url", "localhost").fails(t, 1, "is not like")
	h.stop()
	s.hub("version", "--url", h.url).fails(t, 1, "ask the hub")
}

func TestCommands_WhichHubIsMeant(t *testing.T) {
	s := newSite(t)
	s.serve()
	other := &site{t: t, root: filepath.Join(s.state, "..", "root2"), state: s.state + "2"}
	other.write("b.ipynb", plain)
	second := other.serve()
	t.Chdir(os.TempDir())
	s.hub("ls").fails(t, 1, "several run", "--url", s.root, other.root)
	t.Chdir(other.root)
	s.hub("ls").want(t, `b\.ipynb .*\n`)
	t.Chdir(s.root)
	s.hub("ls").want(t, `a\.ipynb .*\n`)
	t.Setenv("HUB_URL", second.url)
	s.hub("ls").want(t, `b\.ipynb .*\n`)
}

func TestCommands_ADeadHubIsForgotten(t *testing.T) {
	s := newSite(t)
	cmd, _ := s.process()
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait()
	s.hub("rooms").fails(t, 1, "none runs here")
	// A file of a process that lives, but is no hub: its id was used again.
	dir, err := runtimeDir()
	if err != nil {
		t.Fatal(err)
	}
	stale := filepath.Join(dir, "hub-1-1.json")
	if err := os.WriteFile(stale, []byte(`{"url":"http://127.0.0.1:1/","pid":1,"root":"/"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	s.hub("rooms").fails(t, 1, "none runs here")
	if _, err := os.Stat(stale); !os.IsNotExist(err) {
		t.Error("the stale file is still there")
	}
}

func TestVersions_KeepDiffRestore(t *testing.T) {
	s := newSite(t)
	h := s.serve("--save-quiet", "1h", "--save-max", "1h")
	none := s.hub("versions", "a.ipynb")
	none.want(t, "")
	if !strings.Contains(none.err, "No former version") {
		t.Errorf("said %q", none.err)
	}
	line := s.hub("versions", "a.ipynb", "--keep").want(t, `[0-9a-f-]{36}  [0-9: -]+  1 cell  317  request  \w+\n`)
	version := line[:36]
	h.edit(h.rooms()["a.ipynb"].ID, "one", "print other")
	diff := s.hub("diff", "a.ipynb@"+version, "a.ipynb@live")
	if want := "--- a.ipynb@" + version + "\n+++ a.ipynb@live\n@@ cell 1 code one: source changed @@\n-print hello\n+print other\n"; diff.code != 1 || diff.out != want {
		t.Errorf("code %d: %s%s", diff.code, diff.out, diff.err)
	}
	if unsaved := s.hub("diff", "a.ipynb"); unsaved.code != 1 || !strings.Contains(unsaved.out, "+print other") {
		t.Errorf("what is not saved: code %d: %s%s", unsaved.code, unsaved.out, unsaved.err)
	}
	if same := s.hub("diff", "a.ipynb@"+version); same.out != diff.out || same.code != 1 {
		t.Errorf("a version alone: code %d: %s%s", same.code, same.out, same.err)
	}
	s.hub("restore", "a.ipynb", version).want(t, hash+"  a.ipynb\n")
	s.hub("diff", "a.ipynb@"+version, "a.ipynb@disk").want(t, "")
	s.hub("restore", "a.ipynb", "ffff").fails(t, 1, "there is no ffff", "hub versions")
	s.hub("diff", "absent.ipynb", "a.ipynb").fails(t, 2, "there is no file absent.ipynb", "@live")
	s.hub("diff", "a.ipynb@"+version, "absent.ipynb@live").fails(t, 2, "(notebook_not_found)")
}

func TestDiff_TellsOfEveryKindOfChange(t *testing.T) {
	cell := func(id, kind, source, more string) string {
		return `{"cell_type":"` + kind + `","id":"` + id + `","metadata":{` + more + `},"source":"` + source + `"` +
			map[bool]string{true: `,"outputs":[],"execution_count":null`}[kind == "code"] + `}`
	}
	book := func(meta string, cells ...string) string {
		return `{"cells":[` + strings.Join(cells, ",") + `],"metadata":{` + meta + `},"nbformat":4,"nbformat_minor":5}`
	}
	s := newSite(t)
	s.write("x.ipynb", book(`"a":1`, cell("one", "code", `1\n2\n3\n4\n5\n6\n7\n8`, ""), cell("two", "markdown", "text", ""), cell("three", "code", "gone away", ""), cell("four", "raw", "r", "")))
	s.write("y.ipynb", book(`"a":2,"b":1`, cell("four", "raw", "r", `"tags":["t"]`), cell("one", "code", `1\n2\n3\n4\n5\n6\n7\nnew`, ""), cell("two", "code", "text", ""), cell("five", "markdown", "hello", "")))
	t.Chdir(s.root)
	got := s.hub("diff", "x.ipynb", "y.ipynb")
	want := `--- x.ipynb
+++ y.ipynb
@@ notebook: metadata changed: a, b @@
@@ cell 1 raw four: moved from 4, metadata changed: tags @@
@@ cell 2 code one: source changed @@
 ...
 6
 7
-8
+new
@@ cell 3 code two: was markdown @@
@@ cell 4 markdown five: added @@
+hello
@@ cell 3 code three: deleted @@
-gone away
`
	if got.out != want || got.code != 1 {
		t.Errorf("code %d, %s\n%s", got.code, got.err, got.out)
	}
	s.hub("diff", "x.ipynb", "x.ipynb").want(t, "")
	s.write("bad.ipynb", "{")
	s.hub("diff", "x.ipynb", "bad.ipynb").fails(t, 2, "bad.ipynb")
}

func TestExec_RunsCodeInARoom(t *testing.T) {
	s := newSite(t)
	s.serve("--save-quiet", "1h", "--save-max", "1h")
	s.hub("exec", "a.ipynb", "print hi\nresult 42").want(t, "hi\n42\n")
	s.hubWith("print from input", "exec", "a.ipynb", "-").want(t, "from input\n")
	bad := s.hub("exec", "a.ipynb", "print before\neprint beside\nraise ValueError bang")
	bad.fails(t, 1, "beside\n", "run code: error: ValueError: bang")
	if bad.out != "before\n" {
		t.Errorf("printed %q", bad.out)
	}
	long := s.hub("exec", "--timeout", "1s", "a.ipynb", "print begun\nsleep 1h")
	long.fails(t, 1, "--timeout", "KeyboardInterrupt")
	if long.out != "begun\n" {
		t.Errorf("printed %q before it was interrupted", long.out)
	}
	s.hub("exec", "absent.ipynb", "print hi").fails(t, 1, "(notebook_not_found)")
	s.hub("save", "a.ipynb").want(t, hash+"  a.ipynb\n")
	if s.read("a.ipynb") != plain {
		t.Errorf("the file has changed:\n%s", s.read("a.ipynb"))
	}
	s.hub("exec", "--keep", "a.ipynb", "print stays").want(t, "stays\n")
	s.hub("save", "a.ipynb").want(t, hash+"  a.ipynb\n")
	if !strings.Contains(s.read("a.ipynb"), `"print stays"`) {
		t.Errorf("the cell was not kept:\n%s", s.read("a.ipynb"))
	}
}

// cells makes a notebook of code cells for the fake kernel.
func cells(sources ...string) string {
	var list []string
	for i, source := range sources {
		list = append(list, `{"cell_type":"code","id":"c`+string(rune('0'+i))+`","metadata":{},"outputs":[],"execution_count":null,"source":"`+source+`"}`)
	}
	return `{"cells":[` + strings.Join(list, ",") + `],"metadata":{"kernelspec":{"name":"fake","language":"fake","display_name":"Fake"}},"nbformat":4,"nbformat_minor":5}`
}

func TestRun_ByAHubForTheTimeBeing(t *testing.T) {
	s := newSite(t)
	s.write("good.ipynb", cells("print one", "result two"))
	file := filepath.Join(s.root, "good.ipynb")
	done := s.hub("run", file)
	done.want(t, "")
	if !regexp.MustCompile(`^\[1/2\] print one +done  \d\.\d s\n\[2/2\] result two +done  \d\.\d s\nwrote good\.ipynb\n$`).MatchString(done.err) {
		t.Errorf("progress: %q", done.err)
	}
	if text := s.read("good.ipynb"); !strings.Contains(text, `one\n`) || !strings.Contains(text, "execute_result") {
		t.Errorf("the file holds %s", text)
	}
	for _, left := range []string{filepath.Join(os.Getenv("XDG_RUNTIME_DIR"), "*", "hub-*.json"), filepath.Join(os.Getenv("XDG_STATE_HOME"), "*"), filepath.Join(os.TempDir(), appName+"-run-*")} {
		if files, _ := filepath.Glob(left); len(files) > 0 {
			t.Errorf("left behind: %v", files)
		}
	}
	quiet := s.hub("run", "-q", file)
	quiet.want(t, "")
	if quiet.err != "" {
		t.Errorf("not quiet: %q", quiet.err)
	}
}

func TestRun_AFailedCellIsTheExitCode(t *testing.T) {
	s := newSite(t)
	s.write("bad.ipynb", cells("print one", "raise ValueError bang", "print three"))
	file := filepath.Join(s.root, "bad.ipynb")
	s.hub("run", file).fails(t, 1, "[2/3] raise ValueError bang", "[3/3] print three", "cancelled", "ValueError: bang", "1 of 3 cells failed, 1 did not run", "wrote bad.ipynb")
	if text := s.read("bad.ipynb"); !strings.Contains(text, "ValueError") {
		t.Errorf("the file holds %s", text)
	}
	s.hub("run", "--continue", file).fails(t, 1, "1 of 3 cells failed, 0 did not run")
	s.hub("run", "--kernel", "absent", file).fails(t, 1, "absent", "fake")
	s.hub("run", filepath.Join(s.root, "absent.ipynb")).fails(t, 1, "there is no file")
	s.write("asks.ipynb", cells("ask name?"))
	s.hub("run", filepath.Join(s.root, "asks.ipynb")).fails(t, 1, "nobody is here to answer", "1 did not run")
}

// A run that takes too long ends as a whole, and what it did is in the file.
func TestRun_TooLongIsInterrupted(t *testing.T) {
	s := newSite(t)
	h := s.serve()
	s.write("slow.ipynb", cells("print begun\\nsleep 1h", "print never", "print never"))
	file := filepath.Join(s.root, "slow.ipynb")
	id := s.hub("open", "slow.ipynb").want(t, `.*\n`)
	s.hub("exec", id, "print up").want(t, "up\n") // the kernel is there now
	for _, extra := range []string{"--continue=false", "--continue"} {
		s.hub("run", extra, "--timeout", "1s", file).fails(t, 1, "[1/3] print begun", "cancelled", "wrote slow.ipynb", "--timeout")
		if text := s.read("slow.ipynb"); !strings.Contains(text, `begun\n`) || !strings.Contains(text, "KeyboardInterrupt") || strings.Contains(text, `"never`) {
			t.Errorf("%v: the file holds %s", extra, text)
		}
		if _, room := h.get("api/v1/rooms/" + id); !strings.Contains(room, `"queue":[]`) {
			t.Errorf("%v: it goes on: %s", extra, room)
		}
	}
}

func TestRun_ThroughTheHubThatServesTheFile(t *testing.T) {
	s := newSite(t)
	h := s.serve()
	s.write("sub/good.ipynb", cells("print one"))
	s.hub("run", "-q", filepath.Join(s.root, "sub", "good.ipynb")).want(t, "")
	if len(h.rooms()) != 0 {
		t.Errorf("rooms left: %v", h.rooms())
	}
	id := s.hub("open", "sub/good.ipynb").want(t, `.*\n`)
	s.hub("run", "-q", "--url", h.url, "sub/good.ipynb").want(t, "")
	if h.rooms()["sub/good.ipynb"].ID != id {
		t.Error("a room that was open before is closed")
	}
	if !strings.Contains(s.read("sub/good.ipynb"), `one\n`) {
		t.Errorf("the file holds %s", s.read("sub/good.ipynb"))
	}
}

func TestKernels_GoWithTheHub(t *testing.T) {
	s := newSite(t)
	kerneltest.Install(t, os.Getenv("JUPYTER_PATH"), kerneltest.Fake{Name: "broken", Start: []string{"die"}})
	cmd, _ := s.process()
	pid := strings.TrimSpace(s.hub("exec", "a.ipynb", "pid").want(t, `\d+\n`))
	s.write("broken.ipynb", strings.ReplaceAll(cells("print one"), `"fake"`, `"broken"`))
	s.hub("exec", "broken.ipynb", "print hi").fails(t, 1, "No module named 'fake'")
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait()
	await(t, "the kernel to go with the hub", func() bool {
		_, err := os.Stat("/proc/" + pid)
		return os.IsNotExist(err)
	})
	s.serve()
	if left, _ := filepath.Glob(filepath.Join(os.Getenv("XDG_RUNTIME_DIR"), "*", "k", "*")); len(left) > 0 {
		t.Errorf("left of the former hub's kernels: %v", left)
	}
}

func TestByteSize_ReadsWhatPeopleWrite(t *testing.T) {
	for text, want := range map[string]byteSize{"1": 1, "64KiB": 64 << 10, "256MiB": 256 << 20, "2 GiB": 2 << 30, "5MB": 5e6, "7B": 7} {
		var got byteSize
		if err := got.UnmarshalText([]byte(text)); err != nil || got != want {
			t.Errorf("%s: %d, %v", text, got, err)
		}
	}
	for _, text := range []string{"", "0", "-1", "MiB", "9999999999GiB", "1.5MiB", "1TB", "10 apples"} {
		var got byteSize
		if err := got.UnmarshalText([]byte(text)); err == nil {
			t.Errorf("%q became %d", text, got)
		}
	}
}
