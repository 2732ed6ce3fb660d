//go:build unix

package kerneltest

import (
	"os"
	"syscall"
)

// spawn starts a child that leaves the kernel's session, and returns its pid.
func spawn() int {
	null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	if err != nil {
		return 0
	}
	defer null.Close()
	p, err := os.StartProcess("/bin/sleep", []string{"sleep", "1000"}, &os.ProcAttr{
		Files: []*os.File{null, null, null}, Env: os.Environ(), Sys: &syscall.SysProcAttr{Setsid: true},
	})
	if err != nil {
		return 0
	}
	return p.Pid
}

func signalSelf(kill bool) {
	signal := syscall.SIGSTOP
	if kill {
		signal = syscall.SIGKILL
	}
	_ = syscall.Kill(os.Getpid(), signal)
}

// Alive tells whether a process exists.
func Alive(pid int) bool { return syscall.Kill(pid, 0) == nil }

func kill(pid int) { _ = syscall.Kill(pid, syscall.SIGKILL) }
