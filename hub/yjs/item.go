package yjs

// item is one struct of a document: a run of units that one client wrote one after the other and that stand next to
// each other. It is kept to 96 bytes, because a document is little else than items.
//
// An item is in two orders at once: in its client's struct list by clock, and in its parent's list (or in the history
// of one map key) by position. Collected items (kindGC) have only the first.
//
// Of big documents most time goes into waiting for the memory of items. What a search for neighbours looks at comes
// first and fits into 32 bytes, so that one line of the cache is enough.
type item struct {
	id     ref
	length uint32 // units
	key    uint32 // interned map key, 0: element of a list
	mark   uint32 // scratch of conflict resolution
	kind   kind
	flags  uint8
	right  *item
	left   *item
	parent *node  // nil when collected
	origin ref    // unit to the left at the time of writing
	rorig  ref    // unit to the right at the time of writing
	data   string // content as on the wire, see content.go
	node   *node  // the type of a kindType item
	leaf   *leaf  // place in the parent's position index, nil when it has none
}

const (
	flagDeleted = 1 << iota
	flagFree    // given back: only the invariant checker looks at it
)

// deleted reports whether the item's content is gone.
func (it *item) deleted() bool { return it.flags&flagDeleted != 0 }

// visible reports whether the item takes part in the length of its parent.
func (it *item) visible() bool { return it.flags&flagDeleted == 0 && it.kind.countable() }

// last is the item's last unit.
func (it *item) last() ref { return ref{it.id.client, it.id.clock + it.length - 1} }

// end is the clock behind the item.
func (it *item) end() uint32 { return it.id.clock + it.length }

// mergeable reports whether r, which follows l in clock order, can become part of it without any replica noticing.
func mergeable(l, r *item) bool {
	if l.right != r && l.kind != kindGC { // most are told apart without a look at r
		return false
	}
	if l.kind != r.kind || l.id.client != r.id.client || l.end() != r.id.clock {
		return false
	}
	return l.kind == kindGC || l.flags == r.flags && r.origin == l.last() && l.rorig == r.rorig && l.kind.joins()
}

// slabs hand out items in blocks, and again those that merging gave back.
type slabs struct {
	free  *item // chained by right
	block []item
	size  int
}

const maxSlab = 128

// reserve makes room for n items at once.
func (s *slabs) reserve(n int) {
	if n > len(s.block) {
		s.block = make([]item, n)
	}
}

// take returns a zero item.
func (s *slabs) take() *item {
	if it := s.free; it != nil {
		s.free = it.right
		*it = item{}
		return it
	}
	if len(s.block) == 0 {
		s.size = min(max(4, s.size*2), maxSlab)
		s.block = make([]item, s.size)
	}
	it := &s.block[0]
	s.block = s.block[1:]
	return it
}

// give takes back an item that nothing points to any more.
func (s *slabs) give(it *item) {
	*it = item{flags: flagFree, right: s.free}
	s.free = it
}
