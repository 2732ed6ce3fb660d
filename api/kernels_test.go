package api

import (
	"encoding/base64"
	"fmt"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/notebookhub/hub/hub"
)

// code makes a notebook with one code cell for each source, named c0, c1...
func codeNotebook(sources ...string) string {
	var cells []string
	for i, s := range sources {
		cells = append(cells, fmt.Sprintf(`{"cell_type": "code", "id": "c%d", "metadata": {}, "execution_count": null, "outputs": [], "source": %q}`, i, s))
	}
	return `{"cells": [` + strings.Join(cells, ", ") + `], "metadata": {"kernelspec": {"name": "python3", "display_name": "Python 3"}}, "nbformat": 4, "nbformat_minor": 5}`
}

func (e *env) run(room Room, body map[string]any) []Execution {
	e.Helper()
	return into[ExecutionList](e.do("POST", roomPath(room.ID, "/executions"), body).want(202)).Executions
}

func (e *env) finished(run Execution) Execution {
	e.Helper()
	return into[Execution](e.do("GET", "/api/v1/executions/"+run.ID.String()+"?wait=2m", nil).want(200))
}

// Cells run in the hub, and their results can be fetched by whoever knows the
// id.
func TestKernels_RunAndFetch(t *testing.T) {
	e := newEnv(t)
	e.file("a.ipynb", codeNotebook("one", "fail", "two"))
	room := e.open("a.ipynb")
	runs := e.run(room, map[string]any{"cells": []string{"c0"}})
	if len(runs) != 1 || runs[0].Cell != "c0" || runs[0].Room != room.ID {
		t.Fatalf("queued %+v", runs)
	}
	done := e.finished(runs[0])
	if done.State != ExecutionStateDone || value(done.ExecutionCount) != 1 || done.Finished == nil || done.Outputs == nil || (*done.Outputs)[0]["text"] != "one" {
		t.Fatalf("finished %+v", done)
	}
	if c := into[Cell](e.do("GET", roomPath(room.ID, "/cells/c0"), nil).want(200)); (*c.Outputs)[0]["text"] != "one" || value(c.ExecutionCount) != 1 {
		t.Fatalf("cell %+v", c)
	}
	e.do("DELETE", "/api/v1/executions/"+done.ID.String(), nil).wantCode(422, hub.CodeInvalid)
	runs = e.run(room, map[string]any{"all": true})
	last := e.finished(runs[2])
	if got := e.finished(runs[1]); got.State != ExecutionStateError || !strings.Contains(value(got.Reason), "ValueError") || last.State != ExecutionStateCancelled {
		t.Fatalf("after a failure %+v, then %+v", got, last)
	}
	runs = e.run(room, map[string]any{"all": true, "continue_on_error": true})
	if last := e.finished(runs[2]); last.State != ExecutionStateDone {
		t.Fatalf("after a failure that was to be passed over %+v", last)
	}
	if k := into[Room](e.do("GET", roomPath(room.ID, ""), nil).want(200)).Kernel; k.Name != "python3" || k.Status != KernelStatusIdle {
		t.Fatalf("kernel %+v", k)
	}
}

func TestKernels_InterruptRestartCancelAndStop(t *testing.T) {
	e := newEnv(t)
	e.file("a.ipynb", codeNotebook("wait", "wait", "wait"))
	room := e.open("a.ipynb")
	runs := e.run(room, map[string]any{"all": true})
	e.until("running", func() bool { return e.wait(runs[0], "1ms").State == ExecutionStateRunning })
	info := into[Room](e.do("GET", roomPath(room.ID, ""), nil).want(200))
	if len(info.Queue) != 3 || info.Queue[0].State != QueueItemStateRunning || info.Kernel.Status != KernelStatusBusy {
		t.Fatalf("queue %+v kernel %+v", info.Queue, info.Kernel)
	}
	if c := into[Execution](e.do("DELETE", "/api/v1/executions/"+runs[1].ID.String(), nil).want(200)); c.State != ExecutionStateCancelled {
		t.Fatalf("cancelled %+v", c)
	}
	e.do("POST", roomPath(room.ID, "/kernel/interrupt"), nil).want(204)
	if got := e.finished(runs[0]); got.State != ExecutionStateCancelled || value(got.Reason) == "" {
		t.Fatalf("interrupted %+v", got)
	}
	if got := e.finished(runs[2]); got.State != ExecutionStateCancelled {
		t.Fatalf("behind the interrupted one %+v", got)
	}
	if k := into[Kernel](e.do("POST", roomPath(room.ID, "/kernel/restart"), nil).want(200)); k.Name != "python3" {
		t.Fatalf("restarted %+v", k)
	}
	e.do("DELETE", roomPath(room.ID, "/kernel"), nil).want(200)
	e.until("stopped", func() bool {
		return into[Kernel](e.do("GET", roomPath(room.ID, "/kernel"), nil).want(200)).Status == KernelStatusNone
	})
	e.do("POST", roomPath(room.ID, "/kernel/interrupt"), nil).wantCode(422, hub.CodeNoKernel)
}

func (e *env) wait(run Execution, wait string) Execution {
	e.Helper()
	return into[Execution](e.do("GET", "/api/v1/executions/"+run.ID.String()+"?wait="+wait, nil).want(200))
}

func TestKernels_Prompt(t *testing.T) {
	e := newEnv(t)
	e.file("a.ipynb", codeNotebook("ask"))
	room := e.open("a.ipynb")
	run := e.run(room, map[string]any{"all": true})[0]
	answer := map[string]any{"execution": run.ID, "value": "Ada"}
	e.until("the prompt", func() bool { return e.do("POST", roomPath(room.ID, "/prompt"), answer).status == 204 })
	if got := e.finished(run); (*got.Outputs)[0]["text"] != "Ada" {
		t.Fatalf("answered %+v", got)
	}
	e.do("POST", roomPath(room.ID, "/prompt"), answer).wantCode(422, hub.CodeInvalid)
}

func TestKernels_CompleteInspectHistory(t *testing.T) {
	e := newEnv(t)
	e.file("a.ipynb", codeNotebook("one"))
	room := e.open("a.ipynb")
	kernel := roomPath(room.ID, "/kernel")
	e.do("POST", kernel+"/complete", map[string]any{"code": "prin", "cursor": 4}).wantCode(422, hub.CodeNoKernel)
	if k := into[Kernel](e.do("PUT", kernel, map[string]any{"name": "python3"}).want(200)); k.Name != "python3" {
		t.Fatalf("chosen %+v", k)
	}
	e.finished(e.run(room, map[string]any{"all": true})[0])
	if r := into[KernelReply](e.do("POST", kernel+"/complete", map[string]any{"code": "prin", "cursor": 4}).want(200)); r["matches"].([]any)[0] != "print" {
		t.Fatalf("completions %v", r)
	}
	if r := into[KernelReply](e.do("POST", kernel+"/inspect", map[string]any{"code": "print", "cursor": 5, "detail": 1}).want(200)); r["found"] != true || r["detail"] != 1.0 {
		t.Fatalf("inspection %v", r)
	}
	if h := into[History](e.do("GET", kernel+"/history?n=1", nil).want(200)); len(h.Entries) != 1 {
		t.Fatalf("history %+v", h)
	}
}

func TestKernels_WhatCannotRun(t *testing.T) {
	t.Parallel() // it waits for edits that do not come
	e := newEnv(t)
	e.file("a.ipynb", codeNotebook("one"))
	e.file("text.ipynb", twoCells)
	room, text := e.open("a.ipynb"), e.open("text.ipynb")
	runs := roomPath(room.ID, "/executions")
	e.do("POST", runs, map[string]any{"cells": []string{"nobody"}}).wantCode(404, hub.CodeCellNotFound)
	e.do("POST", roomPath(text.ID, "/executions"), map[string]any{"cells": []string{"second"}}).wantCode(422, hub.CodeInvalid)
	e.do("POST", runs, map[string]any{}).wantCode(422, hub.CodeInvalid)
	e.do("POST", runs, map[string]any{"all": false}).wantCode(422, hub.CodeInvalid)
	e.do("POST", runs, map[string]any{"all": true, "cells": []string{"c0"}}).wantCode(422, hub.CodeInvalid)
	e.do("POST", runs, map[string]any{"cells": []string{}}).wantCode(422, hub.CodeInvalid)
	e.do("POST", runs, map[string]any{"all": true, "seen": "AA"}).wantCode(422, hub.CodeInvalid)
	ahead := base64.StdEncoding.EncodeToString([]byte{1, 5, 9}) // client 5 at clock 9: nobody has that
	e.do("POST", runs, map[string]any{"all": true, "seen": ahead}).wantCode(412, hub.CodeStale)
	e.do("PUT", roomPath(room.ID, "/kernel"), map[string]any{"name": "cobol"}).wantCode(422, hub.CodeNoKernel)
	e.do("PUT", roomPath(room.ID, "/kernel"), map[string]any{"name": "stillborn"})
	many := make([]string, 100_000)
	for i := range many {
		many[i] = "c0"
	}
	r := e.do("POST", runs, map[string]any{"cells": many})
	r.wantCode(429, hub.CodeBusy)
	if r.header.Get("Retry-After") == "" {
		t.Error("no Retry-After")
	}
	e.do("GET", "/api/v1/executions/"+uuid.NewString(), nil).wantCode(404, hub.CodeNoExecution)
	e.do("GET", "/api/v1/executions/none", nil).wantCode(404, hub.CodeNoExecution)
	for _, wait := range []string{"", "x", "-1s", "10m", "301s", "1h", "1.5s", "5"} {
		e.do("GET", "/api/v1/executions/"+uuid.NewString()+"?wait="+wait, nil).wantCode(422, hub.CodeInvalid)
	}
}

func TestKernels_Specs(t *testing.T) {
	e := newEnv(t)
	list := into[KernelSpecList](e.do("GET", "/api/v1/kernelspecs", nil).want(200))
	if len(list.Kernelspecs) != 3 || value(list.Kernelspecs[1].Problem) == "" || list.Kernelspecs[0].Problem != nil {
		t.Fatalf("specs %+v", list)
	}
	e.kernels.broken = true
	if r := e.do("GET", "/api/v1/kernelspecs", nil); r.status < 500 || strings.Contains(string(r.body), "folder of kernels can be read\" in") {
		t.Fatalf("broken: %d %s", r.status, r.body)
	}
}
