package notebook

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// TestRender_AnySequenceOfEditsReadsBack makes random edits to every notebook,
// several generations long, and checks after each that the file reads as the
// content it was made from and that untouched cells kept their bytes.
func TestRender_AnySequenceOfEditsReadsBack(t *testing.T) {
	for name, data := range corpus(t) {
		t.Run(name, func(t *testing.T) {
			rounds, seeds := 60, uint64(3)
			if !thorough {
				rounds, seeds = 20, 1
			}
			if len(data) > sampleFrom {
				rounds = 4
			}
			for seed := range seeds {
				e := editor{Rand: rand.New(rand.NewPCG(seed, uint64(len(data))))}
				f := parse(t, data)
				for range rounds {
					nb := clone(f.Notebook())
					for range 1 + e.IntN(3) {
						e.edit(nb)
					}
					out, err := f.Standalone(nb)
					if err != nil {
						t.Fatalf("seed %d: %v", seed, err)
					}
					wantUntouchedCells(t, f, nb, out)
					f = wantContent(t, out, nb)
				}
			}
		})
	}
}

// wantUntouchedCells checks that cells which nb did not change are in the file
// as they were, in the order of nb.
func wantUntouchedCells(t *testing.T, f *File, nb *Notebook, out []byte) {
	t.Helper()
	if f.Upgraded() || nb.Minor != f.Notebook().Minor {
		return
	}
	rest := string(out)
	for i := range nb.Cells {
		from, ok := f.at[nb.Cells[i].ID]
		if _, repeated := f.shadow[from]; !ok || repeated || !EqualCells(&nb.Cells[i], &f.Notebook().Cells[from]) {
			continue
		}
		sp := f.cells.items[from].value
		_, after, found := strings.Cut(rest, string(f.data[sp.start:sp.end]))
		if !found {
			t.Fatalf("cell %d was not edited, yet its bytes changed:\n%s", i, out)
		}
		rest = after
	}
}

// editor makes random edits.
type editor struct {
	*rand.Rand
	ids int
}

var fragments = []string{"", "a", "\n", "\r\n", "x = 1\n", "é", "😀", "\\", "\"", "/", "\t", "\x00", "\u2028", "\f", "\r", "�", "<b>&", "\n\n", " ", "long line of text\nand another\n"}

func (e *editor) edit(nb *Notebook) {
	if len(nb.Cells) == 0 || e.IntN(12) == 0 {
		nb.Cells = slices.Insert(nb.Cells, e.IntN(len(nb.Cells)+1), e.cell())
		return
	}
	i := e.IntN(len(nb.Cells))
	c := &nb.Cells[i]
	switch e.IntN(12) {
	case 0:
		nb.Cells = slices.Delete(nb.Cells, i, i+1)
	case 1, 2:
		moved := *c
		nb.Cells = slices.Delete(nb.Cells, i, i+1)
		nb.Cells = slices.Insert(nb.Cells, e.IntN(len(nb.Cells)+1), moved)
	case 3, 4, 5:
		c.Source = e.splice(c.Source)
	case 6:
		e.mutate(c.Metadata)
	case 7:
		e.mutate(nb.Metadata)
	case 8, 9:
		e.outputs(c)
	case 10:
		e.retype(c)
	case 11:
		if c.Type == Code {
			n := int64(e.IntN(100))
			c.ExecutionCount = &n
		} else {
			c.Attachments = map[string]any{"a.png": map[string]any{"image/png": e.text(), "text/plain": e.text()}}
		}
	}
}

func (e *editor) cell() Cell {
	e.ids++
	c := Cell{ID: fmt.Sprintf("new-%d-%d", e.ids, e.IntN(1<<30)), Type: Code, Source: e.text(), Metadata: map[string]any{}}
	e.retype(&c)
	e.outputs(&c)
	return c
}

func (e *editor) retype(c *Cell) {
	c.Type = []string{Code, Markdown, Raw}[e.IntN(3)]
	if c.Type == Code {
		c.Attachments = nil
	} else {
		c.Outputs, c.ExecutionCount = nil, nil
	}
}

func (e *editor) text() string {
	var b strings.Builder
	for range e.IntN(6) {
		b.WriteString(fragments[e.IntN(len(fragments))])
	}
	return b.String()
}

// splice replaces a random part of a text.
func (e *editor) splice(s string) string {
	r := []rune(s)
	from := e.IntN(len(r) + 1)
	to := min(len(r), from+e.IntN(8))
	return string(r[:from]) + e.text() + string(r[to:])
}

func (e *editor) mutate(m map[string]any) {
	keys := slices.Sorted(maps.Keys(m))
	if len(keys) > 0 && e.IntN(2) == 0 {
		key := keys[e.IntN(len(keys))]
		if inner, ok := m[key].(map[string]any); ok && e.IntN(3) > 0 {
			e.mutate(inner)
			return
		}
		if e.IntN(2) == 0 {
			delete(m, key)
			return
		}
		m[key] = e.change(m[key])
		return
	}
	m[[]string{"a", "zz", "k é", "", "tags", "\""}[e.IntN(6)]] = e.value(3)
}

// change alters a value a little.
func (e *editor) change(v any) any {
	switch x := v.(type) {
	case string:
		return e.splice(x)
	case []any:
		list := slices.Clone(x)
		if len(list) > 0 && e.IntN(2) == 0 {
			i := e.IntN(len(list))
			list[i] = e.change(list[i])
			return list
		}
		return slices.Insert(list, e.IntN(len(list)+1), e.value(1))
	}
	return e.value(2)
}

func (e *editor) value(depth int) any {
	switch n := e.IntN(8); {
	case n == 0 && depth > 0:
		list := make([]any, e.IntN(3))
		for i := range list {
			list[i] = e.value(depth - 1)
		}
		return list
	case n == 1 && depth > 0:
		m := map[string]any{}
		for range e.IntN(3) {
			m[e.text()] = e.value(depth - 1)
		}
		return m
	case n == 2:
		return nil
	case n == 3:
		return e.IntN(2) == 0
	case n < 6:
		return []float64{0, 1, -1, 0.1, 1e21, 1e-7, 123456789012, 1e300, -2.5}[e.IntN(9)]
	}
	return e.text()
}

func (e *editor) outputs(c *Cell) {
	if c.Type != Code {
		return
	}
	if len(c.Outputs) > 0 && e.IntN(2) == 0 {
		i := e.IntN(len(c.Outputs))
		switch o := c.Outputs[i]; {
		case e.IntN(3) == 0:
			c.Outputs = slices.Delete(c.Outputs, i, i+1)
		case o.Kind() == "stream":
			text, _ := o["text"].(string)
			o["text"] = e.splice(text)
		default:
			o["metadata"] = map[string]any{"m": e.value(1)}
			if data, ok := o["data"].(map[string]any); ok {
				data["text/html"] = e.text()
			}
		}
	} else {
		c.Outputs = slices.Insert(c.Outputs, e.IntN(len(c.Outputs)+1), e.output())
	}
	c.Outputs = slices.CompactFunc(c.Outputs, continues)
}

func (e *editor) output() Output {
	switch e.IntN(4) {
	case 0:
		return Output{"output_type": "error", "ename": e.text(), "evalue": e.text(), "traceback": []any{e.text()}}
	case 1:
		return Output{"output_type": "execute_result", "execution_count": 3.0, "metadata": map[string]any{}, "data": map[string]any{
			"text/plain": e.text(), "application/json": e.value(3), "image/png": e.text()}}
	}
	return Output{"output_type": "stream", "name": []string{"stdout", "stderr"}[e.IntN(2)], "text": e.text()}
}
