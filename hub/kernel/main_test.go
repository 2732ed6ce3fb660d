package kernel_test

import (
	"context"
	"os"
	"testing"

	"github.com/notebookhub/hub/hub/kernel"
	"github.com/notebookhub/hub/hub/kernel/kerneltest"
)

// TestMain lets the test's program be the shim and the fake kernels.
func TestMain(m *testing.M) {
	kerneltest.Main()
	os.Exit(m.Run())
}

// launch makes a launcher that ends with the test.
func launch(t testing.TB, o kernel.Options) *kernel.Launcher {
	t.Helper()
	if o.RuntimeDir == "" {
		o.RuntimeDir = shortDir(t)
	}
	l, err := kernel.New(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := l.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return l
}

// shortDir is a folder whose path leaves room for sockets.
func shortDir(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "hk")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

// fakes makes a launcher that knows these fake kernels.
func fakes(t testing.TB, o kernel.Options, list ...kerneltest.Fake) *kernel.Launcher {
	t.Helper()
	dir := t.TempDir()
	for _, f := range list {
		kerneltest.Install(t, dir, f)
	}
	o.DataDirs = []string{dir}
	return launch(t, o)
}

// start starts a kernel that is shut down with the test.
func start(t testing.TB, l *kernel.Launcher, spec, dir string) *kernel.Kernel {
	t.Helper()
	k, err := l.Start(t.Context(), kernel.StartRequest{Spec: spec, Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	return k
}
