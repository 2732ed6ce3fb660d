package yjs

// Orphan is an insert that arrived under a deleted parent: nobody will ever see it.
type Orphan struct {
	ID ID
}

type graves struct{}

func (g *graves) bury(n *node) {}

func (d *Doc) noteOrphan(rec *record, b *birth) {}

func (d *Doc) noteOrphanItem(it *item) {}
