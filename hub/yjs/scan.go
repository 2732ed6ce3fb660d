package yjs

import (
	"cmp"
	"fmt"
	"slices"
)

// scan judges the bytes of an update without a document: it finds the struct streams and the delete set.
type scan struct {
	streams []stream
	deletes []byte // the delete set with its count
	ranges  int    // delete ranges
	structs int
	skips   bool     // contains gaps
	outline *outline // is told every struct and where its bytes are, when not nil
}

// release forgets the update but keeps the memory.
func (s *scan) release() {
	clear(s.streams)
	if cap(s.streams) > 1024 {
		s.streams = nil
	}
	s.streams, s.deletes = s.streams[:0], nil
}

// run reads all of update. Nothing of it is trusted afterwards that was not checked here: text is UTF-8, JSON is JSON,
// values nest within bounds, lengths are positive, clocks and references are possible.
func (s *scan) run(update []byte, l Limits) error {
	*s = scan{streams: s.streams[:0], outline: s.outline}
	if len(update) > l.UpdateBytes {
		return fmt.Errorf("update of %d bytes: %w", len(update), ErrLimit)
	}
	r := reader{buf: update, strict: true, depth: l.ValueDepth}
	sections := r.uint()
	if sections > uint64(r.rest()) {
		r.fail()
	} else if sections > uint64(l.Clients) {
		return fmt.Errorf("update of %d clients: %w", sections, ErrLimit)
	}
	for ; sections > 0 && !r.failed; sections-- {
		if err := s.section(&r, l); err != nil {
			return err
		}
	}
	if s.repeats() {
		r.fail()
	}
	start := r.pos
	if err := s.deleteSet(&r, l); err != nil {
		return err
	}
	if r.failed || r.rest() > 0 {
		return fmt.Errorf("read update: %w", ErrMalformed)
	}
	s.deletes = update[start:]
	return nil
}

// section reads the structs of one client.
func (s *scan) section(r *reader, l Limits) error {
	count := r.uint()
	if count > uint64(r.rest()) {
		r.fail()
		return nil
	}
	if s.structs += int(count); s.structs > l.Structs {
		return fmt.Errorf("update of more than %d structs: %w", l.Structs, ErrLimit)
	}
	st := stream{client: r.uint(), clock: r.clock(), count: int(count)}
	start, clock := r.pos, st.clock
	var rec record
	for i := 0; i < st.count && !r.failed; i++ {
		at := r.pos
		r.record(&rec, st.client, clock)
		clock += rec.length
		if rec.impossible() {
			r.fail()
		}
		s.skips = s.skips || rec.kind == kindSkip
		if s.outline != nil && !r.failed {
			s.outline.visit(&rec, at, r.pos)
		}
	}
	if !r.failed {
		st.data, st.end = r.buf[start:r.pos], clock
		s.streams = append(s.streams, st)
	}
	return nil
}

// repeats reports whether a client has more than one section. Clients send them in falling order of their ids; others
// are put into it.
func (s *scan) repeats() bool {
	order := func(a, b stream) int { return cmp.Compare(b.client, a.client) }
	if !slices.IsSortedFunc(s.streams, order) {
		slices.SortFunc(s.streams, order)
	}
	for i := 1; i < len(s.streams); i++ {
		if s.streams[i].client == s.streams[i-1].client {
			return true
		}
	}
	return false
}

// deleteSet reads what an update deletes.
func (s *scan) deleteSet(r *reader, l Limits) error {
	sections := r.uint()
	for ; sections > 0 && !r.failed; sections-- {
		r.uint()
		ranges := r.uint()
		if ranges > uint64(r.rest()) {
			r.fail()
			return nil
		}
		if s.ranges += int(ranges); s.ranges > l.DeleteRanges {
			return fmt.Errorf("update of more than %d delete ranges: %w", l.DeleteRanges, ErrLimit)
		}
		for ; ranges > 0 && !r.failed; ranges-- {
			clock, length := r.clock(), r.clock()
			if length == 0 || clock+length > maxClock {
				r.fail()
			}
		}
	}
	return nil
}

// Validate judges an update without a document, as [Doc.Apply] does before it touches one. It returns nil,
// [ErrMalformed] or [ErrLimit].
func Validate(update []byte, l Limits) error {
	var s scan
	if err := s.run(update, l.withDefaults()); err != nil {
		return fmt.Errorf("validate update: %w", err)
	}
	return nil
}
