package hub_test

import (
	"testing"
	"time"

	"github.com/notebookhub/hub/hub/hubtest"
)

// await asks a condition again and again until it holds.
func await(t testing.TB, what string, holds func() bool) {
	t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	deadline := time.NewTimer(2 * time.Minute)
	defer deadline.Stop()
	for !holds() {
		select {
		case <-tick.C:
		case <-deadline.C:
			t.Fatalf("waited in vain: %s", what)
		}
	}
}

func awaitRooms(t testing.TB, e *hubtest.Env, want int) {
	t.Helper()
	await(t, "number of rooms", func() bool { return e.Hub.Stats().Rooms == want })
}
