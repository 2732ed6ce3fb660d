package nbdoc

import (
	"errors"
	"fmt"

	"github.com/notebookhub/hub/hub/notebook"
	"github.com/notebookhub/hub/hub/yjs"
)

// Errors of edits and reads that name something the document does not hold.
var (
	// ErrNoCell: no cell has the given id.
	ErrNoCell = errors.New("no such cell")
	// ErrRange: a position is outside of what it addresses.
	ErrRange = errors.New("position out of range")
	// ErrNotCode: the operation needs a code cell.
	ErrNotCode = errors.New("not a code cell")
	// ErrValue: a value has no place in a notebook.
	ErrValue = errors.New("value cannot be stored")
)

// Document is a notebook as a Yjs document in Jupyter's schema. It is used by
// one goroutine at a time. What it returns may be kept and shared, but not
// changed: unchanged cells are handed out again and again.
type Document struct {
	doc   *yjs.Doc
	cells *yjs.Array
	meta  *yjs.Map
	state *yjs.Map
	hub   *yjs.Map

	list  []*cell            // the cells in order; a new slice whenever the order changes
	byMap map[*yjs.Map]*cell // the same, by their shared map
	byID  map[string]*cell   // the same, by id

	metadata  map[string]any     // cached notebook metadata, nil when to be read again
	notebook  *notebook.Notebook // cached whole, nil when something changed
	revision  uint64             // counts the changes of content
	kernelOut map[string]*outlet // per cell id: outputs that the hub wrote
	trail     trail              // where moved cells went
	touched   []*cell            // scratch of note
}

// New returns a document without content, to be loaded from elsewhere: use
// [Load] for stored state and [Seed] for a new history.
func New(opts yjs.Options) *Document {
	doc := yjs.NewDoc(opts)
	return &Document{
		doc:   doc,
		cells: doc.Array(rootCells),
		meta:  doc.Map(rootMeta),
		state: doc.Map(rootState),
		hub:   doc.Map(rootHub),
		byMap: map[*yjs.Map]*cell{}, byID: map[string]*cell{},
		kernelOut: map[string]*outlet{}, trail: newTrail(),
	}
}

// Load returns the document that stored updates add up to: a state and the
// journal behind it, in order. The updates are trusted (they are what Events
// carried), so nothing is repaired; Repair does that. An error means that an
// update is damaged or missing; nothing is returned then.
func Load(opts yjs.Options, updates ...[]byte) (*Document, error) {
	d := New(opts)
	for i, update := range updates {
		if _, err := d.doc.Apply(update, nil); err != nil {
			return nil, fmt.Errorf("load update %d of %d: %w", i+1, len(updates), err)
		}
	}
	d.reindex()
	d.trail.load(d.hub)
	return d, nil
}

// Seed returns a document with nb as the first content of a new history. Never
// seed twice for the same room: clients that hold the other history would
// double every cell. opts.ClientID 0 gives the history a fresh author.
func Seed(opts yjs.Options, nb *notebook.Notebook) (*Document, *yjs.Change, error) {
	d := New(opts)
	c, err := d.doc.Transact(nil, func(tx *yjs.Txn) error {
		d.meta.Set(tx, keyMajor, float64(nb.Major))
		d.meta.Set(tx, keyMinor, float64(nb.Minor))
		d.meta.Set(tx, keyMetadata, mapForm(nb.Metadata))
		forms := make([]any, len(nb.Cells))
		ids := make(map[string]bool, len(nb.Cells))
		for i, c := range nb.Cells {
			c.ID = freeID(c.ID, ids)
			forms[i] = cellForm(c)
		}
		d.cells.Push(tx, forms...)
		d.state.Set(tx, keyDirty, false)
		return nil
	})
	if err != nil {
		return nil, nil, fmt.Errorf("seed document: %w", err)
	}
	d.reindex()
	return d, c, nil
}

// freeID returns id, or a new one when it is empty or taken, and takes it.
func freeID(id string, taken map[string]bool) string {
	for id == "" || taken[id] {
		id = newID()
	}
	taken[id] = true
	return id
}

// Encode returns the updates that a replica with state vector sv lacks; nil:
// everything, also what waits for missing updates.
func (d *Document) Encode(sv []byte) ([]byte, error) { return d.doc.EncodeState(sv) }

// StateVector returns how far the document knows each author, in Yjs encoding.
func (d *Document) StateVector() []byte { return d.doc.StateVector() }

// Clocks returns the state vector as a map from client id to clock.
func (d *Document) Clocks() map[uint64]uint64 { return d.doc.State() }

// ClientID returns the id under which the document itself writes.
func (d *Document) ClientID() uint64 { return d.doc.ClientID() }

// Pending reports whether updates wait for others that have not arrived.
func (d *Document) Pending() bool { return d.doc.Pending() }

// Revision counts the changes of content since the document was made: it is
// the same exactly when [Document.Notebook] is.
func (d *Document) Revision() uint64 { return d.revision }
