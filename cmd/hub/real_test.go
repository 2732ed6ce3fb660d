//go:build kernels

package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/notebookhub/hub/hub/kernel"
	"github.com/notebookhub/hub/hub/notebook"
)

// These tests need ipykernel and IRkernel installed as Jupyter kernels, and the
// variable DENO to name Deno's program: ci/kernels.sh.

// languages is one notebook in three languages: it prints, shows a value, fails
// and goes on.
var languages = []struct {
	kernel                   string
	print, value, fail, show string
}{
	{"python3", `print("hello")`, `1 + 1`, `raise ValueError("bang")`, `import os; os.path.basename(os.getcwd())`},
	{"ir", `cat("hello\n")`, `1 + 1`, `stop("bang")`, `basename(getwd())`},
	{"deno", `console.log("hello")`, `1 + 1`, `throw new Error("bang")`, `Deno.cwd().split("/").pop()`},
}

func TestReal_OneNotebookInThreeLanguages(t *testing.T) {
	s := newSite(t)
	installDeno(t, os.Getenv("JUPYTER_PATH"))
	for _, l := range languages {
		t.Run(l.kernel, func(t *testing.T) {
			file := filepath.Join(s.root, "place", l.kernel+".ipynb")
			s.write("place/"+l.kernel+".ipynb", realNotebook(t, l.kernel, l.print, l.value, l.fail, l.show))
			s.hub("run", "--continue", "--timeout", "2m", file).fails(t, 1, "1 of 4 cells failed, 0 did not run")
			parsed, err := notebook.Parse([]byte(s.read("place/"+l.kernel+".ipynb")), notebook.ParseOptions{})
			if err != nil {
				t.Fatal(err)
			}
			for i, want := range []string{"stream hello\n", "execute_result 2", "error", "execute_result place"} {
				if got := told(t, parsed.Notebook().Cells[i]); !contains(got, want) {
					t.Errorf("cell %d shows %q, want %q", i+1, got, want)
				}
			}
		})
	}
}

// contains tells whether one output is this, whatever else there is; of an error
// the kind is enough.
func contains(outputs []string, want string) bool {
	return slices.ContainsFunc(outputs, func(o string) bool {
		return o == want || want == "error" && strings.HasPrefix(o, "error ")
	})
}

// told lists a cell's outputs by kind and text, quotes and R's index left out.
func told(t *testing.T, c notebook.Cell) (list []string) {
	t.Helper()
	for _, o := range c.Outputs {
		text := outputText(o)
		if o["output_type"] != "stream" {
			text = unquoted(text)
			if o["output_type"] == "display_data" { // as IRkernel shows values
				o["output_type"] = "execute_result"
			}
		}
		list = append(list, o["output_type"].(string)+" "+text)
	}
	return list
}

func unquoted(text string) string {
	text = escapes.ReplaceAllString(text, "")
	text = strings.TrimPrefix(text, "[1] ")
	if n := len(text); n > 1 && (text[0] == '"' || text[0] == '\'') && text[n-1] == text[0] {
		text = text[1 : n-1]
	}
	return text
}

func realNotebook(t testing.TB, name string, sources ...string) string {
	t.Helper()
	var list []map[string]any
	for _, source := range sources {
		list = append(list, map[string]any{"cell_type": "code", "metadata": map[string]any{}, "outputs": []any{}, "execution_count": nil, "source": source})
	}
	text, err := json.Marshal(map[string]any{
		"cells": list, "metadata": map[string]any{"kernelspec": map[string]any{"name": name, "display_name": name, "language": ""}},
		"nbformat": 4, "nbformat_minor": 4,
	})
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func installDeno(t *testing.T, dir string) {
	t.Helper()
	deno := os.Getenv("DENO")
	if deno == "" {
		t.Fatal("set DENO to Deno's program")
	}
	spec, err := json.Marshal(map[string]any{
		"argv": []string{deno, "jupyter", "--kernel", "--conn", "{connection_file}"}, "display_name": "Deno", "language": "typescript",
	})
	if err != nil {
		t.Fatal(err)
	}
	folder := filepath.Join(dir, "kernels", "deno")
	if err := os.MkdirAll(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(folder, "kernel.json"), spec, 0o600); err != nil {
		t.Fatal(err)
	}
}

// What a thread prints after its cell is shown there.
func TestReal_ThreadsPrintAfterTheirCell(t *testing.T) {
	s := newSite(t)
	s.write("thread.ipynb", realNotebook(t, "python3", `import threading, time
def tick():
    time.sleep(0.5)
    print("tick", flush=True)
threading.Thread(target=tick).start()`))
	h := s.serve()
	c, err := newClient(h.url, "")
	if err != nil {
		t.Fatal(err)
	}
	room, err := c.lookupOrOpen(t.Context(), "thread.ipynb")
	if err != nil {
		t.Fatal(err)
	}
	runs, err := c.execute(t.Context(), room, map[string]any{"all": true})
	if err != nil {
		t.Fatal(err)
	}
	if e, err := c.await(t.Context(), runs[0].ID); err != nil || e.State != "done" {
		t.Fatalf("%+v, %v", e, err)
	}
	await(t, "the thread's output in the notebook", func() bool {
		_, text := h.get("api/v1/rooms/" + room + "/notebook")
		return strings.Contains(text, `tick\n`)
	})
}

func TestReal_KernelspecsAreFound(t *testing.T) {
	newSite(t)
	l, err := kernel.New(t.Context(), kernel.Options{RuntimeDir: filepath.Join(t.TempDir(), "k")})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close(t.Context())
	specs, err := l.Specs(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	usable := make(map[string]bool)
	for _, spec := range specs {
		usable[spec.Name] = spec.Problem == ""
	}
	if !usable["python3"] || !usable["ir"] {
		t.Errorf("kernels that can be started: %v", usable)
	}
}
