package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/notebookhub/hub/hub/notebook"
)

// diffNotebooks tells how b differs from a: notebook metadata first, then the
// cells in the order of b, with those that are gone where they were.
func diffNotebooks(a, b *notebook.Notebook) string {
	var out strings.Builder
	if keys := differentKeys(a.Metadata, b.Metadata); keys != "" {
		fmt.Fprintf(&out, "@@ notebook: metadata changed: %s @@\n", keys)
	}
	match := notebook.MatchCells(a.Cells, b.Cells)
	stay := unmoved(match)
	next := 0 // cell of a whose absence has not been looked at
	for i := range b.Cells {
		if match[i] >= 0 && stay[i] {
			gone(&out, a.Cells, next, match[i], match)
			next = match[i] + 1
		}
		diffCell(&out, a, b, match[i], i, stay[i])
	}
	gone(&out, a.Cells, next, len(a.Cells), match)
	return out.String()
}

// unmoved tells which cells of b are in the order that they had in a.
func unmoved(match []int) []bool {
	var seq, at []int
	for i, m := range match {
		if m >= 0 {
			seq, at = append(seq, m), append(at, i)
		}
	}
	stay := make([]bool, len(match))
	for _, k := range notebook.LongestIncreasing(seq) {
		stay[at[k]] = true
	}
	return stay
}

// gone tells of the cells of a from first to last that b has not.
func gone(out *strings.Builder, cells []notebook.Cell, first, last int, match []int) {
	for k := first; k < last; k++ {
		if !slices.Contains(match, k) {
			fmt.Fprintf(out, "@@ cell %d %s: deleted @@\n", k+1, title(cells[k]))
			writeLines(out, "-", cells[k].Source)
		}
	}
}

func diffCell(out *strings.Builder, a, b *notebook.Notebook, from, to int, stays bool) {
	now := b.Cells[to]
	if from < 0 {
		fmt.Fprintf(out, "@@ cell %d %s: added @@\n", to+1, title(now))
		writeLines(out, "+", now.Source)
		return
	}
	old := a.Cells[from]
	var what []string
	if !stays {
		what = append(what, fmt.Sprintf("moved from %d", from+1))
	}
	if old.Type != now.Type {
		what = append(what, fmt.Sprintf("was %s", old.Type))
	}
	if keys := differentKeys(old.Metadata, now.Metadata); keys != "" {
		what = append(what, "metadata changed: "+keys)
	}
	if keys := differentKeys(old.Attachments, now.Attachments); keys != "" {
		what = append(what, "attachments changed: "+keys)
	}
	if !notebook.EqualOutputs(old.Outputs, now.Outputs) {
		what = append(what, fmt.Sprintf("outputs changed (%d, were %d)", len(now.Outputs), len(old.Outputs)))
	}
	source := diffLines(old.Source, now.Source)
	if source != "" {
		what = append(what, "source changed")
	}
	if len(what) > 0 {
		fmt.Fprintf(out, "@@ cell %d %s: %s @@\n%s", to+1, title(now), strings.Join(what, ", "), source)
	}
}

func title(c notebook.Cell) string { return c.Type + " " + c.ID }

// differentKeys names the keys whose values differ.
func differentKeys(a, b map[string]any) string {
	keys := make(map[string]bool)
	for k, v := range a {
		w, ok := b[k]
		keys[k] = !ok || !notebook.EqualValues(v, w)
	}
	for k := range b {
		if _, ok := a[k]; !ok {
			keys[k] = true
		}
	}
	maps.DeleteFunc(keys, func(_ string, different bool) bool { return !different })
	return strings.Join(slices.Sorted(maps.Keys(keys)), ", ")
}
