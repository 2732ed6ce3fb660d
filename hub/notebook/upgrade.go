package notebook

import (
	"slices"
	"strings"
)

// upgraded reads a file of format 1 to 3 as the notebook of format 4.5 that it
// is turned into, in the file's own style.
func (f *File) upgraded(opts ParseOptions) (*File, error) {
	u := &upgrader{renderer: renderer{File: f}}
	u.notebook()
	next, err := Parse(u.out, opts)
	if err != nil {
		return nil, err
	}
	// The ids become part of the file, as format 4.5 asks for.
	bare := *next.content
	bare.Minor = 4
	older := *next
	older.content = &bare
	full, err := older.Standalone(next.content)
	if err != nil {
		return nil, err
	}
	if f.upgrade, err = Parse(full, opts); err != nil {
		return nil, err
	}
	f.content, f.at = f.upgrade.content, f.upgrade.at
	return f, nil
}

// upgrader writes a notebook of an old format as one of format 4.5. What it
// knows of formats 1 to 3 is nbformat's schema of format 3 and its changelog.
type upgrader struct{ renderer }

// field is a member of an object to be written.
type field struct {
	key   string
	write func(at string)
}

// object writes an object of these fields.
func (u *upgrader) object(fields []field, at string) {
	slots := make([]slot, len(fields))
	for i, f := range fields {
		slots[i] = slot{from: -1, key: f.key, write: f.write}
	}
	u.emit('{', &container{}, slots, at)
}

// sorted writes an object with its keys in order, as Jupyter does.
func (u *upgrader) sorted(fields []field, at string) {
	slices.SortStableFunc(fields, func(a, b field) int { return strings.Compare(a.key, b.key) })
	u.object(fields, at)
}

// list writes an array of n elements.
func (u *upgrader) list(n int, write func(i int, at string), at string) {
	slots := make([]slot, n)
	for i := range slots {
		slots[i] = slot{from: -1, write: func(at string) { write(i, at) }}
	}
	u.emit('[', &container{}, slots, at)
}

// value is a field with a new value.
func (u *upgrader) value(key string, v any) field {
	return field{key, func(at string) { u.encode(plain, v, at) }}
}

// copied is a field with the bytes at sp, laid out anew.
func (u *upgrader) copied(key string, sp span) field {
	return field{key, func(at string) { u.reformat(sp, at) }}
}

// reformat copies a value with the white space of its new place.
func (u *upgrader) reformat(sp span, at string) {
	c := layoutOf(u.data, sp)
	switch u.data[sp.start] {
	case '[':
		u.list(len(c.items), func(i int, at string) { u.reformat(c.items[i].value, at) }, at)
	case '{':
		by, keys := u.members(sp)
		u.object(u.rest(by, keys), at)
	default:
		u.raw(sp)
	}
}

// members are the members of the object at sp by key, and the keys in order.
func (u *upgrader) members(sp span) (map[string]span, []string) {
	by := map[string]span{}
	if u.data[sp.start] != '{' {
		return by, nil
	}
	c := layoutOf(u.data, sp)
	for _, it := range c.items {
		by[keyOf(u.data, it)] = it.value
	}
	return by, u.keysOf(c)
}

// rest copies the members that are not among the known keys.
func (u *upgrader) rest(by map[string]span, keys []string, known ...string) []field {
	var fields []field
	for _, key := range keys {
		if !slices.Contains(known, key) {
			fields = append(fields, u.copied(key, by[key]))
		}
	}
	return fields
}

// text is the string, or the joined list of lines, at sp.
func (u *upgrader) text(sp span) string {
	if sp.end == 0 {
		return ""
	}
	s := scanner{data: u.data[:sp.end], pos: sp.start}
	if u.endless(sp) {
		v, _ := s.value()
		lines, _ := v.([]any)
		for i := range len(lines) - 1 {
			lines[i] = lines[i].(string) + "\n"
		}
		text, _ := joined(lines)
		return text
	}
	v, _ := s.multiline()
	return v
}

// endless reports whether the value at sp is a list of lines without their line
// ends, as format 2 and early format 3 wrote them: the first has none.
func (u *upgrader) endless(sp span) bool {
	if u.data[sp.start] != '[' {
		return false
	}
	items := layoutOf(u.data, sp).items
	for _, it := range items {
		if u.data[it.value.start] != '"' {
			return false
		}
	}
	if len(items) < 2 {
		return false
	}
	first := items[0].value
	line := decodeString(u.data[first.start:first.end])
	return !strings.HasSuffix(line, "\n") && !strings.HasSuffix(line, "\r")
}

// lines is a field with the text at sp, whose lines are given their ends.
func (u *upgrader) lines(key string, sp span) field {
	if !u.endless(sp) {
		return u.copied(key, sp)
	}
	items := layoutOf(u.data, sp).items
	return field{key, func(at string) {
		u.list(len(items), func(i int, _ string) {
			line := items[i].value
			u.raw(span{line.start, line.end - 1})
			if i < len(items)-1 {
				u.out = append(u.out, `\n`...)
			}
			u.out = append(u.out, '"')
		}, at)
	}}
}

// notebook writes the whole file.
func (u *upgrader) notebook() {
	u.raw(span{0, u.root.start})
	by, keys := u.members(u.root.span)
	fields := []field{
		{"cells", func(at string) { u.cellList(by, at) }},
		{"metadata", func(at string) {
			meta, keys := u.members(by["metadata"])
			u.object(u.rest(meta, keys, "name", "signature", "orig_nbformat"), at)
		}},
		u.value("nbformat", 4.0),
		u.value("nbformat_minor", 5.0),
	}
	fields = append(fields, u.rest(by, keys, "cells", "worksheets", "metadata", "nbformat", "nbformat_minor",
		"orig_nbformat", "orig_nbformat_minor")...)
	u.object(fields, u.style.lineBreak)
	u.raw(span{u.root.end, len(u.data)})
}

// cellList writes the cells of all worksheets, format 1 having had none.
func (u *upgrader) cellList(by map[string]span, at string) {
	var cells []span
	lists := []span{by["cells"]}
	if sheets := by["worksheets"]; sheets.end > 0 {
		for _, it := range layoutOf(u.data, sheets).items {
			sheet, _ := u.members(it.value)
			lists = append(lists, sheet["cells"])
		}
	}
	for _, sp := range lists {
		if sp.end == 0 || u.data[sp.start] != '[' {
			continue
		}
		for _, it := range layoutOf(u.data, sp).items {
			cells = append(cells, it.value)
		}
	}
	u.list(len(cells), func(i int, at string) { u.cell(cells[i], at) }, at)
}

// cell writes a cell; what is no object is refused when the result is read.
func (u *upgrader) cell(sp span, at string) {
	if u.data[sp.start] != '{' {
		u.raw(sp)
		return
	}
	by, keys := u.members(sp)
	var fields []field
	switch kind := u.text(by["cell_type"]); kind {
	case "code":
		fields = u.codeCell(by, keys)
	case "heading":
		fields = u.textCell(Markdown, u.heading(by), by, keys)
	case "raw":
		fields = u.textCell(Raw, u.field("source", by, "source", "text"), by, keys)
	case "markdown", "html", "text":
		fields = u.textCell(Markdown, u.field("source", by, "source", "text", "html"), by, keys)
	default:
		fields = u.textCell(kind, u.field("source", by, "source", "text", "input"), by, keys)
	}
	u.sorted(fields, at)
}

// field copies the first member that is there under a new key, else "".
func (u *upgrader) field(key string, by map[string]span, from ...string) field {
	for _, name := range from {
		if sp := by[name]; sp.end > 0 {
			return u.lines(key, sp)
		}
	}
	return u.value(key, "")
}

func (u *upgrader) textCell(kind string, source field, by map[string]span, keys []string) []field {
	fields := []field{u.value("cell_type", kind), u.metadata(by, false), source}
	return append(fields, u.rest(by, keys, "cell_type", "metadata", "source", "text", "html", "level", "rendered", "id")...)
}

// heading is a line of markdown, as headings cannot span several.
func (u *upgrader) heading(by map[string]span) field {
	level := 1
	if sp := by["level"]; sp.end > 0 {
		n, _ := wholeNumber(decodeSpan(u.data, sp))
		level = int(min(max(n, 1), 6))
	}
	lines := anyLineEnd.split(u.text(by["source"]))
	for i := range lines {
		lines[i] = strings.TrimRight(lines[i], "\r\n")
	}
	line := strings.Repeat("#", level) + " " + strings.Join(lines, " ")
	return field{"source", func(at string) { u.encodeSource(line, at) }}
}

// metadata copies a cell's metadata; collapsed was a key of the cell itself.
func (u *upgrader) metadata(by map[string]span, code bool) field {
	return field{"metadata", func(at string) {
		meta, keys := u.members(by["metadata"])
		fields := u.rest(meta, keys)
		if sp := by["collapsed"]; code && sp.end > 0 && meta["collapsed"].end == 0 {
			fields = append([]field{u.copied("collapsed", sp)}, fields...)
		}
		u.object(fields, at)
	}}
}

func (u *upgrader) codeCell(by map[string]span, keys []string) []field {
	fields := []field{
		u.value("cell_type", Code),
		u.count(by),
		u.metadata(by, true),
		{"outputs", func(at string) { u.outputs(by["outputs"], at) }},
		u.field("source", by, "input", "code", "source"),
	}
	return append(fields, u.rest(by, keys, "cell_type", "prompt_number", "metadata", "outputs", "input", "code",
		"source", "collapsed", "language", "id", "execution_count")...)
}

// count is the execution_count, which was called prompt_number.
func (u *upgrader) count(by map[string]span) field {
	if sp := by["prompt_number"]; sp.end > 0 {
		if _, ok := wholeNumber(decodeSpan(u.data, sp)); ok {
			return u.copied("execution_count", sp)
		}
	}
	return u.value("execution_count", nil)
}

func (u *upgrader) outputs(sp span, at string) {
	c := &container{}
	if sp.end > 0 && u.data[sp.start] == '[' {
		c = layoutOf(u.data, sp)
	}
	u.list(len(c.items), func(i int, at string) { u.output(c.items[i].value, at) }, at)
}
