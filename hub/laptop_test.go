package hub_test

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/notebookhub/hub/hub"
)

// A laptop is closed with a notebook open, edited on the train, and opened
// again after others edited too, the room was evicted, the file changed and the
// hub was restarted, in this or another order. Not one cell or character is
// lost or doubled.
func TestLaptop_AsleepAcrossEvictionOutsideEditAndRestart(t *testing.T) {
	seeds(t, 100, func(t *testing.T, seed uint64) {
		w := newWorld(t, seed*31, 2)
		laptop, other := w.seats[0], w.seats[1]
		for range 1 + w.rng.IntN(8) {
			w.types(w.pick())
			w.inserts(w.pick())
		}
		if w.rng.IntN(2) == 0 {
			w.saves()
		}
		w.drops(laptop)
		nights := 1 + w.rng.IntN(3)
		for range nights {
			w.night(laptop, other)
		}
		w.settle()
		w.check()
		w.e.Stop()
	})
}

// night is what happens while the laptop sleeps.
func (w *world) night(laptop, other *seat) {
	events := []func(){
		w.everybodyLeaves,
		w.restart,
		w.outside,
		w.outside,
		w.rest,
		func() { w.returns(other) },
		func() { w.types(other) },
		func() { w.types(laptop) },
		func() { w.inserts(laptop) },
		func() { time.Sleep(time.Duration(1+w.rng.IntN(9)) * time.Hour) },
	}
	rand.New(w.rng).Shuffle(len(events), func(i, j int) { events[i], events[j] = events[j], events[i] })
	for _, happen := range events {
		happen()
	}
}

// saves has somebody save by hand.
func (w *world) saves() {
	_, err := w.e.Hub.Save(ctx, w.room, hub.SaveRequest{})
	w.tell("saved: %v", err)
}
