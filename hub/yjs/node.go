package yjs

// TypeKind says what a shared type is. The values are those of the wire format.
type TypeKind uint8

// The kinds of shared types.
const (
	KindArray       TypeKind = 0
	KindMap         TypeKind = 1
	KindText        TypeKind = 2
	KindXMLElement  TypeKind = 3
	KindXMLFragment TypeKind = 4
	KindXMLHook     TypeKind = 5
	KindXMLText     TypeKind = 6
	kindCount       TypeKind = 7
	// KindUnknown is the kind of a root type that other replicas wrote to and nobody here has asked for by kind.
	KindUnknown TypeKind = 255
)

// node is a shared type: [Map], [Array], [Text] and [XML] are the same memory under other names, so that handing one
// out costs nothing and each type has one address for as long as it lives.
type node struct {
	doc     *Doc
	item    *item // what holds it; nil for root types, and for dead ones
	start   *item // first item of the list
	tree    *tree // position index, nil for short lists
	entries []entry
	index   map[uint32]int32 // place in entries, once there are many
	id      ref              // of item, also when dead
	length  uint32           // visible units of the list
	key     uint32           // interned name of a root type
	seq     uint32           // transaction that changed it last
	change  int32            // its place in the changes of that transaction
	depth   uint16           // types above it
	kind    TypeKind
	dead    bool   // collected
	name    string // of XML elements and hooks
}

// entry is the current (rightmost, perhaps deleted) item of a map key.
type entry struct {
	key  uint32
	seq  uint32 // transaction that changed it last
	item *item
}

// manyEntries is when a map gets an index: below, looking through the entries is faster.
const manyEntries = 12

// find returns the place of key in entries, -1 when absent.
func (n *node) find(key uint32) int {
	if n.index != nil {
		if i, ok := n.index[key]; ok {
			return int(i)
		}
		return -1
	}
	for i := range n.entries {
		if n.entries[i].key == key {
			return i
		}
	}
	return -1
}

// entry returns the current item of key, deleted or not, nil when there never was one.
func (n *node) entry(key uint32) *item {
	if i := n.find(key); i >= 0 {
		return n.entries[i].item
	}
	return nil
}

// setEntry makes it the current item of key.
func (n *node) setEntry(key uint32, it *item) {
	if i := n.find(key); i >= 0 {
		n.entries[i].item = it
		return
	}
	n.entries = append(n.entries, entry{key: key, item: it})
	switch {
	case n.index != nil:
		n.index[key] = int32(len(n.entries) - 1)
	case len(n.entries) > manyEntries:
		n.index = make(map[uint32]int32, 2*manyEntries)
		for i, e := range n.entries {
			n.index[e.key] = int32(i)
		}
	}
}

// get returns the live item of a key, nil when there is none.
func (n *node) get(key string) *item {
	k, ok := n.doc.keyIDs[key]
	if !ok {
		return nil
	}
	if it := n.entry(k); it != nil && !it.deleted() {
		return it
	}
	return nil
}

// alive reports whether the type is still part of the document.
func (n *node) alive() bool { return !n.dead && (n.item == nil || !n.item.deleted()) }

// parent returns the type that holds n, nil for root types and dead ones.
func (n *node) parent() *node {
	if n.item == nil {
		return nil
	}
	return n.item.parent
}

// keyName returns the map key that holds n, or the name of a root type.
func (n *node) keyName() string {
	if n.item != nil {
		return n.doc.keys[n.item.key]
	}
	return n.doc.keys[n.key]
}

// publicID returns the id of the item that holds n, or the zero ID for root types.
func (n *node) publicID() ID {
	if n.id.none() {
		return ID{}
	}
	return n.doc.idOf(n.id)
}

// facade returns n under the name of its kind.
func (n *node) facade() Type {
	switch n.shape() {
	case KindMap:
		return (*Map)(n)
	case KindText:
		return (*Text)(n)
	case KindArray:
		return (*Array)(n)
	}
	return (*XML)(n)
}

// shape is the kind of n, guessed from what it holds when nobody said.
func (n *node) shape() TypeKind {
	if n.kind != KindUnknown {
		return n.kind
	}
	if n.start == nil {
		return KindMap
	}
	for it := n.start; it != nil; it = it.right {
		if it.kind == kindString || it.kind == kindFormat || it.kind == kindEmbed {
			return KindText
		}
	}
	return KindArray
}

// internKey returns the number of a map key or root name.
func (d *Doc) internKey(key []byte) uint32 {
	if k, ok := d.keyIDs[string(key)]; ok {
		return k
	}
	s := string(key)
	k := uint32(len(d.keys))
	d.keys = append(d.keys, s)
	d.keyIDs[s] = k
	return k
}

// root returns the root type named key, creating it when absent.
func (d *Doc) root(key uint32) *node {
	if n := d.roots[key]; n != nil {
		return n
	}
	n := &node{doc: d, key: key, kind: KindUnknown}
	d.roots[key] = n
	d.rootOrder = append(d.rootOrder, n)
	return n
}

// typed returns the root type with the given name, as kind when nobody said before what it is.
func (d *Doc) typed(name string, k TypeKind) *node {
	n := d.root(d.internKey([]byte(name)))
	if n.kind == KindUnknown {
		n.kind = k
	}
	return n
}

// newNode returns the type that the kindType item it holds.
func (d *Doc) newNode(it *item) *node {
	r := reader{buf: view(it.data)}
	k, name := r.typeHeader()
	return &node{doc: d, item: it, id: it.id, kind: k, name: string(name), depth: it.parent.depth + 1}
}
