package hub_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"io"
	"strings"
	"testing"

	"github.com/notebookhub/hub/hub"
	"github.com/notebookhub/hub/hub/hubtest"
	"github.com/notebookhub/hub/hub/notebook"
	"github.com/notebookhub/hub/hub/yjs"
)

// picture is a PNG of n bytes, as far as its first ones go.
func picture(n int) []byte {
	return append([]byte("\x89PNG\r\n\x1a\n"), bytes.Repeat([]byte{7, 77, 177}, n/3)...)
}

// withOutput is a notebook of two cells whose first shows data.
func withOutput(t *testing.T, data map[string]any) string {
	t.Helper()
	encoded, err := json.Marshal([]any{map[string]any{"output_type": "display_data", "data": data, "metadata": map[string]any{}}})
	if err != nil {
		t.Fatal(err)
	}
	return strings.Replace(hubtest.Notebook("one", "two"), `"outputs": []`, `"outputs": `+string(encoded), 1)
}

// Large outputs are beside the document, and whole in file and export.
func TestBlob_LargeOutputsStayOutOfTheDocument(t *testing.T) {
	png := picture(3 << 19)
	payloads := map[string]map[string]any{
		"picture":          {"image/png": base64.StdEncoding.EncodeToString(png) + "\n", "text/plain": "<Figure>"},
		"picture alone":    {"image/png": base64.StdEncoding.EncodeToString(png)},
		"lines":            {"text/html": []any{strings.Repeat("<p>x\n", 250_000), "end"}},
		"value":            {"application/json": map[string]any{"rows": strings.Repeat("y", 5<<18), "n": 1.0}},
		"many middling":    middling(),
		"large plain text": {"text/plain": strings.Repeat("z", 5<<18)},
	}
	for name, data := range payloads {
		t.Run(name, func(t *testing.T) {
			e := hubtest.New(t, nil)
			file := withOutput(t, data)
			e.Write("a.ipynb", file)
			room := e.Open("a.ipynb")
			p := e.Join(room)
			var size int
			p.Read(func(doc *yjs.Doc) {
				state, err := doc.EncodeState(nil)
				if err != nil {
					t.Fatal(err)
				}
				size = len(state)
			})
			if size > 17<<20 || (name != "many middling" && size > 100_000) {
				t.Errorf("the document has %d bytes", size)
			}
			e.SetSource(room, "b", "edited")
			if _, err := e.Hub.Save(ctx, room, hub.SaveRequest{}); err != nil {
				t.Fatal(err)
			}
			want := strings.Replace(file, `"two"`, `"edited"`, 1)
			if got := e.Read("a.ipynb"); got != want {
				t.Errorf("the file has %d bytes, not %d", len(got), len(want))
			}
			if doc, err := e.Hub.Notebook(ctx, room); err != nil || string(doc.Data) != want {
				t.Errorf("the export has %d bytes, %v", len(doc.Data), err)
			}
			e.Restart()
			if got := e.Source(e.Open("a.ipynb"), "b"); got != "edited" || e.Hub.Stats().Merges != 0 {
				t.Errorf("after a restart b holds %q", got)
			}
		})
	}
}

func middling() map[string]any {
	data := map[string]any{}
	for _, kind := range strings.Split("abcdefghijklmnopqrstuvwxyz", "") {
		data["text/"+kind] = strings.Repeat(kind, 900_000)
	}
	return data
}

// A picture is served as the picture.
func TestBlob_IsServedAsWhatItIs(t *testing.T) {
	e := hubtest.New(t, nil)
	png := picture(5 << 20)
	e.Kernels.Run = func(_ *hubtest.Kernel, _ context.Context, _ hub.KernelRun, sink func(hub.KernelEvent)) (hub.KernelReply, error) {
		sink(hub.KernelEvent{Kind: "display_data", Output: notebook.Output{"output_type": "display_data", "metadata": map[string]any{},
			"data": map[string]any{"image/png": base64.StdEncoding.EncodeToString(png)}}})
		return hub.KernelReply{Status: "ok"}, nil
	}
	e.Write("a.ipynb", hubtest.Notebook("one"))
	x := finished(t, e, execute(t, e, e.Open("a.ipynb"), "a")[0])
	refs, _ := x.Outputs[0]["hub_blob"].(map[string]any)
	ref, _ := refs["image/png"].(map[string]any)
	sum, _ := ref["sha256"].(string)
	content, mime, err := e.Hub.Blob(ctx, sum)
	if err != nil {
		t.Fatalf("outputs %v: %v", x.Outputs, err)
	}
	defer content.Close()
	got, err := io.ReadAll(content)
	if err != nil || !bytes.Equal(got, png) || mime != "image/png" {
		t.Errorf("%d bytes of %s, %v", len(got), mime, err)
	}
	if _, _, err := e.Hub.Blob(ctx, strings.Repeat("0", 64)); hub.CodeOf(err) != hub.CodeNotFound {
		t.Errorf("an unknown blob: %v", err)
	}
}

// Outputs with references that make no sense block no save.
func TestBlob_SenselessReferencesBlockNoSave(t *testing.T) {
	e := hubtest.New(t, nil)
	sum, _, err := e.Store.PutBlob(strings.NewReader("no json"))
	if err != nil {
		t.Fatal(err)
	}
	e.Write("a.ipynb", strings.Replace(hubtest.Notebook("x"), `"outputs": []`,
		`"outputs": [{"output_type":"display_data","metadata":{},"data":{"text/plain":"stub"},"hub_blob":{"text/plain":{"sha256":"`+sum+`","json":true}}}]`, 1))
	room := e.Open("a.ipynb")
	e.SetSource(room, "a", "y")
	if _, err := e.Hub.Save(ctx, room, hub.SaveRequest{}); err != nil {
		t.Error(err)
	}
}
