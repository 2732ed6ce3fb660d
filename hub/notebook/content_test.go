package notebook

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"math"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
)

// doc wraps cells into a notebook file of format 4.5.
func doc(cells string) []byte {
	return []byte("{\n \"cells\": [\n  " + cells + "\n ],\n \"metadata\": {},\n \"nbformat\": 4,\n \"nbformat_minor\": 5\n}\n")
}

func TestNew_IsAnEmptyNotebookAsJupyterWritesIt(t *testing.T) {
	f := New()
	nb := f.Notebook()
	if nb.Major != 4 || nb.Minor != 5 || len(nb.Cells) != 0 || len(f.IDs()) != 0 || f.Upgraded() {
		t.Errorf("New is %+v", nb)
	}
	out := edited0(t, f, func(nb *Notebook) {
		nb.Cells = []Cell{{ID: "a", Type: Code, Source: "x = 1\ny", Metadata: map[string]any{}}}
	})
	want := doc("{\n   \"cell_type\": \"code\",\n   \"execution_count\": null,\n   \"id\": \"a\",\n   \"metadata\": {},\n   \"outputs\": [],\n" +
		"   \"source\": [\n    \"x = 1\\n\",\n    \"y\"\n   ]\n  }")
	wantBytes(t, "the first cell", out, want)
}

// edited0 is edited for changes that concern no cell of the file.
func edited0(t *testing.T, f *File, edit func(nb *Notebook)) []byte {
	t.Helper()
	nb := clone(f.Notebook())
	edit(nb)
	out := render(t, f, nb)
	wantContent(t, out, nb)
	return out
}

func TestFile_HashNamesItsBytes(t *testing.T) {
	f := New()
	sum := sha256.Sum256(f.Bytes())
	if got := f.Hash(); got != hex.EncodeToString(sum[:]) {
		t.Errorf("Hash = %s", got)
	}
}

func TestRender_TrustAndTransientNeverReachTheFile(t *testing.T) {
	f := parse(t, doc(`{"cell_type": "code", "id": "a", "metadata": {"trusted": false, "x": 1}, "outputs": [], "source": ""}`))
	if nb := f.Notebook(); len(nb.Cells[0].Metadata) != 1 {
		t.Errorf("content holds %v", nb.Cells[0].Metadata)
	}
	nb := clone(f.Notebook())
	nb.Cells[0].Metadata["trusted"] = true
	if out := render(t, f, nb); !bytes.Equal(out, f.Bytes()) {
		t.Errorf("trusting a cell changed the file: %s", out)
	}
	nb.Cells[0].Metadata["x"] = 2.0
	nb.Cells[0].Outputs = []Output{{"output_type": "display_data", "data": map[string]any{}, "metadata": map[string]any{}, "transient": map[string]any{"display_id": "d"}}}
	nb.Cells = append(nb.Cells, Cell{ID: "b", Type: Code, Metadata: map[string]any{"trusted": true}})
	out := string(render(t, f, nb))
	if strings.Contains(out, "true") || strings.Contains(out, "transient") || !strings.Contains(out, `{"trusted": false, "x": 2}`) {
		t.Errorf("the file says %s", out)
	}
}

func TestEqual_ComparesWhatAFileWouldShow(t *testing.T) {
	base := parse(t, corpus(t)["testdata/edge/unknown.ipynb"]).Notebook()
	one, other := int64(1), int64(2)
	for name, edit := range map[string]func(nb *Notebook){
		"minor":            func(nb *Notebook) { nb.Minor++ },
		"metadata":         func(nb *Notebook) { nb.Metadata["x"] = nil },
		"id":               func(nb *Notebook) { nb.Cells[1].ID = "x" },
		"type":             func(nb *Notebook) { nb.Cells[0].Type = Markdown },
		"source":           func(nb *Notebook) { nb.Cells[1].Source = "x" },
		"cell metadata":    func(nb *Notebook) { nb.Cells[3].Metadata["collapsed"] = true },
		"order":            func(nb *Notebook) { nb.Cells[0], nb.Cells[1] = nb.Cells[1], nb.Cells[0] },
		"fewer cells":      func(nb *Notebook) { nb.Cells = nb.Cells[1:] },
		"output":           func(nb *Notebook) { nb.Cells[3].Outputs[0]["text"] = "b" },
		"output key":       func(nb *Notebook) { delete(nb.Cells[3].Outputs[0], "vendor") },
		"count":            func(nb *Notebook) { nb.Cells[3].ExecutionCount = &one },
		"attachment":       func(nb *Notebook) { delete(nb.Cells[4].Attachments, "a.png") },
		"attachment bytes": func(nb *Notebook) { nb.Cells[4].Attachments["a.png"] = map[string]any{"image/png": "x"} },
	} {
		nb := clone(base)
		if !Equal(base, nb) {
			t.Fatalf("a clone differs: %s", difference(nb, base))
		}
		edit(nb)
		if Equal(base, nb) || Equal(nb, base) {
			t.Errorf("%s: the change goes unseen", name)
		}
	}
	for name, edit := range map[string]func(nb *Notebook){
		"trusted":          func(nb *Notebook) { nb.Cells[0].Metadata["trusted"] = true },
		"orig_nbformat":    func(nb *Notebook) { nb.Metadata["orig_nbformat"] = 2.0 },
		"no outputs":       func(nb *Notebook) { nb.Cells[1].Outputs = []Output{} },
		"no attachments":   func(nb *Notebook) { nb.Cells[0].Attachments = map[string]any{} },
		"fields of others": func(nb *Notebook) { nb.Cells[0].ExecutionCount = &other },
		"lines of a text": func(nb *Notebook) {
			nb.Cells[4].Attachments["b.svg"] = map[string]any{"image/svg+xml": "<svg>\n</svg>"}
		},
	} {
		nb := clone(base)
		if edit(nb); !Equal(base, nb) || !Equal(nb, base) {
			t.Errorf("%s: seen as a change of the file", name)
		}
	}
}

func TestEqualValues_NumbersCompareAsJSON(t *testing.T) {
	for _, c := range []struct {
		a, b any
		want bool
	}{
		{1.0, 1, true}, {1.0, int64(1), true}, {uint64(7), 7.0, true}, {0.0, math.Copysign(0, -1), true},
		{math.NaN(), math.NaN(), true}, {math.Inf(1), math.Inf(-1), false}, {1.0, "1", false}, {nil, false, false},
		{nil, nil, true}, {[]any{1.0}, []any{1}, true}, {[]any{}, map[string]any{}, false}, {"", nil, false},
		{map[string]any{"a": nil}, map[string]any{"b": nil}, false}, {true, true, true}, {"a", []any{"a"}, false},
	} {
		if got := EqualValues(c.a, c.b); got != c.want {
			t.Errorf("EqualValues(%v, %v) = %v", c.a, c.b, got)
		}
	}
}

func TestRender_MimeTextStaysAListOfLinesAndJSONStaysJSON(t *testing.T) {
	f := parse(t, doc(`{"cell_type": "code", "id": "a", "metadata": {}, "execution_count": 1, "source": "", "outputs": [{"output_type": "display_data", "metadata": {},
    "data": {"text/html": ["<b>\n", "x</b>"], "application/json": ["a", "b"]}}]}`))
	nb := clone(f.Notebook())
	data := nb.Cells[0].Outputs[0]["data"].(map[string]any)
	data["text/html"] = "<b>\nx</b>"
	if out := render(t, f, nb); !bytes.Equal(out, f.Bytes()) {
		t.Errorf("joining the lines changed the file: %s", out)
	}
	data["text/html"] = "<b>\ny</b>"
	if out := string(render(t, f, nb)); !strings.Contains(out, `["<b>\n", "y</b>"]`) {
		t.Errorf("the edited text is not a list: %s", out)
	}
	data["application/json"] = "ab"
	if out := string(render(t, f, nb)); !strings.Contains(out, `"application/json": "ab"`) {
		t.Errorf("JSON that changed is lost: %s", out)
	}
}

func TestRender_StreamWrittenInPiecesKeepsThem(t *testing.T) {
	f := parse(t, corpus(t)["testdata/edge/streams.ipynb"])
	outputs := f.Notebook().Cells[0].Outputs
	if len(outputs) != 4 || outputs[0]["text"] != "a\nb\ncd\n" {
		t.Fatalf("outputs are %v", outputs)
	}
	out := edited0(t, f, func(nb *Notebook) { nb.Cells[0].Outputs[0]["text"] = "a\nb\ncd\nmore\n" })
	removed, added := change(f.Bytes(), out)
	if len(removed) != 1 || strings.Join(added, "") != "     \"text\": \"d\\nmore\\n\"\n" {
		t.Errorf("removed %q\nadded %q", removed, added)
	}
	out = edited0(t, f, func(nb *Notebook) { nb.Cells[0].Outputs[0]["text"] = "a\n" })
	if removed, added = change(f.Bytes(), out); len(added) != 0 {
		t.Errorf("removed %q\nadded %q", removed, added)
	}
	edited0(t, f, func(nb *Notebook) { nb.Cells[0].Outputs[0]["name"] = "other" })
	edited0(t, f, func(nb *Notebook) { nb.Cells[0].Outputs[0]["text"] = "" })
}

func TestRender_HalvesOfSurrogatePairsNeverMeet(t *testing.T) {
	f := parse(t, doc(`{"cell_type": "raw", "id": "a", "metadata": {}, "source": "\ud83dX\ude00"}`))
	if got := f.Notebook().Cells[0].Source; got != "\uFFFDX\uFFFD" {
		t.Fatalf("source is %q", got)
	}
	edited0(t, f, func(nb *Notebook) { nb.Cells[0].Source = "\uFFFD\uFFFD" })
	out := edited0(t, f, func(nb *Notebook) { nb.Cells[0].Source = "\uFFFDXY\uFFFD" })
	if !bytes.Contains(out, []byte(`"\ud83dXY\ude00"`)) {
		t.Errorf("the surrogates lost their bytes: %s", out)
	}
}

func TestRender_EscapedPairsTellThatAllIsEscaped(t *testing.T) {
	f := parse(t, doc(`{"cell_type": "raw", "id": "a", "metadata": {}, "source": "\ud83d\ude00"}, {"cell_type": "raw", "id": "b", "metadata": {}, "source": ""}`))
	out := edited0(t, f, func(nb *Notebook) { nb.Cells[1].Source = "é" })
	if !bytes.Contains(out, []byte(`"\u00e9"`)) {
		t.Errorf("é is not escaped like the rest: %s", out)
	}
}

func TestRender_RepeatedIDOfTheContentLosesNoCell(t *testing.T) {
	f := parse(t, doc(`{"cell_type": "raw", "id": "a", "metadata": {}, "own": 1, "source": "x"}`))
	nb := clone(f.Notebook())
	twin := cloneCell(nb.Cells[0])
	twin.Source = "y"
	nb.Cells = append(nb.Cells, twin)
	out := render(t, f, nb)
	again := parse(t, out).Notebook()
	if len(again.Cells) != 2 || again.Cells[0].Source != "x" || again.Cells[1].Source != "y" || bytes.Count(out, []byte("own")) != 1 {
		t.Errorf("written as %s", out)
	}
}

func TestRender_WhatIsNotJSONIsAnError(t *testing.T) {
	f := parse(t, doc(`{"cell_type": "raw", "id": "a", "metadata": {}, "source": ""}`))
	nb := clone(f.Notebook())
	nb.Cells[0].Metadata["x"] = make(chan int)
	if _, err := f.Render(nb); err == nil || !strings.HasPrefix(err.Error(), "render notebook: ") {
		t.Errorf("Render = %v", err)
	}
	nb = clone(f.Notebook())
	nb.Major = 3
	if _, err := f.Render(nb); err == nil {
		t.Error("Render took format 3")
	}
	if _, err := f.Standalone(nb); err == nil {
		t.Error("Standalone took format 3")
	}
}

func TestRender_IDsAreWrittenOnceTheFormatHasThem(t *testing.T) {
	f := parse(t, corpus(t)["testdata/edge/ids-in-44.ipynb"])
	if out := edited0(t, f, func(nb *Notebook) { nb.Cells[1].Source = "x" }); bytes.Contains(out, []byte("minted")) {
		t.Errorf("format 4.4 was given an id: %s", out)
	}
	out := edited0(t, f, func(nb *Notebook) { nb.Minor = 5 })
	if !bytes.Contains(out, []byte("   \"id\": \"minted-1\",\n")) || !bytes.Contains(out, []byte(`"id": "kept"`)) {
		t.Errorf("format 4.5 lacks ids: %s", out)
	}
}

func TestParse_IDsAreKeptRememberedOrMinted(t *testing.T) {
	cell := func(id, source string) string {
		if id != "" {
			id = `"id": "` + id + `", `
		}
		return `{"cell_type": "raw", ` + id + `"metadata": {}, "source": "` + source + `"}`
	}
	for _, c := range []struct {
		name  string
		cells []string
		opts  ParseOptions
		want  []string
	}{
		{"the file's own", []string{cell("a", ""), cell("b", "")}, ParseOptions{IDs: []string{"x", "y"}}, []string{"a", "b"}},
		{"remembered", []string{cell("", ""), cell("b", "")}, ParseOptions{IDs: []string{"x", "y"}}, []string{"x", "b"}},
		{"minted", []string{cell("", ""), cell("b c", "")}, ParseOptions{}, []string{"minted-1", "minted-2"}},
		{"remembered but taken", []string{cell("", ""), cell("x", "")}, ParseOptions{IDs: []string{"x"}}, []string{"minted-1", "x"}},
		{"remembered but malformed", []string{cell("", "")}, ParseOptions{IDs: []string{"no id"}}, []string{"minted-1"}},
		{"more remembered than cells", []string{cell("", "")}, ParseOptions{IDs: []string{"x", "y"}}, []string{"x"}},
		{"the first of two", []string{cell("a", ""), cell("a", "")}, ParseOptions{}, []string{"a", "minted-1"}},
		{"the second of two, which moved up", []string{cell("a", ""), cell("a", "")}, ParseOptions{IDs: []string{"m", "a"}}, []string{"m", "a"}},
		{"by content", []string{cell("", "one"), cell("", "two words here")},
			ParseOptions{Prior: []Cell{{ID: "2", Type: Raw, Source: "two words there here"}, {ID: "1", Type: Raw, Source: "one"}}}, []string{"1", "2"}},
		{"by content, unless taken", []string{cell("", "one"), cell("1", "x")},
			ParseOptions{Prior: []Cell{{ID: "1", Type: Raw, Source: "one"}}}, []string{"minted-1", "1"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.opts.MintID = mint()
			data := doc(strings.Join(c.cells, ",\n  "))
			f, err := Parse(data, c.opts)
			if err != nil {
				t.Fatal(err)
			}
			if got := f.IDs(); !slices.Equal(got, c.want) {
				t.Errorf("IDs = %q, want %q", got, c.want)
			}
			if out := render(t, f, f.Notebook()); !bytes.Equal(out, data) {
				t.Errorf("ids changed the file: %s", out)
			}
		})
	}
}

func TestParse_BadMintersAreReplaced(t *testing.T) {
	f, err := Parse(doc("{}, {}"), ParseOptions{MintID: func() string { return "same" }})
	if err != nil {
		t.Fatal(err)
	}
	if ids := f.IDs(); ids[0] != "same" || !ValidID(ids[1]) || ids[1] == "same" {
		t.Errorf("IDs = %q", ids)
	}
	if a, b := parseIDs(t), parseIDs(t); a == b || len(a) != 36 {
		t.Errorf("ids minted by default are %s and %s", a, b)
	}
}

func parseIDs(t *testing.T) string {
	f, err := Parse(doc("{}"), ParseOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return f.IDs()[0]
}

func TestRender_RepeatedIDIsWrittenOnceItsOwnerIsGone(t *testing.T) {
	f := parse(t, corpus(t)["testdata/edge/ids.ipynb"])
	nb := clone(f.Notebook())
	if nb.Cells[0].ID != "same" || nb.Cells[1].ID == "same" {
		t.Fatalf("ids are %q", f.IDs())
	}
	second := nb.Cells[1].ID
	nb.Cells = nb.Cells[1:]
	again, err := Parse(render(t, f, nb), ParseOptions{IDs: idsOf(nb)})
	if err != nil {
		t.Fatal(err)
	}
	if got := again.IDs()[0]; got != second {
		t.Errorf("the second cell became %s when the first was deleted", got)
	}
}

func TestRender_EditedOldNotebookIsWrittenAsFormat45(t *testing.T) {
	f := parse(t, corpus(t)["testdata/nbformat__test3.ipynb"])
	if out := render(t, f, f.Notebook()); !bytes.Equal(out, f.Bytes()) {
		t.Error("an unedited notebook was upgraded")
	}
	nb := clone(f.Notebook())
	nb.Cells[0].Source += "x"
	out := render(t, f, nb)
	if again := wantContent(t, out, nb); again.Upgraded() || !bytes.Contains(out, []byte(`"nbformat_minor": 5`)) {
		t.Errorf("written as %s", out)
	}
}

func TestFile_IsSafeForConcurrentUse(t *testing.T) {
	f := parse(t, corpus(t)["testdata/edge/unknown.ipynb"])
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			for range 20 {
				nb := clone(f.Notebook())
				nb.Cells[i%len(nb.Cells)].Source += "x"
				if _, err := f.Render(nb); err != nil {
					t.Error(err)
				}
				f.Hash()
				f.IDs()
			}
		})
	}
	wg.Wait()
}

func TestParse_HugeOutputsAreNotCopied(t *testing.T) {
	const size = 32 << 20
	data := doc(`{"cell_type": "code", "id": "a", "metadata": {}, "execution_count": null, "source": "", "outputs": [{"output_type": "display_data",
    "metadata": {}, "data": {"image/png": "` + strings.Repeat("A", size) + `"}}]}`)
	before := allocated()
	f := parse(t, data)
	if grown := allocated() - before; grown > size/8 {
		t.Errorf("Parse allocated %d bytes for a file of %d", grown, len(data))
	}
	before = allocated()
	nb := *f.Notebook()
	nb.Cells = slices.Clone(nb.Cells)
	nb.Cells[0].Source = "x"
	out := render(t, f, &nb)
	if grown := allocated() - before; grown > 2*size || len(out) != len(data)+1 {
		t.Errorf("Render allocated %d bytes for a file of %d", grown, len(data))
	}
}

// allocated is how many bytes have been allocated so far.
func allocated() uint64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.TotalAlloc
}
