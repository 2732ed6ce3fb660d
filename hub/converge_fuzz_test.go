package hub_test

import (
	"flag"
	"fmt"
	"testing"
	"testing/synctest"
	"time"
)

var (
	worldSeed  = flag.Uint64("world-seed", 0, "repeat one seed of the random worlds; 0: run many")
	worldSeeds = flag.Uint64("world-seeds", 0, "run so many seeds of each random world; 0: as many as a quick test does")
)

// seeds runs a story for many seeds, each in a bubble of its own.
func seeds(t *testing.T, n uint64, story func(t *testing.T, seed uint64)) {
	t.Helper()
	first, last := uint64(1), n
	if *worldSeeds != 0 {
		last = *worldSeeds
	}
	if *worldSeed != 0 {
		first, last = *worldSeed, *worldSeed
	}
	for seed := first; seed <= last; seed++ {
		t.Run(fmt.Sprintf("seed-%d", seed), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { story(t, seed) })
		})
	}
}

// Several peers edit, drop and reconnect, while rooms are evicted, hubs are
// restarted and other programs write the file. All end equal, with every edit
// there once.
func TestConverge_PeersDropsEvictionsRestartsAndTheDisk(t *testing.T) {
	seeds(t, 8, func(t *testing.T, seed uint64) {
		w := newWorld(t, seed, 2+int(seed%5))
		for range 120 {
			w.convergeStep()
		}
		w.settle()
		w.check()
		w.restart()
		w.settle()
		w.check()
		w.e.Stop()
	})
}

// convergeStep does one random thing, and lets some time pass.
func (w *world) convergeStep() {
	s := w.pick()
	switch n := w.rng.IntN(100); {
	case n < 50:
		w.types(s)
	case n < 57:
		w.inserts(s)
	case n < 64:
		w.rest()
	case n < 68:
		w.moves(s)
	case n < 76:
		w.drops(s)
	case n < 86:
		w.returns(s)
	case n < 93:
		w.outside()
	case n < 96:
		w.everybodyLeaves()
	default:
		w.restart()
	}
	if w.rng.IntN(2) == 0 {
		time.Sleep(time.Duration(w.rng.IntN(3000)) * time.Millisecond)
	}
}

// Typing, saving, outside edits (in place, by rename, whole replacement,
// reorder), crashes and restarts in any order: every side's edits are there
// once.
func TestProperty_NothingIsLostOrDoubledWhateverTheOrder(t *testing.T) {
	seeds(t, 12, func(t *testing.T, seed uint64) {
		w := newWorld(t, seed^0xbeef, 1+int(seed%3))
		for range 60 {
			w.propertyStep()
		}
		w.settle()
		w.check()
		w.crash()
		w.settle()
		w.check()
		w.e.Stop()
	})
}

func (w *world) propertyStep() {
	s := w.pick()
	switch n := w.rng.IntN(100); {
	case n < 35:
		w.types(s)
	case n < 40:
		w.inserts(s)
	case n < 50:
		w.rest()
	case n < 55:
		w.saves()
	case n < 75:
		w.outside()
	case n < 80:
		w.drops(s)
	case n < 88:
		w.returns(s)
	case n < 92:
		w.crash()
	case n < 95:
		w.blackout(1+w.rng.IntN(40), w.darkSteps, func() {
			if w.rng.IntN(2) == 0 {
				w.outside()
			}
		})
	case n < 97:
		w.hiccup(1+w.rng.IntN(40), w.darkSteps)
	case n < 98:
		w.restart()
	default:
		w.everybodyLeaves()
	}
	if w.rng.IntN(2) == 0 {
		time.Sleep(time.Duration(w.rng.IntN(6000)) * time.Millisecond)
	}
}

// darkSteps happen while the disk fails sooner or later.
func (w *world) darkSteps() {
	for range w.rng.IntN(6) {
		w.types(w.pick())
		w.rest()
		switch w.rng.IntN(8) {
		case 0, 1:
			w.saves()
		case 2:
			w.outside()
		case 3, 4:
			w.moves(w.pick())
		case 5:
			w.drops(w.pick())
		case 6:
			w.returns(w.pick())
		}
		if w.rng.IntN(2) == 0 {
			time.Sleep(time.Duration(w.rng.IntN(2000)) * time.Millisecond)
		}
	}
}
