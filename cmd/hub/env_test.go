package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/notebookhub/hub/hub/kernel/kerneltest"
)

// asProgram makes the tests' program be the hub's.
const asProgram = "HUB_TEST_AS_PROGRAM"

func TestMain(m *testing.M) {
	kerneltest.Main() // fake kernels, and the shim
	if os.Getenv(asProgram) != "" {
		main()
	}
	product.env, product.tmp = os.Environ(), os.TempDir()
	code := m.Run()
	if product.dir != "" {
		_ = os.RemoveAll(product.dir)
	}
	os.Exit(code)
}

// product is the hub as people get it.
var product struct {
	sync.Once
	env       []string // to build it in: that of the person who runs the tests
	tmp       string
	dir, file string
}

// asPeopleGetIt makes the processes of a site run the product instead of the
// tests' program: that one looks for data races, at ten times the time where many
// bytes move, and a process that is killed cannot tell what it has found.
func (s *site) asPeopleGetIt() {
	s.t.Helper()
	product.Do(func() {
		dir, err := os.MkdirTemp(product.tmp, "hub-product-")
		if err != nil {
			s.t.Fatal(err)
		}
		product.dir = dir
		file := filepath.Join(dir, "hub.exe")
		cmd := exec.CommandContext(s.t.Context(), "go", "build", "-buildvcs=false", "-o", file, ".")
		cmd.Env = product.env
		if out, err := cmd.CombinedOutput(); err != nil {
			s.t.Fatalf("build the hub: %v\n%s", err, out)
		}
		product.file = file
	})
	if s.program = product.file; s.program == "" {
		s.t.Fatal("the hub was not built")
	}
}

// site is a computer of its own for one test: folders, settings, a fake kernel.
type site struct {
	t           testing.TB
	root, state string
	program     string // of its processes
}

const plain = `{
 "cells": [
  {
   "cell_type": "code",
   "execution_count": null,
   "id": "one",
   "metadata": {},
   "outputs": [],
   "source": [
    "print hello"
   ]
  }
 ],
 "metadata": {
  "kernelspec": {
   "display_name": "Fake",
   "language": "fake",
   "name": "fake"
  }
 },
 "nbformat": 4,
 "nbformat_minor": 5
}
`

func newSite(t testing.TB) *site {
	t.Helper()
	dir, err := os.MkdirTemp("", "hub") // short, for the paths of sockets
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	if dir, err = filepath.EvalSymlinks(dir); err != nil {
		t.Fatal(err)
	}
	for name, folder := range map[string]string{
		"HOME": "home", "XDG_CONFIG_HOME": "config", "XDG_STATE_HOME": "state-home", "XDG_RUNTIME_DIR": "r", "JUPYTER_PATH": "jupyter", "TMPDIR": "tmp", "ROOT": "root",
	} {
		t.Setenv(name, filepath.Join(dir, folder))
		if err := os.Mkdir(filepath.Join(dir, folder), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	for _, setting := range os.Environ() {
		if name, _, _ := strings.Cut(setting, "="); strings.HasPrefix(name, "HUB_") {
			t.Setenv(name, "")
			os.Unsetenv(name)
		}
	}
	kerneltest.Install(t, filepath.Join(dir, "jupyter"), kerneltest.Fake{})
	s := &site{t, filepath.Join(dir, "root"), filepath.Join(dir, "state"), os.Args[0]}
	s.write("a.ipynb", plain)
	return s
}

func (s *site) write(name, text string) {
	s.t.Helper()
	path := filepath.Join(s.root, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		s.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		s.t.Fatal(err)
	}
}

func (s *site) read(name string) string {
	s.t.Helper()
	data, err := os.ReadFile(filepath.Join(s.root, name))
	if err != nil {
		s.t.Fatal(err)
	}
	return string(data)
}

// settings writes the configuration file that is read without asking.
func (s *site) settings(text string) {
	s.t.Helper()
	path := configFile()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		s.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		s.t.Fatal(err)
	}
}

// result is how a command ended.
type result struct {
	code     int
	out, err string
}

// hub runs a command to its end.
func (s *site) hub(args ...string) result { return s.hubWith("", args...) }

// hubWith runs it with something on its standard input.
func (s *site) hubWith(input string, args ...string) result {
	s.t.Helper()
	var out, err bytes.Buffer
	code := run(s.t.Context(), args, console{strings.NewReader(input), &out, &err})
	return result{code, out.String(), err.String()}
}

// want checks that a command succeeded, and what it printed: words of that
// pattern. It returns the output without the line end.
func (r result) want(t *testing.T, pattern string) string {
	t.Helper()
	if r.code != 0 || !regexp.MustCompile(`(?s)^`+pattern+`$`).MatchString(r.out) {
		t.Fatalf("code %d, printed %q, and %q; want %s", r.code, r.out, r.err, pattern)
	}
	return strings.TrimSuffix(r.out, "\n")
}

// fails checks that a command failed, and that it said these words.
func (r result) fails(t *testing.T, code int, words ...string) {
	t.Helper()
	for _, w := range words {
		if !strings.Contains(r.err, w) {
			t.Errorf("said %q, not %q", r.err, w)
		}
	}
	if r.code != code {
		t.Errorf("code %d with %q, want %d", r.code, r.err, code)
	}
}

// served is a hub that serves, in this process.
type served struct {
	t    testing.TB
	url  string
	out  *output
	err  *output
	stop func() int // ends it as a signal does, and returns the exit code
}

// output can be read while it is written.
type output struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

var address = regexp.MustCompile(`http://\S+`)

// serve boots a hub on a free port; flags come last, and win.
func (s *site) serve(flags ...string) *served {
	s.t.Helper()
	h := &served{t: s.t, out: &output{}, err: &output{}}
	ctx, cancel := context.WithCancel(s.t.Context())
	ended := make(chan int, 1)
	args := append([]string{"serve", "--root-dir", s.root, "--state-dir", s.state, "--port", "0"}, flags...)
	go func() { ended <- run(ctx, args, console{strings.NewReader(""), h.out, h.err}) }()
	h.stop = sync.OnceValue(func() int {
		cancel()
		return <-ended
	})
	s.t.Cleanup(func() { h.stop() })
	await(s.t, "the hub to be ready", func() bool {
		if len(ended) > 0 {
			s.t.Fatalf("the hub did not start: %s", h.err)
		}
		said := h.out.String()
		h.url = address.FindString(said)
		return strings.HasSuffix(said, "stops.\n")
	})
	return h
}

// await waits until something is so.
func await(t testing.TB, what string, so func() bool) {
	t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	late := time.After(2 * time.Minute)
	for !so() {
		select {
		case <-tick.C:
		case <-late:
			t.Fatalf("waited in vain for %s", what)
		}
	}
}

// get asks the hub by its ready URL's token, for a path without slash.
func (h *served) get(path string) (int, string) {
	h.t.Helper()
	c, err := newClient(h.url, "")
	if err != nil {
		h.t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(h.t.Context(), http.MethodGet, c.base.String()+path, nil)
	if err != nil {
		h.t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+c.token)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		h.t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		h.t.Fatal(err)
	}
	return res.StatusCode, string(body)
}

// edit sets a cell's source over REST.
func (h *served) edit(room, cell, source string) {
	h.t.Helper()
	h.call(http.MethodPatch, "api/v1/rooms/"+room+"/cells/"+cell, map[string]any{"source": source})
}

// call makes a request that must succeed.
func (h *served) call(method, path string, body any) {
	h.t.Helper()
	c, err := newClient(h.url, "")
	if err == nil {
		_, err = c.call(h.t.Context(), method, path, body, nil)
	}
	if err != nil {
		h.t.Fatal(err)
	}
}

// process starts the hub as a process of its own.
func (s *site) process(flags ...string) (*exec.Cmd, *served) {
	s.t.Helper()
	h := &served{t: s.t, out: &output{}, err: &output{}}
	args := append([]string{"serve", "--root-dir", s.root, "--state-dir", s.state, "--port", "0"}, flags...)
	cmd := exec.CommandContext(s.t.Context(), s.program, args...)
	cmd.Env = append(os.Environ(), asProgram+"=1")
	cmd.Stdout, cmd.Stderr = h.out, h.err
	if err := cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	await(s.t, "the process to be ready", func() bool {
		said := h.out.String()
		h.url = address.FindString(said)
		return strings.HasSuffix(said, "stops.\n")
	})
	return cmd, h
}

// rooms lists rooms by their path.
func (h *served) rooms() map[string]room {
	h.t.Helper()
	var list struct{ Rooms []room }
	status, body := h.get("api/v1/rooms?untitled=1")
	if err := json.Unmarshal([]byte(body), &list); err != nil || status != http.StatusOK {
		h.t.Fatalf("%d %s: %v", status, body, err)
	}
	rooms := make(map[string]room)
	for _, r := range list.Rooms {
		rooms[r.name()] = r
	}
	return rooms
}
