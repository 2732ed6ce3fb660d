package yjs

import (
	"cmp"
	"fmt"
	"iter"
	"slices"
)

// Units is a set of units. Its zero value is empty.
type Units struct{ sets map[uint64]*gaps }

// DeletionsOf returns what an update deletes. Who deletes a type names every unit in it that it knows, so of a deleted
// type they tell what the writer of the update knew. It needs no document, and when nothing is deleted next to no time.
func DeletionsOf(update []byte) (*Units, error) {
	u := new(Units)
	if n := len(update); n > 0 && update[n-1] == 0 { // the number of clients: a length would not be zero
		return u, nil
	}
	var s scan
	if err := s.run(update, Limits{}.withDefaults()); err != nil {
		return nil, fmt.Errorf("read deletions of update: %w", err)
	}
	u.sets = make(map[uint64]*gaps)
	s.collectDeletes(u.sets)
	return u, nil
}

// Add puts n units from id on into the set.
func (u *Units) Add(id ID, n int) {
	if u.sets == nil {
		u.sets = make(map[uint64]*gaps)
	}
	g := u.sets[id.Client]
	if g == nil {
		g = new(gaps)
		u.sets[id.Client] = g
	}
	g.add(gap{id.Clock, id.Clock + uint64(n)})
}

// Has reports whether a unit is in the set.
func (u *Units) Has(id ID) bool {
	for range u.Among(id, 1) {
		return true
	}
	return false
}

// Among lists which of n units from id on are in the set, as runs in order: the first unit's ID and how many.
func (u *Units) Among(id ID, n int) iter.Seq2[ID, int] {
	return func(yield func(ID, int) bool) {
		g := u.sets[id.Client]
		if g == nil {
			return
		}
		g.order()
		end := id.Clock + uint64(n)
		at, _ := slices.BinarySearchFunc(g.list, id.Clock, func(x gap, clock uint64) int { return cmp.Compare(x.end, clock+1) })
		for ; at < len(g.list) && g.list[at].clock < end; at++ {
			from, to := max(id.Clock, g.list[at].clock), min(end, g.list[at].end)
			if !yield(ID{id.Client, from}, int(to-from)) {
				return
			}
		}
	}
}

// All lists the set as runs, those of one client in order.
func (u *Units) All() iter.Seq2[ID, int] {
	return func(yield func(ID, int) bool) {
		for client, g := range u.sets {
			g.order()
			for _, x := range g.list {
				if !yield(ID{client, x.clock}, int(x.end-x.clock)) {
					return
				}
			}
		}
	}
}
