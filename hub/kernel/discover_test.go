package kernel_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/notebookhub/hub/hub/kernel"
)

// write makes a file with its folders.
func write(t *testing.T, mode os.FileMode, content string, path ...string) string {
	t.Helper()
	name := filepath.Join(path...)
	if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(content), mode); err != nil {
		t.Fatal(err)
	}
	return name
}

func spec(program, title string) string {
	return `{"argv":["` + program + `","-f","{connection_file}"],"display_name":"` + title + `","language":"x"}`
}

// found lists the specs that an environment has, by name.
func found(t *testing.T, environ ...string) map[string]kernel.Spec {
	t.Helper()
	l := launch(t, kernel.Options{Environ: environ})
	list, err := l.Specs(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	specs := map[string]kernel.Spec{}
	for _, s := range list {
		specs[s.Name] = s
	}
	return specs
}

func TestTheFirstOfANameIsFoundInJupytersOrder(t *testing.T) {
	root := t.TempDir()
	places := []string{"path1", "path2", "data", "venv/share/jupyter", "conda/share/jupyter", "prefix/share/jupyter"}
	for i, place := range places {
		for _, name := range places[:i+1] { // the first place has one, the last all
			write(t, 0o600, spec("/bin/sh", place), root, place, "kernels", "k-"+filepath.Base(strings.Split(name, "/")[0]), "kernel.json")
		}
	}
	write(t, 0o700, "#!/bin/sh\necho "+root+"/prefix\n", root, "bin", "python3")
	specs := found(t,
		"JUPYTER_PATH="+root+"/path1"+string(filepath.ListSeparator)+root+"/path2", "JUPYTER_DATA_DIR="+root+"/data",
		"VIRTUAL_ENV="+root+"/venv", "CONDA_PREFIX="+root+"/conda", "PATH="+root+"/bin")
	for name, place := range map[string]string{
		"k-path1": "path1", "k-path2": "path2", "k-data": "data",
		"k-venv": "venv/share/jupyter", "k-conda": "conda/share/jupyter", "k-prefix": "prefix/share/jupyter",
	} {
		if got := specs[name]; got.DisplayName != place || got.Problem != "" {
			t.Errorf("%s is of %q, want %q; %s", name, got.DisplayName, place, got.Problem)
		}
	}
}

func TestTheUsersFolderFollowsTheEnvironment(t *testing.T) {
	home := t.TempDir()
	write(t, 0o600, spec("/bin/sh", "home"), home, ".local", "share", "jupyter", "kernels", "Mine", "kernel.json")
	write(t, 0o600, spec("/bin/sh", "home"), home, "Library", "Jupyter", "kernels", "Mine", "kernel.json")
	write(t, 0o600, spec("/bin/sh", "xdg"), home, "xdg", "jupyter", "kernels", "mine", "kernel.json")
	if got := found(t, "HOME="+home)["mine"]; got.DisplayName != "home" {
		t.Errorf("%+v", got)
	}
	if got := found(t, "HOME="+home, "XDG_DATA_HOME="+home+"/xdg")["mine"]; got.DisplayName != "xdg" {
		t.Errorf("%+v", got)
	}
}

func TestSpecsThatCannotBeUsedAreListedWithTheReason(t *testing.T) {
	data := t.TempDir()
	for name, content := range map[string]string{
		"broken": "{", "empty": "{}", "lost": spec("/nowhere/python", ""), "unknown": spec("no-such-program-anywhere", ""),
		"bad name": spec("/bin/sh", ""), "well": spec("/bin/sh", ""),
		"remote": `{"argv":["/bin/sh"],"metadata":{"kernel_provisioner":{"provisioner_name":"cluster"}}}`,
	} {
		write(t, 0o600, content, data, "kernels", name, "kernel.json")
	}
	write(t, 0o600, "", data, "kernels", "no-spec", "logo.png")
	l := launch(t, kernel.Options{DataDirs: []string{data}})
	specs, err := l.Specs(t.Context())
	if err != nil || len(specs) != 7 {
		t.Fatalf("%+v, %v", specs, err)
	}
	for _, s := range specs {
		want := map[string]string{
			"broken": "cannot be read", "empty": "no argv", "lost": `"/nowhere/python" is not found`,
			"unknown": "is not found", "bad name": "folder's name", "remote": `provisioner "cluster"`,
		}[s.Name]
		if !strings.Contains(s.Problem, want) || (s.Problem == "") != (s.Name == "well") {
			t.Errorf("%s: %q", s.Name, s.Problem)
		}
	}
	for _, name := range []string{"lost", "absent"} {
		if _, err := l.Start(t.Context(), kernel.StartRequest{Spec: name}); !errors.Is(err, kernel.ErrNotFound) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// echo is a program that says how it was started and ends.
const echo = "#!/bin/sh\necho program $0 arguments $* first $FIRST second $SECOND >&2\nexit 1\n"

// startEcho starts such a kernel and returns what it said.
func startEcho(t *testing.T, l *kernel.Launcher, name string) string {
	t.Helper()
	_, err := l.Start(t.Context(), kernel.StartRequest{Spec: name})
	var failure *kernel.StartError
	if !errors.As(err, &failure) {
		t.Fatal(err)
	}
	return failure.LastWords
}

func TestABareProgramIsOneOfTheEnvironmentThatTheSpecIsIn(t *testing.T) {
	root := t.TempDir()
	inside := write(t, 0o700, echo, root, "env", "bin", "python")
	outside := write(t, 0o700, echo, root, "bin", "python")
	write(t, 0o600, spec("python", ""), root, "env", "share", "jupyter", "kernels", "in", "kernel.json")
	write(t, 0o600, spec("python", ""), root, "other", "kernels", "out", "kernel.json")
	l := launch(t, kernel.Options{
		DataDirs: []string{root + "/env/share/jupyter", root + "/other"}, Environ: []string{"PATH=" + root + "/bin:/usr/bin:/bin"},
	})
	if got := startEcho(t, l, "in"); !strings.Contains(got, "program "+inside) {
		t.Errorf("%s, want %s", got, inside)
	}
	if got := startEcho(t, l, "OUT"); !strings.Contains(got, "program "+outside) {
		t.Errorf("%s, want %s", got, outside)
	}
}

func TestPlaceholdersAndVariablesAreFilledIn(t *testing.T) {
	data := t.TempDir()
	program := write(t, 0o700, echo, data, "echo")
	write(t, 0o600, `{"argv":["`+program+`","--config={connection_file}","{resource_dir}/x"],"env":{"FIRST":"a ${BASE} b"},"language":"x"}`,
		data, "kernels", "k", "kernel.json")
	l := launch(t, kernel.Options{DataDirs: []string{data}, Environ: []string{"BASE=base", "PATH=/usr/bin:/bin"}})
	_, err := l.Start(t.Context(), kernel.StartRequest{Spec: "k", Env: map[string]string{"SECOND": "mine"}})
	var failure *kernel.StartError
	if !errors.As(err, &failure) {
		t.Fatal(err)
	}
	for _, want := range []string{"--config=/", "connection.json " + data + "/kernels/k/x", "first a base b second mine"} {
		if !strings.Contains(failure.LastWords, want) {
			t.Errorf("%q lacks %q", failure.LastWords, want)
		}
	}
}

func TestASpecThatCannotBeUsedHidesNoneThatCan(t *testing.T) {
	root := t.TempDir()
	write(t, 0o600, spec("/nowhere", "first"), root, "a", "kernels", "k", "kernel.json")
	write(t, 0o600, spec("/bin/sh", "second"), root, "b", "kernels", "k", "kernel.json")
	write(t, 0o600, spec("/bin/sh", "third"), root, "c", "kernels", "k", "kernel.json")
	l := launch(t, kernel.Options{DataDirs: []string{root + "/a", root + "/b", root + "/c"}})
	if specs, err := l.Specs(t.Context()); err != nil || len(specs) != 1 || specs[0].DisplayName != "second" {
		t.Errorf("%+v, %v", specs, err)
	}
}
