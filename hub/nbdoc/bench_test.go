package nbdoc_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/notebookhub/hub/hub/nbdoc"
	"github.com/notebookhub/hub/hub/notebook"
	"github.com/notebookhub/hub/hub/yjs"
)

// large is a notebook of 200 cells with 5 kB of source each.
func large() *notebook.Notebook {
	nb := &notebook.Notebook{Major: 4, Minor: 5, Metadata: map[string]any{}}
	for i := range 200 {
		nb.Cells = append(nb.Cells, notebook.Cell{
			ID: fmt.Sprint("cell-", i), Type: notebook.Code, Source: strings.Repeat("value = compute(1, 2, 3)  # text\n", 150), Metadata: map[string]any{},
			Outputs: []notebook.Output{{"output_type": "stream", "name": "stdout", "text": "out\n"}},
		})
	}
	return nb
}

// keystrokes are updates of one typed character each.
func keystrokes(b *testing.B, d *nbdoc.Document, n int) [][]byte {
	p := peer(b, d)
	updates := make([][]byte, n)
	for i := range updates {
		updates[i] = write(b, p, func(tx *yjs.Txn) { sourceOf(p, 100).Insert(tx, 2500+i, "x") })
	}
	return updates
}

// One remote character in a notebook of 200 cells: what the engine needs.
func BenchmarkKeystroke_Engine(b *testing.B) {
	d := seed(b, large())
	p := peer(b, d)
	updates := keystrokes(b, d, b.N)
	b.ReportAllocs()
	b.ResetTimer()
	for _, u := range updates {
		if _, err := p.Apply(u, nil); err != nil {
			b.Fatal(err)
		}
	}
}

// The same with everything that a Document adds.
func BenchmarkKeystroke(b *testing.B) {
	d := seed(b, large())
	updates := keystrokes(b, d, b.N)
	b.ReportAllocs()
	b.ResetTimer()
	for _, u := range updates {
		if e, err := d.Apply(u, nil); err != nil || !e.Content {
			b.Fatal(err)
		}
	}
}

// Reading the notebook after each keystroke, as a save does.
func BenchmarkNotebook_AfterKeystroke(b *testing.B) {
	d := seed(b, large())
	updates := keystrokes(b, d, b.N)
	d.Notebook()
	b.ReportAllocs()
	b.ResetTimer()
	for _, u := range updates {
		if _, err := d.Apply(u, nil); err != nil {
			b.Fatal(err)
		}
		d.Notebook()
	}
}

// Reading the whole notebook for the first time.
func BenchmarkNotebook_Whole(b *testing.B) {
	d := seed(b, large())
	state, err := d.Encode(nil)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		b.StopTimer()
		again, err := nbdoc.Load(yjs.Options{}, state)
		if err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
		again.Notebook()
	}
}

func BenchmarkLoad(b *testing.B) {
	d := seed(b, large())
	state, err := d.Encode(nil)
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(state)))
	for b.Loop() {
		if _, err := nbdoc.Load(yjs.Options{}, state); err != nil {
			b.Fatal(err)
		}
	}
}

// A line of output of a running cell.
func BenchmarkAppendStream(b *testing.B) {
	d := seed(b, large())
	must(b)(d.Update(nil, func(e *nbdoc.Edit) error { return e.StartRun("cell-100") }))
	b.ReportAllocs()
	for b.Loop() {
		must(b)(d.Update(nil, func(e *nbdoc.Edit) error { return e.AppendStream("cell-100", "stdout", "a line of output\n") }))
	}
}

// One changed cell of the file, merged into a live room.
func BenchmarkMerge(b *testing.B) {
	base := large()
	d := seed(b, base)
	state, err := d.Encode(nil)
	if err != nil {
		b.Fatal(err)
	}
	disk := large()
	disk.Cells[7].Source += "# changed\n"
	b.ReportAllocs()
	for b.Loop() {
		b.StopTimer()
		live, err := nbdoc.Load(yjs.Options{}, state)
		if err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
		if _, _, err := live.Merge(state, base, disk); err != nil {
			b.Fatal(err)
		}
	}
}

// A peer moves a cell in a notebook of 200 cells.
func BenchmarkPeerMove(b *testing.B) {
	d := seed(b, large())
	p := peer(b, d)
	updates := make([][]byte, b.N)
	for i := range updates {
		updates[i] = move(b, p, i%200, (i*7)%200)
	}
	b.ReportAllocs()
	b.ResetTimer()
	for _, u := range updates {
		if e, err := d.Apply(u, nil); err != nil || !e.Content {
			b.Fatal(err)
		}
	}
}
