//go:build oracle

// Package oracle_test lets Jupyter's own clients judge what package nbdoc
// writes: @jupyter/ydoc's YNotebook, and JupyterLab's notebook model on top of
// it. It needs node and the packages of package.json (see the Makefile).
package oracle_test

import (
	"bufio"
	"encoding/base64"
	"encoding/json"
	"os"
	"os/exec"
	"reflect"
	"testing"

	"github.com/notebookhub/hub/hub/nbdoc"
	"github.com/notebookhub/hub/hub/notebook"
	"github.com/notebookhub/hub/hub/yjs"
)

// judge is the node process that runs the clients.
type judge struct {
	t   *testing.T
	in  *json.Encoder
	out *bufio.Reader
}

func newJudge(t *testing.T) *judge {
	t.Helper()
	cmd := exec.Command("node", "judge.mjs")
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatalf("start node: %v", err)
	}
	t.Cleanup(func() {
		_ = in.Close()
		_ = cmd.Wait()
	})
	return &judge{t: t, in: json.NewEncoder(in), out: bufio.NewReaderSize(out, 1<<20)}
}

// report is what a client shows.
type report struct {
	Error     string         `json:"error"`
	Notebook  map[string]any `json:"notebook"`
	IDs       []string       `json:"ids"`
	States    []string       `json:"states"`
	Structure map[string]any `json:"structure"`
	Own       []string       `json:"own"`
	Changes   [][]string     `json:"changes"`
	Faults    []string       `json:"faults"`
	Views     [][]any        `json:"views"`
}

func (j *judge) do(command map[string]any) report {
	j.t.Helper()
	if err := j.in.Encode(command); err != nil {
		j.t.Fatal(err)
	}
	line, err := j.out.ReadBytes('\n')
	if err != nil {
		j.t.Fatalf("node: %v", err)
	}
	var r report
	if err := json.Unmarshal(line, &r); err != nil {
		j.t.Fatalf("answer %.200q: %v", line, err)
	}
	if r.Error != "" {
		j.t.Fatalf("node: %s", r.Error)
	}
	return r
}

func (j *judge) open(name, client string) {
	j.t.Helper()
	j.do(map[string]any{"op": "open", "name": name, "client": client})
}

func (j *judge) apply(name string, update []byte) {
	j.t.Helper()
	if update != nil {
		j.do(map[string]any{"op": "apply", "name": name, "update": base64.StdEncoding.EncodeToString(update)})
	}
}

func (j *judge) call(name, code string) {
	j.t.Helper()
	j.do(map[string]any{"op": "call", "name": name, "code": code})
}

func (j *judge) read(name string) report {
	j.t.Helper()
	return j.do(map[string]any{"op": "read", "name": name})
}

// written returns what the client wrote since the last look.
func (j *judge) written(name string) [][]byte {
	j.t.Helper()
	var updates [][]byte
	for _, s := range j.do(map[string]any{"op": "own", "name": name}).Own {
		b, err := base64.StdEncoding.DecodeString(s)
		if err != nil {
			j.t.Fatal(err)
		}
		updates = append(updates, b)
	}
	return updates
}

// clientForm is a notebook as YNotebook.toJSON gives it.
func clientForm(t *testing.T, d *nbdoc.Document) map[string]any {
	t.Helper()
	nb := d.Notebook()
	cells := []any{}
	for _, c := range nb.Cells {
		m := map[string]any{"id": c.ID, "cell_type": c.Type, "source": c.Source, "metadata": c.Metadata}
		if c.Type == notebook.Code {
			m["outputs"], m["execution_count"] = c.Outputs, c.ExecutionCount
		} else if c.Attachments != nil {
			m["attachments"] = c.Attachments
		}
		if nb.Minor < 5 {
			delete(m, "id")
		}
		cells = append(cells, m)
	}
	return normal(t, map[string]any{"metadata": nb.Metadata, "nbformat": nb.Major, "nbformat_minor": nb.Minor, "cells": cells}).(map[string]any)
}

// normal passes a value through JSON.
func normal(t *testing.T, v any) any {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	var out any
	if err := json.Unmarshal(b, &out); err != nil {
		t.Fatal(err)
	}
	return out
}

func state(t *testing.T, d *nbdoc.Document) []byte {
	t.Helper()
	b, err := d.Encode(nil)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// wantSame checks that a client shows what the document holds, wrote nothing of
// its own, and met no error.
func wantSame(t *testing.T, when, name string, r report, d *nbdoc.Document) {
	t.Helper()
	if len(r.Faults) > 0 {
		t.Fatalf("%s: %s failed: %s", when, name, r.Faults[0])
	}
	if len(r.Own) > 0 {
		t.Fatalf("%s: %s wrote %d updates of its own", when, name, len(r.Own))
	}
	if !reflect.DeepEqual(r.IDs, d.IDs()) {
		t.Fatalf("%s: %s has cells %v, want %v", when, name, r.IDs, d.IDs())
	}
	if want := clientForm(t, d); !reflect.DeepEqual(r.Notebook, want) {
		got, _ := json.MarshalIndent(r.Notebook, "", " ")
		w, _ := json.MarshalIndent(want, "", " ")
		t.Fatalf("%s: %s has\n%s\nwant\n%s", when, name, got, w)
	}
	for i, view := range r.Views {
		if c := d.Cells()[i]; c.Type == notebook.Code {
			if want := normal(t, c.Outputs); !reflect.DeepEqual(any(view), want) {
				t.Fatalf("%s: %s shows in cell %s\n%v\nwant\n%v", when, name, c.ID, view, want)
			}
		}
	}
}

func seed(t *testing.T, nb *notebook.Notebook) *nbdoc.Document {
	t.Helper()
	d, _, err := nbdoc.Seed(yjs.Options{}, nb)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func load(t *testing.T, path string) *notebook.Notebook {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	f, err := notebook.Parse(data, notebook.ParseOptions{})
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	return f.Notebook()
}
