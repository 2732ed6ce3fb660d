package notebook

// Distance says how far two states of a notebook are apart: the characters of
// sources that differ, and one for every cell that is new, gone or moved and for
// every other field that differs. It is 0 for equal notebooks.
func Distance(a, b *Notebook) int {
	d := count(!EqualValues(a.Metadata, b.Metadata))
	from := MatchCells(a.Cells, b.Cells)
	var order []int
	gone := make([]bool, len(a.Cells))
	for i := range gone {
		gone[i] = true
	}
	for j, i := range from {
		if i < 0 {
			d += 1 + utf16Len(b.Cells[j].Source)
			continue
		}
		gone[i] = false
		order = append(order, i)
		d += cellDistance(&a.Cells[i], &b.Cells[j])
	}
	for i, is := range gone {
		if is {
			d += 1 + utf16Len(a.Cells[i].Source)
		}
	}
	return d + len(order) - len(LongestIncreasing(order))
}

func cellDistance(a, b *Cell) int {
	d := count(a.Type != b.Type, !EqualValues(a.Metadata, b.Metadata), !EqualOutputs(a.Outputs, b.Outputs),
		!sameCount(a.ExecutionCount, b.ExecutionCount), !EqualValues(a.Attachments, b.Attachments))
	for _, e := range DiffCharacters(a.Source, b.Source) {
		d += e.Delete + utf16Len(e.Insert)
	}
	return d
}

// count is how many hold.
func count(differences ...bool) (n int) {
	for _, differs := range differences {
		if differs {
			n++
		}
	}
	return n
}
