package hub_test

import (
	"fmt"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"
)

// The power may fail at any step of the disk while changes from outside are
// merged, people type and the file is saved; and before the hub is back the file
// changes again. Whatever was on its way, every side's edits are there once.
func TestCrash_AtEveryStepOfMergesAndSavesDoublesNothing(t *testing.T) {
	stories := uint64(4) // in a quick test each takes some of the steps
	stride := int(stories)
	if *worldSeeds != 0 {
		stories, stride = *worldSeeds, 1
	}
	for story := range stories {
		t.Run(fmt.Sprintf("story-%d", story), func(t *testing.T) {
			step := 1 + int(story)%stride
			for more := true; more; step += stride {
				synctest.Test(t, func(t *testing.T) { more = crashAtStep(t, story, step) })
			}
			if step < 40 {
				t.Errorf("the story had less than %d steps", step)
			}
		})
	}
}

// crashAtStep tells one story, in which the power fails at a step, and whether the
// story had that many.
func crashAtStep(t *testing.T, story uint64, step int) (failed bool) {
	w := newWorld(t, story^0xdead, 2)
	w.types(w.seats[0])
	synctest.Wait()
	failed = w.blackout(step, func() {
		for range 2 {
			w.outside()
			w.e.Watcher.Changed(filepath.Join(w.e.Dir, worldFile))
			w.types(w.seats[0])
			synctest.Wait()
			w.types(w.seats[1])
			time.Sleep(time.Second)
			w.saves()
			w.types(w.seats[0])
			time.Sleep(10 * time.Second) // the file is saved by itself
		}
	}, w.outside)
	w.settle()
	w.check()
	w.e.Stop()
	return failed
}
