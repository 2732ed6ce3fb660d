package nbdoc

import (
	"slices"
	"unicode/utf16"

	"github.com/notebookhub/hub/hub/notebook"
	"github.com/notebookhub/hub/hub/yjs"
)

// run is a run of units of a text in one author's order. Of a text that was left
// behind, dead ones have no image in the copy: they had been deleted before, or
// whoever made the copy did not know them. told ones have their text beside.
type run struct {
	id   yjs.ID
	n    int
	dead bool
	told bool
}

func (r run) holds(id yjs.ID) bool {
	return r.id.Client == id.Client && r.id.Clock <= id.Clock && id.Clock < r.id.Clock+uint64(r.n)
}

// at is the id of the i-th unit.
func (r run) at(i int) yjs.ID { return yjs.ID{Client: r.id.Client, Clock: r.id.Clock + uint64(i)} }

// part are n units from the i-th on.
func (r run) part(i, n int) run { return run{r.at(i), n, r.dead, r.told} }

// goesOn reports whether next is the rest of the same run.
func (r run) goesOn(next run) bool {
	return r.dead == next.dead && r.told == next.told && next.id == r.at(r.n)
}

// addRun appends a run, to the last one where it goes on.
func addRun(runs []run, r run) []run {
	if l := len(runs) - 1; l >= 0 && runs[l].goesOn(r) {
		runs[l].n += r.n
		return runs
	}
	return append(runs, r)
}

// runsOf lists the units of a text.
func runsOf(t *yjs.Text) []run {
	var runs []run
	if t == nil {
		return nil
	}
	t.Runs(func(id yjs.ID, n int, deleted bool) bool {
		runs = addRun(runs, run{id, n, deleted, !deleted})
		return len(runs) < textRuns
	})
	return runs
}

// liveRuns are the units that a text still has.
func liveRuns(t *yjs.Text) []run {
	return slices.DeleteFunc(runsOf(t), func(r run) bool { return r.dead })
}

// count is how many units of runs are of a kind.
func count(runs []run, is func(run) bool) int {
	n := 0
	for _, r := range runs {
		if is(r) {
			n += r.n
		}
	}
	return n
}

func isLive(r run) bool { return !r.dead }
func isTold(r run) bool { return r.told }

// pair finds where the units of a source are in its copy: old are those of the
// source and text what the told ones say; next are the live ones of the copy,
// which says copied. What cannot be told apart is paired one by one.
func pair(old []run, text string, next []run, copied string) *moved {
	m := &moved{old: old, next: next}
	if count(old, isTold) != utf16Length(text) || count(next, isLive) != utf16Length(copied) {
		m.old = untold(old)
		return m
	}
	m.text, m.whole = text, true
	if live := said(old, text, isLive); live != copied {
		m.match(notebook.DiffCharacters(live, copied))
	}
	return m
}

// said is what the told ones of runs say that are of a kind.
func said(runs []run, text string, is func(run) bool) string {
	if !slices.ContainsFunc(runs, func(r run) bool { return r.told && !is(r) }) {
		return text
	}
	units := utf16.Encode([]rune(text))
	out := make([]uint16, 0, len(units))
	for _, r := range runs {
		if !r.told {
			continue
		}
		if is(r) {
			out = append(out, units[:r.n]...)
		}
		units = units[r.n:]
	}
	return string(utf16.Decode(out))
}

// untold are runs of which the text is not known.
func untold(runs []run) []run {
	var out []run
	for _, r := range runs {
		r.told = false
		out = addRun(out, r)
	}
	return out
}

// match drops from a pair what edits, which turn the live text of old into that
// of next, say is in one of them only.
func (m *moved) match(edits []notebook.TextEdit) {
	old, next := slices.Clone(m.old), slices.Clone(m.next)
	m.old, m.next = nil, nil
	at := 0 // of the live text
	keep := func(upTo int) {
		old = take(old, upTo-at, func(r run) { m.old = addRun(m.old, r) })
		next = take(next, upTo-at, func(r run) { m.next = addRun(m.next, r) })
		at = max(at, upTo)
	}
	for _, e := range edits {
		keep(e.At)
		old = take(old, e.Delete, func(r run) { r.dead = true; m.old = addRun(m.old, r) })
		next = take(next, utf16Length(e.Insert), func(run) {})
		at += e.Delete
	}
	keep(at + count(old, isLive))
	for _, r := range old {
		m.old = addRun(m.old, r) // dead ones behind the last live one
	}
}

// take gives the first n live units of runs, and the dead ones before them, to
// f, and returns the rest, for which it changes runs.
func take(runs []run, n int, f func(run)) []run {
	for len(runs) > 0 && n > 0 {
		r := runs[0]
		if r.dead || r.n <= n {
			f(r)
			runs = runs[1:]
			if !r.dead {
				n -= r.n
			}
			continue
		}
		f(r.part(0, n))
		runs[0] = r.part(n, r.n-n)
		return runs
	}
	return runs
}
