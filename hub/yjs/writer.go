package yjs

import "unsafe"

// writer writes merged structs, joining those that are one run: same client, clocks without a gap, each written right
// behind the other before the same neighbour. A run and its parts are the same to every replica.
type writer struct {
	out      []byte // finished sections
	sections int

	section []byte // structs of the running section
	count   int    // of section
	start   uint64 // its first clock
	next    uint64 // clock behind the last struct taken
	open    bool   // anything was taken

	held    record // the last struct taken, not yet in section
	holding bool
	content []byte // its content when it was joined; held.data then is a view of it

	spare []*source // to be used again
}

// client merges the chunks of one client, whose units below known are left out. They are sorted by their clocks.
func (w *writer) client(chunks []chunk, known uint64) {
	w.next, w.open, w.count, w.section = known, false, 0, w.section[:0]
	id := chunks[0].client
	var h sourceHeap
	for len(chunks) > 0 || len(h) > 0 {
		for len(chunks) > 0 && (len(h) == 0 || chunks[0].clock <= h[0].rec.clock) {
			if s := w.source(&chunks[0]); s.next() {
				h.push(s)
			}
			chunks = chunks[1:]
		}
		if len(h) == 0 {
			break
		}
		s := h[0]
		w.take(&s.rec)
		if s.next() {
			h.sink()
		} else {
			h.drop()
			w.spare = append(w.spare, s)
		}
	}
	w.flush()
	if w.count == 0 {
		return
	}
	w.sections++
	w.out = AppendVarUint(w.out, uint64(w.count))
	w.out = AppendVarUint(AppendVarUint(w.out, id), w.start)
	w.out = append(w.out, w.section...)
}

// source is a chunk being read, with its next struct.
type source struct {
	r             reader
	rec           record
	client, clock uint64
	count, order  int
}

// source returns a source that reads c.
func (w *writer) source(c *chunk) *source {
	if len(w.spare) == 0 {
		w.spare = append(w.spare, new(source))
	}
	n := len(w.spare) - 1
	s := w.spare[n]
	w.spare = w.spare[:n]
	*s = source{r: reader{buf: c.data}, client: c.client, clock: c.clock, count: c.count, order: c.order}
	return s
}

// next reads the next struct that is not a gap; ok is false at the end.
func (s *source) next() (ok bool) {
	for s.count > 0 {
		s.count--
		s.r.record(&s.rec, s.client, s.clock)
		s.clock += s.rec.length
		if s.rec.kind != kindSkip {
			return true
		}
	}
	return false
}

// take adds a struct, or the part of it that is not known yet.
func (w *writer) take(rec *record) {
	end := rec.clock + rec.length
	if end <= w.next {
		return
	}
	switch {
	case !w.open:
		w.open = true
		w.start = max(rec.clock, w.next)
	case rec.clock > w.next:
		w.flush()
		w.count++
		w.section = AppendVarUint(append(w.section, byte(kindSkip)), rec.clock-w.next)
	}
	if rec.clock < w.next {
		rec.cut(w.next - rec.clock)
	}
	w.next = end
	if w.holding && w.held.joins(rec) {
		w.join(rec)
		return
	}
	w.flush()
	w.held, w.holding = *rec, true
}

// cut drops the first n units of a struct. Its neighbour to the left is then its own dropped part.
func (rec *record) cut(n uint64) {
	if rec.kind != kindGC {
		rec.hasOrigin, rec.origin = true, ID{rec.client, rec.clock + n - 1}
		rec.hasRoot, rec.hasParent, rec.hasKey = false, false, false
		if rec.kind != kindDeleted {
			rec.data = []byte(tailContent(rec.kind, string(rec.data), int(n), int(rec.length)))
		}
	}
	rec.clock += n
	rec.length -= n
}

// joins reports whether r, which begins where l ends, is the same run.
func (l *record) joins(r *record) bool {
	if l.kind != r.kind || l.clock+l.length != r.clock {
		return false
	}
	if l.kind == kindGC {
		return true
	}
	return l.kind.joins() && r.hasOrigin && r.origin == (ID{l.client, r.clock - 1}) &&
		l.hasRight == r.hasRight && l.right == r.right && !l.hasKey
}

// join appends a struct to the held one.
func (w *writer) join(rec *record) {
	h := &w.held
	h.length += rec.length
	if len(rec.data) == 0 {
		return
	}
	if unsafe.SliceData(h.data) != unsafe.SliceData(w.content) || len(h.data) != len(w.content) {
		w.content = append(w.content[:0], h.data...)
	}
	w.content = append(w.content, rec.data...)
	h.data = w.content
}

// flush writes the held struct.
func (w *writer) flush() {
	if !w.holding {
		return
	}
	w.holding = false
	w.count++
	w.section = w.held.append(w.section)
	w.content = w.content[:0]
}

// append appends a struct as it is on the wire.
func (rec *record) append(dst []byte) []byte {
	info := byte(rec.kind)
	if rec.hasOrigin {
		info |= bitOrigin
	}
	if rec.hasRight {
		info |= bitRight
	}
	if rec.hasKey {
		info |= bitKey
	}
	dst = append(dst, info)
	if rec.hasOrigin {
		dst = AppendVarUint(AppendVarUint(dst, rec.origin.Client), rec.origin.Clock)
	}
	if rec.hasRight {
		dst = AppendVarUint(AppendVarUint(dst, rec.right.Client), rec.right.Clock)
	}
	switch {
	case rec.hasRoot:
		dst = AppendVarBytes(append(dst, 1), rec.root)
	case rec.hasParent:
		dst = AppendVarUint(AppendVarUint(append(dst, 0), rec.parent.Client), rec.parent.Clock)
	}
	if rec.hasKey {
		dst = AppendVarBytes(dst, rec.key)
	}
	return appendContent(dst, rec.kind, stringView(rec.data), 0, int(rec.length))
}

// sourceHeap orders sources by the clock of their next struct.
type sourceHeap []*source

// push adds s.
func (h *sourceHeap) push(s *source) {
	*h = append(*h, s)
	for i := len(*h) - 1; i > 0; {
		up := (i - 1) / 2
		if !h.less(i, up) {
			break
		}
		(*h)[i], (*h)[up] = (*h)[up], (*h)[i]
		i = up
	}
}

// less orders sources.
func (h sourceHeap) less(a, b int) bool {
	if h[a].rec.clock != h[b].rec.clock {
		return h[a].rec.clock < h[b].rec.clock
	}
	return h[a].order < h[b].order
}

// sink puts the first source where it belongs after it moved on.
func (h sourceHeap) sink() {
	for i := 0; ; {
		least := i
		for c := 2*i + 1; c <= 2*i+2 && c < len(h); c++ {
			if h.less(c, least) {
				least = c
			}
		}
		if least == i {
			return
		}
		h[i], h[least] = h[least], h[i]
		i = least
	}
}

// drop removes the first source.
func (h *sourceHeap) drop() {
	n := len(*h) - 1
	(*h)[0] = (*h)[n]
	*h = (*h)[:n]
	h.sink()
}
