package yjs

import (
	"cmp"
	"fmt"
	"slices"
)

// maxVector bounds the entries of a state vector from outside.
const maxVector = 1 << 20

// DecodeStateVector reads a state vector: for each client the next clock that a replica does not know.
func DecodeStateVector(sv []byte) (map[uint64]uint64, error) {
	m, err := decodeVector(sv)
	if err != nil {
		return nil, fmt.Errorf("decode state vector: %w", err)
	}
	if m == nil {
		m = make(map[uint64]uint64)
	}
	return m, nil
}

// decodeVector is DecodeStateVector that knows nil for nothing.
func decodeVector(sv []byte) (map[uint64]uint64, error) {
	if sv == nil {
		return nil, nil
	}
	r := reader{buf: sv}
	n := r.uint()
	if n > uint64(r.rest()/2) {
		return nil, ErrMalformed
	}
	if n > maxVector {
		return nil, ErrLimit
	}
	m := make(map[uint64]uint64, n)
	for ; n > 0 && !r.failed; n-- {
		client := r.uint()
		m[client] = r.uint()
	}
	if r.failed || r.rest() > 0 {
		return nil, ErrMalformed
	}
	return m, nil
}

// EncodeStateVector writes a state vector, the highest client id first.
func EncodeStateVector(state map[uint64]uint64) []byte {
	order := make([]uint64, 0, len(state))
	for id := range state {
		order = append(order, id)
	}
	slices.SortFunc(order, func(a, b uint64) int { return cmp.Compare(b, a) })
	dst := AppendVarUint(make([]byte, 0, 8+8*len(state)), uint64(len(state)))
	for _, id := range order {
		dst = AppendVarUint(AppendVarUint(dst, id), state[id])
	}
	return dst
}

// StateVector returns the document's state vector, to be sent in a sync step 1. What waits for missing parts is not in
// it, so that a peer sends those.
func (d *Doc) StateVector() []byte {
	order := d.inOrder()
	dst := AppendVarUint(make([]byte, 0, 8+8*len(order)), uint64(len(order)))
	for _, ci := range order {
		dst = AppendVarUint(AppendVarUint(dst, d.clients[ci].id), uint64(d.clients[ci].clock))
	}
	return dst
}

// State returns for each client that wrote the next clock that is not known here.
func (d *Doc) State() map[uint64]uint64 {
	m := make(map[uint64]uint64, len(d.clients))
	for _, c := range d.clients[1:] {
		if c.count > 0 {
			m[c.id] = uint64(c.clock)
		}
	}
	return m
}
