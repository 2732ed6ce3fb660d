//go:build linux

package kernel_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/notebookhub/hub/hub/kernel"
	"github.com/notebookhub/hub/hub/kernel/kerneltest"
)

// await waits until something holds. Only a defect takes as long as the limit.
func await(t testing.TB, what string, holds func() bool) {
	t.Helper()
	const limit = 2 * time.Minute
	deadline := time.After(limit)
	for !holds() {
		select {
		case <-deadline:
			t.Fatalf("%s: not within %v", what, limit)
		case <-time.After(5 * time.Millisecond):
		}
	}
}

// running tells whether a process exists and is no zombie.
func running(pid int) bool {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	return err == nil && !strings.Contains(string(stat), ") Z ")
}

// child has a kernel start a child in a session of its own.
func child(t testing.TB, k *kernel.Kernel) int {
	t.Helper()
	events, _ := kerneltest.Execute(t, k, "spawn")
	pid, err := strconv.Atoi(strings.TrimSpace(kerneltest.Text(events, "stdout")))
	if err != nil || !running(pid) {
		t.Fatalf("no child: %v", events)
	}
	return pid
}

func TestWhatAKernelStartedEndsWithIt(t *testing.T) {
	for name, shim := range map[string][]string{"with a shim": kerneltest.Shim(), "without": nil} {
		for _, end := range []string{"exit 0", "kill", ""} {
			_, k := fake(t, kernel.Options{Shim: shim})
			pid := child(t, k)
			if end == "" {
				if err := k.Shutdown(t.Context()); err != nil {
					t.Error(err)
				}
			} else {
				_, _ = k.Execute(t.Context(), kernel.ExecuteRequest{Code: end}, func(kernel.Event) {})
				<-k.Done()
			}
			await(t, fmt.Sprintf("%s, %q: its child ends", name, end), func() bool { return !running(pid) })
		}
	}
}

func TestAShimThatIsKilledTakesItsKernelAlong(t *testing.T) {
	_, k := fake(t, kernel.Options{Shim: kerneltest.Shim()})
	pid, grandchild := k.Info().PID, child(t, k)
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		t.Fatal(err)
	}
	var shim int
	if _, err := fmt.Sscanf(string(stat[strings.LastIndex(string(stat), ")")+4:]), "%d", &shim); err != nil {
		t.Fatal(err)
	}
	p, err := os.FindProcess(shim)
	if err != nil || p.Kill() != nil {
		t.Fatal(err)
	}
	<-k.Done()
	await(t, "kernel and child end", func() bool { return !running(pid) && !running(grandchild) })
}

const hubDir = "NOTEBOOK_HUB_TEST_DIR"

// TestHelperHub is the hub that the tests below kill. By itself it does nothing.
func TestHelperHub(t *testing.T) {
	dir := os.Getenv(hubDir)
	if dir == "" {
		return
	}
	var shim []string
	if os.Getenv("NOTEBOOK_HUB_TEST_SHIM") != "" {
		shim = kerneltest.Shim()
	}
	l, err := kernel.New(context.Background(), kernel.Options{RuntimeDir: dir, DataDirs: []string{dir}, Shim: shim})
	if err != nil {
		t.Fatal(err)
	}
	k, err := l.Start(context.Background(), kernel.StartRequest{Spec: "fake"})
	if err != nil {
		t.Fatal(err)
	}
	fmt.Printf("kernel %d child %d\n", k.Info().PID, child(t, k))
	<-k.Done()
}

// killedHub runs a hub with a kernel that has a child, and kills the hub.
func killedHub(t *testing.T, shim bool) (dir string, kernelPID, childPID int) {
	t.Helper()
	dir = shortDir(t)
	kerneltest.Install(t, dir, kerneltest.Fake{Language: "python"})
	cmd := exec.Command(os.Args[0], "-test.run", "^TestHelperHub$")
	cmd.Env = append(os.Environ(), hubDir+"="+dir)
	if shim {
		cmd.Env = append(cmd.Env, "NOTEBOOK_HUB_TEST_SHIM=1")
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	line, _ := bufio.NewReader(out).ReadString('\n')
	if _, err := fmt.Sscanf(line, "kernel %d child %d", &kernelPID, &childPID); err != nil {
		t.Fatalf("the hub says %q", line)
	}
	// What belongs to a living hub is left alone.
	if swept, err := kernel.Sweep(dir); err != nil || swept != (kernel.Swept{}) {
		t.Errorf("swept %+v of a living hub, %v", swept, err)
	}
	if !running(kernelPID) || !running(childPID) {
		t.Error("a living hub's kernel was killed")
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait()
	return dir, kernelPID, childPID
}

func TestKernelsAndTheirChildrenEndWithAHubThatIsKilled(t *testing.T) {
	dir, pid, child := killedHub(t, true)
	await(t, "kernel and child end", func() bool { return !running(pid) && !running(child) })
	if swept, err := kernel.Sweep(dir); err != nil || swept.Folders != 1 {
		t.Errorf("swept %+v, %v", swept, err)
	}
	if left, _ := filepath.Glob(filepath.Join(dir, "k[0-9]*")); len(left) > 0 {
		t.Errorf("there are still %v", left)
	}
}

func TestLeftoversOfAKilledHubAreSwept(t *testing.T) {
	dir, pid, child := killedHub(t, false)
	await(t, "the kernel ends", func() bool { return !running(pid) })
	if !running(child) {
		t.Fatal("without a shim the child should be left, or this test shows nothing")
	}
	if swept, err := kernel.Sweep(dir); err != nil || swept.Folders != 1 || swept.Killed != 1 {
		t.Errorf("swept %+v, %v", swept, err)
	}
	await(t, "the child ends", func() bool { return !running(child) })
	if swept, err := kernel.Sweep(dir); err != nil || swept != (kernel.Swept{}) {
		t.Errorf("swept %+v again, %v", swept, err)
	}
}

func TestSweepingLeavesAloneWhatIsNotAKernels(t *testing.T) {
	dir := t.TempDir()
	bystander := exec.Command("/bin/sleep", "1000")
	if err := bystander.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = bystander.Process.Kill(); _ = bystander.Wait() }()
	for name, manifest := range map[string]string{
		// The pid is used again by somebody else: its birth differs.
		"k1":    fmt.Sprintf(`{"hub":{"pid":1,"birth":"x"},"kernel":{"pid":%d,"birth":"another/1"},"mark":"nobody","sockets":"/etc"}`, bystander.Process.Pid),
		"k2":    "not json",
		"notes": "",
	} {
		if err := os.Mkdir(filepath.Join(dir, name), 0o700); err != nil {
			t.Fatal(err)
		}
		if manifest != "" {
			if err := os.WriteFile(filepath.Join(dir, name, "manifest.json"), []byte(manifest), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	swept, err := kernel.Sweep(dir)
	if err != nil || swept != (kernel.Swept{Folders: 1}) {
		t.Errorf("swept %+v, %v", swept, err)
	}
	if !running(bystander.Process.Pid) {
		t.Error("a bystander was killed")
	}
	if left, _ := os.ReadDir(dir); len(left) != 2 {
		t.Errorf("left are %v", left)
	}
	if swept, err := kernel.Sweep(filepath.Join(dir, "absent")); err != nil || swept != (kernel.Swept{}) {
		t.Errorf("no folder: %+v, %v", swept, err)
	}
}

// usage counts what must not leak.
func usage(t testing.TB) (goroutines, descriptors, children int) {
	t.Helper()
	fds, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	lists, _ := filepath.Glob("/proc/self/task/*/children")
	for _, list := range lists {
		data, _ := os.ReadFile(list)
		children += len(strings.Fields(string(data)))
	}
	return runtime.NumGoroutine(), len(fds), children
}

// cycles starts and stops n kernels, some at once, and compares what is used before
// and after.
func cycles(t *testing.T, l *kernel.Launcher, runtimeDir string, n, atOnce int, spec, code string) {
	t.Helper()
	cycle := func() error {
		k, err := l.Start(t.Context(), kernel.StartRequest{Spec: spec})
		if err != nil {
			return err
		}
		_, err = k.Execute(t.Context(), kernel.ExecuteRequest{Code: code}, func(kernel.Event) {})
		return errors.Join(err, k.Shutdown(t.Context()))
	}
	if err := cycle(); err != nil { // what the first needs, like the network poller's descriptors, stays
		t.Fatal(err)
	}
	goroutines, descriptors, children := usage(t)
	var left atomic.Int64
	var all sync.WaitGroup
	for left.Store(int64(n)); atOnce > 0; atOnce-- {
		all.Go(func() {
			for left.Add(-1) >= 0 {
				if err := cycle(); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	await(t, "goroutines, descriptors and children are at base", func() bool {
		g, d, c := usage(t)
		return g <= goroutines && d <= descriptors && c <= children
	})
	if left, _ := os.ReadDir(runtimeDir); len(left) > 0 {
		t.Errorf("files are left: %v", left)
	}
}

func TestFiftyStartsAndStopsLeaveNothing(t *testing.T) {
	dir := shortDir(t)
	l := fakes(t, kernel.Options{RuntimeDir: dir, Shim: kerneltest.Shim()}, kerneltest.Fake{Language: "python"})
	cycles(t, l, dir, 50, 1, "fake", "print hello")
}

func TestSocketsOfALongRuntimeFolderAreElsewhere(t *testing.T) {
	dir, temp := filepath.Join(shortDir(t), strings.Repeat("long", 30)), shortDir(t)
	t.Setenv("TMPDIR", temp)
	l := fakes(t, kernel.Options{RuntimeDir: dir}, kerneltest.Fake{Language: "python"})
	k := start(t, l, "fake", t.TempDir())
	if info := k.Info(); info.Transport != kernel.TransportIPC {
		t.Errorf("%+v", info)
	}
	if sockets, _ := filepath.Glob(filepath.Join(temp, "k*", "s-*")); len(sockets) != 5 {
		t.Errorf("sockets are %v", sockets)
	}
	if err := k.Shutdown(t.Context()); err != nil {
		t.Error(err)
	}
	if left, _ := filepath.Glob(filepath.Join(temp, "k*")); len(left) > 0 {
		t.Errorf("left are %v", left)
	}
}

func TestTheKernelAndNotTheHubIsChosenWhenMemoryIsShort(t *testing.T) {
	_, k := fake(t, kernel.Options{Shim: kerneltest.Shim()})
	score, err := os.ReadFile(fmt.Sprintf("/proc/%d/oom_score_adj", k.Info().PID))
	if err != nil || strings.TrimSpace(string(score)) != "500" {
		t.Errorf("oom_score_adj is %q, %v", score, err)
	}
}

func TestFilesOfAKernelAreTheUsersAlone(t *testing.T) {
	_, k := fake(t, kernel.Options{})
	folder := filepath.Dir(k.Info().ConnectionFile)
	for _, path := range []string{folder, filepath.Dir(folder)} {
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o700 {
			t.Errorf("%s: %v, %v", path, info.Mode(), err)
		}
	}
	for _, name := range []string{"connection.json", "manifest.json"} {
		if info, err := os.Stat(filepath.Join(folder, name)); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v", name, info.Mode(), err)
		}
	}
}

func TestARuntimeFolderThatIsALinkIsRefused(t *testing.T) {
	link := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(t.TempDir(), link); err != nil {
		t.Fatal(err)
	}
	if l, err := kernel.New(t.Context(), kernel.Options{RuntimeDir: link}); err == nil {
		_ = l.Close(t.Context())
		t.Error("it is taken")
	}
}
