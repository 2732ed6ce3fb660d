package yjs

import (
	"fmt"
	"math/rand/v2"
)

// Doc is a replica of a shared document. It is used by one goroutine at a time, and so are the types it holds.
type Doc struct {
	options Options
	limits  Limits
	self    uint64 // own client id
	broken  error  // why the document was given up

	clients []*client // by ref.client; 0 is nobody
	byID    map[uint64]uint32
	recent  [8]struct { // clients that were looked up last, by the last bits of their ids
		id    uint64
		index uint32
	}

	keys      []string // interned map keys and root names; 0 is none
	keyIDs    map[string]uint32
	roots     map[uint32]*node
	rootOrder []*node

	slabs   slabs
	marks   uint32 // conflict resolution's counter
	txn     txn
	pending pending
	graves  graves

	scan     scan   // scratch of Apply
	loading  []byte // the update whose bytes contents are views of
	sizeHint int    // size of the last full state
	scratch  []byte // of encoding values
	run      joinRun
	rec      record    // scratch of advance
	stack    []*stream // scratch of start
}

// Options are the settings of a [Doc].
type Options struct {
	// ClientID names this replica in everything it writes. It must never have been used by another replica, nor by an
	// earlier one of the same document. 0: a random one of 32 bits.
	ClientID uint64
	// KeepDeleted keeps deleted content instead of collecting it.
	KeepDeleted bool
	// Limits bound what updates may cost.
	Limits Limits
}

// NewDoc returns an empty document.
func NewDoc(o Options) *Doc {
	d := &Doc{
		options: o, limits: o.Limits.withDefaults(), self: o.ClientID & maxSafe,
		clients: append(make([]*client, 0, 4), new(client)), byID: make(map[uint64]uint32),
		keys: make([]string, 1, 8), keyIDs: make(map[string]uint32), roots: make(map[uint32]*node),
	}
	if d.self == 0 {
		d.self = randomClient()
	}
	return d
}

// randomClient returns a fresh client id.
func randomClient() uint64 { return uint64(rand.Uint32N(1<<32-2)) + 1 }

// ClientID returns the id under which this replica writes. It changes when an update shows that another replica uses
// the same one.
func (d *Doc) ClientID() uint64 { return d.self }

// Map returns the root map with the given name, which comes to be when it is absent.
func (d *Doc) Map(name string) *Map { return (*Map)(d.typed(name, KindMap)) }

// Array returns the root array with the given name, which comes to be when it is absent.
func (d *Doc) Array(name string) *Array { return (*Array)(d.typed(name, KindArray)) }

// Text returns the root text with the given name, which comes to be when it is absent.
func (d *Doc) Text(name string) *Text { return (*Text)(d.typed(name, KindText)) }

// XML returns the root XML fragment with the given name, which comes to be when it is absent.
func (d *Doc) XML(name string) *XML { return (*XML)(d.typed(name, KindXMLFragment)) }

// Roots returns the names of the root types in the order in which they came to be known here.
func (d *Doc) Roots() []string {
	names := make([]string, len(d.rootOrder))
	for i, n := range d.rootOrder {
		names[i] = d.keys[n.key]
	}
	return names
}

// Pending reports whether parts of updates wait for others that have not arrived.
func (d *Doc) Pending() bool { return d.pending.any() }

// guard runs f, turning a panic into ErrBroken: the document is then given up.
func (d *Doc) guard(verb string, f func() error) (err error) {
	if d.broken != nil {
		return fmt.Errorf("%s: %w", verb, d.broken)
	}
	done := false
	defer func() {
		if done {
			return
		}
		d.broken = fmt.Errorf("%w: %v", ErrBroken, recover())
		d.txn.open = false
		err = fmt.Errorf("%s: %w", verb, d.broken)
	}()
	err = f()
	done = true
	return err
}
