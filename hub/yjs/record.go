package yjs

// record is one struct as it was read from an update. Its slices are views into the update.
type record struct {
	clock, length uint64
	kind          kind
	hasOrigin     bool
	hasRight      bool
	hasRoot       bool // the parent is the root type named root
	hasParent     bool // the parent is the type at id parent
	hasKey        bool // the struct is the value of key in its parent, a map
	client        uint64
	origin        ID // the unit to the left when it was written
	right         ID // the unit to the right when it was written
	parent        ID
	root, key     []byte
	data          []byte // content, see splitContent
}

// The bits of a struct's first byte.
const (
	bitKey    = 0x20
	bitRight  = 0x40
	bitOrigin = 0x80
	maskKind  = 0x1f
)

// record reads the struct of client at clock.
func (r *reader) record(rec *record, client, clock uint64) {
	info := r.byte()
	*rec = record{client: client, clock: clock, kind: kind(info & maskKind)}
	switch rec.kind {
	case kindGC, kindSkip:
		rec.length = r.clock()
	default:
		r.header(rec, info)
		r.content(rec)
	}
	if rec.length == 0 || rec.clock+rec.length > maxClock {
		r.fail()
	}
}

// header reads where a struct was written. Without neighbours the parent is named.
func (r *reader) header(rec *record, info byte) {
	if info&bitOrigin != 0 {
		rec.hasOrigin = true
		rec.origin = r.id()
	}
	if info&bitRight != 0 {
		rec.hasRight = true
		rec.right = r.id()
	}
	if info&(bitOrigin|bitRight) != 0 {
		return
	}
	if r.uint() == 1 {
		rec.hasRoot = true
		rec.root = r.text()
	} else {
		rec.hasParent = true
		rec.parent = r.id()
	}
	if info&bitKey != 0 {
		rec.hasKey = true
		rec.key = r.text()
	}
}

// content reads what a struct holds.
func (r *reader) content(rec *record) {
	rec.length = 1
	start := r.pos
	switch rec.kind {
	case kindDeleted:
		rec.length = r.clock()
		return
	case kindString:
		rec.data, rec.length = r.measuredText()
		return
	case kindAny, kindJSON:
		r.values(rec)
		return
	case kindBinary:
		r.bytes()
	case kindEmbed:
		r.json()
	case kindFormat:
		r.text()
		r.json()
	case kindType:
		r.typeHeader()
	case kindDoc:
		r.text()
		r.docOptions()
	default:
		r.fail()
	}
	rec.data = r.buf[start:r.pos]
}

// values reads the count and the values of kindAny and kindJSON content.
func (r *reader) values(rec *record) {
	n := r.uint()
	if n > uint64(r.rest()) {
		r.fail()
		return
	}
	rec.length = n
	start := r.pos
	for ; n > 0 && !r.failed; n-- {
		r.skipValue(rec.kind)
	}
	rec.data = r.buf[start:r.pos]
}

// typeHeader reads which shared type a struct holds.
func (r *reader) typeHeader() (t TypeKind, name []byte) {
	t = TypeKind(min(r.uint(), uint64(kindCount)))
	switch {
	case t >= kindCount:
		r.fail()
	case t == KindXMLElement || t == KindXMLHook:
		name = r.text()
	}
	return t, name
}

// docOptions reads the options of a sub-document, which clients expect to be an object.
func (r *reader) docOptions() {
	if r.strict && r.pos < len(r.buf) && r.buf[r.pos] != tagObject {
		r.fail()
		return
	}
	r.skipAny(r.depth)
}

// impossible reports whether rec refers to what cannot be: to a unit of its own client that does not exist yet, or to
// one unit on both sides, where replicas would disagree about its place.
func (rec *record) impossible() bool {
	later := func(id ID) bool { return id.Client == rec.client && id.Clock >= rec.clock }
	return rec.hasOrigin && later(rec.origin) || rec.hasRight && later(rec.right) || rec.hasParent && later(rec.parent) ||
		rec.hasOrigin && rec.hasRight && rec.origin == rec.right
}
