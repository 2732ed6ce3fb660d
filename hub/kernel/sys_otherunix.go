//go:build unix && !linux

package kernel

import (
	"os/exec"
	"strconv"
	"strings"
	"syscall"
)

// Here a kernel's death with the hub depends on the shim, which sees its pipe
// close; processes that left the kernel's group get away.

func attributes(bool) *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }

func becomeSubreaper() {}

func protect(int) {}

func killMarked(string) int { return 0 }

func children() []int { return nil }

// birth tells when a process was started; "" when there is none.
func birth(pid int) string { return ps(pid, "lstart=") }

func stopped(pid int) bool { return strings.HasPrefix(ps(pid, "state="), "T") }

func work(pid int) int64 {
	amount := int64(0)
	for _, r := range ps(pid, "time=") {
		amount = amount*31 + int64(r)<<20 // any change will do
	}
	return amount
}

func ps(pid int, column string) string {
	out, err := exec.Command("ps", "-o", column, "-p", strconv.Itoa(pid)).Output()
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(out))
}
