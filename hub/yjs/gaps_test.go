package yjs

import (
	"math/rand/v2"
	"testing"
)

// TestNotedDeletionsAreTheUnitsThatWereAdded compares sets of runs with sets of single units.
func TestNotedDeletionsAreTheUnitsThatWereAdded(t *testing.T) {
	const clocks = 400
	for seed := range uint64(200) {
		rnd := rand.New(rand.NewPCG(seed, 1))
		var g gaps
		var units [clocks]bool
		for range rnd.IntN(60) {
			from := rnd.IntN(clocks - 20)
			to := from + 1 + rnd.IntN(20)
			g.add(gap{uint64(from), uint64(to)})
			for i := from; i < to; i++ {
				units[i] = true
			}
			if rnd.IntN(8) == 0 {
				g.order()
			}
		}
		noWrongCover(t, &g, units[:], rnd, false)
		g.order()
		noWrongCover(t, &g, units[:], rnd, true)
		for i, x := range g.list {
			if i > 0 && x.clock <= g.list[i-1].end {
				t.Fatalf("seed %d: runs are not joined: %v", seed, g.list)
			}
		}
	}
}

// noWrongCover asks for runs in any order, going on where the last answer says. What is covered must be in the set; and
// when the whole set is in order, the other way round.
func noWrongCover(t *testing.T, g *gaps, units []bool, rnd *rand.Rand, whole bool) {
	t.Helper()
	at, ok := 0, false
	from := 0
	for range 200 {
		if from += rnd.IntN(30); from >= len(units)-20 || rnd.IntN(20) == 0 {
			from = rnd.IntN(len(units) - 20)
		}
		to, all := from+1+rnd.IntN(12), true
		for i := from; i < to; i++ {
			all = all && units[i]
		}
		if at, ok = g.covers(gap{uint64(from), uint64(to)}, at); ok && !all || whole && all && !ok {
			t.Fatalf("%d to %d: covered %v, all there %v: %v", from, to, ok, all, g.list[:g.sorted])
		}
	}
}
