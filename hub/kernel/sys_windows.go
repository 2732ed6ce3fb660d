package kernel

import (
	"errors"
	"fmt"
	"os"
	"syscall"
)

// Here only the kernel's own process can be ended, and only kernels that take
// interrupts as messages can be interrupted.

func attributes(bool) *syscall.SysProcAttr {
	return &syscall.SysProcAttr{CreationFlags: syscall.CREATE_NEW_PROCESS_GROUP}
}

func protect(int) {}

func killMarked(string) int { return 0 }

func killGroup(pid int) {
	if p, err := os.FindProcess(pid); err == nil {
		_ = p.Kill()
		_ = p.Release()
	}
}

func interruptGroup(int) error {
	return errors.New("signal kernel: this system has no signals; the kernel must take interrupts as messages")
}

const canIPC = false

func private(dir string) error { return os.Chmod(dir, 0o700) }

// birth tells when a process was started; "" when there is none.
func birth(pid int) string {
	const queryLimited = 0x1000 // PROCESS_QUERY_LIMITED_INFORMATION
	h, err := syscall.OpenProcess(queryLimited, false, uint32(pid))
	if err != nil {
		return ""
	}
	defer func() { _ = syscall.CloseHandle(h) }()
	var created, exited, kernel, user syscall.Filetime
	if err := syscall.GetProcessTimes(h, &created, &exited, &kernel, &user); err != nil {
		return ""
	}
	if exited.Nanoseconds() > created.Nanoseconds() {
		return ""
	}
	return fmt.Sprint(created.Nanoseconds())
}

func stopped(int) bool { return false }

func work(int) int64 { return 0 }

// ShimMain is not available here.
func ShimMain([]string) int { return 2 }
