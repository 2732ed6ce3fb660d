package kernel

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

const prSetChildSubreaper = 36 // PR_SET_CHILD_SUBREAPER of <linux/prctl.h>

// attributes put a process into a group of its own and tie it to the hub's life.
// A shim is asked, as it has descendants to end; a bare kernel is killed.
func attributes(shim bool) *syscall.SysProcAttr {
	a := &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	if shim {
		a.Pdeathsig = syscall.SIGTERM
	}
	return a
}

// becomeSubreaper makes orphaned descendants children of this process.
func becomeSubreaper() {
	// Without it the kernel's group is still killed.
	_, _, _ = syscall.RawSyscall6(syscall.SYS_PRCTL, prSetChildSubreaper, 1, 0, 0, 0, 0)
}

// protect has the system choose the kernel and not the hub when memory is short.
func protect(pid int) {
	// A container may forbid it; then the system chooses by size.
	_ = os.WriteFile(fmt.Sprintf("/proc/%d/oom_score_adj", pid), []byte("500"), 0)
}

// processes lists all process ids.
func processes() []int {
	names, _ := filepath.Glob("/proc/[0-9]*")
	pids := make([]int, 0, len(names))
	for _, name := range names {
		if pid, err := strconv.Atoi(filepath.Base(name)); err == nil {
			pids = append(pids, pid)
		}
	}
	return pids
}

// killMarked kills every process that has the mark in its environment.
func killMarked(mark string) (killed int) {
	if mark == "" {
		return 0
	}
	entry := []byte(markName + "=" + mark)
	for _, pid := range processes() {
		env, err := os.ReadFile(fmt.Sprintf("/proc/%d/environ", pid))
		if err != nil || pid == os.Getpid() {
			continue
		}
		for _, e := range bytes.Split(env, []byte{0}) {
			if bytes.Equal(e, entry) && syscall.Kill(pid, syscall.SIGKILL) == nil {
				killed++
				break
			}
		}
	}
	return killed
}

// statFields are the fields of /proc/PID/stat behind the command's name; the
// first is the process' state.
func statFields(pid int) []string {
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return nil
	}
	_, rest, _ := strings.Cut(string(data[bytes.LastIndexByte(data, ')')+1:]), " ")
	return strings.Fields(rest)
}

// birth tells when a process was started; with its id that names it for ever. It
// is "" when there is none.
func birth(pid int) string {
	fields := statFields(pid)
	if len(fields) < 20 || fields[0] == "Z" {
		return ""
	}
	boot, _ := os.ReadFile("/proc/sys/kernel/random/boot_id")
	return strings.TrimSpace(string(boot)) + "/" + fields[19]
}

// stopped tells whether a process is stopped by a signal or a debugger.
func stopped(pid int) bool {
	fields := statFields(pid)
	return len(fields) > 0 && (fields[0] == "T" || fields[0] == "t")
}

// work measures what a process group has done so far, in bytes read; a hundredth
// of a second on the processor counts for 16 KiB. It grows while a program loads.
func work(group int) (amount int64) {
	for _, pid := range processes() {
		fields := statFields(pid)
		if len(fields) < 15 || fields[2] != strconv.Itoa(group) {
			continue
		}
		for _, f := range fields[11:15] { // its own and its children's time
			n, _ := strconv.ParseInt(f, 10, 64)
			amount += n << 14
		}
		io, _ := os.ReadFile(fmt.Sprintf("/proc/%d/io", pid))
		var read int64
		_, _ = fmt.Sscanf(string(io), "rchar: %d", &read)
		amount += read
	}
	return amount
}

// children lists the processes whose parent is this one.
func children() []int {
	files, _ := filepath.Glob("/proc/self/task/*/children")
	if len(files) == 0 {
		return childrenByParent()
	}
	var pids []int
	for _, f := range files {
		data, _ := os.ReadFile(f)
		for _, word := range strings.Fields(string(data)) {
			if pid, err := strconv.Atoi(word); err == nil {
				pids = append(pids, pid)
			}
		}
	}
	return pids
}

// childrenByParent is for systems whose /proc has no lists of children.
func childrenByParent() []int {
	self := strconv.Itoa(os.Getpid())
	var pids []int
	for _, pid := range processes() {
		if fields := statFields(pid); len(fields) > 1 && fields[1] == self {
			pids = append(pids, pid)
		}
	}
	return pids
}
