package kerneltest

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/notebookhub/hub/hub/kernel"
)

const (
	fakeWord = "notebook-hub-fake-kernel"
	shimWord = "kernel-shim"
)

// Fake says what a fake kernel is like.
type Fake struct {
	Name          string   // of its kernelspec; "" is fake
	Language      string   // "python" and "R" make it listen on files, others on ports; "" is fake
	InterruptMode string   // "" is signal
	Start         []string // how it starts: see [Starts]
}

// Starts are the ways in which a fake can start; the zero Fake starts well.
//
//	die       prints a last word and exits with status 1
//	die-once  does so the first time in a folder
//	chatty    prints a warning
//	hang      never listens
//	hang-later  does so when it is started again in a folder
//	mute      listens and greets, and never answers
//	deaf      listens and never greets
//	slow      listens after 300 ms
//	late      heeds subscriptions to iopub after 300 ms
//	stay      ignores being asked to leave
//	strangle  speaks no ZMTP on its sockets
//	oldest    claims ZMTP 2.0
const Starts = "die die-once chatty hang hang-later mute deaf slow late stay strangle oldest"

// Install writes a kernelspec of the fake into the Jupyter data folder dir, which
// kernel.Options.DataDirs takes.
func Install(t testing.TB, dir string, f Fake) {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	if f.Name == "" {
		f.Name = "fake"
	}
	if f.Language == "" {
		f.Language = "fake"
	}
	spec, err := json.Marshal(map[string]any{
		"argv":         append([]string{exe, fakeWord, "{connection_file}"}, f.Start...),
		"display_name": "Fake " + f.Name, "language": f.Language, "interrupt_mode": f.InterruptMode,
	})
	if err != nil {
		t.Fatal(err)
	}
	folder := filepath.Join(dir, "kernels", f.Name)
	if err := os.MkdirAll(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(folder, "kernel.json"), spec, 0o600); err != nil {
		t.Fatal(err)
	}
}

// Main runs a fake kernel, or the shim, and exits, when the program was started
// as one. Otherwise it returns.
func Main() {
	// Programs built with the race detector linger for a second otherwise, and so
	// would every kernel that ends.
	_ = os.Setenv("GORACE", "atexit_sleep_ms=0")
	if len(os.Args) < 3 {
		return
	}
	switch os.Args[1] {
	case fakeWord:
		os.Exit(fakeMain(os.Args[2], os.Args[3:]))
	case shimWord:
		os.Exit(kernel.ShimMain(os.Args[2:]))
	}
}

// Shim is the shim's command, for kernel.Options.
func Shim() []string {
	exe, err := os.Executable()
	if err != nil {
		return nil
	}
	return []string{exe, shimWord}
}
