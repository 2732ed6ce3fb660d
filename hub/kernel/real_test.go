//go:build kernels

package kernel_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/notebookhub/hub/hub/kernel"
	"github.com/notebookhub/hub/hub/kernel/kerneltest"
)

// These tests need ipykernel and IRkernel installed as Jupyter kernels, and the
// variable DENO to name Deno's program.

func TestRealKernelsConform(t *testing.T) {
	for _, real := range realKernels(t) {
		t.Run(real.name, func(t *testing.T) {
			l := launch(t, real.options)
			kerneltest.Run(t, func(t *testing.T, dir string) *kernel.Kernel { return start(t, l, real.spec, dir) }, real.phrases)
		})
	}
}

type realKernel struct {
	name    string
	spec    string
	options kernel.Options
	phrases kerneltest.Phrases
}

func realKernels(t testing.TB) []realKernel {
	shim := kerneltest.Shim()
	return []realKernel{
		{"python", "python3", kernel.Options{Shim: shim}, pythonPhrases},
		{"python over tcp", "python3", kernel.Options{Shim: shim, Transport: kernel.TransportTCP}, pythonPhrases},
		{"r", "ir", kernel.Options{Shim: shim}, rPhrases},
		{"deno", "deno", kernel.Options{Shim: shim, DataDirs: []string{denoSpec(t)}}, denoPhrases},
	}
}

// denoSpec is a data folder with the kernelspec that `deno jupyter --install`
// writes.
func denoSpec(t testing.TB) string {
	deno := os.Getenv("DENO")
	if deno == "" {
		t.Fatal("set DENO to Deno's program")
	}
	dir := t.TempDir()
	folder := filepath.Join(dir, "kernels", "deno")
	if err := os.MkdirAll(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	spec := `{"argv":["` + deno + `","jupyter","--kernel","--conn","{connection_file}"],"display_name":"Deno","language":"typescript"}`
	if err := os.WriteFile(filepath.Join(folder, "kernel.json"), []byte(spec), 0o600); err != nil {
		t.Fatal(err)
	}
	return dir
}

var pythonPhrases = kerneltest.Phrases{
	Print:      `print("hello")`,
	PrintError: `import sys; print("oops", file=sys.stderr)`,
	Value:      `1+1`,
	Set:        `answer = 41`,
	Get:        `print(answer+1)`,
	Fail:       `raise ValueError("bang")`,
	Show:       `display({"text/plain": "shown"}, raw=True)`,
	Update: `handle = display({"text/plain": "before"}, raw=True, display_id="d")
handle.update({"text/plain": "after"}, raw=True)`,
	Clear: `from IPython.display import clear_output
print("gone")
clear_output(wait=True)
print("hello")`,
	Sleep:      "print('off'); import time; time.sleep(100)",
	Ask:        `print("hi " + input("name? "))`,
	Password:   `import getpass; print("hi " + getpass.getpass("name? "))`,
	Where:      `import os; print(os.getcwd())`,
	Die:        `import os; os._exit(3)`,
	Lines:      `for i in range(5000): print("line", i, flush=True)`,
	Prefix:     "prin",
	Completion: "print",
	Known:      "print",
	History:    true,
}

var rPhrases = kerneltest.Phrases{
	Print:      `cat("hello\n")`,
	PrintError: `message("oops")`,
	Value:      `1+1`,
	Set:        `answer <- 41`,
	Get:        `cat(answer+1, "\n")`,
	Fail:       `stop("bang")`,
	Show:       `IRdisplay::display_text("shown")`,
	Clear:      `cat("gone\n"); IRdisplay::clear_output(); cat("hello\n")`,
	Sleep:      `cat("off\n"); Sys.sleep(100)`,
	Ask:        `cat("hi ", readline("name? "), "\n", sep = "")`,
	Where:      `cat(getwd(), "\n")`,
	Die:        `.Internal(quit("no", 3L, FALSE))`,
	Lines:      `for (i in 0:4999) cat("line ", i, "\n", sep = "")`,
	Prefix:     "readLine",
	Completion: "readLines",
	Known:      "print",
}

var denoPhrases = kerneltest.Phrases{
	Print:      `console.log("hello")`,
	PrintError: `console.error("oops")`,
	Value:      `1+1`,
	Set:        `var answer = 41`,
	Get:        `console.log(answer + 1)`,
	Fail:       `throw new Error("bang")`,
	Show:       `await Deno.jupyter.broadcast("display_data", {data: {"text/plain": "shown"}, metadata: {}, transient: {}})`,
	Update: `await Deno.jupyter.broadcast("display_data", {data: {"text/plain": "before"}, metadata: {}, transient: {display_id: "d"}});
await Deno.jupyter.broadcast("update_display_data", {data: {"text/plain": "after"}, metadata: {}, transient: {display_id: "d"}})`,
	Clear:      `console.log("gone"); await Deno.jupyter.broadcast("clear_output", {wait: true}); console.log("hello")`,
	Sleep:      `console.log("off"); const begun = Date.now(); while (Date.now() - begun < 100000);`,
	Ask:        `console.log("hi " + prompt("name? "))`,
	Where:      `console.log(Deno.cwd())`,
	Die:        `Deno.exit(3)`,
	Lines:      `for (let i = 0; i < 5000; i++) console.log("line " + i)`,
	Prefix:     "console.lo",
	Completion: "log",
}
