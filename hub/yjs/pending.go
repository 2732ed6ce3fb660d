package yjs

import (
	"bytes"
	"fmt"
	"slices"
)

// pending is what waits for missing parts: streams whose first struct refers to an unknown unit, and deletions of
// unknown units. A blocked stream is registered at the client that it waits for and woken when that client's clock
// passes the unit, and at its own client in case its units become known in another version. So waiting costs nothing
// and is never retried in vain.
type pending struct {
	waiting map[uint64]*queue // by the client that is waited for
	entries int               // of all queues
	all     map[*stream]bool  // streams that outlive the update they came with
	byStart map[ID]*stream    // one of all for each first unit
	fresh   []*stream         // streams of the running update that wait
	retry   []*stream         // streams that a spent work budget stopped
	bytes   int               // of all
	deletes map[uint64]*gaps  // by client
	ranges  int               // of deletes
}

// any reports whether anything waits.
func (p *pending) any() bool { return len(p.all) > 0 || len(p.deletes) > 0 }

// wait registers a stream at what it needs. It returns false when the same waits already.
func (p *pending) wait(s *stream) bool {
	switch {
	case s.owned:
		p.rekey(s)
	case s.queued:
	case p.known(s):
		s.count = 0
		return false
	default:
		w := *s
		w.queued = true
		s.count = 0
		s = &w
		p.fresh = append(p.fresh, s)
	}
	s.turn++
	p.enqueue(s.need, s)
	if s.need.Client != s.client {
		p.enqueue(ID{s.client, s.clock}, s)
	}
	return true
}

// enqueue makes a stream wake when the unit id is known.
func (p *pending) enqueue(id ID, s *stream) {
	if p.waiting == nil {
		p.waiting = make(map[uint64]*queue)
	}
	q := p.waiting[id.Client]
	if q == nil {
		q = new(queue)
		p.waiting[id.Client] = q
	}
	q.push(waiter{id.Clock, s.turn, s})
	if p.entries++; p.entries > 4*len(p.all)+256 {
		p.sweep()
	}
}

// known reports whether what s brings waits already. When it goes on where the waiting one ends, that one grows.
// Other versions of the same units (collected meanwhile, say) wait beside it.
func (p *pending) known(s *stream) bool {
	e := p.byStart[ID{s.client, s.clock}]
	if e == nil {
		return false
	}
	if bytes.HasPrefix(e.data, s.data) {
		return true
	}
	if !bytes.HasPrefix(s.data, e.data) {
		return false
	}
	p.bytes += len(s.data) - e.size
	e.size = len(s.data)
	e.data, e.count, e.end = bytes.Clone(s.data), s.count, s.end
	return true
}

// rekey notes that a waiting stream begins somewhere else now.
func (p *pending) rekey(s *stream) {
	p.unkey(s)
	s.start = ID{s.client, s.clock}
	if p.byStart[s.start] == nil {
		p.byStart[s.start] = s
	}
}

// unkey forgets where a stream began.
func (p *pending) unkey(s *stream) {
	if p.byStart[s.start] == s {
		delete(p.byStart, s.start)
	}
}

// drop forgets a stream that has been integrated.
func (p *pending) drop(s *stream) {
	if s.owned {
		p.unkey(s)
		delete(p.all, s)
		p.bytes -= s.size
	}
}

// own makes the streams of the running update that still wait independent of its bytes, and reports whether there are
// any. When applying was stopped they are dropped: stop says why.
func (p *pending) own(l Limits, stop error) (waits bool, err error) {
	err = stop
	for _, s := range p.fresh {
		waits = waits || s.count > 0
		if s.count > 0 && err == nil && p.bytes+len(s.data) > l.PendingBytes {
			err = fmt.Errorf("wait for missing parts: more than %d bytes: %w", l.PendingBytes, ErrBudget)
		}
		if s.count == 0 || err != nil {
			s.count = 0
			continue
		}
		if p.all == nil {
			p.all, p.byStart = make(map[*stream]bool), make(map[ID]*stream)
		}
		s.data, s.owned, s.size = bytes.Clone(s.data), true, len(s.data)
		p.bytes += s.size
		p.all[s] = true
		p.rekey(s)
	}
	clear(p.fresh)
	p.fresh = p.fresh[:0]
	if err != nil {
		p.sweep()
	}
	return waits, err
}

// sweep removes what is out of date from the queues.
func (p *pending) sweep() {
	p.entries = 0
	for client, q := range p.waiting {
		live := slices.DeleteFunc(*q, func(w waiter) bool { return !w.valid() })
		*q = nil
		for _, w := range live {
			q.push(w)
		}
		p.entries += len(live)
		if len(live) == 0 {
			delete(p.waiting, client)
		}
	}
}

// wake appends the streams that wait for a unit of client below clock to ready.
func (p *pending) wake(ready []*stream, client, clock uint64) []*stream {
	q := p.waiting[client]
	if q == nil {
		return ready
	}
	for len(*q) > 0 && (*q)[0].clock < clock {
		p.entries--
		if w := q.pop(); w.valid() {
			w.stream.turn++
			ready = append(ready, w.stream)
		}
	}
	if len(*q) == 0 {
		delete(p.waiting, client)
	}
	return ready
}

// waiter is a stream in a queue: it wakes when the unit at clock is known.
type waiter struct {
	clock uint64
	turn  uint32 // of the stream when it was put here
	*stream
}

// valid reports whether the stream still waits for what it was put into the queue for.
func (w waiter) valid() bool { return w.stream.count > 0 && w.stream.turn == w.turn }

// queue is a heap of waiters by the clock they wait for.
type queue []waiter

// push adds w.
func (q *queue) push(w waiter) {
	h := append(*q, w)
	for i := len(h) - 1; i > 0; {
		up := (i - 1) / 2
		if h[up].clock <= h[i].clock {
			break
		}
		h[up], h[i] = h[i], h[up]
		i = up
	}
	*q = h
}

// pop removes the waiter for the lowest clock.
func (q *queue) pop() waiter {
	h := *q
	top, n := h[0], len(h)-1
	h[0], h[n] = h[n], waiter{}
	h = h[:n]
	for i := 0; ; {
		least := i
		for c := 2*i + 1; c <= 2*i+2 && c < n; c++ {
			if h[c].clock < h[least].clock {
				least = c
			}
		}
		if least == i {
			break
		}
		h[i], h[least] = h[least], h[i]
		i = least
	}
	*q = h
	return top
}
