package yjs

import (
	"cmp"
	"fmt"
	"slices"
)

// MergeUpdates makes one update of many, in time linear in their size but for sorting. Applying it does what applying
// all of them would; parts that are missing between them stay gaps. It needs no document.
func MergeUpdates(updates ...[]byte) ([]byte, error) {
	out, err := combine(updates, nil)
	if err != nil {
		return nil, fmt.Errorf("merge updates: %w", err)
	}
	return out, nil
}

// DiffUpdate returns the part of an update that a replica with the state vector sv does not know, with all of its
// deletions. It needs no document.
func DiffUpdate(update, sv []byte) ([]byte, error) {
	known, err := decodeVector(sv)
	if err != nil {
		return nil, fmt.Errorf("diff update: %w", err)
	}
	out, err := combine([][]byte{update}, known)
	if err != nil {
		return nil, fmt.Errorf("diff update: %w", err)
	}
	return out, nil
}

// StateVectorOf returns the state vector that an empty document would have after applying an update. It needs no
// document.
func StateVectorOf(update []byte) ([]byte, error) {
	var s scan
	if err := s.run(update, Limits{}.withDefaults()); err != nil {
		return nil, fmt.Errorf("read state vector of update: %w", err)
	}
	state := make(map[uint64]uint64, len(s.streams))
	for i := range s.streams {
		if end := s.streams[i].prefix(); end > 0 {
			state[s.streams[i].client] = end
		}
	}
	return EncodeStateVector(state), nil
}

// prefix returns the clock up to which a stream has everything from 0 on.
func (s *stream) prefix() uint64 {
	if s.clock > 0 {
		return 0
	}
	r := reader{buf: s.data}
	var rec record
	clock := uint64(0)
	for range s.count {
		r.record(&rec, s.client, clock)
		if rec.kind == kindSkip {
			break
		}
		clock += rec.length
	}
	return clock
}

// chunk is the part of an update that one client wrote, to be merged.
type chunk struct {
	client, clock uint64
	count, order  int // structs; which update it came with
	data          []byte
}

// combine merges updates, leaving out what a replica with the given state knows.
func combine(updates [][]byte, known map[uint64]uint64) ([]byte, error) {
	var s scan
	limits := Limits{}.withDefaults()
	chunks := make([]chunk, 0, len(updates))
	deletes := make(map[uint64]*gaps)
	size := 0
	for i, u := range updates {
		if err := s.run(u, limits); err != nil {
			return nil, err
		}
		for j := range s.streams {
			st := &s.streams[j]
			chunks = append(chunks, chunk{st.client, st.clock, st.count, i, st.data})
			size += len(st.data)
		}
		s.collectDeletes(deletes)
	}
	slices.SortFunc(chunks, func(a, b chunk) int {
		return cmp.Or(cmp.Compare(b.client, a.client), cmp.Compare(a.clock, b.clock), cmp.Compare(a.order, b.order))
	})
	w := writer{out: make([]byte, 0, min(size, 1<<16))}
	for len(chunks) > 0 {
		n := 1
		for n < len(chunks) && chunks[n].client == chunks[0].client {
			n++
		}
		w.client(chunks[:n], known[chunks[0].client])
		chunks = chunks[n:]
	}
	return appendGaps(append(AppendVarUint(make([]byte, 0, len(w.out)+16), uint64(w.sections)), w.out...), deletes), nil
}

// collectDeletes adds the delete set of an update to sets by client.
func (s *scan) collectDeletes(sets map[uint64]*gaps) {
	r := reader{buf: s.deletes}
	for sections := r.uint(); sections > 0; sections-- {
		client, n := r.uint(), r.uint()
		if n == 0 {
			continue
		}
		g := sets[client]
		if g == nil {
			g = new(gaps)
			sets[client] = g
		}
		for ; n > 0; n-- {
			clock := r.uint()
			g.add(gap{clock, clock + r.uint()})
		}
	}
}

// appendGaps appends a delete set, the highest client first.
func appendGaps(dst []byte, sets map[uint64]*gaps) []byte {
	order := make([]uint64, 0, len(sets))
	for client := range sets {
		order = append(order, client)
	}
	slices.SortFunc(order, func(a, b uint64) int { return cmp.Compare(b, a) })
	dst = AppendVarUint(dst, uint64(len(order)))
	for _, client := range order {
		list := mergeGaps(sets[client].list)
		dst = AppendVarUint(AppendVarUint(dst, client), uint64(len(list)))
		for _, x := range list {
			dst = AppendVarUint(AppendVarUint(dst, x.clock), x.end-x.clock)
		}
	}
	return dst
}

// withPending adds what waits for missing parts to an encoded state. Of units that are known by now the integrated
// version is the one to keep.
func (d *Doc) withPending(update []byte, sv map[uint64]uint64) ([]byte, error) {
	var updates [][]byte
	for s := range d.pending.all {
		u := AppendVarUint([]byte{1}, uint64(s.count))
		u = AppendVarUint(AppendVarUint(u, s.client), s.clock)
		updates = append(updates, append(append(u, s.data...), 0))
	}
	slices.SortFunc(updates, slices.Compare)
	if len(d.pending.deletes) > 0 {
		updates = append(updates, appendGaps([]byte{0}, d.pending.deletes))
	}
	known := d.State()
	for client, clock := range sv {
		known[client] = max(known[client], clock)
	}
	waiting, err := combine(updates, known)
	if err != nil {
		return nil, err
	}
	return combine([][]byte{update, waiting}, nil)
}
