package notebook

import (
	"bytes"
	"slices"
	"strings"
	"testing"
)

// eachCell runs a test for every cell of every notebook of format 4.
func eachCell(t *testing.T, test func(t *testing.T, f *File, i int)) {
	for name, data := range corpus(t) {
		t.Run(name, func(t *testing.T) {
			f := parse(t, data)
			if f.Upgraded() {
				return
			}
			for i := range f.Notebook().Cells {
				if thorough || len(data) < sampleFrom || i%8 == 0 {
					test(t, f, i)
				}
			}
		})
	}
}

// fieldSpan is where a field of a cell stands in the file.
func fieldSpan(f *File, i int, key string) (span, bool) {
	lay := layoutOf(f.data, f.cells.items[i].value)
	n := lay.find(f.data, key)
	if n < 0 {
		return span{}, false
	}
	return lay.items[n].value, true
}

// insertAt is data with text put in at an offset.
func insertAt(data []byte, at int, text string) []byte {
	return slices.Concat(data[:at], []byte(text), data[at:])
}

// wantBytes fails when two files differ, and shows where.
func wantBytes(t *testing.T, what string, got, want []byte) {
	t.Helper()
	if !bytes.Equal(got, want) {
		added, removed := change(got, want)
		t.Errorf("%s changed more than it had to:\n got %q\nwant %q", what, added, removed)
	}
}

func TestRender_TypingIntoALineChangesThatLineAlone(t *testing.T) {
	eachCell(t, func(t *testing.T, f *File, i int) {
		sp, ok := fieldSpan(f, i, "source")
		if !ok {
			return
		}
		lines := []span{sp}
		if f.data[sp.start] == '[' {
			lines = nil
			for _, it := range layoutOf(f.data, sp).items {
				lines = append(lines, it.value)
			}
		}
		for n, line := range lines {
			if f.data[line.start] != '"' || len(f.data) > sampleFrom && n%13 > 0 {
				continue
			}
			before := 0 // bytes of the source before this line
			for _, l := range lines[:n] {
				if f.data[l.start] != '"' {
					return // a list with junk in it is written anew
				}
				before += len(decodeString(f.data[l.start:l.end]))
			}
			if len(lines) > 1 && before > 0 && !anyLineEnd.starts(f.Notebook().Cells[i].Source, before) {
				continue // no line begins here
			}
			if line.end-line.start == 2 && n < len(lines)-1 {
				continue // an empty string between others is not a line
			}
			out := edited(t, f, i, func(nb *Notebook) {
				c := &nb.Cells[i]
				c.Source = c.Source[:before] + "x" + c.Source[before:]
			})
			if strings.Contains(t.Name(), "odd-splits") || strings.Contains(t.Name(), "unknown") {
				continue // lists that split lines apart or hold junk are split anew where they changed
			}
			wantBytes(t, "typing", out, insertAt(f.data, line.start+1, "x"))
		}
	})
}

func TestRender_AppendedLineAddsOneLine(t *testing.T) {
	eachCell(t, func(t *testing.T, f *File, i int) {
		sp, ok := fieldSpan(f, i, "source")
		if !ok || f.data[sp.start] != '[' || bytes.IndexByte(f.data[sp.start:sp.end], '\n') < 0 {
			return
		}
		items := layoutOf(f.data, sp).items
		last := items[len(items)-1]
		text := f.Notebook().Cells[i].Source
		if f.data[last.value.start] != '"' || strings.Contains(t.Name(), "odd-splits") ||
			strings.Contains(t.Name(), "escapes") || strings.Contains(t.Name(), "mixed-indent") {
			return // not one line for each line
		}
		line := "last"
		if !anyLineEnd.complete(text) {
			line = "\nlast"
		}
		out := edited(t, f, i, func(nb *Notebook) { nb.Cells[i].Source += line })
		removed, added := change(f.data, out)
		if len(items) > 0 && len(removed) > 1 || len(added) != len(removed)+1 {
			t.Errorf("cell %d %q:\nremoved %q\n  added %q", i, text, removed, added)
		}
		if !strings.Contains(strings.Join(added, ""), `"last"`) && !strings.Contains(strings.Join(added, ""), `"last\n"`) {
			t.Errorf("cell %d: added %q", i, added)
		}
	})
}

func TestRender_ExecutionCountChangesItsNumberAlone(t *testing.T) {
	eachCell(t, func(t *testing.T, f *File, i int) {
		sp, ok := fieldSpan(f, i, "execution_count")
		if !ok || f.Notebook().Cells[i].Type != Code {
			return
		}
		out := edited(t, f, i, func(nb *Notebook) {
			n := int64(1234)
			nb.Cells[i].ExecutionCount = &n
		})
		wantBytes(t, "counting", out, slices.Concat(f.data[:sp.start], []byte("1234"), f.data[sp.end:]))
	})
}

func TestRender_ClearedOutputsLeaveAnEmptyList(t *testing.T) {
	eachCell(t, func(t *testing.T, f *File, i int) {
		sp, ok := fieldSpan(f, i, "outputs")
		if !ok || len(f.Notebook().Cells[i].Outputs) == 0 {
			return
		}
		out := edited(t, f, i, func(nb *Notebook) { nb.Cells[i].Outputs = nil })
		wantBytes(t, "clearing", out, slices.Concat(f.data[:sp.start], []byte("[]"), f.data[sp.end:]))
	})
}

func TestRender_AddedOutputLeavesTheOthers(t *testing.T) {
	eachCell(t, func(t *testing.T, f *File, i int) {
		sp, ok := fieldSpan(f, i, "outputs")
		if !ok || f.Notebook().Cells[i].Type != Code || f.data[sp.start] != '[' {
			return
		}
		out := edited(t, f, i, func(nb *Notebook) {
			nb.Cells[i].Outputs = append(nb.Cells[i].Outputs, Output{
				"output_type": "error", "ename": "E", "evalue": "v", "traceback": []any{"t"},
			})
		})
		items := layoutOf(f.data, sp).items
		keep := sp.start + 1
		if len(items) > 0 {
			keep = items[len(items)-1].value.end
		}
		if !bytes.HasPrefix(out, f.data[:keep]) || !bytes.HasSuffix(out, f.data[sp.end:]) {
			t.Errorf("cell %d: adding an output touched more than the end of the list", i)
		}
	})
}

func TestRender_TagChangesItsMetadataAlone(t *testing.T) {
	eachCell(t, func(t *testing.T, f *File, i int) {
		sp, ok := fieldSpan(f, i, "metadata")
		if !ok {
			return
		}
		out := edited(t, f, i, func(nb *Notebook) { nb.Cells[i].Metadata["zz_new"] = []any{"tag", 1.5} })
		tail := f.data[sp.end:]
		if f.data[sp.start] == '{' {
			tail = f.data[sp.end-1:]
		}
		if !bytes.HasPrefix(out, f.data[:sp.start]) || !bytes.HasSuffix(out, tail) {
			t.Errorf("cell %d: a new tag touched more than the metadata", i)
		}
		for _, it := range layoutOf(f.data, sp).items {
			if member := f.data[it.key.start:it.value.end]; it.key.end > 0 && !bytes.Contains(out, member) {
				t.Errorf("cell %d: member %s lost its bytes", i, member)
			}
		}
	})
}

func TestRender_DeletedCellTakesItsLinesAlone(t *testing.T) {
	eachCell(t, func(t *testing.T, f *File, i int) {
		out := edited(t, f, i, func(nb *Notebook) { nb.Cells = slices.Delete(nb.Cells, i, i+1) })
		if len(f.shadow) > 0 {
			return // see TestRender_RepeatedIDIsWrittenOnceItsOwnerIsGone
		}
		items := f.cells.items
		var want []byte
		switch {
		case len(items) == 1:
			want = slices.Concat(f.data[:f.cells.start], []byte("[]"), f.data[f.cells.end:])
		case i == 0: // the second cell takes the place of the first
			want = slices.Concat(f.data[:items[0].value.start], f.data[items[1].value.start:])
		case i == len(items)-1:
			want = slices.Concat(f.data[:items[i-1].value.end], f.data[items[i].value.end:])
		default:
			want = slices.Concat(f.data[:items[i-1].trail], f.data[items[i].trail:])
		}
		wantBytes(t, "deleting", out, want)
	})
}

func TestRender_MovedCellTakesItsBytesAlong(t *testing.T) {
	eachCell(t, func(t *testing.T, f *File, i int) {
		cells := f.Notebook().Cells
		if i+1 >= len(cells) || strings.Contains(t.Name(), "mixed-indent") {
			return
		}
		out := edited(t, f, i, func(nb *Notebook) {
			nb.Cells[i], nb.Cells[i+1] = nb.Cells[i+1], nb.Cells[i]
		})
		a, b := f.cells.items[i].value, f.cells.items[i+1].value
		wantBytes(t, "moving", out, slices.Concat(f.data[:a.start], f.data[b.start:b.end],
			f.data[a.end:b.start], f.data[a.start:a.end], f.data[b.end:]))
	})
}

func TestRender_NewCellLeavesTheOthersAndLooksLikeThem(t *testing.T) {
	eachCell(t, func(t *testing.T, f *File, i int) {
		out := edited(t, f, i, func(nb *Notebook) {
			nb.Cells = slices.Insert(nb.Cells, i, Cell{ID: "brand-new", Type: Code, Source: "a\nb", Metadata: map[string]any{}})
		})
		at := f.cells.items[i].value.start
		if strings.Contains(t.Name(), "mixed-indent") {
			return
		}
		if !bytes.HasPrefix(out, f.data[:at]) || !bytes.HasSuffix(out, f.data[at:]) {
			t.Errorf("inserting before cell %d touched other lines", i)
		}
		hasID := bytes.Contains(out, []byte("brand-new"))
		if f.Notebook().Minor >= 5 != hasID {
			t.Errorf("format 4.%d: id written is %v", f.Notebook().Minor, hasID)
		}
	})
}

func TestRender_RetypedCellKeepsItsOtherLines(t *testing.T) {
	eachCell(t, func(t *testing.T, f *File, i int) {
		for _, kind := range []string{Code, Markdown, Raw} {
			out := edited(t, f, i, func(nb *Notebook) {
				c := &nb.Cells[i]
				c.Type = kind
				if kind == Code {
					c.Attachments = nil
				} else {
					c.Outputs, c.ExecutionCount = nil, nil
				}
			})
			if sp, ok := fieldSpan(f, i, "source"); ok && !bytes.Contains(out, f.data[sp.start:sp.end]) {
				t.Errorf("cell %d: becoming %s changed the source's bytes", i, kind)
			}
			if kind == f.Notebook().Cells[i].Type || len(out) > sampleFrom {
				continue
			}
			g := parse(t, out)
			for _, key := range []string{"outputs", "execution_count", "attachments"} {
				_, written := fieldSpan(g, i, key)
				if want := (kind == Code) == (key != "attachments"); written && !want || !written && want && kind == Code {
					t.Errorf("cell %d: became %s, has %s: %v", i, kind, key, written)
				}
			}
		}
	})
}

func TestRender_EditOfOneCellLeavesAllOthers(t *testing.T) {
	eachCell(t, func(t *testing.T, f *File, i int) {
		out := edited(t, f, i, func(nb *Notebook) {
			c := &nb.Cells[i]
			c.Source = "new é 😀\n" + c.Source + "\n/end"
			c.Metadata["x"] = map[string]any{"deep": []any{nil, true, "é", map[string]any{}}}
			delete(c.Metadata, "tags")
			if c.Type == Code {
				c.Outputs = append(c.Outputs, Output{"output_type": "display_data", "metadata": map[string]any{}, "data": map[string]any{"text/plain": "a\nb"}})
			}
		})
		sp := f.cells.items[i].value
		if !bytes.HasPrefix(out, f.data[:sp.start]) || !bytes.HasSuffix(out, f.data[sp.end:]) {
			t.Errorf("editing cell %d touched others", i)
		}
	})
}
