package nbdoc

import (
	"iter"
	"slices"
	"unicode/utf16"

	"github.com/notebookhub/hub/hub/notebook"
	"github.com/notebookhub/hub/hub/yjs"
)

// foldable reports whether c is another copy of the cell that became owner: two
// peers moved it at once. In Yjs each then has a copy of its own.
func (d *Document) foldable(c, owner *cell) bool {
	return c.source != nil && owner.source != nil && slices.ContainsFunc(d.trail.moves, func(m *moved) bool { return m.to == owner.place })
}

// fold brings what c has and owner lacks into owner, takes out of it what the
// author of c deleted, and removes c. Who changed what is told from the text
// that c was copied from, of which the trail knows what it said, and named what
// of it the author of c knew. Without these nothing that only owner has goes.
func (e *Edit) fold(c, owner *cell, named *yjs.Units) error {
	mine, theirs := c.read(contentFields), owner.read(contentFields)
	was, sure := e.d.former(mine, theirs, owner, named)
	added, ours := notebook.DiffCharacters(was.Source, mine.Source), notebook.DiffCharacters(was.Source, theirs.Source)
	left, _ := untaken(was.Source, added, ours)
	for i := range left {
		if !sure {
			left[i].At, left[i].Delete = left[i].At+left[i].Delete, 0 // it may not know what it lacks
		}
	}
	if err := e.splice(owner, onLive(left, ours)); err != nil {
		return err
	}
	if err := e.foldValues(owner.id, was, mine, theirs); err != nil {
		return err
	}
	if err := e.yield(c, owner); err != nil {
		return err
	}
	if mine.Type != theirs.Type && was.Type == theirs.Type { // a change of type is a copy, too
		return e.SetCellType(owner.id, mine.Type)
	}
	return nil
}

// foldValues merges what is no text of two copies of a cell into the second.
func (e *Edit) foldValues(id string, was, mine, theirs notebook.Cell) error {
	lost := func(string) {}
	if meta := mergeObjects(was.Metadata, mine.Metadata, theirs.Metadata, "", lost); !equalMaps(meta, theirs.Metadata) {
		if err := e.SetCellMetadata(id, meta); err != nil {
			return err
		}
	}
	if mine.Type != theirs.Type {
		return nil
	}
	if all := mergeObjects(attachmentsOf(was), attachmentsOf(mine), attachmentsOf(theirs), "", lost); !equalMaps(all, attachmentsOf(theirs)) {
		return e.SetAttachments(id, all)
	}
	return nil
}

// yield removes a copy of a cell; what is typed into it goes on to owner.
func (e *Edit) yield(c, owner *cell) error {
	c.foresee()
	e.remove(c)
	e.d.trail.follow(e, c, owner)
	return e.tx.Err()
}

// former is the cell that a copy, mine, was made of, as far as its author knew
// it: of the texts that became owner's, the latest that the author deleted. sure
// says that what mine lacks of it has been deleted by that author.
func (d *Document) former(mine, theirs notebook.Cell, owner *cell, named *yjs.Units) (was notebook.Cell, sure bool) {
	was = commonCell(mine, theirs)
	was.Source = sharedText(mine.Source, theirs.Source)
	all := d.trail.before(owner.place)
	if named != nil {
		all = slices.DeleteFunc(all, func(m *moved) bool { return !named.Has(m.from) })
	}
	if len(all) == 0 || !all[0].whole {
		return was, false
	}
	was.Type, was.Metadata = all[0].kind, all[0].meta
	text, holes := all[0].knownTo(named)
	was.Source = revived(text, holes, mine.Source, theirs.Source)
	return was, named != nil && likest(all, named, mine.Source)
}

// likest reports whether the copy of a source, mine, keeps much of the first of
// several and is no more like another: a client that took in a later source
// before it told of its copy would seem to have deleted what it had not known.
func likest(all []*moved, named *yjs.Units, mine string) bool {
	least := 0
	for i, m := range all {
		if !m.whole {
			continue
		}
		text, _ := m.knownTo(named)
		differs, keeps := distance(text, mine)
		if i == 0 && 2*keeps < utf16Length(text) || i > 0 && differs < least {
			return false
		}
		if i == 0 {
			least = differs
		}
	}
	return true
}

// before are the moves whose texts became one, the latest first.
func (t *trail) before(text yjs.ID) []*moved {
	into := map[yjs.ID]bool{text: true}
	var moves []*moved
	for _, m := range slices.Backward(t.moves) {
		if into[m.to] && m.from != (yjs.ID{}) {
			into[m.from] = true
			moves = append(moves, m)
		}
	}
	return moves
}

// knownTo is the text of the old source as the writer of deletions that name it
// knew it; nil: all of it. holes are the places in it where there were units that
// had been deleted.
func (m *moved) knownTo(named *yjs.Units) (text string, holes []int) {
	units := utf16.Encode([]rune(m.text))
	var known []uint16
	at := 0
	for _, r := range m.old {
		for id, n := range among(named, r) {
			from := at + int(id.Clock-r.id.Clock)
			if !r.told {
				holes = append(holes, len(known))
			} else {
				known = append(known, units[from:from+n]...)
			}
		}
		if r.told {
			at += r.n
		}
	}
	return string(utf16.Decode(known)), slices.Compact(holes)
}

// among lists which units of a run are in a set, nil for all.
func among(units *yjs.Units, r run) iter.Seq2[yjs.ID, int] {
	if units == nil {
		return func(yield func(yjs.ID, int) bool) { yield(r.id, r.n) }
	}
	return units.Among(r.id, r.n)
}

// revived is a text with what two texts made of it both have where something had
// been deleted: their authors did not know that, and brought it back twice.
func revived(text string, holes []int, mine, theirs string) string {
	if len(holes) == 0 {
		return text
	}
	added, ours := notebook.DiffCharacters(text, mine), notebook.DiffCharacters(text, theirs)
	var back []notebook.TextEdit
	for _, a := range added {
		i, _ := slices.BinarySearch(holes, a.At)
		if i == len(holes) || holes[i] > a.At+a.Delete {
			continue
		}
		for _, o := range ours {
			if both := sharedText(a.Insert, o.Insert); both != "" && o.At <= a.At+a.Delete && a.At <= o.At+o.Delete {
				back = append(back, notebook.TextEdit{At: a.At, Insert: both})
				break
			}
		}
	}
	return edited(text, back)
}

// distance is how many units two texts do not share, and how many they do.
func distance(a, b string) (differs, keeps int) {
	keeps = utf16Length(a)
	for _, e := range notebook.DiffCharacters(a, b) {
		keeps -= e.Delete
		differs += e.Delete + utf16Length(e.Insert)
	}
	return differs, keeps
}
