package yjs

type tree struct{}
type leaf struct{}

const longWalk = 1 << 40

func newTree(start *item) *tree                 { return nil }
func (t *tree) insert(it *item)                 {}
func (t *tree) locate(i uint32) (*item, uint32) { return nil, 0 }
func (l *leaf) split(a, b *item)                {}
func (l *leaf) merge(a, b *item)                {}
func (l *leaf) add(n int)                       {}
