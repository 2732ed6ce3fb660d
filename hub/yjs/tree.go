package yjs

// tree finds the i-th unit of a long list. Its leaves cover runs of the list's items, deleted ones included; each node
// knows how many visible units are below it. It is built when a search had to walk far, and kept up from then on.
type tree struct{ root *leaf }

// leaf is a node of a tree: one at the bottom covers items from first on, the others have kids.
type leaf struct {
	tree  *tree
	up    *leaf // nil: the root
	kids  []*leaf
	first *item
	items int
	units int
}

const (
	longWalk   = 128 // items passed in vain from which a list gets a tree
	leafItems  = 128 // most items of a leaf
	branchKids = 32  // most kids of a node
)

// newTree builds the tree of a list that is not empty.
func newTree(start *item) *tree {
	t := &tree{}
	var level []*leaf
	for it := start; it != nil; it = it.right {
		if n := len(level); n == 0 || level[n-1].items == leafItems/2 {
			level = append(level, &leaf{tree: t, first: it})
		}
		level[len(level)-1].cover(it)
	}
	for len(level) > 1 {
		level = t.gather(level)
	}
	t.root = level[0]
	return t
}

// gather puts nodes that stand next to each other under common parents.
func (t *tree) gather(kids []*leaf) (level []*leaf) {
	for len(kids) > 0 {
		n := min(len(kids), branchKids/2)
		up := &leaf{tree: t, kids: append(make([]*leaf, 0, branchKids+1), kids[:n]...)}
		for _, k := range up.kids {
			k.up = up
			up.units += k.units
		}
		level = append(level, up)
		kids = kids[n:]
	}
	return level
}

// cover counts one more item, which stands behind the leaf's others.
func (l *leaf) cover(it *item) {
	it.leaf = l
	l.items++
	if it.visible() {
		l.units += int(it.length)
	}
}

// locate returns an item from which the i-th unit is not far, and the index of the unit counted from that item.
func (t *tree) locate(i uint32) (*item, uint32) {
	l := t.root
	for l.kids != nil {
		for _, k := range l.kids {
			if int(i) < k.units {
				l = k
				break
			}
			i -= uint32(k.units)
		}
	}
	return l.first, i
}

// last returns an item from which the end of the list is not far.
func (t *tree) last() *item {
	l := t.root
	for l.kids != nil {
		l = l.kids[len(l.kids)-1]
	}
	return l.first
}

// add counts n more visible units, which may be negative.
func (l *leaf) add(n int) {
	for ; l != nil; l = l.up {
		l.units += n
	}
}

// insert takes in a new item that is linked already.
func (t *tree) insert(it *item) {
	if it.left != nil {
		it.leaf = it.left.leaf
	} else {
		it.leaf = it.right.leaf
		it.leaf.first = it
	}
	if it.visible() {
		it.leaf.add(int(it.length))
	}
	it.leaf.items++
	it.leaf.divide()
}

// split takes in the right half of an item of the leaf.
func (l *leaf) split(right *item) {
	right.leaf = l
	l.items++
	l.divide()
}

// merge forgets item r, which becomes part of its left neighbour.
func (l *leaf) merge(left, r *item) {
	if left.leaf != l && r.visible() {
		l.add(-int(r.length))
		left.leaf.add(int(r.length))
	}
	l.items--
	if l.first == r {
		l.first = r.right
	}
	if l.items == 0 {
		l.remove()
	}
}

// divide splits a leaf that covers too many items.
func (l *leaf) divide() {
	if l.items <= leafItems {
		return
	}
	it := l.first
	for range l.items / 2 {
		it = it.right
	}
	right := &leaf{tree: l.tree, first: it}
	for n := l.items - l.items/2; n > 0; n-- {
		right.cover(it)
		it = it.right
	}
	l.items -= right.items
	l.units -= right.units
	l.follow(right)
}

// follow puts a new node right behind l, whose units were part of l's.
func (l *leaf) follow(right *leaf) {
	up := l.up
	if up == nil {
		up = &leaf{tree: l.tree, kids: []*leaf{l}, units: l.units + right.units}
		l.up, l.tree.root = up, up
	}
	right.up = up
	at := up.place(l) + 1
	up.kids = append(up.kids, nil)
	copy(up.kids[at+1:], up.kids[at:])
	up.kids[at] = right
	if len(up.kids) > branchKids {
		up.halve()
	}
}

// halve splits a node that has too many kids.
func (l *leaf) halve() {
	n := len(l.kids) / 2
	right := &leaf{tree: l.tree, kids: append(make([]*leaf, 0, branchKids+1), l.kids[n:]...)}
	for _, k := range right.kids {
		k.up = right
		right.units += k.units
	}
	clear(l.kids[n:])
	l.kids = l.kids[:n]
	l.units -= right.units
	l.follow(right)
}

// place returns the index of a kid.
func (l *leaf) place(kid *leaf) int {
	for i, k := range l.kids {
		if k == kid {
			return i
		}
	}
	panic("position index: lost a node")
}

// remove takes an empty node out of its parent.
func (l *leaf) remove() {
	up := l.up
	if up == nil {
		return
	}
	at := up.place(l)
	up.kids = append(up.kids[:at], up.kids[at+1:]...)
	if len(up.kids) == 0 {
		up.remove()
	}
}
