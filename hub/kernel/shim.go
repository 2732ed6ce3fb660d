//go:build unix

package kernel

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime"
	"syscall"
	"time"
)

const killPause = 5 * time.Millisecond // between looks at who is still there

// ShimMain is the program that stands between the hub and one kernel, for the
// hidden subcommand `hub kernel-shim`; args is "--" and the kernel's command. It
// returns an exit code.
//
// It runs the kernel in a process group of its own and adopts every descendant
// that the kernel orphans. When the kernel ends, the hub ends (even by SIGKILL)
// or the hub closes its end of file descriptor 3, it kills all of them. It
// reports by file descriptor 4: a line "pid N" or "failed REASON", then a line
// "ended HOW".
func ShimMain(args []string) int {
	if len(args) > 0 && args[0] == "--" {
		args = args[1:]
	}
	life, report := os.NewFile(3, "life"), os.NewFile(4, "report")
	if _, err := report.Stat(); err != nil || len(args) == 0 {
		fmt.Fprintln(os.Stderr, "kernel-shim is started by the hub, for itself")
		return 2
	}
	syscall.CloseOnExec(3)
	syscall.CloseOnExec(4)
	// The kernel's death signal follows this thread.
	runtime.LockOSThread()
	becomeSubreaper()
	kill := make(chan os.Signal, 8)
	signal.Notify(kill, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGINT)
	pid, err := forkKernel(args)
	if err != nil {
		fmt.Fprintf(report, "failed %v\n", err)
		return 1
	}
	fmt.Fprintf(report, "pid %d\n", pid)
	orphaned := make(chan struct{})
	go func() {
		defer close(orphaned)
		_, _ = io.Copy(io.Discard, life)
	}()
	ended := make(chan struct{})
	go killWhen(pid, kill, orphaned, ended)
	return reap(pid, report, ended)
}

func forkKernel(args []string) (int, error) {
	null, err := os.Open(os.DevNull)
	if err != nil {
		return 0, err
	}
	defer null.Close()
	env := append(os.Environ(), fmt.Sprintf("JPY_PARENT_PID=%d", os.Getpid()))
	return syscall.ForkExec(args[0], args, &syscall.ProcAttr{
		Env:   env,
		Files: []uintptr{null.Fd(), 1, 2},
		Sys:   attributes(false),
	})
}

// killWhen kills all descendants, again and again, once there is a reason to.
func killWhen(pid int, kill <-chan os.Signal, orphaned, ended <-chan struct{}) {
	select {
	case <-kill:
	case <-orphaned:
	case <-ended:
	}
	for {
		_ = syscall.Kill(-pid, syscall.SIGKILL)
		for _, child := range children() {
			_ = syscall.Kill(child, syscall.SIGKILL)
		}
		time.Sleep(killPause)
	}
}

// reap waits for the kernel, reports its end, and returns when no descendant is
// left.
func reap(pid int, report io.Writer, ended chan<- struct{}) int {
	for {
		var status syscall.WaitStatus
		child, err := syscall.Wait4(-1, &status, 0, nil)
		switch {
		case errors.Is(err, syscall.EINTR):
		case err != nil:
			return 0
		case child == pid && (status.Exited() || status.Signaled()):
			fmt.Fprintf(report, "ended %s\n", describe(status))
			close(ended)
		}
	}
}

// describe says how a process ended, in the words of package os.
func describe(status syscall.WaitStatus) string {
	if status.Exited() {
		return fmt.Sprintf("exit status %d", status.ExitStatus())
	}
	text := "signal: " + status.Signal().String()
	if status.CoreDump() {
		text += " (core dumped)"
	}
	return text
}
