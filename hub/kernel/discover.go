package kernel

import (
	"context"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"
)

const (
	prefixLife  = 30 * time.Second // how long PATH's Python is believed to stay the same
	pythonLimit = 10 * time.Second // for one question to a Python
)

// finder finds kernelspecs as Jupyter does, in a given environment.
type finder struct {
	// Static after construction.
	env   map[string]string
	fixed []string // data folders to look in instead of Jupyter's; nil: Jupyter's
	whole []string // the whole system's data folders

	mu     sync.Mutex // guards asking Python
	prefix string     // guarded by mu
	asked  time.Time  // guarded by mu: for the prefix
	python string     // guarded by mu: one that has ipykernel, or ""
	found  time.Time  // guarded by mu: when it was
}

func newFinder(env []string, fixed []string) *finder {
	f := &finder{env: make(map[string]string, len(env)), fixed: fixed}
	f.whole = []string{"/usr/local/share/jupyter", "/usr/share/jupyter"}
	for _, e := range env {
		if name, value, ok := strings.Cut(e, "="); ok {
			f.env[name] = value
		}
	}
	if runtime.GOOS == "windows" {
		f.whole = []string{filepath.Join(f.env["PROGRAMDATA"], "jupyter")}
	}
	return f
}

// specs lists kernelspecs by name: of each name the first that can be used, else
// the first. When none that can be used is for Python, a Python that has ipykernel
// makes up for it.
func (f *finder) specs(ctx context.Context) []Spec {
	byName := make(map[string]Spec)
	python := false
	for _, dir := range f.dirs(ctx) {
		entries, _ := os.ReadDir(filepath.Join(dir, "kernels")) // most are absent
		for _, e := range entries {
			spec, ok := readSpec(filepath.Join(dir, "kernels", e.Name()), f.lookup)
			if !ok {
				continue
			}
			python = python || spec.Problem == "" && strings.EqualFold(spec.Language, "python")
			if former, seen := byName[spec.Name]; !seen || former.Problem != "" && spec.Problem == "" {
				byName[spec.Name] = spec
			}
		}
	}
	if !python && f.fixed == nil {
		if spec, ok := f.fallback(ctx); ok {
			byName[spec.Name] = spec
		}
	}
	specs := slices.Collect(maps.Values(byName))
	slices.SortFunc(specs, func(a, b Spec) int { return strings.Compare(a.Name, b.Name) })
	return specs
}

// dirs lists Jupyter's data folders, the most important first.
func (f *finder) dirs(ctx context.Context) []string {
	if f.fixed != nil {
		return f.fixed
	}
	dirs := filepath.SplitList(f.env["JUPYTER_PATH"])
	dirs = append(dirs, f.userDir())
	for _, prefix := range []string{f.env["VIRTUAL_ENV"], f.env["CONDA_PREFIX"], f.pythonPrefix(ctx)} {
		if prefix != "" {
			dirs = append(dirs, filepath.Join(prefix, "share", "jupyter"))
		}
	}
	dirs = append(dirs, f.whole...)
	return slices.DeleteFunc(dirs, func(d string) bool { return d == "" || !filepath.IsAbs(d) })
}

func (f *finder) userDir() string {
	home := f.env["HOME"]
	switch {
	case f.env["JUPYTER_DATA_DIR"] != "":
		return f.env["JUPYTER_DATA_DIR"]
	case runtime.GOOS == "windows":
		return filepath.Join(f.env["APPDATA"], "jupyter")
	case f.env["XDG_DATA_HOME"] != "":
		return filepath.Join(f.env["XDG_DATA_HOME"], "jupyter")
	case home == "":
		return ""
	case runtime.GOOS == "darwin":
		return filepath.Join(home, "Library", "Jupyter")
	}
	return filepath.Join(home, ".local", "share", "jupyter")
}

// lookup finds a program on the environment's PATH.
func (f *finder) lookup(name string) (string, error) {
	if runtime.GOOS == "windows" {
		return exec.LookPath(name) // knows PATHEXT
	}
	for _, dir := range filepath.SplitList(f.env["PATH"]) {
		if !filepath.IsAbs(dir) {
			continue // a program of the current folder is nobody's intention
		}
		if found, err := exec.LookPath(filepath.Join(dir, name)); err == nil {
			return found, nil
		}
	}
	return "", exec.ErrNotFound
}

// pythonPrefix is sys.prefix of PATH's python3.
func (f *finder) pythonPrefix(ctx context.Context) string {
	f.mu.Lock()
	defer f.mu.Unlock()
	if time.Since(f.asked) < prefixLife {
		return f.prefix
	}
	python, err := f.lookup("python3")
	if err != nil {
		return ""
	}
	out, err := f.ask(ctx, python, "import sys; print(sys.prefix)")
	if err != nil {
		return ""
	}
	f.prefix, f.asked = strings.TrimSpace(out), time.Now()
	return f.prefix
}

func (f *finder) ask(ctx context.Context, python, program string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, pythonLimit)
	defer cancel()
	cmd := exec.CommandContext(ctx, python, "-c", program)
	cmd.WaitDelay = time.Second
	cmd.Env = nil
	for name, value := range f.env {
		cmd.Env = append(cmd.Env, name+"="+value)
	}
	out, err := cmd.Output()
	return string(out), err
}

// fallback makes up a spec for the first Python that can run ipykernel.
func (f *finder) fallback(ctx context.Context) (Spec, bool) {
	p := f.ableToRun(ctx)
	return Spec{
		Name: "python3", DisplayName: "Python 3 (ipykernel)", Language: "python",
		Argv:          []string{p, "-m", "ipykernel_launcher", "-f", "{connection_file}"},
		InterruptMode: InterruptSignal, program: p,
	}, p != ""
}

// ableToRun is the first Python that has ipykernel, or "". Asking takes a second,
// so it is believed for a while; that there is none may be remedied at any moment.
func (f *finder) ableToRun(ctx context.Context) string {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.python != "" && time.Since(f.found) < prefixLife {
		return f.python
	}
	f.python, f.found = f.askForIpykernel(ctx), time.Now()
	return f.python
}

func (f *finder) askForIpykernel(ctx context.Context) string {
	var pythons []string
	if p, err := f.lookup("python3"); err == nil {
		pythons = append(pythons, p)
	}
	for _, p := range append(pythons, "/usr/bin/python3") {
		if _, err := os.Stat(p); err != nil {
			continue
		}
		if _, err := f.ask(ctx, p, "import ipykernel"); err != nil {
			continue
		}
		return p
	}
	return ""
}
