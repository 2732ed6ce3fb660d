package notebook

import (
	"crypto/rand"
	"fmt"
)

// ValidID reports whether id is a cell id as nbformat 4.5 defines it: 1 to 64
// ASCII letters, digits, hyphens and underscores.
func ValidID(id string) bool {
	for _, c := range []byte(id) {
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '-', c == '_':
		default:
			return false
		}
	}
	return 1 <= len(id) && len(id) <= 64
}

// assignIDs gives every cell a valid id of its own: the file's, else the one
// remembered, else that of the prior cell it resembles, else a new one.
func (p *parser) assignIDs(opts ParseOptions) {
	cells := p.content.Cells
	taken := p.keepOwnIDs(opts.IDs)
	missing := 0
	for i := range cells {
		if cells[i].ID == "" && i < len(opts.IDs) {
			cells[i].take(opts.IDs[i], taken)
		}
		if cells[i].ID == "" {
			missing++
		}
	}
	if missing == 0 {
		return
	}
	if len(opts.Prior) > 0 {
		adoptIDs(cells, opts.Prior, taken)
	}
	for i := range cells {
		for tries := 0; cells[i].ID == ""; tries++ {
			if opts.MintID == nil || tries >= 10 {
				cells[i].take(randomID(), taken)
			} else {
				cells[i].take(opts.MintID(), taken)
			}
		}
	}
}

// keepOwnIDs leaves their ids to the cells that have valid ones. Of cells with
// the same id the one remembered under it keeps it, else the first.
func (p *parser) keepOwnIDs(remembered []string) map[string]bool {
	cells := p.content.Cells
	taken := make(map[string]bool, len(cells))
	for i := range cells {
		cells[i].ID = ""
		if i < len(remembered) && remembered[i] == p.ownIDs[i] {
			cells[i].take(p.ownIDs[i], taken)
		}
	}
	for i := range cells {
		if cells[i].ID == "" {
			cells[i].take(p.ownIDs[i], taken)
		}
	}
	return taken
}

// shadowed are the valid ids that cells hold without being known by them, as
// another cell holds the same, by position.
func (p *parser) shadowed() map[int]string {
	ids := map[int]string{}
	for i, own := range p.ownIDs {
		if own != p.content.Cells[i].ID && ValidID(own) {
			ids[i] = own
		}
	}
	return ids
}

// take gives the cell this id when it is valid and free.
func (c *Cell) take(id string, taken map[string]bool) {
	if ValidID(id) && !taken[id] {
		taken[id] = true
		c.ID = id
	}
}

// adoptIDs gives cells without an id that of the prior cell they resemble.
func adoptIDs(cells, prior []Cell, taken map[string]bool) {
	for i, from := range MatchCells(prior, cells) {
		if from >= 0 && cells[i].ID == "" {
			cells[i].take(prior[from].ID, taken)
		}
	}
}

// randomID is a random UUID (RFC 9562, version 4).
func randomID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails
	b[6] = b[6]&0x0f | 0x40
	b[8] = b[8]&0x3f | 0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}
