package yjs

import (
	"cmp"
	"fmt"
	"slices"
)

// gap is a run of units from clock to end, of a client that the context names.
type gap struct{ clock, end uint64 }

// gaps is a set of runs. It is put in order now and then, so that adding stays cheap and repeating costs no memory.
type gaps struct {
	list   []gap
	sorted int // how many runs there were when the list was last put in order
	dirty  bool
}

// add puts a run into the set.
func (g *gaps) add(x gap) {
	if n := len(g.list); n > 0 && x.clock <= g.list[n-1].end {
		g.dirty = true
	}
	g.list = append(g.list, x)
	if len(g.list) > 2*g.sorted+16 {
		g.order()
	}
}

// order sorts the runs and joins those that touch.
func (g *gaps) order() {
	if g.dirty {
		g.list = joinGaps(g.list[:g.sorted], mergeGaps(g.list[g.sorted:]))
		g.dirty = false
	}
	g.sorted = len(g.list)
}

// joinGaps returns the union of two lists of runs, each in order.
func joinGaps(a, b []gap) []gap {
	if len(a) == 0 {
		return b
	}
	out := make([]gap, 0, len(a)+len(b))
	for len(a)+len(b) > 0 {
		if len(a) == 0 || len(b) > 0 && b[0].clock < a[0].clock {
			a, b = b, a
		}
		x := a[0]
		a = a[1:]
		if n := len(out); n > 0 && x.clock <= out[n-1].end {
			out[n-1].end = max(out[n-1].end, x.end)
		} else {
			out = append(out, x)
		}
	}
	return out
}

// covers reports whether all units of x are in the ordered part of the set, in a run at index at or behind. It returns
// where to go on for the next x: looking for many in rising order is a walk through both lists.
func (g *gaps) covers(x gap, at int) (next int, ok bool) {
	list := g.list[:g.sorted]
	if at >= len(list) || list[at].clock > x.clock {
		at = 0
	}
	for steps := 0; at+1 < len(list) && list[at+1].clock <= x.clock; steps++ {
		if at++; steps == nearGaps {
			i, found := slices.BinarySearchFunc(list[at:], x.clock, func(y gap, clock uint64) int { return cmp.Compare(y.clock, clock) })
			if at += i; !found {
				at--
			}
		}
	}
	return at, at < len(list) && list[at].clock <= x.clock && x.end <= list[at].end
}

// nearGaps is how many runs are passed one by one before the place is searched.
const nearGaps = 4

// mergeGaps sorts runs and joins those that touch.
func mergeGaps(list []gap) []gap {
	if len(list) < 2 {
		return list
	}
	slices.SortFunc(list, func(a, b gap) int { return cmp.Compare(a.clock, b.clock) })
	out := list[:1]
	for _, x := range list[1:] {
		if l := &out[len(out)-1]; x.clock <= l.end {
			l.end = max(l.end, x.end)
		} else {
			out = append(out, x)
		}
	}
	return out
}

// without returns the parts of x that are not in the set g, which may be nil.
func without(x gap, g *gaps) (out []gap) {
	if g == nil {
		return []gap{x}
	}
	g.order()
	i, _ := slices.BinarySearchFunc(g.list, x.clock, func(y gap, clock uint64) int { return cmp.Compare(y.end, clock) })
	for ; i < len(g.list) && g.list[i].clock < x.end && x.clock < x.end; i++ {
		if y := g.list[i]; y.end > x.clock {
			if y.clock > x.clock {
				out = append(out, gap{x.clock, y.clock})
			}
			x.clock = y.end
		}
	}
	if x.clock < x.end {
		out = append(out, x)
	}
	return out
}

// addDelete notes that unknown units of client are deleted.
func (p *pending) addDelete(client, clock, end uint64) {
	if p.deletes == nil {
		p.deletes = make(map[uint64]*gaps)
	}
	g := p.deletes[client]
	if g == nil {
		g = new(gaps)
		p.deletes[client] = g
	}
	p.ranges -= len(g.list)
	g.add(gap{clock, end})
	p.ranges += len(g.list)
}

// trim drops waiting deletions that are too many.
func (p *pending) trim(l Limits) error {
	if p.ranges <= l.PendingRanges {
		return nil
	}
	for client, g := range p.deletes {
		p.ranges -= len(g.list)
		g.order()
		p.ranges += len(g.list)
		if p.ranges > l.PendingRanges {
			p.ranges -= len(g.list)
			delete(p.deletes, client)
		}
	}
	return fmt.Errorf("wait for missing parts: more than %d deletions: %w", l.PendingRanges, ErrBudget)
}

// takeDeletes removes and returns the waiting deletions of client's units below state.
func (p *pending) takeDeletes(client, state uint64) []gap {
	g := p.deletes[client]
	if g == nil {
		return nil
	}
	p.ranges -= len(g.list)
	g.order()
	n := 0
	for n < len(g.list) && g.list[n].end <= state {
		n++
	}
	taken := g.list[:n:n]
	g.list = g.list[n:]
	if len(g.list) > 0 && g.list[0].clock < state {
		taken = append(taken, gap{g.list[0].clock, state})
		g.list[0].clock = state
	}
	p.ranges += len(g.list)
	g.sorted = len(g.list)
	if len(g.list) == 0 {
		delete(p.deletes, client)
	}
	return taken
}
