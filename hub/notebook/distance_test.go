package notebook

import "testing"

// What a file came of is told from how far it is from either.
func TestDistance_CountsWhatWouldHaveToChange(t *testing.T) {
	cell := func(id, source string) Cell { return Cell{ID: id, Type: Code, Source: source} }
	of := func(cells ...Cell) *Notebook { return &Notebook{Major: 4, Minor: 5, Cells: cells} }
	a, b, c := cell("a", "one"), cell("b", "two"), cell("c", "three")
	ran := a
	ran.Outputs = []Output{{"output_type": "stream", "name": "stdout", "text": "1"}}
	for _, test := range []struct {
		what string
		now  *Notebook
		want int
	}{
		{"equal", of(a, b, c), 0},
		{"a character", of(a, cell("b", "two!"), c), 1},
		{"another word", of(a, b, cell("c", "trio")), 5},
		{"moved", of(c, a, b), 1},
		{"gone", of(a, c), 4},
		{"new", of(a, b, cell("d", "x"), c), 2},
		{"outputs", of(ran, b, c), 1},
		{"metadata", &Notebook{Cells: []Cell{a, b, c}, Metadata: map[string]any{"k": 1.0}}, 1},
	} {
		if got := Distance(of(a, b, c), test.now); got != test.want {
			t.Errorf("%s: %d, want %d", test.what, got, test.want)
		}
		if got := Distance(test.now, of(a, b, c)); got != test.want {
			t.Errorf("%s, the other way: %d, want %d", test.what, got, test.want)
		}
	}
}
