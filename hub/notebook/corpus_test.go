package notebook

import (
	"bytes"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// corpus holds the real and the hand-made notebooks by name.
func corpus(t testing.TB) map[string][]byte {
	t.Helper()
	files := map[string][]byte{}
	for _, pattern := range []string{"testdata/*.ipynb", "testdata/edge/*.ipynb", "../../examples/*/*.ipynb"} {
		names, err := filepath.Glob(pattern)
		if err != nil || len(names) == 0 {
			t.Fatalf("find %s: %d files, %v", pattern, len(names), err)
		}
		for _, name := range names {
			data, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			files[name] = data
		}
	}
	return files
}

// mint makes ids that are the same on every run.
func mint() func() string {
	n := 0
	return func() string { n++; return fmt.Sprintf("minted-%d", n) }
}

func parse(t testing.TB, data []byte) *File {
	t.Helper()
	f, err := Parse(data, ParseOptions{MintID: mint()})
	if err != nil {
		t.Fatalf("Parse: %v", err)
	}
	return f
}

func render(t testing.TB, f *File, nb *Notebook) []byte {
	t.Helper()
	out, err := f.Render(nb)
	if err != nil {
		t.Fatalf("Render: %v", err)
	}
	return out
}

// edited renders a copy of f's content in which edit changed cell i, or the
// list of cells, and checks that the result reads as that content. Of large
// notebooks it reads every sixteenth, for the sake of time.
func edited(t testing.TB, f *File, i int, edit func(nb *Notebook)) []byte {
	t.Helper()
	nb := *f.Notebook()
	nb.Cells = slices.Clone(nb.Cells)
	nb.Cells[i] = cloneCell(nb.Cells[i])
	edit(&nb)
	out := render(t, f, &nb)
	if len(out) < sampleFrom || i%16 == 0 {
		wantContent(t, out, &nb)
	}
	return out
}

// wantContent fails when a file does not read as a notebook.
func wantContent(t testing.TB, data []byte, want *Notebook) *File {
	t.Helper()
	f, err := Parse(data, ParseOptions{IDs: idsOf(want), MintID: mint()})
	if err != nil {
		t.Fatalf("Parse of what was rendered: %v\n%s", err, data)
	}
	if got := f.Notebook(); !Equal(got, want) {
		t.Fatalf("what was rendered reads otherwise:\n%s\n%s", difference(got, want), data)
	}
	return f
}

func idsOf(nb *Notebook) []string {
	var ids []string
	for _, c := range nb.Cells {
		ids = append(ids, c.ID)
	}
	return ids
}

// difference names the first cells that differ.
func difference(got, want *Notebook) string {
	if len(got.Cells) != len(want.Cells) {
		return fmt.Sprintf("%d cells, want %d", len(got.Cells), len(want.Cells))
	}
	for i := range got.Cells {
		if !EqualCells(&got.Cells[i], &want.Cells[i]) {
			return fmt.Sprintf("cell %d\n got %+v\nwant %+v", i, got.Cells[i], want.Cells[i])
		}
	}
	return fmt.Sprintf("got %d.%d %v\nwant %d.%d %v", got.Major, got.Minor, got.Metadata, want.Major, want.Minor, want.Metadata)
}

// clone copies a notebook so that its values can be changed.
func clone(nb *Notebook) *Notebook {
	c := *nb
	c.Metadata = cloneValue(nb.Metadata).(map[string]any)
	c.Cells = make([]Cell, len(nb.Cells))
	for i := range nb.Cells {
		c.Cells[i] = cloneCell(nb.Cells[i])
	}
	return &c
}

func cloneCell(c Cell) Cell {
	c.Metadata = cloneValue(c.Metadata).(map[string]any)
	if c.Attachments != nil {
		c.Attachments = cloneValue(c.Attachments).(map[string]any)
	}
	outputs := make([]Output, len(c.Outputs))
	for i, o := range c.Outputs {
		outputs[i] = cloneValue(map[string]any(o)).(map[string]any)
	}
	c.Outputs = outputs
	return c
}

func cloneValue(v any) any {
	switch x := v.(type) {
	case map[string]any:
		m := maps.Clone(x)
		if m == nil {
			m = map[string]any{}
		}
		for k := range m {
			m[k] = cloneValue(m[k])
		}
		return m
	case []any:
		list := make([]any, len(x))
		for i := range x {
			list[i] = cloneValue(x[i])
		}
		return list
	}
	return v
}

// change is the stretch of lines in which two files differ.
func change(old, now []byte) (removed, added []string) {
	a, b := strings.SplitAfter(string(old), "\n"), strings.SplitAfter(string(now), "\n")
	head, tail := commonEnds(len(a), len(b), func(i, j int) bool { return a[i] == b[j] })
	return a[head : len(a)-tail], b[head : len(b)-tail]
}

func TestRender_UneditedNotebooksKeepEveryByte(t *testing.T) {
	for name, data := range corpus(t) {
		t.Run(name, func(t *testing.T) {
			f := parse(t, data)
			if out := render(t, f, f.Notebook()); !bytes.Equal(out, data) {
				t.Error("Render of the content itself changed bytes")
			}
			if out := render(t, f, clone(f.Notebook())); !bytes.Equal(out, data) {
				t.Error("Render of equal content changed bytes")
			}
			if f.Upgraded() {
				return
			}
			// Standalone takes the long way through all cells.
			out, err := f.Standalone(clone(f.Notebook()))
			if err != nil || !bytes.Equal(out, data) {
				removed, added := change(data, out)
				t.Errorf("Standalone changed bytes (%v):\n-%q\n+%q", err, removed, added)
			}
		})
	}
}

func TestParse_DocumentFormIsValidBySchema(t *testing.T) {
	for name, data := range corpus(t) {
		t.Run(name, func(t *testing.T) {
			nb := parse(t, data).Notebook()
			checkContent(t, nb)
		})
	}
}

// checkContent checks what holds for the content of every notebook.
func checkContent(t testing.TB, nb *Notebook) {
	t.Helper()
	seen := map[string]bool{}
	if nb.Major != 4 || nb.Minor < 0 || nb.Metadata == nil {
		t.Errorf("notebook is %d.%d with metadata %v", nb.Major, nb.Minor, nb.Metadata)
	}
	for i, c := range nb.Cells {
		if !ValidID(c.ID) || seen[c.ID] {
			t.Errorf("cell %d: id %q is malformed or taken", i, c.ID)
		}
		seen[c.ID] = true
		if c.Type != Code && c.Type != Markdown && c.Type != Raw {
			t.Errorf("cell %d: type %q", i, c.Type)
		}
		if c.Metadata == nil || c.Metadata["trusted"] != nil {
			t.Errorf("cell %d: metadata %v", i, c.Metadata)
		}
		if c.Type != Code && (c.Outputs != nil || c.ExecutionCount != nil) || c.Type == Code && c.Attachments != nil {
			t.Errorf("cell %d: fields of another type", i)
		}
		for j, o := range c.Outputs {
			if _, ok := o["text"].(string); o.Kind() == "stream" && o["text"] != nil && !ok {
				t.Errorf("cell %d: stream text is %T", i, o["text"])
			}
			if o["transient"] != nil {
				t.Errorf("cell %d: output has transient", i)
			}
			if j > 0 && continues(c.Outputs[j-1], o) {
				t.Errorf("cell %d: a stream follows its like", i)
			}
		}
	}
}
