//go:build unix

package kernel

import (
	"errors"
	"fmt"
	"os"
	"syscall"
)

// killGroup kills a process and its group. That it is gone already is fine.
func killGroup(pid int) {
	_ = syscall.Kill(-pid, syscall.SIGKILL)
	_ = syscall.Kill(pid, syscall.SIGKILL)
}

// interruptGroup sends what Ctrl-C at a terminal would, to a process group.
func interruptGroup(pid int) error {
	if err := syscall.Kill(-pid, syscall.SIGINT); err != nil {
		return fmt.Errorf("signal kernel: %w", err)
	}
	return nil
}

// canIPC says that sockets may be files here.
const canIPC = true

// private makes sure that a folder is the user's alone.
func private(dir string) error {
	info, err := os.Lstat(dir)
	if err != nil {
		return err
	}
	st, ok := info.Sys().(*syscall.Stat_t)
	if !info.IsDir() || !ok || int(st.Uid) != os.Geteuid() {
		return errors.New("it is not a folder of this user")
	}
	return os.Chmod(dir, 0o700)
}
