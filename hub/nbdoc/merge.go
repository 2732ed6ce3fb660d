package nbdoc

import (
	"fmt"

	"github.com/notebookhub/hub/hub/notebook"
	"github.com/notebookhub/hub/hub/yjs"
)

// ConflictKind says why two sides cannot both be right.
type ConflictKind uint8

// The kinds of conflicts.
const (
	// DeletedOnDisk: the file lost a cell that was edited in the room. The room's
	// cell is kept.
	DeletedOnDisk ConflictKind = iota
	// DeletedInRoom: the room lost a cell that was edited in the file. It is
	// back, as the file has it.
	DeletedInRoom
	// Retyped: one side changed the type of a cell that the other edited. The
	// room's type is kept, and all text.
	Retyped
	// Overridden: both sides gave different values to the same field, which
	// cannot be merged; the room's is kept. Nobody needs to decide about it.
	Overridden
	// Unrelated: the cell is different on both sides and there is no common
	// former state. What either has is kept.
	Unrelated
)

// String returns the kind in words that a log can hold.
func (k ConflictKind) String() string {
	names := [...]string{"deleted_on_disk", "deleted_in_room", "retyped", "overridden", "unrelated"}
	if int(k) < len(names) {
		return names[k]
	}
	return fmt.Sprintf("conflict(%d)", k)
}

// Conflict is one disagreement between the file and the room. The document
// already holds what is kept.
type Conflict struct {
	Kind ConflictKind
	Cell string         // id of the cell; "" for the notebook's own metadata
	Disk *notebook.Cell // the cell as the file has it; nil when it was deleted there
	Key  string         // Overridden: which value, with dots between levels
}

// Blocks reports whether a person has to decide.
func (c Conflict) Blocks() bool { return c.Kind != Overridden }

// Merge brings the changes that a file has had since was, its last known
// content, into the document, beside those that the document has had. base is
// a state of the document that is equal to was: texts are changed in a fork of
// it, so that every character finds its place among concurrent edits. Without
// base the places come from comparing texts; without was nothing is deleted.
//
// A change that both sides made is taken once. Merging the same file again changes
// nothing, and returns the conflicts without what the file has. The three contents
// are not changed.
func (d *Document) Merge(base []byte, was, disk *notebook.Notebook) (Event, []Conflict, error) {
	if disputes, done := d.Merged(base, was, disk); done {
		return Event{}, undetailed(disputes), nil
	}
	x := d.begin(nil)
	m := newMerge(d, base, was, disk)
	m.plan()
	if err := m.forkTexts(&x, base); err != nil {
		return Event{}, nil, fmt.Errorf("merge file: %w", err)
	}
	c, failed := d.doc.Transact(nil, func(tx *yjs.Txn) error { return m.apply(&Edit{d: d, tx: tx, x: &x}) })
	d.note(&x, c)
	x.hub = false
	e, err := d.finish(&x)
	if failed != nil {
		err = failed
	}
	if err != nil {
		return e, m.conflicts, fmt.Errorf("merge file: %w", err)
	}
	return e, m.conflicts, nil
}

// merge is one three-way merge: first a plan is made by looking at the three
// sides, then it is carried out.
type merge struct {
	d         *Document
	name      string // of this merge, for repetitions
	was, disk *notebook.Notebook
	blind     bool // there is no common former state

	from   []int            // for each cell of disk, its index in was, -1 for new
	live   []*cell          // for each cell of disk, the living one, nil when there is none
	known  map[string]*cell // living cells by the id of the cell of was
	steps  []step           // what to do with each cell of disk
	gone   []*cell          // living cells to delete
	minor  bool             // the format version is the file's
	meta   map[string]any   // the notebook's metadata as it is to be
	forked []forkedText

	conflicts []Conflict
}

// step is what to do with one cell of the file.
type step struct {
	insert bool
	move   bool
	rename bool
	kind   string // "" leaves it
	text   []notebook.TextEdit
	meta   map[string]any // nil leaves it
	attach map[string]any // nil leaves it
	output bool
}

func newMerge(d *Document, base []byte, was, disk *notebook.Notebook) *merge {
	m := &merge{d: d, was: was, disk: disk, blind: was == nil, known: map[string]*cell{}}
	if m.blind {
		m.was = common(d.Notebook(), disk)
	}
	m.name = mergeName(base, was, disk)
	for _, c := range m.was.Cells {
		if l := d.byID[c.ID]; l != nil {
			m.known[c.ID] = l
		}
	}
	return m
}

// plan compares the three sides.
func (m *merge) plan() {
	m.match()
	m.steps = make([]step, len(m.disk.Cells))
	for i := range m.disk.Cells {
		m.planCell(i)
	}
	m.planDeletions()
	m.planOrder()
	live := m.d.Notebook()
	m.minor = m.disk.Minor != m.was.Minor && live.Minor == m.was.Minor && live.Minor != m.disk.Minor
	m.meta = m.values("", nil, m.was.Metadata, m.disk.Metadata, live.Metadata)
}

// apply carries the plan out, but for the texts that were changed in the fork.
func (m *merge) apply(e *Edit) error {
	if m.minor {
		if err := e.SetFormat(m.d.Notebook().Major, m.disk.Minor); err != nil {
			return err
		}
	}
	if m.meta != nil {
		if err := e.SetNotebookMetadata(m.meta); err != nil {
			return err
		}
	}
	for _, c := range m.gone {
		e.remove(c)
	}
	last := ""
	for i := range m.steps {
		id, err := m.applyCell(e, i, last)
		if err != nil {
			return err
		}
		if id != "" {
			last = id
		}
	}
	return e.set(m.d.hub, mergedKey, writeMerged(m.name, m.conflicts))
}

// applyCell carries out what was planned for one cell of the file, which comes
// behind the cell with the id last, and returns its id ("" when it is gone).
func (m *merge) applyCell(e *Edit, i int, last string) (string, error) {
	s, want := m.steps[i], m.disk.Cells[i]
	at := 0
	if c := m.d.byID[last]; c != nil {
		at = c.pos + 1
	}
	if s.insert {
		return e.InsertCell(at, want)
	}
	c := m.live[i]
	if c == nil {
		return "", nil
	}
	id := c.id
	if s.move {
		if m.d.byID[id].pos < at {
			at--
		}
		if err := e.MoveCell(id, at); err != nil {
			return "", err
		}
	}
	if s.rename && m.d.byID[want.ID] == nil {
		if err := e.SetCellID(id, want.ID); err != nil {
			return "", err
		}
		id = want.ID
	}
	return id, m.applyFields(e, id, s, want)
}

func (m *merge) applyFields(e *Edit, id string, s step, want notebook.Cell) error {
	if len(s.text) > 0 {
		if err := e.SpliceSource(id, s.text); err != nil {
			return err
		}
	}
	if s.kind != "" {
		if err := e.SetCellType(id, s.kind); err != nil {
			return err
		}
	}
	if s.meta != nil {
		if err := e.SetCellMetadata(id, s.meta); err != nil {
			return err
		}
	}
	if s.attach != nil && m.d.byID[id].kind() != notebook.Code {
		if err := e.SetAttachments(id, s.attach); err != nil {
			return err
		}
	}
	if s.output && m.d.byID[id].kind() == notebook.Code {
		return e.SetOutputs(id, want.Outputs, want.ExecutionCount)
	}
	return nil
}
