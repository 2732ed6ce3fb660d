package yjs

import "slices"

// outline knows of every struct of an update in which type it stands, which most structs say only by their neighbours.
type outline struct {
	parts    []part
	byClient map[uint64]int // index of parts
	clocks   []uint32       // the first unit of each struct
	stubs    []stub         // the structs
	homes    []home
	byType   map[ID]int32     // index of homes
	byRoot   map[string]int32 // index of homes
	later    []later
	reach    map[uint64]uint64 // the last unit of each client that something refers to
	farthest ID                // the entry of reach that was looked at last
}

// part is the section of one client.
type part struct {
	client   uint64
	from, to int    // its stubs
	clock    uint64 // behind its last unit
	end      int    // where its bytes end
}

// stub is one struct. A home below zero is not known yet: ^home is the index of later.
type stub struct {
	at   uint32 // where its bytes begin
	home int32
}

// home is a shared type that structs stand in.
type home struct {
	id   ID // of the item that holds it
	root bool
	kept bool
}

// homeGone is the home of collected structs.
const homeGone = 0

// later is a neighbour in a section behind: its home is that of what refers to it.
type later struct {
	id   ID
	home int32
	open bool // home is not known yet
}

// stubBytes is about how long a struct of an edited text is.
const stubBytes = 32

func newOutline(size int) *outline {
	return &outline{
		byClient: make(map[uint64]int), byType: make(map[ID]int32), byRoot: make(map[string]int32),
		clocks: make([]uint32, 0, size/stubBytes), stubs: make([]stub, 0, size/stubBytes),
		homes: make([]home, homeGone+1), reach: make(map[uint64]uint64), farthest: ID{Client: maxSafe + 1},
	}
}

// visit takes in the next struct.
func (o *outline) visit(rec *record, at, end int) {
	if n := len(o.parts); n == 0 || o.parts[n-1].client != rec.client {
		o.byClient[rec.client] = n
		o.parts = append(o.parts, part{client: rec.client, from: len(o.stubs), to: len(o.stubs)})
	}
	o.refer(rec)
	p := &o.parts[len(o.parts)-1]
	o.stubs = append(o.stubs, stub{uint32(at), o.homeOf(rec)})
	o.clocks = append(o.clocks, uint32(rec.clock))
	p.to, p.clock, p.end = len(o.stubs), rec.clock+rec.length, end
}

// refer notes the units that a struct refers to.
func (o *outline) refer(rec *record) {
	for _, r := range [...]struct {
		is bool
		id ID
	}{{rec.hasOrigin, rec.origin}, {rec.hasRight, rec.right}, {rec.hasParent, rec.parent}} {
		if !r.is || r.id.Client == o.farthest.Client && r.id.Clock <= o.farthest.Clock {
			continue
		}
		o.farthest = ID{r.id.Client, max(r.id.Clock, o.reach[r.id.Client])}
		o.reach[r.id.Client] = o.farthest.Clock
	}
}

// homeOf returns where a struct stands.
func (o *outline) homeOf(rec *record) int32 {
	switch {
	case rec.hasOrigin:
		return o.homeAt(rec.origin)
	case rec.hasRight:
		return o.homeAt(rec.right)
	case rec.hasParent:
		return o.typeHome(rec.parent)
	case rec.hasRoot:
		return o.rootHome(rec.root)
	}
	return homeGone
}

// homeAt returns the home of a neighbour.
func (o *outline) homeAt(id ID) int32 {
	if st := o.find(id); st != nil {
		return st.home
	}
	if len(o.later) == cap(o.later) {
		o.later = slices.Grow(o.later, max(64, len(o.later)))
	}
	o.later = append(o.later, later{id: id, open: true})
	return ^int32(len(o.later) - 1)
}

// typeHome returns the home that the type at id is.
func (o *outline) typeHome(id ID) int32 {
	n, ok := o.byType[id]
	if !ok {
		n = o.addHome(home{id: id})
		o.byType[id] = n
	}
	return n
}

// rootHome returns the home that a root type is.
func (o *outline) rootHome(name []byte) int32 {
	n, ok := o.byRoot[string(name)]
	if !ok {
		n = o.addHome(home{root: true})
		o.byRoot[string(name)] = n
	}
	return n
}

func (o *outline) addHome(h home) int32 {
	o.homes = append(o.homes, h)
	return int32(len(o.homes) - 1)
}

// find returns the struct that holds id, nil when there is none yet.
func (o *outline) find(id ID) *stub {
	i := len(o.parts) - 1
	if i < 0 || o.parts[i].client != id.Client {
		var ok bool
		if i, ok = o.byClient[id.Client]; !ok {
			return nil
		}
	}
	p := &o.parts[i]
	if p.from == p.to || id.Clock >= p.clock || id.Clock < uint64(o.clocks[p.from]) {
		return nil
	}
	if uint64(o.clocks[p.to-1]) <= id.Clock {
		return &o.stubs[p.to-1] // most is written right behind what the same client wrote last
	}
	return &o.stubs[p.from+lastUpTo(o.clocks[p.from:p.to], uint32(id.Clock))]
}

// whole reports whether nothing is missing: every client's units from its first one on, and all that is referred to.
func (o *outline) whole() bool {
	for _, p := range o.parts {
		if o.clocks[p.from] > 0 {
			return false
		}
	}
	for client, clock := range o.reach {
		if o.find(ID{client, clock}) == nil {
			return false
		}
	}
	return true
}

// resolve finds the homes that were left for later.
func (o *outline) resolve() {
	var path []*later
	for i := range o.later {
		h := ^int32(i)
		for h < 0 && o.later[^h].open {
			l := &o.later[^h]
			l.open = false // its home is homeGone until it is known, and stays so when neighbours stand in a circle
			path = append(path, l)
			h = o.find(l.id).home
		}
		if h < 0 {
			h = o.later[^h].home
		}
		for _, l := range path {
			l.home = h
		}
		path = path[:0]
	}
}

// home returns where a struct stands once all are known.
func (o *outline) home(st *stub) int32 {
	if st.home < 0 {
		return o.later[^st.home].home
	}
	return st.home
}
