package yjs

import "fmt"

// Excerpt returns an update that says of a state only what stands in the shared types with the given ids and in the
// types around them; all else is in it as if it had been collected, so that other types in there are empty. Ids that the
// state does not hold are passed over. Of a state with parts that wait for missing ones nothing is left out: it is
// returned as it is. No document is needed.
//
// A document loaded from it has the state vector of the whole one, and an edit of one of those types writes what it would
// write there. So it is the cheap way to fork a former state: the update of the edit is applied to the document as it is
// by now.
func Excerpt(state []byte, types ...ID) ([]byte, error) {
	o := newOutline(len(state))
	s := scan{outline: o}
	if err := s.run(state, Limits{}.withDefaults()); err != nil {
		return nil, fmt.Errorf("excerpt of state: %w", err)
	}
	if s.skips || !o.whole() {
		return state, nil
	}
	o.resolve()
	for _, id := range types {
		o.keep(id)
	}
	return append(o.write(state), s.deletes...), nil
}

// keep marks a type, and those around it, as to be kept.
func (o *outline) keep(id ID) {
	for n := o.typeHome(id); n != homeGone && !o.homes[n].kept; {
		h := &o.homes[n]
		h.kept = true
		n = homeGone
		if st := o.find(h.id); !h.root && st != nil {
			n = o.home(st)
		}
	}
}

// write encodes what is kept.
func (o *outline) write(state []byte) []byte {
	out := AppendVarUint(nil, uint64(len(o.parts)))
	var body []byte
	for i := range o.parts {
		p := &o.parts[i]
		var count int
		body, count = o.writePart(body[:0], p, state)
		out = AppendVarUint(out, uint64(count))
		out = AppendVarUint(AppendVarUint(out, p.client), uint64(o.clocks[p.from]))
		out = append(out, body...)
	}
	return out
}

// writePart appends what is kept of one client's structs, and runs of collected units for the others.
func (o *outline) writePart(body []byte, p *part, state []byte) (_ []byte, count int) {
	collected := uint64(0)
	flush := func() {
		if collected > 0 {
			body = AppendVarUint(append(body, byte(kindGC)), collected)
			collected = 0
			count++
		}
	}
	for i := p.from; i < p.to; i++ {
		clock, next, end := uint64(o.clocks[i]), p.clock, p.end
		if i+1 < p.to {
			next, end = uint64(o.clocks[i+1]), int(o.stubs[i+1].at)
		}
		if !o.homes[o.home(&o.stubs[i])].kept {
			collected += next - clock
			continue
		}
		flush()
		body = append(body, state[o.stubs[i].at:end]...)
		count++
	}
	flush()
	return body, count
}
