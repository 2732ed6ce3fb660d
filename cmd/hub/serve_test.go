package main

import (
	"encoding/json"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
)

func TestServe_SaysWhereItAnswers(t *testing.T) {
	s := newSite(t)
	h := s.serve()
	if !regexp.MustCompile(`^Notebook Hub dev serves ` + regexp.QuoteMeta(s.root) + `\n    http://127\.0\.0\.1:\d+/\?token=[0-9a-f]{48}\nCtrl-C saves everything and stops\.\n$`).MatchString(h.out.String()) {
		t.Errorf("printed %q", h.out)
	}
	if status, _ := h.get("api/v1/rooms"); status != http.StatusOK {
		t.Errorf("with the token of the URL: %d", status)
	}
	res, err := http.Get(strings.Split(h.url, "?")[0] + "api/v1/rooms")
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	if res.StatusCode != http.StatusUnauthorized {
		t.Errorf("without it: %d", res.StatusCode)
	}
	if code := h.stop(); code != 0 {
		t.Errorf("stopped with code %d: %s", code, h.err)
	}
}

func TestServe_FlagBeatsEnvironmentBeatsFileBeatsDefault(t *testing.T) {
	s := newSite(t)
	s.settings("token: from-file\nbase-url: /from-file\nroom-idle: 1m\nallow-host: [a.example, b.example]\nmax-notebook: 1000000\n")
	t.Setenv("HUB_TOKEN", "from-env")
	t.Setenv("HUB_BASE_URL", "/from-env")
	h := s.serve("--token", "from-flag")
	if !strings.HasSuffix(h.url, "/from-env/?token=from-flag") {
		t.Errorf("serves at %s", h.url)
	}
	h.stop()
	os.Unsetenv("HUB_TOKEN")
	os.Unsetenv("HUB_BASE_URL")
	if h = s.serve(); !strings.HasSuffix(h.url, "/from-file/?token=from-file") {
		t.Errorf("serves at %s", h.url)
	}
	req, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, strings.Split(h.url, "?")[0]+"healthz", nil)
	for host, want := range map[string]int{"b.example": http.StatusOK, "c.example": http.StatusForbidden} {
		req.Host = host
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		if res.StatusCode != want {
			t.Errorf("asked as %s: %d, want %d", host, res.StatusCode, want)
		}
	}
}

func TestServe_ConfigFileOfOnesChoice(t *testing.T) {
	s := newSite(t)
	path := filepath.Join(s.state, "..", "mine.yaml")
	if err := os.WriteFile(path, []byte("token: mine\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if h := s.serve("--config", path); !strings.HasSuffix(h.url, "?token=mine") {
		t.Errorf("serves at %s", h.url)
	}
}

func TestServe_MistakesAreNamed(t *testing.T) {
	s := newSite(t)
	s.hub("serve", "--root-dir", filepath.Join(s.root, "absent")).fails(t, 1, "there is no", "absent", "--root-dir")
	s.hub("serve", "--root-dir", filepath.Join(s.root, "a.ipynb")).fails(t, 1, "is no folder")
	s.hub("serve", "--no-auth", "--ip", "0.0.0.0", "--root-dir", s.root).fails(t, 1, "--no-auth", "loopback", "0.0.0.0")
	s.hub("serve", "--no-auth", "--token", "x").fails(t, 1, "exclude each other")
	s.hub("serve", "--token", "x", "--token-file", "y").fails(t, 1, "not both")
	s.hub("serve", "--token-file", filepath.Join(s.root, "absent")).fails(t, 1, "read the token")
	s.hub("serve", "--ip", "203.0.113.7", "--root-dir", s.root, "--state-dir", s.state).fails(t, 1, "listen")
	s.hub("serve", "--max-notebook", "many").fails(t, 2, "64MiB", "hub serve --help")
	s.hub("serve", "--kernel-transport", "pigeon").fails(t, 2, "kernel-transport", "ipc")
	s.hub("bogus").fails(t, 2, "bogus", "Try: hub ")
	s.settings("rooom-idle: 1m\n")
	s.hub("serve").fails(t, 2, `"rooom-idle"`, "names of flags")
	s.settings("a: [\n")
	s.hub("serve").fails(t, 2, "settings")
}

func TestServe_HelpNamesEveryFlagWithItsVariable(t *testing.T) {
	s := newSite(t)
	help := s.hub("serve", "--help").want(t, `.*`)
	for _, flag := range []string{"root-dir", "ip", "port", "base-url", "allow-host", "state-dir", "token", "token-file", "room-idle", "save-quiet", "save-max", "max-notebook", "kernel-idle", "kernel-start", "kernel-transport", "log-format", "log-level", "stop-timeout"} {
		variable := "$HUB_" + strings.ToUpper(strings.ReplaceAll(flag, "-", "_"))
		if !strings.Contains(help, "--"+flag) || !strings.Contains(help, variable) {
			t.Errorf("the help does not name --%s with %s", flag, variable)
		}
	}
	if all := s.hub("--help").want(t, `.*`); strings.Contains(all, shimName) {
		t.Error("the help shows the hidden subcommand")
	}
}

func TestServe_TakesTheNextFreePort(t *testing.T) {
	s := newSite(t)
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	_, port, _ := net.SplitHostPort(taken.Addr().String())
	h := s.serve("--port", port)
	if strings.Contains(h.url, ":"+port+"/") || !strings.HasPrefix(h.out.String(), "Port "+port+" is taken; this is ") {
		t.Errorf("said %q", h.out)
	}
}

func TestServe_TokenFromAFile(t *testing.T) {
	s := newSite(t)
	path := filepath.Join(s.state, "..", "token")
	if err := os.WriteFile(path, []byte("  secret\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	h := s.serve("--token-file", path)
	if !strings.HasSuffix(h.url, "?token=secret") {
		t.Errorf("serves at %s", h.url)
	}
	h.stop()
	if err := os.WriteFile(path, []byte("\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	s.hub("serve", "--root-dir", s.root, "--token-file", path).fails(t, 1, "is empty")
}

func TestServe_NoAuthOnLoopbackAsksForNothing(t *testing.T) {
	s := newSite(t)
	h := s.serve("--no-auth")
	if strings.Contains(h.url, "token") {
		t.Errorf("serves at %s", h.url)
	}
	s.hub("ls").want(t, `a\.ipynb .*\n`)
}

func TestServe_RuntimeFileIsOursAloneAndGoes(t *testing.T) {
	s := newSite(t)
	h := s.serve()
	files, _ := filepath.Glob(filepath.Join(os.Getenv("XDG_RUNTIME_DIR"), "*", "hub-*.json"))
	if len(files) != 1 {
		t.Fatalf("runtime files: %v", files)
	}
	info, err := os.Stat(files[0])
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	if folder, err := os.Stat(filepath.Dir(files[0])); err != nil || folder.Mode().Perm() != 0o700 {
		t.Errorf("folder's mode %v, %v", folder.Mode(), err)
	}
	h.stop()
	if _, err := os.Stat(files[0]); !os.IsNotExist(err) {
		t.Errorf("after the stop: %v", err)
	}
	s.hub("rooms").fails(t, 1, "none runs here", "hub serve")
}

func TestServe_RuntimeFolderOfSomebodyElseIsRefused(t *testing.T) {
	s := newSite(t)
	dir, err := runtimeDir()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(dir, 0o777); err != nil {
		t.Fatal(err)
	}
	s.hub("serve", "--root-dir", s.root).fails(t, 1, "is not ours alone", "chmod 700")
}

func TestServe_ASecondHubOnTheRootOrTheStateIsRefused(t *testing.T) {
	s := newSite(t)
	cmd, h := s.process()
	where := strings.Split(h.url, "?")[0]
	same := []string{"serve", "--port", "0", "--root-dir", s.root, "--state-dir", filepath.Join(s.state, "other")}
	s.hub(same...).fails(t, 1, where, "pid", s.root)
	link := filepath.Join(s.state, "..", "link")
	if err := os.Symlink(s.root, link); err != nil {
		t.Fatal(err)
	}
	s.hub("serve", "--port", "0", "--root-dir", link, "--state-dir", s.state).fails(t, 1, where)
	// The same state from another login session, whose runtime folder is another.
	t.Setenv("XDG_RUNTIME_DIR", filepath.Join(s.state, ".."))
	s.hub("serve", "--port", "0", "--root-dir", s.root, "--state-dir", s.state).fails(t, 1, where, "state directory")
	// A dead owner's locks are taken over.
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait()
	s.serve()
}

func TestServe_BehindAPrefix(t *testing.T) {
	s := newSite(t)
	h := s.serve("--base-url", "/hub/")
	if !strings.Contains(h.url, "/hub/?token=") {
		t.Fatalf("serves at %s", h.url)
	}
	if status, body := h.get(""); status != http.StatusOK || !strings.Contains(body, `<base href="/hub/"`) {
		t.Errorf("the page: %d, %.300s", status, body)
	}
	s.hub("open", "a.ipynb").want(t, `[0-9a-f-]{36}\n`)
	res, err := http.Get(strings.Split(h.url, "hub/?")[0] + "api/v1/rooms")
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	if res.StatusCode != http.StatusNotFound {
		t.Errorf("outside of the prefix: %d", res.StatusCode)
	}
}

func TestServe_LogsAreJSONWithRoomAndNoToken(t *testing.T) {
	s := newSite(t)
	h := s.serve("--log-format", "json", "--log-level", "debug", "--token", "very-secret")
	id := s.hub("open", "a.ipynb").want(t, `.*\n`)
	h.stop()
	withRoom := 0
	for line := range strings.Lines(h.err.String()) {
		var entry map[string]any
		if err := json.Unmarshal([]byte(line), &entry); err != nil || entry["level"] == nil || entry["msg"] == nil || entry["time"] == nil {
			t.Fatalf("log line %q: %v", line, err)
		}
		if entry["room"] == id {
			withRoom++
		}
	}
	if withRoom == 0 {
		t.Errorf("no line names the room:\n%s", h.err)
	}
	if strings.Contains(h.err.String(), "very-secret") {
		t.Error("the log holds the token")
	}
}

func TestServe_MetricsCountAndExplainThemselves(t *testing.T) {
	s := newSite(t)
	h := s.serve()
	s.hub("open", "a.ipynb").want(t, `.*\n`)
	status, text := h.get("metrics")
	if status != http.StatusOK {
		t.Fatalf("metrics: %d", status)
	}
	for _, line := range []string{"hub_rooms 1\n", "hub_rooms_opened_total 1\n", "# TYPE hub_edits_total counter\n", "go_goroutines "} {
		if !strings.Contains(text, line) {
			t.Errorf("metrics lack %q", line)
		}
	}
	for line := range strings.Lines(text) {
		if name, help, _ := strings.Cut(strings.TrimPrefix(line, "# HELP "), " "); strings.HasPrefix(line, "# HELP hub_") && len(help) < 12 {
			t.Errorf("%s is not explained: %q", name, help)
		}
	}
}

func TestStop_SIGTERMSavesEverything(t *testing.T) {
	s := newSite(t)
	cmd, h := s.process("--save-quiet", "1h", "--save-max", "1h")
	id := s.hub("open", "a.ipynb").want(t, `.*\n`)
	h.edit(id, "one", "print changed")
	if strings.Contains(s.read("a.ipynb"), "changed") {
		t.Fatal("it was saved before")
	}
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Fatalf("%v\n%s", err, h.err)
	}
	if got, want := s.read("a.ipynb"), strings.Replace(plain, "hello", "changed", 1); got != want {
		t.Errorf("the file holds\n%s", got)
	}
	if !strings.Contains(h.err.String(), "everything that was open is saved") {
		t.Errorf("said %s", h.err)
	}
}

func TestStop_WhatCouldNotBeSavedIsSaidAndComesBack(t *testing.T) {
	s := newSite(t)
	s.write("sub/b.ipynb", plain)
	cmd, h := s.process("--save-quiet", "1h", "--save-max", "1h")
	id := s.hub("open", "sub/b.ipynb").want(t, `.*\n`)
	h.edit(id, "one", "print kept")
	// A merge conflict that nobody has resolved: the file is not to be written.
	s.write("sub/b.ipynb", "<<<<<<< ours\n"+plain+"=======\n>>>>>>> theirs\n")
	await(t, "the conflict", func() bool { return h.rooms()["sub/b.ipynb"].State == "conflict" })
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait()
	if code := cmd.ProcessState.ExitCode(); code != 1 {
		t.Errorf("exit code %d, want 1", code)
	}
	if said := h.err.String(); !strings.Contains(said, "not everything was saved") || !strings.Contains(said, "sub/b.ipynb") || !strings.Contains(said, s.state) {
		t.Errorf("said %s", said)
	}
	s.write("sub/b.ipynb", plain)
	again := s.serve()
	if now := s.hub("open", "sub/b.ipynb").want(t, `.*\n`); now != id {
		t.Errorf("the room was %s and is %s", id, now)
	}
	if _, body := again.get("api/v1/rooms/" + id + "/cells/one"); !strings.Contains(body, "print kept") {
		t.Errorf("after the restart the cell is %s", body)
	}
}

func TestKill_AnEditThatWasAnsweredSurvives(t *testing.T) {
	s := newSite(t)
	cmd, h := s.process("--save-quiet", "1h", "--save-max", "1h")
	id := s.hub("open", "a.ipynb").want(t, `.*\n`)
	untitled := s.hub("open").want(t, `.*\n`)
	h.edit(id, "one", "print survives")
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait()
	h = s.serve()
	if _, body := h.get("api/v1/rooms/" + id + "/cells/one"); !strings.Contains(body, "print survives") {
		t.Errorf("the cell is %s", body)
	}
	if h.rooms()["(untitled)"].ID != untitled {
		t.Errorf("rooms: %v", h.rooms())
	}
}
