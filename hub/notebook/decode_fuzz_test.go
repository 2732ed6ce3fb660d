package notebook

import (
	"bytes"
	"encoding/json"
	"errors"
	"testing"
	"unicode/utf8"
)

// FuzzParse feeds any bytes: no panic, the standard library's idea of what is
// JSON, and for what is a notebook identity, a valid content and an edit that
// reads back.
func FuzzParse(f *testing.F) {
	for _, data := range corpus(f) {
		if len(data) < 8<<10 {
			f.Add(data)
		}
	}
	for _, bad := range badFiles() {
		f.Add([]byte(bad.data))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		file, err := Parse(data, ParseOptions{MintID: mint()})
		if err != nil {
			checkRefusal(t, data, err)
			return
		}
		if text := bytes.TrimPrefix(data, byteOrderMark); !json.Valid(text) && !pythonNumbers(text) {
			t.Errorf("Parse took what is not JSON: %q", data)
		}
		nb := file.Notebook()
		checkContent(t, nb)
		if out := render(t, file, nb); !bytes.Equal(out, data) {
			t.Errorf("Render changed %q to %q", data, out)
		}
		out, err := file.Standalone(clone(nb))
		if err != nil || !file.Upgraded() && !bytes.Equal(out, data) {
			t.Errorf("Standalone changed %q to %q: %v", data, out, err)
		}
		wantContent(t, out, nb)
		editAndReadBack(t, file)
	})
}

func pythonNumbers(data []byte) bool {
	return bytes.Contains(data, []byte("NaN")) || bytes.Contains(data, []byte("Infinity"))
}

// checkRefusal checks that an error has its code and position, and that
// nothing was called broken JSON that is not.
func checkRefusal(t *testing.T, data []byte, err error) {
	t.Helper()
	var fault *FormatError
	if !errors.As(err, &fault) {
		t.Fatalf("Parse(%q) failed with %T", data, err)
	}
	if fault.Line < 1 || fault.Column < 1 || fault.Detail == "" || fault.Line > 1+bytes.Count(data, []byte{'\n'}) {
		t.Errorf("Parse(%q): %+v", data, fault)
	}
	if (fault.Code == CodeJSON || fault.Code == CodeMergeMarkers) && utf8.Valid(data) && json.Valid(data) {
		t.Errorf("Parse refused valid JSON %q: %v", data, fault)
	}
}

// editAndReadBack changes something of everything.
func editAndReadBack(t *testing.T, f *File) {
	t.Helper()
	nb := clone(f.Notebook())
	nb.Metadata["added"] = "é"
	for i := range nb.Cells {
		c := &nb.Cells[i]
		c.Source += "\nx"
		c.Metadata["tags"] = []any{"a", 1.0}
		if c.Type == Code {
			c.Outputs = append(c.Outputs, Output{"output_type": "error", "ename": "E"})
		}
	}
	nb.Cells = append(nb.Cells, Cell{ID: "added", Type: Markdown, Source: "a\nb", Metadata: map[string]any{}})
	for i := range nb.Cells[:len(nb.Cells)-1] {
		if nb.Cells[i].ID == "added" {
			return
		}
	}
	out := render(t, f, nb)
	wantContent(t, out, nb)
}
