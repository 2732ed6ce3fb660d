package nbdoc

import "github.com/notebookhub/hub/hub/notebook"

// values merges three objects key by key, and objects within them likewise.
// It returns the object that is to be, nil when that is what lives already. A
// value that both sides changed is the room's, and noted as overridden.
func (m *merge) values(cell string, disk *notebook.Cell, was, theirs, ours map[string]any) map[string]any {
	if equalMaps(was, theirs) || equalMaps(ours, theirs) {
		return nil
	}
	merged := mergeObjects(was, theirs, ours, "", func(key string) {
		m.conflicts = append(m.conflicts, Conflict{Kind: Overridden, Cell: cell, Disk: disk, Key: key})
	})
	if equalMaps(merged, ours) {
		return nil
	}
	return merged
}

// absent stands for a key that an object does not have.
type absent struct{}

func mergeObjects(was, theirs, ours map[string]any, path string, lost func(key string)) map[string]any {
	get := func(m map[string]any, key string) any {
		if v, ok := m[key]; ok {
			return v
		}
		return absent{}
	}
	merged := make(map[string]any, len(ours))
	take := func(key string) {
		v := mergeValues(get(was, key), get(theirs, key), get(ours, key), path+key, lost)
		if v != (any)(absent{}) {
			merged[key] = v
		}
	}
	for key := range ours {
		take(key)
	}
	for key := range theirs {
		if _, ok := ours[key]; !ok {
			take(key)
		}
	}
	return merged
}

// mergeValues merges one value.
func mergeValues(was, theirs, ours any, path string, lost func(key string)) any {
	switch {
	case sameValue(theirs, ours), sameValue(was, theirs):
		return ours
	case sameValue(was, ours):
		return theirs
	}
	a, isObject := theirs.(map[string]any)
	b, also := ours.(map[string]any)
	if isObject && also {
		before, _ := was.(map[string]any)
		return mergeObjects(before, a, b, path+".", lost)
	}
	if list, ok := mergeTags(was, theirs, ours); ok {
		return list
	}
	lost(path)
	return ours
}

func sameValue(a, b any) bool {
	_, noA := a.(absent)
	_, noB := b.(absent)
	if noA || noB {
		return noA && noB
	}
	return notebook.EqualValues(a, b)
}

// mergeTags merges lists of words that are sets, as tags are: what one side
// added or removed is added or removed.
func mergeTags(was, theirs, ours any) ([]any, bool) {
	before, ok1 := tagSet(was)
	a, ok2 := tagSet(theirs)
	b, ok3 := tagSet(ours)
	if !ok1 || !ok2 || !ok3 {
		return nil, false
	}
	merged := []any{}
	for _, tag := range ours.([]any) {
		if a[tag.(string)] || !before[tag.(string)] {
			merged = append(merged, tag)
		}
	}
	for _, tag := range theirs.([]any) {
		if !b[tag.(string)] && !before[tag.(string)] {
			merged = append(merged, tag)
		}
	}
	return merged, true
}

// tagSet reads a list of different words; an absent list is empty.
func tagSet(v any) (map[string]bool, bool) {
	set := map[string]bool{}
	if _, ok := v.(absent); ok {
		return set, true
	}
	list, ok := v.([]any)
	for _, e := range list {
		s, isString := e.(string)
		if !isString || set[s] {
			return nil, false
		}
		set[s] = true
	}
	return set, ok
}

// common is what two notebooks share: a former state from which neither has
// removed anything.
func common(a, b *notebook.Notebook) *notebook.Notebook {
	nb := &notebook.Notebook{Major: a.Major, Minor: min(a.Minor, b.Minor), Metadata: commonValues(a.Metadata, b.Metadata)}
	pairs := notebook.MatchCells(a.Cells, b.Cells)
	twin := make(map[int]int, len(pairs))
	for j, i := range pairs {
		if i >= 0 {
			twin[i] = j
		}
	}
	for i, c := range a.Cells {
		if j, ok := twin[i]; ok {
			nb.Cells = append(nb.Cells, commonCell(c, b.Cells[j]))
		}
	}
	return nb
}

// commonCell is what two forms of a cell share.
func commonCell(a, b notebook.Cell) notebook.Cell {
	c := notebook.Cell{
		ID: a.ID, Type: a.Type, Source: commonText(a.Source, b.Source),
		Metadata: commonValues(a.Metadata, b.Metadata), Attachments: commonValues(a.Attachments, b.Attachments),
	}
	if sameOutputs(a.Outputs, b.Outputs) || len(b.Outputs) == 0 {
		c.Outputs, c.ExecutionCount = b.Outputs, b.ExecutionCount
	}
	return c
}

func commonValues(a, b map[string]any) map[string]any {
	both := map[string]any{}
	for k, v := range a {
		if w, ok := b[k]; ok && notebook.EqualValues(v, w) {
			both[k] = v
		}
	}
	return both
}
