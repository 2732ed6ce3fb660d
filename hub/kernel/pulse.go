package kernel

import (
	"sync/atomic"
	"time"

	"github.com/notebookhub/hub/hub/kernel/internal/jupyter"
)

const (
	pulseEvery = 3 * time.Second
	pulseMiss  = 3 // unanswered heartbeats in a row that mean something
)

// pulse watches whether the kernel is there at all. It is a lamp and no more:
// death is the end of the process, and nothing is ended for want of an answer.
type pulse struct {
	life        *life
	missed      int
	sentBusy    bool // the last heartbeat went out while code ran
	answersBusy bool // this kernel answers while code runs; some cannot
}

// watch looks after the kernel until its process ends.
func (p *pulse) watch() {
	ticker := time.NewTicker(pulseEvery)
	defer ticker.Stop()
	p.beat()
	for {
		select {
		case <-p.life.process.ended:
			return
		case <-p.life.pongs:
			p.answersBusy = p.answersBusy || p.sentBusy && p.life.busy()
			p.missed = -1
		case <-ticker.C:
			p.tick()
		}
	}
}

func (p *pulse) tick() {
	if p.missed < 0 { // the last was answered
		p.missed = 0
		p.beat()
	} else {
		p.missed++
	}
	mute := p.missed >= pulseMiss && (!p.life.busy() || p.answersBusy)
	p.life.froze(mute || stopped(p.life.process.pid))
}

// beat sends a heartbeat. A REQ socket's messages begin with an empty frame.
func (p *pulse) beat() {
	p.sentBusy = p.life.busy()
	// A connection that is broken is somebody else's news.
	_ = p.life.conns[jupyter.Heartbeat].Send(nil, []byte("ping"))
}

func (l *life) busy() bool { return l.running() != nil }

// counters count what did not become an event.
type counters struct{ malformed, dropped, unclaimed atomic.Int64 }
