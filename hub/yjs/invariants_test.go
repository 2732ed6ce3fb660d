package yjs

import (
	"fmt"
	"slices"
)

// checkInvariants returns the first thing about d that must never be so: broken links, wrong lengths, clocks with
// holes, a position index or map entry that points elsewhere. Tests call it after each step.
func (d *Doc) checkInvariants() error {
	inList := make(map[*item]bool)
	for ci, c := range d.clients[1:] {
		if err := d.checkClient(uint32(ci+1), c, inList); err != nil {
			return fmt.Errorf("client %d: %w", c.id, err)
		}
	}
	seen := make(map[*item]bool)
	for _, n := range d.rootOrder {
		if err := d.checkNode(n, seen); err != nil {
			return fmt.Errorf("root %q: %w", d.keys[n.key], err)
		}
	}
	for it := range inList {
		if it.kind != kindGC && !seen[it] {
			return fmt.Errorf("item %v is in no type", it.id)
		}
	}
	for it := range seen {
		if !inList[it] {
			return fmt.Errorf("item %v is in no struct list", it.id)
		}
	}
	return d.checkPending()
}

func (d *Doc) checkClient(ci uint32, c *client, inList map[*item]bool) error {
	if d.byID[c.id] != ci {
		return fmt.Errorf("index is %d, not %d", d.byID[c.id], ci)
	}
	clock, count := uint32(0), 0
	var last *item
	for bi, b := range c.blocks {
		if len(b.items) == 0 || len(b.items) > maxBlock || len(b.clocks) != len(b.items) {
			return fmt.Errorf("block %d has %d items and %d clocks", bi, len(b.items), len(b.clocks))
		}
		for i, it := range b.items {
			if b.clocks[i] != it.id.clock {
				return fmt.Errorf("item %v is noted at %d", it.id, b.clocks[i])
			}
			if it.flags&flagFree != 0 || it.id != (ref{ci, clock}) || it.length == 0 {
				return fmt.Errorf("item %v of length %d where %d is due", it.id, it.length, clock)
			}
			if last != nil && last.kind == kindGC && it.kind == kindGC && !d.txn.unsettled() {
				return fmt.Errorf("runs at %d and %d are not merged", last.id.clock, clock)
			}
			clock = it.end()
			count++
			last = it
			inList[it] = true
			if err := checkContent(it); err != nil {
				return fmt.Errorf("item at %d: %w", it.id.clock, err)
			}
		}
	}
	if err := c.checkErased(); err != nil {
		return err
	}
	if err := c.checkFirsts(); err != nil {
		return err
	}
	if clock != c.clock || count != c.count || last != c.last {
		return fmt.Errorf("ends at %d with %d structs, recorded are %d and %d", clock, count, c.clock, c.count)
	}
	return nil
}

// checkErased compares the deleted units as they are noted with those of the items.
func (c *client) checkErased() error {
	var spans []gap
	for _, b := range c.blocks {
		for _, it := range b.items {
			if it.deleted() {
				spans = append(spans, gap{uint64(it.id.clock), uint64(it.end())})
			}
		}
	}
	spans = mergeGaps(spans)
	if noted := mergeGaps(slices.Clone(c.erased.list)); !slices.Equal(noted, spans) {
		return fmt.Errorf("deleted units are noted as %v, not %v", noted, spans)
	}
	for i := 1; i < c.erased.sorted; i++ {
		if c.erased.list[i].clock <= c.erased.list[i-1].end {
			return fmt.Errorf("deleted units are out of order at %d of %v", i, c.erased.list)
		}
	}
	return nil
}

// checkFirsts compares the first clocks of blocks with the blocks.
func (c *client) checkFirsts() error {
	if len(c.firsts) != len(c.blocks) {
		return fmt.Errorf("%d first clocks of %d blocks", len(c.firsts), len(c.blocks))
	}
	for i, b := range c.blocks {
		if c.firsts[i] != b.clocks[0] {
			return fmt.Errorf("block %d begins at %d, noted is %d", i, b.clocks[0], c.firsts[i])
		}
	}
	return nil
}

// unsettled reports whether collecting is still to be done.
func (t *txn) unsettled() bool { return len(t.waste) > 0 }

// checkContent compares an item's length with its content.
func checkContent(it *item) error {
	if it.kind == kindGC || it.kind == kindDeleted {
		if !it.deleted() || it.data != "" {
			return fmt.Errorf("kind %d with content %q", it.kind, it.data)
		}
		return nil
	}
	var rec record
	r := reader{strict: true, depth: 1 << 20}
	r.buf = appendContent(nil, it.kind, it.data, 0, int(it.length))
	rec.kind = it.kind
	r.content(&rec)
	if r.failed || r.rest() > 0 || rec.length != uint64(it.length) {
		return fmt.Errorf("content of kind %d has length %d, not %d (failed %v, %d left)", it.kind, rec.length, it.length, r.failed, r.rest())
	}
	return nil
}

func (d *Doc) checkNode(n *node, seen map[*item]bool) error {
	length := uint32(0)
	var left *item
	for it := n.start; it != nil; it = it.right {
		if it.left != left || it.parent != n || it.key != 0 || seen[it] {
			return fmt.Errorf("list is broken at %v", it.id)
		}
		if it.visible() {
			length += it.length
		}
		if (it.leaf != nil) != (n.tree != nil) {
			return fmt.Errorf("item %v and position index disagree", it.id)
		}
		left = it
		if err := d.checkItem(n, it, seen); err != nil {
			return err
		}
	}
	if length != n.length {
		return fmt.Errorf("length is %d, recorded is %d", length, n.length)
	}
	if n.tree != nil {
		if err := n.tree.check(n); err != nil {
			return err
		}
	}
	return d.checkEntries(n, seen)
}

func (d *Doc) checkItem(n *node, it *item, seen map[*item]bool) error {
	seen[it] = true
	if !n.alive() && !it.deleted() {
		return fmt.Errorf("item %v is alive in a deleted type", it.id)
	}
	if (it.kind == kindType) != (it.node != nil) {
		return fmt.Errorf("item %v of kind %d and its type disagree", it.id, it.kind)
	}
	if it.node == nil {
		return nil
	}
	if it.node.item != it || it.node.id != it.id || it.node.dead {
		return fmt.Errorf("type %v does not know its item", it.id)
	}
	return d.checkNode(it.node, seen)
}

func (d *Doc) checkEntries(n *node, seen map[*item]bool) error {
	keys := make(map[uint32]bool)
	for i, e := range n.entries {
		if keys[e.key] || n.find(e.key) != i || e.item == nil || e.item.right != nil {
			return fmt.Errorf("key %q is not well kept", d.keys[e.key])
		}
		keys[e.key] = true
		for it := e.item; it != nil; it = it.left {
			if it.parent != n || it.key != e.key || seen[it] || it.left != nil && it.left.right != it {
				return fmt.Errorf("history of key %q is broken at %v", d.keys[e.key], it.id)
			}
			if it != e.item && !it.deleted() && !wasSplit(it) {
				return fmt.Errorf("older value %v of key %q is alive", it.id, d.keys[e.key])
			}
			if err := d.checkItem(n, it, seen); err != nil {
				return err
			}
		}
	}
	return nil
}

// wasSplit reports whether a value of a key is the left half of a longer one. Its halves are not values of their own:
// Yjs leaves the left one alive, where nobody sees it.
func wasSplit(it *item) bool {
	for r := it.right; r != nil; r = r.right {
		if r.id == (ref{it.id.client, it.end()}) {
			return true
		}
	}
	return false
}

// check compares a position index with the list of n.
func (t *tree) check(n *node) error {
	it := n.start
	var walk func(l *leaf, up *leaf) (int, error)
	walk = func(l *leaf, up *leaf) (sum int, err error) {
		if l.up != up || l.tree != t {
			return 0, fmt.Errorf("position index has lost a node")
		}
		if l.kids == nil {
			if l.first != it || l.items == 0 && n.start != nil || l.items > leafItems {
				return 0, fmt.Errorf("leaf of %d items begins at the wrong place", l.items)
			}
			for range l.items {
				if it == nil || it.leaf != l {
					return 0, fmt.Errorf("leaf covers the wrong items")
				}
				if it.visible() {
					sum += int(it.length)
				}
				it = it.right
			}
		}
		for _, k := range l.kids {
			s, err := walk(k, l)
			if err != nil {
				return 0, err
			}
			sum += s
		}
		if sum != l.units {
			return 0, fmt.Errorf("node counts %d units, has %d", l.units, sum)
		}
		return sum, nil
	}
	_, err := walk(t.root, nil)
	if err == nil && it != nil {
		err = fmt.Errorf("position index ends early")
	}
	return err
}

func (d *Doc) checkPending() error {
	size := 0
	for s := range d.pending.all {
		if s.count == 0 || !s.owned {
			return fmt.Errorf("a stream of client %d waits for nothing", s.client)
		}
		size += s.size
		if c := d.clientOf(s.need.Client); c != 0 && s.need.Clock < uint64(d.clients[c].clock) && len(d.pending.retry) == 0 {
			return fmt.Errorf("a stream of client %d sleeps on", s.client)
		}
	}
	if size != d.pending.bytes {
		return fmt.Errorf("%d bytes wait, recorded are %d", size, d.pending.bytes)
	}
	ranges := 0
	for client, g := range d.pending.deletes {
		ranges += len(g.list)
		for _, x := range g.list {
			if x.clock < d.stateOf(client) {
				return fmt.Errorf("a deletion of client %d sleeps on", client)
			}
		}
	}
	if ranges != d.pending.ranges {
		return fmt.Errorf("%d deletions wait, recorded are %d", ranges, d.pending.ranges)
	}
	return nil
}
