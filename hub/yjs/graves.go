package yjs

import (
	"cmp"
	"slices"
)

// Orphan is something that a replica wrote into a type which another one deleted without having seen it. It is part of
// the document no more: this is the only place where it can be seen.
type Orphan struct {
	ID     ID     // its first unit
	Origin ID     // the unit to its left when it was written; the zero ID: none
	Right  ID     // the unit to its right when it was written; the zero ID: none
	Value  any    // what was inserted: a string, a []any of values, or nil for anything else and what is deleted by now
	Length int    // its units
	Parent ID     // the deleted type; the zero ID when neither its author named it nor it is remembered (see below)
	Path   []Step // the deleted type and the types above it, the root last; nil when it is not remembered
	Index  int    // where in the parent as it was when it was deleted, in units; -1 when unknown or for map values
	Key    string // the map key that was set, "" for lists
}

// Step is one shared type on the way to the root: its ID (zero for the root) and the key under which its parent holds
// it, which is "" in lists and the name of a root.
type Step struct {
	ID  ID
	Key string
}

// Of a type that was collected nothing is left in the document that would tell where it was. graves remember that of
// texts, the latest maxGraves ones of maxGraveSpans runs in all.
type graves struct {
	list  []*grave
	spans int
}

const (
	maxGraves     = 1024
	maxGraveSpans = 1 << 16
	maxOrphans    = 1 << 14 // of one transaction
)

// grave remembers a collected text.
type grave struct {
	path  []Step
	plots []plot // sorted by client and clock
}

// plot is a run of units of a collected text and its index when the text was deleted. Units that had been deleted
// before have no extent.
type plot struct {
	span
	index, extent uint32
}

// Orphans returns what the transaction inserted into types that had been deleted, and the texts that died only because
// an update deleted a type around them: units which that update does not name, because its writer did not know them. The
// latter are known until the next transaction begins or the state is encoded.
func (c *Change) Orphans() []Orphan {
	if !c.current() {
		return nil
	}
	t := &c.doc.txn
	if len(t.swept) > 0 && !t.settled {
		t.orphans = c.doc.sweptOrphans(t.orphans)
		t.swept = t.swept[:0]
	}
	return t.orphans
}

// bury remembers a text that is about to be collected.
func (d *Doc) bury(n *node) {
	if n.kind != KindText || n.start == nil {
		return
	}
	g := &grave{path: d.pathOf(n)}
	index := uint32(0)
	for it := n.start; it != nil; it = it.right {
		p := plot{span: span{it.id.client, it.id.clock, it.length}, index: index}
		if it.kind.countable() || it.kind == kindDeleted {
			p.extent = d.deletedNow(it.id.client, it.id.clock, it.end())
		}
		index += p.extent
		g.plots = append(g.plots, p)
	}
	slices.SortFunc(g.plots, func(a, b plot) int { return cmp.Or(cmp.Compare(a.ci, b.ci), cmp.Compare(a.clock, b.clock)) })
	d.graves.add(g)
}

// add keeps a grave and forgets the oldest ones when there are too many.
func (g *graves) add(x *grave) {
	g.list = append(g.list, x)
	g.spans += len(x.plots)
	for len(g.list) > 1 && (len(g.list) > maxGraves || g.spans > maxGraveSpans) {
		g.spans -= len(g.list[0].plots)
		g.list[0] = nil
		g.list = g.list[1:]
	}
}

// pathOf returns the way from a type to its root.
func (d *Doc) pathOf(n *node) (path []Step) {
	for ; n != nil; n = n.parent() {
		path = append(path, Step{ID: n.publicID(), Key: n.keyName()})
	}
	return path
}

// find returns the grave that holds a unit and the plot of it.
func (g *graves) find(r ref) (*grave, *plot) {
	if r.none() {
		return nil, nil
	}
	for i := len(g.list) - 1; i >= 0; i-- {
		plots := g.list[i].plots
		at, ok := slices.BinarySearchFunc(plots, r, func(p plot, r ref) int {
			switch {
			case p.ci != r.client:
				return cmp.Compare(p.ci, r.client)
			case p.clock > r.clock:
				return 1
			case p.end() <= r.clock:
				return -1
			}
			return 0
		})
		if ok {
			return g.list[i], &plots[at]
		}
	}
	return nil, nil
}

// noteOrphan records an insert whose neighbour or parent has been collected.
func (d *Doc) noteOrphan(rec *record, b *birth) {
	if rec.kind == kindFormat || len(d.txn.orphans) >= maxOrphans {
		return
	}
	o := Orphan{ID: ID{b.client.id, uint64(b.client.clock)}, Index: -1, Length: int(b.length), Key: string(rec.key)}
	o.Origin, o.Right = d.publicRef(b.origin), d.publicRef(b.rorig)
	data := b.data
	if !b.shared {
		data = string(b.bytes)
	}
	o.Value = orphanValue(b.kind, data, int(b.length))
	g, p := d.graves.find(b.origin)
	at := uint32(0)
	if p != nil {
		at = p.index + min(p.extent, b.origin.clock+1-p.clock)
	} else if g, p = d.graves.find(b.rorig); p != nil {
		at = p.index + min(p.extent, b.rorig.clock-p.clock)
	}
	if g != nil {
		o.Parent, o.Path, o.Index = g.path[0].ID, g.path, int(at)
		g.extend(plot{span: span{b.ci, b.client.clock, b.length}, index: at})
	} else if rec.hasParent {
		o.Parent = rec.parent
	}
	d.txn.orphans = append(d.txn.orphans, o)
}

// extend lets a grave hold an orphan too, so that what is written next to it finds the way.
func (g *grave) extend(p plot) {
	if len(g.plots) >= maxGraveSpans {
		return
	}
	at, _ := slices.BinarySearchFunc(g.plots, p, func(a, b plot) int {
		return cmp.Or(cmp.Compare(a.ci, b.ci), cmp.Compare(a.clock, b.clock))
	})
	g.plots = slices.Insert(g.plots, at, p)
}

// noteOrphanItem records an insert whose parent is deleted but not collected yet.
func (d *Doc) noteOrphanItem(it *item) {
	if it.deleted() && it.kind != kindDeleted || it.kind == kindFormat || len(d.txn.orphans) >= maxOrphans {
		return
	}
	d.txn.orphans = append(d.txn.orphans, d.orphanOf(it, 0, it.length))
}

// orphanOf describes the units from..to of an item whose parent is deleted but not collected yet.
func (d *Doc) orphanOf(it *item, from, to uint32) Orphan {
	o := Orphan{
		ID: d.idOf(ref{it.id.client, it.id.clock + from}), Origin: d.publicRef(it.origin), Right: d.publicRef(it.rorig),
		Length: int(to - from), Key: d.keys[it.key], Index: -1, Parent: it.parent.publicID(), Path: d.pathOf(it.parent),
	}
	if from > 0 {
		o.Origin = d.idOf(ref{it.id.client, it.id.clock + from - 1})
	}
	left, _ := splitContent(it.kind, it.data, int(to), int(it.length))
	o.Value = orphanValue(it.kind, tailContent(it.kind, left, int(from), int(to)), int(to-from))
	if it.key == 0 {
		o.Index = int(d.deletedNow(it.id.client, it.id.clock, it.id.clock+from))
		for l := it.left; l != nil; l = l.left {
			if l.kind.countable() {
				o.Index += int(d.deletedNow(l.id.client, l.id.clock, l.end()))
			}
		}
	}
	return o
}

// publicRef returns a ref as an ID, the zero ID for none.
func (d *Doc) publicRef(r ref) ID {
	if r.none() {
		return ID{}
	}
	return d.idOf(r)
}

// sweptOrphans appends the texts that died with a type and are not named by the update that deleted it.
func (d *Doc) sweptOrphans(out []Orphan) []Orphan {
	t := &d.txn
	for _, s := range t.swept {
		c := d.clients[s.ci]
		for at, ok := c.find(s.clock), true; ok && c.at(at).id.clock < s.end(); at, ok = c.next(at) {
			it := c.at(at)
			if it.kind != kindString {
				continue
			}
			from, to := max(s.clock, it.id.clock), min(s.end(), it.end())
			for _, g := range without(gap{uint64(from), uint64(to)}, t.named[c.id]) {
				if len(out) < maxOrphans {
					out = append(out, d.orphanOf(it, uint32(g.clock)-it.id.clock, uint32(g.end)-it.id.clock))
				}
			}
		}
	}
	return out
}

// orphanValue returns what was inserted as Go values.
func orphanValue(k kind, data string, length int) any {
	switch k {
	case kindString:
		return data
	case kindAny, kindJSON:
		r := reader{buf: view(data)}
		values := make([]any, 0, length)
		for range length {
			values = append(values, r.value(k))
		}
		return values
	}
	return nil
}
