//go:build oracle

package yjs_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

// A schedule is one differential run written down: who takes part and what happens, step by step. The numbers of a
// step are choices relative to the state it meets, so that a schedule stays runnable when steps are taken out.
type schedule struct {
	seed  uint64
	js    int  // npm yjs peers
	gos   int  // peers of this engine
	star  bool // the last Go peer relays; otherwise everybody sends to everybody
	gc    bool
	flags uint64
	steps []step
}

type step struct {
	kind    stepKind
	peer    int
	numbers []uint64
}

type stepKind int

const (
	stepEdit    stepKind = iota // peer edits
	stepDeliver                 // one waiting update, any of them, arrives at peer; sometimes twice, sometimes never
	stepMerged                  // several waiting updates arrive merged into one
	stepCut                     // a waiting update arrives cut by a state vector
	stepSync                    // peer asks another one for what it lacks
	stepReload                  // peer is replaced by a fresh document loaded from its encoded state
)

func (k stepKind) String() string {
	return [...]string{"edit", "deliver", "merged", "cut", "sync", "reload"}[k]
}

// newSchedule draws the schedule of a seed with n steps.
func newSchedule(seed uint64, n int) schedule {
	rng := rand.New(rand.NewPCG(seed, 20240229))
	s := schedule{seed: seed, js: 2, gos: 1 + rng.IntN(2), star: rng.IntN(3) == 0, gc: rng.IntN(5) != 0}
	switch rng.IntN(4) {
	case 0:
		s.flags = flagEmoji
	case 1:
		s.flags = flagXML | flagSubdoc | flagFormat
	case 2:
		s.flags = flagSubdoc
	}
	for range n {
		s.steps = append(s.steps, s.newStep(rng))
	}
	return s
}

func (s schedule) newStep(rng *rand.Rand) step {
	st := step{peer: rng.IntN(s.js + s.gos), numbers: make([]uint64, 16)}
	for i := range st.numbers {
		st.numbers[i] = uint64(rng.Uint32N(1 << 30))
	}
	switch d := rng.IntN(100); {
	case d < 44:
		st.kind = stepEdit
	case d < 86:
		st.kind = stepDeliver
	case d < 90:
		st.kind = stepMerged
	case d < 94:
		st.kind = stepCut
	case d < 98:
		st.kind = stepSync
	default:
		st.kind = stepReload
	}
	return st
}

// String shows a schedule as a failing test prints it.
func (s schedule) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "seed %d: %d JS + %d Go peers, star %v, gc %v, flags %d, %d steps\n", s.seed, s.js, s.gos, s.star, s.gc, s.flags, len(s.steps))
	for i, st := range s.steps {
		fmt.Fprintf(&b, "  %3d peer %d %-7v %v\n", i, st.peer, st.kind, st.numbers)
	}
	return b.String()
}

// shrink takes out steps as long as the rest still fails.
func (s schedule) shrink(fails func(schedule) bool) schedule {
	for size := max(len(s.steps)/2, 1); ; size = max(size/2, 1) {
		before := len(s.steps)
		for at := 0; at < len(s.steps); {
			shorter := s
			shorter.steps = append(append([]step(nil), s.steps[:at]...), s.steps[min(at+size, len(s.steps)):]...)
			if fails(shorter) {
				s = shorter
				continue
			}
			at += size
		}
		if size == 1 && len(s.steps) == before {
			return s
		}
	}
}
