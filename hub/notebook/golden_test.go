package notebook

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "rewrite the golden files of this package's tests")

// golden compares with a file in testdata/golden.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", "golden", name)
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		removed, added := change(want, got)
		t.Errorf("%s:\n got %s\nwant %s", path, strings.Join(added, ""), strings.Join(removed, ""))
	}
}

// TestRender_WhatIsNewLooksLikeTheFile adds the same things to every hand-made
// notebook: a cell of each type, metadata, and text to the first source.
func TestRender_WhatIsNewLooksLikeTheFile(t *testing.T) {
	for name, data := range corpus(t) {
		if !strings.Contains(name, "/edge/") {
			continue
		}
		t.Run(filepath.Base(name), func(t *testing.T) {
			f := parse(t, data)
			nb := clone(f.Notebook())
			nb.Metadata["hub"] = map[string]any{"list": []any{1.0, "é/😀"}, "empty": map[string]any{}}
			if len(nb.Cells) > 0 {
				nb.Cells[0].Source += "\nadded é/<😀>"
			}
			count := int64(9)
			nb.Cells = append([]Cell{{
				ID: "new-code", Type: Code, Source: "a = 'é'\r\nb\n", Metadata: map[string]any{"tags": []any{"x"}, "trusted": true},
				ExecutionCount: &count,
				Outputs: []Output{
					{"output_type": "stream", "name": "stdout", "text": "1\n2\n"},
					{"output_type": "execute_result", "execution_count": 9.0, "metadata": map[string]any{}, "transient": map[string]any{"display_id": "1"},
						"data": map[string]any{"text/plain": "1\n2", "image/png": "aGk=\n", "application/json": map[string]any{"n": 1e21}}},
				},
			}}, nb.Cells...)
			nb.Cells = append(nb.Cells,
				Cell{ID: "new-text", Type: Markdown, Source: "# new", Metadata: map[string]any{}, Attachments: map[string]any{"a": map[string]any{"image/png": "aGk="}}},
				Cell{ID: "new-raw", Type: Raw, Metadata: map[string]any{}})
			out := render(t, f, nb)
			wantContent(t, out, nb)
			golden(t, "added-"+filepath.Base(name), out)
		})
	}
}

// TestParse_OldFormatsAreUpgraded covers formats 1 to 3.
func TestParse_OldFormatsAreUpgraded(t *testing.T) {
	n := 0
	for name, data := range corpus(t) {
		f := parse(t, data)
		if !f.Upgraded() {
			continue
		}
		n++
		t.Run(filepath.Base(name), func(t *testing.T) {
			if nb := f.Notebook(); nb.Major != 4 || nb.Minor != 5 {
				t.Errorf("content is %d.%d", nb.Major, nb.Minor)
			}
			out, err := f.Standalone(f.Notebook())
			if err != nil {
				t.Fatal(err)
			}
			again := wantContent(t, out, f.Notebook())
			if again.Upgraded() {
				t.Error("the upgraded file is of an old format")
			}
			golden(t, "upgraded-"+filepath.Base(name), out)
		})
	}
	if n < 6 {
		t.Errorf("the corpus holds %d notebooks of old formats", n)
	}
}
