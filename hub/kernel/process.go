package kernel

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"time"
)

// markName is the environment variable that marks a kernel and all that it
// starts, so that none is overlooked when it is time to go.
const markName = "NOTEBOOK_HUB_KERNEL"

const (
	killGrace  = 3 * time.Second // for the shim to end everything by itself
	killGiveUp = 5 * time.Second // then a process hangs in the system and cannot be waited for
)

// launch says what to start.
type launch struct {
	argv []string // argv[0] is a path
	env  []string
	dir  string
	mark string
	shim []string // command that starts argv and ends all its descendants; empty: none
}

// process is a kernel's process with everything that it started. It leads a
// process group of its own.
type process struct {
	// Static after start.
	pid  int // the kernel's
	top  int // of what the hub started: the shim, or the kernel
	mark string
	tail *tail
	cmd  *exec.Cmd
	life *os.File // the shim ends when this closes; nil without one

	over  sync.Once     // for what follows
	ended chan struct{} // closed when all of it is gone
	exit  string        // how the kernel ended; static after ended
}

// start runs a kernel's process. The error says why it could not be run.
func (s *spawner) start(l launch) (*process, error) {
	t, output, err := newTail()
	if err != nil {
		return nil, fmt.Errorf("start kernel: %w", err)
	}
	defer output.Close()
	p := &process{mark: l.mark, tail: t, ended: make(chan struct{})}
	status, err := p.spawn(s, l, output)
	if err != nil {
		_ = output.Close()
		t.finish()
		return nil, fmt.Errorf("start %s: %w", l.argv[0], err)
	}
	protect(p.pid)
	go p.wait(status)
	return p, nil
}

// spawn starts the command, directly or by the shim, and learns the pid.
func (p *process) spawn(s *spawner, l launch, output *os.File) (*bufio.Reader, error) {
	argv := l.argv
	if len(l.shim) > 0 {
		argv = append(append(append([]string{}, l.shim...), "--"), l.argv...)
	}
	p.cmd = &exec.Cmd{Path: argv[0], Args: argv, Env: l.env, Dir: l.dir, Stdout: output, Stderr: output}
	p.cmd.SysProcAttr = attributes(len(l.shim) > 0)
	if len(l.shim) == 0 {
		return nil, p.run(s)
	}
	return p.runShim(s)
}

func (p *process) run(s *spawner) (err error) {
	s.do(func() { err = p.cmd.Start() })
	if err == nil {
		p.pid, p.top = p.cmd.Process.Pid, p.cmd.Process.Pid
	}
	return err
}

// runShim starts the shim with two pipes: one that tells it, by closing, that
// nobody needs it any more, and one by which it reports.
func (p *process) runShim(s *spawner) (*bufio.Reader, error) {
	lifeRead, lifeWrite, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer lifeRead.Close()
	statusRead, statusWrite, err := os.Pipe()
	if err != nil {
		_ = lifeWrite.Close()
		return nil, err
	}
	defer statusWrite.Close()
	p.cmd.ExtraFiles = []*os.File{lifeRead, statusWrite}
	if err := p.run(s); err != nil {
		return nil, errors.Join(err, lifeWrite.Close(), statusRead.Close())
	}
	_ = statusWrite.Close() // so that the shim's end is seen
	p.life = lifeWrite
	status := bufio.NewReader(statusRead)
	if p.pid, err = readPid(status); err != nil {
		_ = lifeWrite.Close()
		_ = p.cmd.Wait()
		_ = statusRead.Close()
		return nil, err
	}
	p.cmd.ExtraFiles = []*os.File{statusRead} // to be closed by wait
	return status, nil
}

// readPid reads the shim's first line.
func readPid(status *bufio.Reader) (pid int, err error) {
	line, _ := status.ReadString('\n')
	if _, err := fmt.Sscanf(line, "pid %d\n", &pid); err == nil {
		return pid, nil
	}
	if reason, ok := strings.CutPrefix(line, "failed "); ok {
		return 0, errors.New(strings.TrimSpace(reason))
	}
	return 0, errors.New("the shim ended without a word")
}

// wait waits for the end of the kernel and then ends whatever it left behind.
func (p *process) wait(status *bufio.Reader) {
	err := p.cmd.Wait()
	exit, clean := p.cmd.ProcessState.String(), false
	if status != nil {
		line, _ := status.ReadString('\n')
		if text, ok := strings.CutPrefix(line, "ended "); ok {
			exit, clean = strings.TrimSpace(text), err == nil
		} else {
			exit = "its shim ended first: " + exit
		}
		_ = p.cmd.ExtraFiles[0].Close()
		_ = p.life.Close()
	}
	if !clean {
		killGroup(p.pid)
		killMarked(p.mark)
	}
	p.tail.finish()
	p.finish(exit)
}

func (p *process) finish(exit string) {
	p.over.Do(func() {
		p.exit = exit
		close(p.ended)
	})
}

// kill ends the kernel and all that it started, and waits for it. The error is
// that something cannot be killed.
func (p *process) kill() error {
	killGroup(p.pid)
	if p.life != nil {
		_ = p.life.Close()
		if p.within(killGrace) {
			return nil
		}
		killGroup(p.top)
	}
	if !p.within(killGiveUp) {
		p.finish("it hangs in the system and cannot be killed")
		return fmt.Errorf("kill kernel: process %d does not end", p.pid)
	}
	return nil
}

func (p *process) within(d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-p.ended:
		return true
	case <-timer.C:
		return false
	}
}
