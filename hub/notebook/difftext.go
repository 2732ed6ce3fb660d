package notebook

import (
	"strings"
	"unicode/utf8"
)

const (
	// diffWork bounds the comparisons of one DiffText per level of detail.
	diffWork = 1 << 21
	// shortKeep is the length up to which a text that two changes have left
	// standing between them is taken as coincidence.
	shortKeep = 2
)

// TextEdit replaces Delete UTF-16 code units at At by Insert.
type TextEdit struct {
	At     int
	Delete int
	Insert string
}

// DiffText finds small edits that turn text a into b, for a text that several
// people edit: what both have in common is not touched, so cursors and
// concurrent edits there survive. Positions and lengths count UTF-16 code units
// of a; the edits are in ascending order and apart from each other, so apply
// them from the last to the first, or add up the shifts. Pairs of surrogates
// are never split. The work is bounded: of large texts that have little in
// common the part that differs is replaced.
func DiffText(a, b string) []TextEdit { return diffText(a, b, false) }

// DiffCharacters is DiffText for who asks which characters two texts share:
// also a single one between two changes counts.
func DiffCharacters(a, b string) []TextEdit { return diffText(a, b, true) }

func diffText(a, b string, exact bool) []TextEdit {
	if a == b {
		return nil
	}
	d := textDiff{a: a, b: b, exact: exact}
	head, tail := commonText(a, b)
	d.refine(hunk{head, len(a) - tail, head, len(b) - tail})
	return d.edits
}

// textDiff collects the edits in ascending order.
type textDiff struct {
	a, b  string
	exact bool // keep also what may be coincidence
	edits []TextEdit
	at    int // bytes of a behind the last edit
	units int // the same in UTF-16 units
}

// refine splits a hunk of bytes into lines, and the lines that changed into
// characters.
func (d *textDiff) refine(h hunk) {
	a, b := d.a[h.a0:h.a1], d.b[h.b0:h.b1]
	if !strings.Contains(a, "\n") || !strings.Contains(b, "\n") {
		d.characters(h)
		return
	}
	x, y := strings.SplitAfter(a, "\n"), strings.SplitAfter(b, "\n")
	i, j, p, q := 0, 0, h.a0, h.b0
	for _, l := range diffLines(x, y) {
		for ; i < l.a0; i++ {
			p += len(x[i])
		}
		for ; j < l.b0; j++ {
			q += len(y[j])
		}
		c := hunk{p, p, q, q}
		for ; i < l.a1; i++ {
			p += len(x[i])
		}
		for ; j < l.b1; j++ {
			q += len(y[j])
		}
		c.a1, c.b1 = p, q
		d.characters(c)
	}
}

// characters splits a hunk into characters, unless little is left in common.
func (d *textDiff) characters(h hunk) {
	head, tail := commonText(d.a[h.a0:h.a1], d.b[h.b0:h.b1])
	h = hunk{h.a0 + head, h.a1 - tail, h.b0 + head, h.b1 - tail}
	if h.a0 == h.a1 || h.b0 == h.b1 {
		d.add(h)
		return
	}
	x, xs := runes(d.a[h.a0:h.a1])
	y, ys := runes(d.b[h.b0:h.b1])
	hunks := diff(x, y, min(diffWork, 64*(len(x)+len(y))+4096))
	if !d.exact {
		hunks = tidy(hunks)
	}
	for _, c := range hunks {
		d.add(hunk{h.a0 + xs[c.a0], h.a0 + xs[c.a1], h.b0 + ys[c.b0], h.b0 + ys[c.b1]})
	}
}

// tidy joins hunks that only a few characters separate, fewer than change on
// either side.
func tidy(hunks []hunk) []hunk {
	var out []hunk
	for _, h := range hunks {
		if n := len(out); n > 0 {
			last := &out[n-1]
			kept := h.a0 - last.a1
			if kept <= shortKeep && kept < size(*last) && kept < size(h) {
				last.a1, last.b1 = h.a1, h.b1
				continue
			}
		}
		out = append(out, h)
	}
	return out
}

func size(h hunk) int { return max(h.a1-h.a0, h.b1-h.b0) }

// runes are the characters of s and the offset of each, and of the end.
func runes(s string) ([]rune, []int) {
	list, at := make([]rune, 0, len(s)), make([]int, 0, len(s)+1)
	for i, r := range s {
		list, at = append(list, r), append(at, i)
	}
	return list, append(at, len(s))
}

// add turns a hunk of bytes into an edit.
func (d *textDiff) add(h hunk) {
	if h.a0 == h.a1 && h.b0 == h.b1 {
		return
	}
	at := d.units + utf16Len(d.a[d.at:h.a0])
	n := utf16Len(d.a[h.a0:h.a1])
	d.edits = append(d.edits, TextEdit{At: at, Delete: n, Insert: d.b[h.b0:h.b1]})
	d.at, d.units = h.a1, at+n
}

// utf16Len counts the UTF-16 code units of s.
func utf16Len(s string) int {
	n := 0
	for _, r := range s {
		n++
		if r >= 0x10000 && r <= utf8.MaxRune {
			n++
		}
	}
	return n
}

// diffLines is diff for lines. When the texts are too different for that, the
// lines that occur once in each anchor them and only what lies between is
// compared, as in B. Cohen's patience diff.
func diffLines(a, b []string) []hunk {
	x, y := intern(a, b)
	var hunks []hunk
	i, j := 0, 0
	for _, c := range append(anchors(x, y), [2]int{len(x), len(y)}) {
		for _, h := range diff(x[i:c[0]], y[j:c[1]], diffWork/4) {
			hunks = append(hunks, hunk{h.a0 + i, h.a1 + i, h.b0 + j, h.b1 + j})
		}
		i, j = c[0], c[1]
	}
	return hunks
}

// anchors are pairs of positions in long texts where lines that are unique in
// both stand in the same order. Short texts need none.
func anchors(x, y []int32) [][2]int {
	if len(x)+len(y) < 2000 {
		return nil
	}
	inX, inY, at := map[int32]int{}, map[int32]int{}, map[int32]int{}
	for i, l := range x {
		inX[l]++
		at[l] = i
	}
	for _, l := range y {
		inY[l]++
	}
	var from, to []int
	for j, l := range y {
		if inX[l] == 1 && inY[l] == 1 {
			from, to = append(from, at[l]), append(to, j)
		}
	}
	var pairs [][2]int
	for _, k := range LongestIncreasing(from) {
		pairs = append(pairs, [2]int{from[k], to[k]})
	}
	return pairs
}

// intern numbers equal lines alike.
func intern(a, b []string) (x, y []int32) {
	ids := make(map[string]int32, len(a))
	number := func(lines []string) []int32 {
		out := make([]int32, len(lines))
		for i, l := range lines {
			id, ok := ids[l]
			if !ok {
				id = int32(len(ids))
				ids[l] = id
			}
			out[i] = id
		}
		return out
	}
	return number(a), number(b)
}
