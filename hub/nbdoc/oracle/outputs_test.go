//go:build oracle

package oracle_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/notebookhub/hub/hub/nbdoc"
	"github.com/notebookhub/hub/hub/notebook"
	"github.com/notebookhub/hub/hub/yjs"
)

var labs = []string{"lab45", "lab46"}

// tabs are two models of each JupyterLab looking at one document; each update
// is handed to all of them.
type tabs struct {
	t     *testing.T
	j     *judge
	d     *nbdoc.Document
	names []string
	queue [][]byte // updates held back, to be sent as one
	hold  bool
}

var tabCount int

func openTabs(t *testing.T, j *judge, nb *notebook.Notebook) *tabs {
	t.Helper()
	s := &tabs{t: t, j: j, d: seed(t, nb)}
	j.t = t
	for _, lab := range labs {
		for range 2 {
			tabCount++
			name := fmt.Sprintf("%s tab %d", lab, tabCount)
			j.open(name, lab)
			j.apply(name, state(t, s.d))
			j.read(name)
			s.names = append(s.names, name)
		}
	}
	return s
}

// run makes one transaction.
func (s *tabs) run(what string, f func(*nbdoc.Edit) error) {
	s.t.Helper()
	e, err := s.d.Update(nil, f)
	if err != nil {
		s.t.Fatalf("%s: %v", what, err)
	}
	if e.Update == nil {
		return
	}
	s.queue = append(s.queue, e.Update)
	if !s.hold {
		s.flush(what)
	}
}

// flush sends what is held back as one message and checks every view.
func (s *tabs) flush(what string) {
	s.t.Helper()
	if len(s.queue) == 0 {
		return
	}
	update, err := yjs.MergeUpdates(s.queue...)
	if err != nil {
		s.t.Fatal(err)
	}
	s.queue = nil
	for _, name := range s.names {
		s.j.apply(name, update)
		wantSame(s.t, what, name, s.j.read(name), s.d)
	}
}

func notebookOf(outputs ...notebook.Output) *notebook.Notebook {
	return &notebook.Notebook{Major: 4, Minor: 5, Cells: []notebook.Cell{
		{ID: "a", Type: notebook.Code, Source: "run", Outputs: outputs},
		{ID: "b", Type: notebook.Code, Source: "other"},
	}}
}

func display(text string) notebook.Output {
	return notebook.Output{"output_type": "display_data", "metadata": map[string]any{}, "data": map[string]any{"text/plain": text}}
}

// The views of JupyterLab follow every way in which the hub writes outputs, and
// no tab writes anything back.
func TestOutputs_AreShownRightInJupyterLab(t *testing.T) {
	j := newJudge(t)
	out := func(name, text string) func(*nbdoc.Edit) error {
		return func(e *nbdoc.Edit) error { return e.AppendStream("a", name, text) }
	}
	show := func(text, id string) func(*nbdoc.Edit) error {
		return func(e *nbdoc.Edit) error { return e.AppendOutput("a", display(text), id) }
	}
	update := func(id, text string) func(*nbdoc.Edit) error {
		return func(e *nbdoc.Edit) error {
			_, err := e.UpdateDisplay(id, notebook.Output{"data": map[string]any{"text/plain": text}})
			return err
		}
	}
	clearing := func(wait bool) func(*nbdoc.Edit) error {
		return func(e *nbdoc.Edit) error { return e.ClearOutputs("a", wait) }
	}
	start := func(e *nbdoc.Edit) error { return e.StartRun("a") }
	finish := func(e *nbdoc.Edit) error { n := int64(3); return e.FinishRun("a", &n) }
	failed := func(e *nbdoc.Edit) error {
		return e.AppendOutput("a", notebook.Output{"output_type": "error", "ename": "E", "evalue": "v", "traceback": []any{"x", "y"}}, "")
	}
	type steps = []func(*nbdoc.Edit) error
	cases := map[string]steps{
		"lines":                 {start, out("stdout", "1\n"), out("stdout", "2\n"), out("stdout", "3\n"), finish},
		"alternation":           {start, out("stdout", "1"), out("stderr", "2"), out("stdout", "3"), out("stdout", "4"), out("stderr", "5"), finish},
		"progress bar":          {start, out("stdout", "head\n 10%"), out("stdout", "\r 20%"), out("stdout", "\r100%\n"), out("stdout", "done\r"), out("stdout", "DO"), finish},
		"progress that shrinks": {start, out("stderr", "100 to go"), out("stderr", "\r9"), out("stderr", "\b"), out("stderr", "\b\b\b"), out("stderr", "x\n\ry"), finish},
		"display between":       {start, out("stdout", "1"), show("D", ""), out("stdout", "2"), show("E", ""), finish},
		"clear":                 {start, out("stdout", "1"), clearing(false), out("stdout", "2"), clearing(false), show("D", ""), out("stdout", "3"), finish},
		"clear and wait":        {start, out("stdout", "1"), clearing(true), out("stdout", "2"), clearing(true), show("D", ""), clearing(true), out("stdout", "3"), finish},
		"clear mixed":           {start, show("D", ""), out("stdout", "1"), clearing(true), out("stdout", "2"), clearing(true), out("stderr", "3"), out("stdout", "4"), finish},
		"update last":           {start, show("D", "id"), update("id", "D2"), update("id", "D3"), out("stdout", "x"), finish},
		"update first":          {start, show("D", "id"), out("stdout", "1"), update("id", "D2"), out("stdout", "2"), show("E", ""), update("id", "D3"), out("stdout", "3"), finish},
		"update middle":         {start, out("stdout", "0"), show("D", "id"), out("stdout", "1"), update("id", "D2"), out("stdout", "2"), out("stderr", "3"), update("id", "D4"), finish},
		"update two":            {start, show("D", "id"), out("stdout", "1"), show("E", "id"), update("id", "F"), out("stdout", "2"), finish},
		"error":                 {start, out("stdout", "1"), failed, finish},
		"after its end":         {start, out("stdout", "1"), finish, out("stdout", "2\n"), out("stderr", "3"), show("D", "id"), out("stderr", "4\r5"), update("id", "E"), start, out("stdout", "6"), finish, out("stdout", "7")},
		"cleared after its end": {start, out("stdout", "1"), finish, clearing(true), out("stdout", "2"), clearing(false), out("stdout", "3"), failed},
		"run again":             {start, out("stdout", "1"), finish, start, out("stdout", "2"), finish, start, show("D", ""), finish, start, out("stdout", "3"), finish},
	}
	for name, list := range cases {
		for _, firstOutput := range []notebook.Output{nil, {"output_type": "stream", "name": "stdout", "text": "old\n"}, display("old")} {
			t.Run(name, func(t *testing.T) {
				nb := notebookOf()
				if firstOutput != nil {
					nb = notebookOf(firstOutput)
				}
				s := openTabs(t, j, nb)
				for i, step := range list {
					s.run(fmt.Sprintf("step %d", i), step)
				}
				// The same as one message each two, three and all.
				for _, n := range []int{2, 3, len(list)} {
					m := openTabs(t, j, nb)
					m.hold = true
					for i, step := range list {
						m.run("", step)
						if i%n == n-1 {
							m.flush(fmt.Sprintf("steps up to %d, %d in one message", i, n))
						}
					}
					m.flush("the end")
				}
				// And as one transaction.
				m := openTabs(t, j, nb)
				m.run("all in one transaction", func(e *nbdoc.Edit) error {
					for _, step := range list {
						if err := step(e); err != nil {
							return err
						}
					}
					return nil
				})
			})
		}
	}
}

// Any sequence of outputs, sent in messages of any size, looks the same in
// every tab as in the document.
func TestOutputs_RandomRunsLookRight(t *testing.T) {
	j := newJudge(t)
	for s := range 60 {
		rnd := rand.New(rand.NewPCG(uint64(s), 1))
		m := openTabs(t, j, notebookOf(display("first"), notebook.Output{"output_type": "stream", "name": "stderr", "text": "x"}))
		m.hold = true
		var done []string
		m.run("start", func(e *nbdoc.Edit) error { return e.StartRun("a") })
		for i := range 40 {
			what, f := randomOutput(rnd, i)
			done = append(done, what)
			m.run(what, f)
			if rnd.IntN(3) == 0 {
				m.flush(fmt.Sprintf("seed %d: %s", s, strings.Join(done, ", ")))
				done = append(done, "|")
			}
		}
		m.flush(fmt.Sprintf("seed %d: %s", s, strings.Join(done, ", ")))
	}
}

func randomOutput(rnd *rand.Rand, i int) (string, func(*nbdoc.Edit) error) {
	name := []string{"stdout", "stderr"}[rnd.IntN(2)]
	text := []string{"a", "bb\n", "\rc", "d\b", "\r\n", "long line", "😀"}[rnd.IntN(7)]
	id := fmt.Sprint(rnd.IntN(2))
	switch rnd.IntN(8) {
	case 0:
		return "display " + id, func(e *nbdoc.Edit) error { return e.AppendOutput("a", display(fmt.Sprint("D", i)), id) }
	case 1:
		return "update " + id, func(e *nbdoc.Edit) error {
			_, err := e.UpdateDisplay(id, notebook.Output{"data": map[string]any{"text/plain": fmt.Sprint("U", i)}})
			return err
		}
	case 2:
		wait := rnd.IntN(2) == 0
		return fmt.Sprint("clear ", wait), func(e *nbdoc.Edit) error { return e.ClearOutputs("a", wait) }
	case 3:
		outputs := []notebook.Output{display(fmt.Sprint("S", i)), {"output_type": "stream", "name": name, "text": fmt.Sprint(i)}}
		return "set", func(e *nbdoc.Edit) error { return e.SetOutputs("a", outputs[rnd.IntN(2):], nil) }
	}
	return fmt.Sprintf("%s %q", name, text), func(e *nbdoc.Edit) error { return e.AppendStream("a", name, text) }
}
