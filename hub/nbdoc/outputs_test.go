package nbdoc_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/notebookhub/hub/hub/nbdoc"
	"github.com/notebookhub/hub/hub/notebook"
	"github.com/notebookhub/hub/hub/yjs"
)

// run makes one edit of a document that has the code cell "a".
func run(t testing.TB, d *nbdoc.Document, f func(e *nbdoc.Edit) error) nbdoc.Event {
	t.Helper()
	return must(t)(d.Update("kernel", f))
}

func codeRoom(t testing.TB, outputs ...notebook.Output) *nbdoc.Document {
	t.Helper()
	return seed(t, &notebook.Notebook{Major: 4, Minor: 5, Cells: []notebook.Cell{
		{ID: "a", Type: notebook.Code, Outputs: outputs}, {ID: "b", Type: notebook.Code}, {ID: "text", Type: notebook.Markdown},
	}})
}

// outputs renders the outputs of a cell.
func outputs(d *nbdoc.Document, id string) string {
	c, _ := d.Cell(id)
	var out []string
	for _, o := range c.Outputs {
		switch o.Kind() {
		case "stream":
			out = append(out, fmt.Sprintf("%s %q", o["name"], o["text"]))
		case "error":
			out = append(out, fmt.Sprintf("error %v", o["ename"]))
		default:
			out = append(out, fmt.Sprintf("%s %v", o.Kind(), o["data"].(map[string]any)["text/plain"]))
		}
	}
	return strings.Join(out, ", ")
}

func wantOutputs(t *testing.T, d *nbdoc.Document, id, want string) {
	t.Helper()
	if got := outputs(d, id); got != want {
		t.Fatalf("outputs %s\nwant    %s", got, want)
	}
}

func shown(text string) notebook.Output {
	return notebook.Output{"output_type": "display_data", "data": map[string]any{"text/plain": text}, "metadata": map[string]any{},
		"transient": map[string]any{"display_id": "x"}}
}

func TestAppendStream_JoinsAndCollapses(t *testing.T) {
	for _, c := range map[string]struct {
		chunks []string
		want   string
	}{
		"lines":                     {[]string{"a\n", "b\n"}, "a\nb\n"},
		"carriage return":           {[]string{"10%\r20%", "\r100%\n", "ok"}, "100%\nok"},
		"return in the next chunk":  {[]string{"10%\r", "9"}, "90%"},
		"cursor goes on":            {[]string{"abcdef\r", "x", "y", "\nz"}, "xycdef\nz"},
		"windows line ends":         {[]string{"a\r\nb\r", "\nc"}, "a\nb\nc"},
		"backspace":                 {[]string{"abc\b\bX", "\b\b\b\b\bY"}, "Y"},
		"backspace stops at line":   {[]string{"ab\n", "\b\bc"}, "ab\nc"},
		"backspace across chunks":   {[]string{"abc", "\b", "\b", "d"}, "ad"},
		"pairs are one character":   {[]string{"😀😀", "\rx", "\b🎉"}, "🎉"},
		"nothing but a return":      {[]string{"abc", "\r", "\r", "d"}, "dbc"},
		"line feed from the middle": {[]string{"abc\rx\n", "y"}, "xbc\ny"},
	} {
		d := codeRoom(t)
		p := peer(t, d)
		for _, chunk := range c.chunks {
			apply(t, p, run(t, d, func(e *nbdoc.Edit) error { return e.AppendStream("a", "stdout", chunk) }).Update)
		}
		wantOutputs(t, d, "a", fmt.Sprintf("stdout %q", c.want))
		q, _ := nbdoc.Load(yjs.Options{}, encoded(t, p))
		wantOutputs(t, q, "a", fmt.Sprintf("stdout %q", c.want))
	}
}

func TestRun_GoesFromStartToFinish(t *testing.T) {
	d := codeRoom(t, notebook.Output{"output_type": "stream", "name": "stdout", "text": "old"})
	e := run(t, d, func(e *nbdoc.Edit) error { return e.StartRun("a") })
	if c, _ := e.Change("a"); c.Fields != nbdoc.FieldOutputs|nbdoc.FieldExecutionState || !d.Running("a") {
		t.Fatalf("start: %+v", e)
	}
	wantOutputs(t, d, "a", "")
	run(t, d, func(e *nbdoc.Edit) error { return e.AppendStream("a", "stdout", "1") })
	run(t, d, func(e *nbdoc.Edit) error { return e.AppendStream("a", "stdout", "2") })
	run(t, d, func(e *nbdoc.Edit) error { return e.AppendStream("a", "stderr", "3") })
	run(t, d, func(e *nbdoc.Edit) error { return e.AppendStream("a", "stdout", "4") })
	run(t, d, func(e *nbdoc.Edit) error { return e.AppendOutput("a", shown("D"), "") })
	wantOutputs(t, d, "a", `stdout "12", stderr "3", stdout "4", display_data D`)
	if c, _ := d.Cell("a"); c.Outputs[3]["transient"] != nil {
		t.Fatal("transient was stored")
	}
	five := int64(5)
	run(t, d, func(e *nbdoc.Edit) error { return e.FinishRun("a", &five) })
	if c, _ := d.Cell("a"); d.Running("a") || *c.ExecutionCount != 5 {
		t.Fatalf("finish: %+v", c)
	}
	run(t, d, func(e *nbdoc.Edit) error { return e.FinishRun("a", nil) })
	if c, _ := d.Cell("a"); *c.ExecutionCount != 5 {
		t.Fatal("a run without a count took the count away")
	}
	wantReload(t, d)
}

func TestClearOutputs_WaitsForTheNext(t *testing.T) {
	d := codeRoom(t)
	write := func(f func(e *nbdoc.Edit) error) { t.Helper(); run(t, d, f) }
	write(func(e *nbdoc.Edit) error { return e.AppendStream("a", "stdout", "1") })
	write(func(e *nbdoc.Edit) error { return e.ClearOutputs("a", true) })
	wantOutputs(t, d, "a", `stdout "1"`)
	write(func(e *nbdoc.Edit) error { return e.AppendStream("a", "stdout", "2") })
	wantOutputs(t, d, "a", `stdout "2"`)
	write(func(e *nbdoc.Edit) error { return e.ClearOutputs("a", true) })
	write(func(e *nbdoc.Edit) error { return e.AppendOutput("a", shown("D"), "") })
	wantOutputs(t, d, "a", `display_data D`)
	write(func(e *nbdoc.Edit) error { return e.ClearOutputs("a", false) })
	wantOutputs(t, d, "a", "")
	write(func(e *nbdoc.Edit) error { return e.AppendStream("a", "stdout", "3") })
	write(func(e *nbdoc.Edit) error { return e.ClearOutputs("a", true) })
	write(func(e *nbdoc.Edit) error { return e.FinishRun("a", nil) })
	write(func(e *nbdoc.Edit) error { return e.AppendStream("a", "stdout", "4") })
	wantOutputs(t, d, "a", `stdout "34"`)
}

func TestUpdateDisplay_FindsEveryOutputOfItsID(t *testing.T) {
	d := codeRoom(t)
	run(t, d, func(e *nbdoc.Edit) error {
		for _, step := range []error{
			e.AppendOutput("a", shown("1"), "x"), e.AppendStream("a", "stdout", "s"), e.AppendOutput("a", shown("2"), "y"),
			e.AppendOutput("a", shown("3"), "x"), e.AppendOutput("b", shown("4"), "x"),
		} {
			if step != nil {
				return step
			}
		}
		return nil
	})
	update := func(id, text string, want int) {
		t.Helper()
		run(t, d, func(e *nbdoc.Edit) error {
			n, err := e.UpdateDisplay(id, notebook.Output{"data": map[string]any{"text/plain": text}})
			if n != want {
				t.Fatalf("updated %d outputs, want %d", n, want)
			}
			return err
		})
	}
	update("x", "X", 3)
	wantOutputs(t, d, "a", `display_data X, stdout "s", display_data 2, display_data X`)
	wantOutputs(t, d, "b", `display_data X`)
	update("y", "Y", 1)
	must(t)(d.MoveCell("a", 2))
	update("x", "Z", 3)
	wantOutputs(t, d, "a", `display_data Z, stdout "s", display_data Y, display_data Z`)
	run(t, d, func(e *nbdoc.Edit) error { return e.StartRun("a") })
	update("x", "W", 1)
	update("y", "W", 0)
	wantOutputs(t, d, "b", `display_data W`)
	must(t)(d.DeleteCell("b"))
	update("x", "V", 0)
}

// Peers write streams as plain values and lists; what follows is joined to
// them all the same.
func TestAppendStream_GoesOnWithAPeersPlainOutput(t *testing.T) {
	for _, plain := range []any{
		map[string]any{"output_type": "stream", "name": "stdout", "text": []any{"1\n", "2"}},
		map[string]any{"output_type": "stream", "name": "stdout", "text": "1\n2"},
		yjs.MapOf(yjs.Entry{Key: "output_type", Value: "stream"}, yjs.Entry{Key: "name", Value: "stdout"}, yjs.Entry{Key: "text", Value: "1\n2"}),
		yjs.MapOf(yjs.Entry{Key: "output_type", Value: "stream"}, yjs.Entry{Key: "name", Value: "stdout"}, yjs.Entry{Key: "text", Value: yjs.TextOf("1\n0\r2")}),
	} {
		d := codeRoom(t)
		p := peer(t, d)
		u := write(t, p, func(tx *yjs.Txn) { v, _ := cellOf(p, 0).Get("outputs"); v.(*yjs.Array).Push(tx, plain) })
		if e := must(t)(d.Apply(u, nil)); e.Repaired || !e.Content {
			t.Fatalf("%+v", e)
		}
		run(t, d, func(e *nbdoc.Edit) error { return e.AppendStream("a", "stdout", "3\r4") })
		run(t, d, func(e *nbdoc.Edit) error { return e.AppendStream("a", "stdout", "5") })
		wantOutputs(t, d, "a", `stdout "1\n45"`)
	}
}

func TestOutputBytes_FollowsEveryWrite(t *testing.T) {
	d := codeRoom(t)
	check := func() {
		t.Helper()
		state, _ := d.Encode(nil)
		again, err := nbdoc.Load(yjs.Options{}, state)
		if err != nil {
			t.Fatal(err)
		}
		if got, want := d.OutputBytes("a"), again.OutputBytes("a"); got != want {
			t.Fatalf("counted %d bytes, want %d", got, want)
		}
	}
	check()
	run(t, d, func(e *nbdoc.Edit) error { return e.StartRun("a") })
	check()
	for _, text := range []string{"hello\n", "10%", "\r20%", "\b\b", "é😀"} {
		run(t, d, func(e *nbdoc.Edit) error { return e.AppendStream("a", "stdout", text) })
		check()
	}
	run(t, d, func(e *nbdoc.Edit) error { return e.AppendOutput("a", shown("D"), "x") })
	check()
	run(t, d, func(e *nbdoc.Edit) error {
		_, err := e.UpdateDisplay("x", notebook.Output{"data": map[string]any{"text/plain": strings.Repeat("x", 1000)}})
		return err
	})
	check()
	p := peer(t, d)
	must(t)(d.Apply(write(t, p, func(tx *yjs.Txn) { v, _ := cellOf(p, 0).Get("outputs"); v.(*yjs.Array).Delete(tx, 0, 1) }), nil))
	check()
	if d.OutputBytes("a") < 1000 || d.OutputBytes("none") != 0 {
		t.Fatal("sizes")
	}
}

func TestOutputs_RefuseOtherCells(t *testing.T) {
	d := codeRoom(t)
	for _, id := range []string{"text", "none"} {
		for name, f := range map[string]func(e *nbdoc.Edit) error{
			"start":  func(e *nbdoc.Edit) error { return e.StartRun(id) },
			"finish": func(e *nbdoc.Edit) error { return e.FinishRun(id, nil) },
			"stream": func(e *nbdoc.Edit) error { return e.AppendStream(id, "stdout", "x") },
			"output": func(e *nbdoc.Edit) error { return e.AppendOutput(id, shown("x"), "") },
			"clear":  func(e *nbdoc.Edit) error { return e.ClearOutputs(id, false) },
			"set":    func(e *nbdoc.Edit) error { return e.SetOutputs(id, nil, nil) },
		} {
			if e, err := d.Update(nil, f); err == nil || e.Update != nil {
				t.Errorf("%s %s: %v", name, id, err)
			}
		}
	}
}
