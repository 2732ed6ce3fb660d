package yjs

import (
	"bytes"
	"fmt"
	"slices"
)

// pending is what waits for missing parts: streams whose first struct refers to an unknown unit, and deletions of
// unknown units. A blocked stream is registered at the client that it waits for and woken when that client's clock
// passes the unit, so that waiting costs nothing and is never retried in vain.
type pending struct {
	waiting map[uint64]*queue // by the client that is waited for
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

// wait registers a stream at what it needs.
func (p *pending) wait(s *stream) {
	switch {
	case s.owned:
		p.rekey(s)
	case s.queued:
	case p.known(s):
		s.count = 0
		return
	default:
		w := *s
		w.queued = true
		s.count = 0
		s = &w
		p.fresh = append(p.fresh, s)
	}
	if p.waiting == nil {
		p.waiting = make(map[uint64]*queue)
	}
	q := p.waiting[s.need.Client]
	if q == nil {
		q = new(queue)
		p.waiting[s.need.Client] = q
	}
	q.push(s)
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

// own makes the streams of the running update that still wait independent of its bytes. When applying was stopped
// they are dropped: err says why.
func (p *pending) own(l Limits, err error) error {
	for _, s := range p.fresh {
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
	return err
}

// sweep removes dead streams from the queues.
func (p *pending) sweep() {
	for client, q := range p.waiting {
		live := slices.DeleteFunc(*q, func(s *stream) bool { return s.count == 0 })
		*q = nil
		for _, s := range live {
			q.push(s)
		}
		if len(*q) == 0 {
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
	for len(*q) > 0 && (*q)[0].need.Clock < clock {
		if s := q.pop(); s.count > 0 {
			ready = append(ready, s)
		}
	}
	if len(*q) == 0 {
		delete(p.waiting, client)
	}
	return ready
}

// queue is a heap of streams by the clock they wait for.
type queue []*stream

// push adds s.
func (q *queue) push(s *stream) {
	h := append(*q, s)
	for i := len(h) - 1; i > 0; {
		up := (i - 1) / 2
		if h[up].need.Clock <= h[i].need.Clock {
			break
		}
		h[up], h[i] = h[i], h[up]
		i = up
	}
	*q = h
}

// pop removes the stream that waits for the lowest clock.
func (q *queue) pop() *stream {
	h := *q
	top, n := h[0], len(h)-1
	h[0], h[n] = h[n], nil
	h = h[:n]
	for i := 0; ; {
		least := i
		for c := 2*i + 1; c <= 2*i+2 && c < n; c++ {
			if h[c].need.Clock < h[least].need.Clock {
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
