package nbdoc

import (
	"strings"

	"github.com/notebookhub/hub/hub/notebook"
)

// Dispute is a conflict that waits for a person's decision, as it can be written
// down: the document already holds what is kept, and the two sides may go on.
type Dispute struct {
	Kind ConflictKind
	Cell string // id of the cell
}

// String and ParseDispute are the written form: the kind, a colon, the cell.
func (d Dispute) String() string { return d.Kind.String() + ":" + d.Cell }

// ParseDispute reads what String wrote; ok is false for anything else.
func ParseDispute(text string) (d Dispute, ok bool) {
	word, cell, ok := strings.Cut(text, ":")
	for kind := range Overridden {
		if ok && kind.String() == word {
			return Dispute{kind, cell}, true
		}
	}
	if ok && word == Unrelated.String() {
		return Dispute{Unrelated, cell}, true
	}
	return Dispute{}, false
}

// Disputes are the conflicts about which a person has to decide.
func Disputes(conflicts []Conflict) []Dispute {
	var open []Dispute
	for _, c := range conflicts {
		if c.Blocks() {
			open = append(open, Dispute{c.Kind, c.Cell})
		}
	}
	return open
}

// Stands reports whether a dispute still is one, now that the file holds disk:
// it ends when the side that deleted a cell has it again, when the other one
// gave it up too, and when both made the same of it.
func (d *Document) Stands(dispute Dispute, disk *notebook.Notebook) bool {
	ours, here := d.Cell(dispute.Cell)
	var theirs notebook.Cell
	there := false
	for _, c := range disk.Cells {
		if c.ID == dispute.Cell {
			theirs, there = c, true
		}
	}
	switch dispute.Kind {
	case DeletedOnDisk:
		return here && !there
	case DeletedInRoom:
		return here && there
	case Retyped:
		return here && there && knownType(ours.Type) != knownType(theirs.Type)
	case Unrelated:
		return here && there && !sameEdit(ours, theirs)
	}
	return false
}

// undetailed are conflicts of which no more is known.
func undetailed(disputes []Dispute) []Conflict {
	var conflicts []Conflict
	for _, d := range disputes {
		conflicts = append(conflicts, Conflict{Kind: d.Kind, Cell: d.Cell})
	}
	return conflicts
}
