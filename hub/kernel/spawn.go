package kernel

import "runtime"

// spawner runs functions on one operating-system thread that lasts as long as it
// does. Linux ties a death signal to the thread that forked, not to the process:
// a kernel that was forked on a thread which ends would be killed with it.
type spawner struct {
	jobs chan func()
	done chan struct{}
}

func newSpawner() *spawner {
	s := &spawner{jobs: make(chan func()), done: make(chan struct{})}
	go s.run()
	return s
}

func (s *spawner) run() {
	defer close(s.done)
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	for job := range s.jobs {
		job()
	}
}

// do runs f on the thread and waits for it.
func (s *spawner) do(f func()) {
	ended := make(chan struct{})
	s.jobs <- func() {
		defer close(ended)
		f()
	}
	<-ended
}

func (s *spawner) close() {
	close(s.jobs)
	<-s.done
}
