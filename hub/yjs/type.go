package yjs

// Type is a shared type: *[Map], *[Array], *[Text] or *[XML]. Each has one address for as long as its document lives,
// so that it can be compared and be a map key. Reading a deleted type finds it empty.
type Type interface {
	// ID names the item that holds the type; it is the zero ID for root types.
	ID() ID
	// Parent is the type that holds this one; nil for root types and for those that were collected.
	Parent() Type
	// Key is the map key under which the parent holds the type ("" in lists), or the name of a root type.
	Key() string
	// Kind says which type it is.
	Kind() TypeKind
	// Alive reports whether the type is part of the document: neither it nor a parent was deleted.
	Alive() bool
	// JSON returns what the type holds as plain Go values.
	JSON() any

	node() *node
}

// parentType returns n's parent as a Type.
func (n *node) parentType() Type {
	if p := n.parent(); p != nil {
		return p.facade()
	}
	return nil
}

func (m *Map) node() *node { return (*node)(m) }

// ID implements [Type].
func (m *Map) ID() ID { return m.node().publicID() }

// Parent implements [Type].
func (m *Map) Parent() Type { return m.node().parentType() }

// Key implements [Type].
func (m *Map) Key() string { return m.node().keyName() }

// Kind implements [Type].
func (m *Map) Kind() TypeKind { return KindMap }

// Alive implements [Type].
func (m *Map) Alive() bool { return m.node().alive() }

func (a *Array) node() *node { return (*node)(a) }

// ID implements [Type].
func (a *Array) ID() ID { return a.node().publicID() }

// Parent implements [Type].
func (a *Array) Parent() Type { return a.node().parentType() }

// Key implements [Type].
func (a *Array) Key() string { return a.node().keyName() }

// Kind implements [Type].
func (a *Array) Kind() TypeKind { return KindArray }

// Alive implements [Type].
func (a *Array) Alive() bool { return a.node().alive() }

func (t *Text) node() *node { return (*node)(t) }

// ID implements [Type].
func (t *Text) ID() ID { return t.node().publicID() }

// Parent implements [Type].
func (t *Text) Parent() Type { return t.node().parentType() }

// Key implements [Type].
func (t *Text) Key() string { return t.node().keyName() }

// Kind implements [Type].
func (t *Text) Kind() TypeKind { return KindText }

// Alive implements [Type].
func (t *Text) Alive() bool { return t.node().alive() }

func (x *XML) node() *node { return (*node)(x) }

// ID implements [Type].
func (x *XML) ID() ID { return x.node().publicID() }

// Parent implements [Type].
func (x *XML) Parent() Type { return x.node().parentType() }

// Key implements [Type].
func (x *XML) Key() string { return x.node().keyName() }

// Kind implements [Type].
func (x *XML) Kind() TypeKind { return x.node().kind }

// Alive implements [Type].
func (x *XML) Alive() bool { return x.node().alive() }
