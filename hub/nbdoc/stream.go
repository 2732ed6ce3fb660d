package nbdoc

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf16"

	"github.com/notebookhub/hub/hub/notebook"
	"github.com/notebookhub/hub/hub/yjs"
)

// AppendStream adds text to a stream of a code cell: to the last output when it
// is the same stream, else to a new output. Carriage returns and backspaces
// have their effect before the text enters the document, as every client would
// show them but not agree on the text.
func (e *Edit) AppendStream(id, name, text string) error {
	c, err := e.codeCell(id)
	if err != nil {
		return err
	}
	if text == "" {
		return nil
	}
	a, out := c.outputs(), e.outlet(c)
	last, shared := lastOutput(a)
	switch {
	case out.clearNext:
	case shared && isStream(last, name):
		if t, ok := openText(last); ok {
			return e.appendText(c, out, t, text)
		}
		return e.rejoinStream(c, a, text)
	case a.Len() > 0 && !shared:
		if o := readOutput(a.Get(a.Len() - 1)); o.Kind() == stream && o[keyName] == name {
			return e.rejoinStream(c, a, text)
		}
	}
	line, column := feed(nil, 0, text)
	e.swapTail(c, e.keep(c, a), []notebook.Output{{keyOutputType: stream, keyName: name, keyText: line.String()}})
	if last, ok := lastOutput(a); ok {
		t, _ := openText(last)
		out.cursor = line.cursor(t, column)
	}
	return e.tx.Err()
}

func isStream(m *yjs.Map, name string) bool {
	kind, _ := m.Get(keyOutputType)
	n, _ := m.Get(keyName)
	return kind == stream && n == name
}

// openText is the shared text of a stream.
func openText(m *yjs.Map) (*yjs.Text, bool) {
	v, _ := m.Get(keyText)
	t, ok := v.(*yjs.Text)
	return t, ok
}

// rejoinStream appends to a last stream that cannot be appended to, because a
// peer wrote it as a plain value: all outputs are written anew.
func (e *Edit) rejoinStream(c *cell, a *yjs.Array, text string) error {
	var outputs []notebook.Output
	a.Range(func(_ int, v any) bool {
		if o := readOutput(v); o != nil {
			outputs = append(outputs, o)
		}
		return true
	})
	last := plainCopy(outputs[len(outputs)-1])
	line, column := feed(nil, 0, joinText(last[keyText])+text)
	last[keyText] = line.String()
	outputs[len(outputs)-1] = last
	out := e.outlet(c)
	shown := slices.Clone(out.shown)
	e.swapTail(c, 0, outputs)
	out.shown = shown
	out.follow(c)
	if last, ok := lastOutput(a); ok {
		t, _ := openText(last)
		out.cursor = line.cursor(t, column)
	}
	return e.tx.Err()
}

// appendText appends to the open stream of a cell. What a carriage return or a
// backspace overwrites is always the end of the text: it is deleted, after what
// replaces it was put behind it, so that clients hear of the deletion first.
func (e *Edit) appendText(c *cell, out *outlet, t *yjs.Text, text string) error {
	column, inLine := out.cursor.at(t)
	if !inLine && !strings.ContainsAny(text, "\r\b") {
		t.Insert(e.tx, t.Len(), text)
		out.bytes += len(text)
		e.wrote(c)
		return e.tx.Err()
	}
	full := t.String()
	if strings.ContainsAny(full, "\r\b") { // from a file or a peer: clients show less than there is
		return e.rejoinStream(c, c.outputs(), text)
	}
	start := strings.LastIndexByte(full, '\n') + 1
	old := []rune(full[start:])
	if !inLine {
		column = len(old)
	}
	line, column := feed(old, column, text)
	now := []rune(line.String())
	same := 0
	for same < min(len(old), len(now)) && old[same] == now[same] {
		same++
	}
	gone, behind := units(old[same:]), t.Len()
	if same < len(now) {
		t.Insert(e.tx, behind, string(now[same:]))
	}
	if gone > 0 {
		t.Delete(e.tx, behind-gone, gone)
	}
	out.cursor = line.cursor(t, column)
	out.bytes += len(line.String()) - len(full[start:])
	e.wrote(c)
	if err := e.tx.Err(); err != nil {
		return fmt.Errorf("append to stream of cell %q: %w", c.id, err)
	}
	return nil
}

// units counts UTF-16 units.
func units(text []rune) int {
	n := len(text)
	for _, r := range text {
		if utf16.RuneLen(r) == 2 {
			n++
		}
	}
	return n
}

// terminal is the end of a stream's text, from its last line on, while control
// characters are applied to it.
type terminal struct {
	done strings.Builder // whole lines
	line []rune          // the last line
}

// String is the text.
func (t *terminal) String() string { return t.done.String() + string(t.line) }

// cursor remembers the column for the next chunk, unless it is the end.
func (t *terminal) cursor(text *yjs.Text, column int) cursor {
	if text == nil || column >= len(t.line) {
		return cursor{}
	}
	return cursor{text: text, length: text.Len(), column: column}
}

// at returns the column at which the next character goes; false means at the
// end, also when somebody else changed the text.
func (c cursor) at(t *yjs.Text) (int, bool) {
	if c.text != t || c.length != t.Len() {
		return 0, false
	}
	return c.column, true
}

// feed writes text to a line at a column, as Jupyter's front ends do: a
// carriage return goes to the start of the line, whose characters are then
// overwritten; a backspace removes the character before; a line feed always
// goes behind the line. It returns the new column.
func feed(line []rune, column int, text string) (*terminal, int) {
	t := &terminal{line: append([]rune(nil), line...)}
	for _, r := range text {
		switch {
		case r == '\n':
			t.done.WriteString(string(t.line))
			t.done.WriteByte('\n')
			t.line, column = t.line[:0], 0
		case r == '\r':
			column = 0
		case r == '\b':
			if column > 0 {
				column--
				t.line = append(t.line[:column], t.line[column+1:]...)
			}
		case column < len(t.line):
			t.line[column] = r
			column++
		default:
			t.line = append(t.line, r)
			column++
		}
	}
	return t, column
}
