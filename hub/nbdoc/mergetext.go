package nbdoc

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/notebookhub/hub/hub/notebook"
	"github.com/notebookhub/hub/hub/yjs"
)

// certainly is the length from which a text within another is taken for the
// same change and not for chance.
const certainly = 4

// planText merges the source of cell i. What the room did not touch, or what
// stands apart from its changes, is changed in the fork; only where the file
// goes on with what the room inserted too is the place found by comparison.
func (m *merge) planText(i int, was, disk string, live *cell) {
	now := live.read(FieldSource).Source
	if was == disk || now == disk {
		return
	}
	theirs, ours := notebook.DiffText(was, disk), notebook.DiffText(was, now)
	left, tangled := untaken(was, theirs, ours)
	if len(left) == 0 {
		return
	}
	// Whether both made a change is seen in the large; where a character is now,
	// in the small: one that the room left standing between two changes must be
	// found, or what the file deleted would stay, and come twice when it is back.
	ours = notebook.DiffCharacters(was, now)
	if tangled || m.from[i] < 0 || live.source == nil {
		m.steps[i].text = onLive(left, ours)
		return
	}
	m.forked = append(m.forked, forkedText{
		step: i, id: m.was.Cells[m.from[i]].ID, was: was, edits: beside(left, ours), onLive: onLive(left, ours), live: live,
	})
}

// forkedText is a source to be changed in the fork, or in the room when the
// fork does not have it.
type forkedText struct {
	step   int
	id     string // in the former state
	was    string
	edits  []notebook.TextEdit // of the former text
	onLive []notebook.TextEdit // the same, of the room's text
	live   *cell
}

// beside are the edits of the former text. What replaces something goes to that
// end of it at which the room wrote nothing: at the other one it would be chance
// whose text comes first.
func beside(hunks []hunk, ours []notebook.TextEdit) []notebook.TextEdit {
	var edits []notebook.TextEdit
	for _, h := range hunks {
		e := h.TextEdit
		if e.Insert != "" && e.Delete > 0 && writesAt(e.At+e.Delete, ours) && !writesAt(e.At, ours) {
			edits = append(edits, notebook.TextEdit{At: e.At, Insert: e.Insert})
			e.Insert = ""
		}
		edits = append(edits, e)
	}
	return edits
}

// writesAt reports whether an edit inserts text at a place without replacing any.
func writesAt(at int, edits []notebook.TextEdit) bool {
	return slices.ContainsFunc(edits, func(e notebook.TextEdit) bool { return e.At == at && e.Delete == 0 && e.Insert != "" })
}

// hunk is an edit of the file, of which a part may be in the room already.
type hunk struct {
	notebook.TextEdit
	before string // what comes before an insertion of the room that this one goes on with
	start  int    // where that one starts in the room's text
	length int    // its length, 0 for none
}

// untaken leaves out of the file's edits what the room has too. tangled says
// that an insertion goes on with one of the room's.
func untaken(was string, theirs, ours []notebook.TextEdit) (left []hunk, tangled bool) {
	a, b := leftmost(was, theirs), leftmost(was, ours)
	for n, t := range theirs {
		h := hunk{TextEdit: t}
		for i, o := range ours {
			if taken(t, o) || taken(t, b[i]) || taken(a[n], o) || taken(a[n], b[i]) {
				h.Insert = ""
				break
			}
			if taken(b[i], a[n]) {
				h.before, h.Insert, _ = strings.Cut(a[n].Insert, b[i].Insert)
				h.length, tangled = utf16Length(b[i].Insert), true
				h.start = liveAt(b[i].At+b[i].Delete, b) - h.length
				break
			}
		}
		if h.Insert != "" || h.before != "" || h.Delete > 0 {
			left = append(left, h)
		}
	}
	return left, tangled
}

// taken reports whether what one edit inserts is part of what the other one
// inserts at the same place.
func taken(part, whole notebook.TextEdit) bool {
	touch := whole.At <= part.At+part.Delete && part.At <= whole.At+whole.Delete
	return touch && part.Insert != "" && whole.Insert != "" && within(part.Insert, whole.Insert)
}

// leftmost returns edits with each insertion as far to the left as it gives the
// same text: an insertion into a run of equal characters has several places,
// and two comparisons may find different ones.
func leftmost(was string, edits []notebook.TextEdit) []notebook.TextEdit {
	text := utf16.Encode([]rune(was))
	out := slices.Clone(edits)
	for i := range out {
		e, floor := &out[i], 0
		if i > 0 {
			floor = out[i-1].At + out[i-1].Delete
		}
		for e.Delete == 0 && e.Insert != "" {
			r, size := utf8.DecodeLastRuneInString(e.Insert)
			unit := utf16.AppendRune(nil, r)
			if e.At-len(unit) < floor || !slices.Equal(text[e.At-len(unit):e.At], unit) {
				break
			}
			e.At -= len(unit)
			e.Insert = string(r) + e.Insert[:len(e.Insert)-size]
		}
	}
	return out
}

// within reports whether part is the same change as whole, or its beginning,
// its end, or a good piece of it.
func within(part, whole string) bool {
	return strings.HasPrefix(whole, part) || strings.HasSuffix(whole, part) ||
		len(part) >= certainly && strings.Contains(whole, part)
}

// onLive turns edits of the former text into edits of the room's text, which
// is the former one with the edits ours. Text that the room deleted needs no
// deletion; insertions come behind the room's at the same place.
func onLive(left []hunk, ours []notebook.TextEdit) []notebook.TextEdit {
	var edits []notebook.TextEdit
	for _, h := range left {
		if h.length > 0 {
			edits = append(edits, notebook.TextEdit{At: h.start, Insert: h.before},
				notebook.TextEdit{At: h.start + h.length, Insert: h.Insert})
		} else if h.Insert != "" {
			// What replaces something stands where that stood, before what the room wrote behind it.
			edits = append(edits, notebook.TextEdit{At: liveAt(h.At, ours), Insert: h.Insert})
		}
		at := h.At
		for _, o := range ours {
			// The part of the deletion that stands before the room's edit.
			if end := min(h.At+h.Delete, o.At); end > at {
				edits = append(edits, notebook.TextEdit{At: liveAt(at, ours), Delete: end - at})
			}
			at = max(at, min(o.At+o.Delete, h.At+h.Delete))
		}
		if end := h.At + h.Delete; end > at {
			edits = append(edits, notebook.TextEdit{At: liveAt(at, ours), Delete: end - at})
		}
	}
	return inOrder(edits)
}

// liveAt is where a place of the former text is in the room's, behind what the
// room inserted there.
func liveAt(at int, ours []notebook.TextEdit) int {
	shift := 0
	for _, o := range ours {
		if o.At > at {
			break
		}
		if end := o.At + o.Delete; at < end {
			return o.At + shift + utf16Length(o.Insert)
		}
		shift += utf16Length(o.Insert) - o.Delete
	}
	return at + shift
}

// inOrder sorts edits and joins those that touch, as splicing wants them.
func inOrder(edits []notebook.TextEdit) []notebook.TextEdit {
	edits = slices.DeleteFunc(edits, func(e notebook.TextEdit) bool { return e.Delete == 0 && e.Insert == "" })
	slices.SortStableFunc(edits, func(a, b notebook.TextEdit) int { return a.At - b.At })
	var out []notebook.TextEdit
	for _, e := range edits {
		if n := len(out); n > 0 && e.At < out[n-1].At+out[n-1].Delete {
			continue // the same place twice: cannot be, as edits stand apart
		}
		out = append(out, e)
	}
	return out
}

func utf16Length(s string) int {
	n := 0
	for _, r := range s {
		n += max(utf16.RuneLen(r), 1)
	}
	return n
}

// forkTexts carries out the text edits that were planned for the fork: of the
// former state what holds these texts is loaded under a fresh author, edited,
// and what that wrote is integrated. Texts that are not the former ones any
// more, as their cell moved, are left to be changed in the room.
func (m *merge) forkTexts(x *delta, base []byte) error {
	if len(m.forked) == 0 {
		return nil
	}
	fork, err := m.loadFork(base)
	if err != nil || !m.knows(fork) {
		fork = New(yjs.Options{}) // has no text, so everything is changed in the room
	}
	e, err := fork.Update(nil, m.editFork)
	if err != nil {
		return fmt.Errorf("edit fork: %w", err)
	}
	if e.Update == nil {
		return nil
	}
	c, err := m.d.doc.Apply(e.Update, nil)
	if err != nil {
		return fmt.Errorf("integrate fork: %w", err)
	}
	m.d.note(x, c)
	return nil
}

// loadFork returns a document with the texts of a former state that are to be
// edited, in their cells; all other cells are empty in it.
func (m *merge) loadFork(base []byte) (*Document, error) {
	sources := make([]yjs.ID, len(m.forked))
	for i, f := range m.forked {
		sources[i] = f.live.source.ID()
	}
	part, err := yjs.Excerpt(base, sources...)
	if err != nil {
		return nil, fmt.Errorf("cut fork out of the former state: %w", err)
	}
	return Load(yjs.Options{}, part)
}

// knows reports whether the room has everything that the fork has: else what
// is written into the fork would wait for ever for what it stands beside.
func (m *merge) knows(fork *Document) bool {
	ours := m.d.Clocks()
	for client, clock := range fork.Clocks() {
		if ours[client] < clock {
			return false
		}
	}
	return !fork.Pending()
}

// editFork edits the texts of the fork that live on in the room, and leaves
// the others to the room.
func (m *merge) editFork(e *Edit) error {
	for _, f := range m.forked {
		c := e.d.byID[f.id]
		if c == nil || c.source == nil || c.source.ID() != f.live.source.ID() || c.source.String() != f.was {
			m.steps[f.step].text = f.onLive
			continue
		}
		if err := e.splice(c, f.edits); err != nil {
			return err
		}
	}
	return nil
}

// commonText is what two texts share, in order, but for what may be coincidence.
func commonText(a, b string) string { return cutOut(a, notebook.DiffText(a, b)) }

// sharedText is every character that two texts share, in order.
func sharedText(a, b string) string { return cutOut(a, notebook.DiffCharacters(a, b)) }

// cutOut is a without what edits delete.
func cutOut(a string, edits []notebook.TextEdit) string {
	edits = slices.Clone(edits)
	for i := range edits {
		edits[i].Insert = ""
	}
	return edited(a, edits)
}

// edited is a with edits.
func edited(a string, edits []notebook.TextEdit) string {
	text := utf16.Encode([]rune(a))
	for _, e := range slices.Backward(edits) {
		text = slices.Replace(text, e.At, e.At+e.Delete, utf16.Encode([]rune(e.Insert))...)
	}
	return string(utf16.Decode(text))
}
