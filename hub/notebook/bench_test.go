package notebook

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
)

// large makes a notebook of about n bytes like those of data scientists: code,
// printed lines, tables and pictures.
func large(n int) []byte {
	var b strings.Builder
	b.WriteString("{\n \"cells\": [\n")
	picture := strings.Repeat("iVBORw0KGgoAAAANSUhEUgAA", 2000)
	for i := 0; b.Len() < n; i++ {
		if i > 0 {
			b.WriteString(",\n")
		}
		fmt.Fprintf(&b, "  {\n   \"cell_type\": \"code\",\n   \"execution_count\": %d,\n   \"id\": \"cell-%d\",\n   \"metadata\": {},\n   \"outputs\": [\n", i, i)
		b.WriteString("    {\n     \"name\": \"stdout\",\n     \"output_type\": \"stream\",\n     \"text\": [\n")
		for j := range 40 {
			fmt.Fprintf(&b, "      \"epoch %d of 40: loss 0.%d, accuracy 0.9%d \\u2714\\n\",\n", j, i*j%1000, j)
		}
		b.WriteString("      \"done\"\n     ]\n    },\n    {\n     \"data\": {\n      \"image/png\": \"" + picture + "\",\n      \"text/plain\": [\n       \"<Figure>\"\n      ]\n     },\n     \"metadata\": {},\n     \"output_type\": \"display_data\"\n    }\n   ],\n   \"source\": [\n")
		for j := range 20 {
			fmt.Fprintf(&b, "    \"model.fit(x_%d, y, epochs=%d)  # é\\n\",\n", j, i)
		}
		b.WriteString("    \"plot()\"\n   ]\n  }")
	}
	b.WriteString("\n ],\n \"metadata\": {},\n \"nbformat\": 4,\n \"nbformat_minor\": 5\n}\n")
	return []byte(b.String())
}

func benchmarkFiles(b *testing.B) map[string][]byte {
	pandas, err := os.ReadFile("../../examples/tutorials/pandas.ipynb")
	if err != nil {
		b.Fatal(err)
	}
	return map[string][]byte{"pandas-400KB": pandas, "large-4MB": large(4 << 20)}
}

func BenchmarkParse(b *testing.B) {
	for name, data := range benchmarkFiles(b) {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(data)))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := Parse(data, ParseOptions{}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkRender writes a notebook of which nothing, one source or every
// source was edited.
func BenchmarkRender(b *testing.B) {
	for name, data := range benchmarkFiles(b) {
		f, err := Parse(data, ParseOptions{})
		if err != nil {
			b.Fatal(err)
		}
		for _, edits := range []int{0, 1, len(f.Notebook().Cells)} {
			nb := *f.Notebook()
			nb.Cells = slices.Clone(nb.Cells)
			for i := range edits {
				nb.Cells[len(nb.Cells)-1-i].Source += "\nx"
			}
			b.Run(fmt.Sprintf("%s/edited-%d", name, edits), func(b *testing.B) {
				b.SetBytes(int64(len(data)))
				b.ReportAllocs()
				for b.Loop() {
					if _, err := f.Render(&nb); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}

func BenchmarkDiffText(b *testing.B) {
	a := strings.Repeat("x = compute(y, z)  # a line of code\n", 500)
	for name, now := range map[string]string{
		"keystroke": a[:9000] + "k" + a[9000:],
		"few-lines": strings.Replace(a[:9000], "compute", "calc", 3) + a[9000:17000] + strings.Replace(a[17000:], "code", "text", 2),
		"rewritten": strings.ToUpper(a),
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				DiffText(a, now)
			}
		})
	}
}

func BenchmarkMatchCells(b *testing.B) {
	f, err := Parse(large(4<<20), ParseOptions{})
	if err != nil {
		b.Fatal(err)
	}
	old := f.Notebook().Cells
	now := slices.Clone(old)
	for i := range now {
		now[i].ID = fmt.Sprint("other-", i)
		now[i].Source += "\nx"
	}
	b.ReportAllocs()
	for b.Loop() {
		MatchCells(old, now)
	}
}
