//go:build kernels

package kernel_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/notebookhub/hub/hub/kernel"
	"github.com/notebookhub/hub/hub/kernel/kerneltest"
	"github.com/notebookhub/hub/hub/notebook"
)

// acceptance says what each cell of the acceptance notebooks does, in whatever
// language.
var acceptance = map[string]func(events []kernel.Event, reply kernel.ExecuteReply) bool{
	"prints":  printsExactly("stdout", "hello\n"),
	"unicode": printsExactly("stdout", "π ≈ 3.14 🎉\n"),
	"value":   showsData("text/plain", "2"),
	"keeps":   printsExactly("stdout", ""),
	"kept":    printsExactly("stdout", "42\n"),
	"stderr": func(events []kernel.Event, reply kernel.ExecuteReply) bool {
		return strings.TrimSpace(kerneltest.Text(events, "stderr")) == "careful" // R adds a line
	},
	"html": showsData("text/html", "<b>bold</b>"),
	"fails": func(events []kernel.Event, reply kernel.ExecuteReply) bool {
		return reply.Status == "error" && strings.Contains(reply.Reason, "bang") && strings.HasSuffix(kinds(events), "error")
	},
	"after": printsExactly("stdout", "still here\n"),
	"many":  printsExactly("stdout", manyLines()),
}

func manyLines() string {
	var text strings.Builder
	for i := range 100 {
		fmt.Fprintf(&text, "line %d\n", i)
	}
	return text.String()
}

func printsExactly(stream, text string) func([]kernel.Event, kernel.ExecuteReply) bool {
	return func(events []kernel.Event, reply kernel.ExecuteReply) bool {
		return kerneltest.Text(events, stream) == text && reply.Status == "ok"
	}
}

func showsData(mime, want string) func([]kernel.Event, kernel.ExecuteReply) bool {
	return func(events []kernel.Event, reply kernel.ExecuteReply) bool {
		for _, ev := range events {
			data, _ := ev.Output["data"].(map[string]any)
			if text, _ := data[mime].(string); strings.Contains(text, want) {
				return reply.Status == "ok"
			}
		}
		return false
	}
}

func TestTheSameNotebookRunsInPythonRAndDeno(t *testing.T) {
	files := map[string]string{"python": "python", "r": "r", "deno": "deno"}
	for _, real := range realKernels(t) {
		file := files[real.name]
		if file == "" {
			continue
		}
		t.Run(real.name, func(t *testing.T) {
			data, err := os.ReadFile(filepath.Join("testdata", "acceptance", file+".ipynb"))
			if err != nil {
				t.Fatal(err)
			}
			nb, err := notebook.Parse(data, notebook.ParseOptions{})
			if err != nil {
				t.Fatal(err)
			}
			k := start(t, launch(t, real.options), real.spec, t.TempDir())
			ran := 0
			for _, cell := range nb.Notebook().Cells {
				if cell.Type != "code" {
					continue
				}
				ran++
				events, reply := kerneltest.Execute(t, k, cell.Source)
				if !acceptance[cell.ID](events, reply) {
					t.Errorf("cell %s: %+v %+v", cell.ID, events, reply)
				}
			}
			if ran != len(acceptance) {
				t.Errorf("%d cells ran", ran)
			}
		})
	}
}

func TestTwoHundredThousandLinesArrive(t *testing.T) {
	_, k := python(t)
	begun, lines, last := time.Now(), 0, ""
	reply, err := k.Execute(t.Context(), kernel.ExecuteRequest{Code: "for i in range(200000): print('line', i)"}, func(ev kernel.Event) {
		if ev.Kind == kernel.KindStream {
			lines += strings.Count(ev.Text, "\n")
			last = ev.Text[max(0, len(ev.Text)-12):]
		}
	})
	if err != nil || reply.Status != "ok" || lines != 200000 || !strings.HasSuffix(last, "199999\n") {
		t.Errorf("%d lines, the last %q, %+v, %v", lines, last, reply, err)
	}
	t.Logf("%v", time.Since(begun))
}

func TestTwentyThousandFlushedLinesArrive(t *testing.T) {
	l, k := python(t)
	begun, lines := time.Now(), 0
	reply, err := k.Execute(t.Context(), kernel.ExecuteRequest{Code: "for i in range(20000): print('line', i, flush=True)"}, func(ev kernel.Event) {
		lines += strings.Count(ev.Text, "\n")
	})
	if err != nil || reply.Status != "ok" || lines != 20000 || l.Stats().Dropped > 0 {
		t.Errorf("%d lines, %+v, %v", lines, reply, err)
	}
	t.Logf("%v", time.Since(begun))
}

func TestADisplayOfFiftyMegabytesArrives(t *testing.T) {
	_, k := python(t)
	begun, size := time.Now(), 0
	code := `display({"text/plain": "x" * 50_000_000}, raw=True)`
	_, err := k.Execute(t.Context(), kernel.ExecuteRequest{Code: code}, func(ev kernel.Event) {
		data, _ := ev.Output["data"].(map[string]any)
		text, _ := data["text/plain"].(string)
		size += len(text)
	})
	if err != nil || size != 50_000_000 {
		t.Errorf("%d bytes, %v", size, err)
	}
	t.Logf("%v", time.Since(begun))
}

func TestNumbersThatJSONDoesNotHaveDoNotLoseADisplay(t *testing.T) {
	_, k := python(t)
	events, _ := kerneltest.Execute(t, k, `display({"application/json": {"x": float("nan")}, "text/plain": "shown"}, raw=True)`)
	if !strings.HasPrefix(kinds(events), "execute_input display_data") { // and a warning
		t.Errorf("%+v", events)
	}
}

func TestAFrozenPythonIsShown(t *testing.T) {
	_, k := python(t)
	told := make(chan string, 10)
	k.OnStatus(func(s string) { told <- s })
	ended := make(chan error, 1)
	go func() {
		_, err := k.Execute(t.Context(), kernel.ExecuteRequest{Code: "import os, signal; os.kill(os.getpid(), signal.SIGSTOP)"}, func(kernel.Event) {})
		ended <- err
	}()
	for s := range told {
		if s == kernel.StatusUnresponsive {
			break
		}
	}
	if err := k.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	<-ended
	kerneltest.Execute(t, k, "1+1")
}

func TestFiftyStartsAndStopsOfPythonLeaveNothing(t *testing.T) {
	dir := shortDir(t)
	l := launch(t, kernel.Options{RuntimeDir: dir, Shim: kerneltest.Shim()})
	cycles(t, l, dir, 50, 4, "python3", "1+1")
}

func python(t testing.TB) (*kernel.Launcher, *kernel.Kernel) {
	t.Helper()
	l := launch(t, kernel.Options{Shim: kerneltest.Shim()})
	return l, start(t, l, "python3", t.TempDir())
}

func BenchmarkOnePlusOne(b *testing.B) {
	for _, real := range realKernels(b) {
		b.Run(real.name, func(b *testing.B) {
			k := start(b, launch(b, real.options), real.spec, b.TempDir())
			var times []time.Duration
			for b.Loop() {
				begun := time.Now()
				if _, err := k.Execute(b.Context(), kernel.ExecuteRequest{Code: "1+1", StoreHistory: true}, func(kernel.Event) {}); err != nil {
					b.Fatal(err)
				}
				times = append(times, time.Since(begun))
			}
			report(b, times)
		})
	}
}

func BenchmarkStartAndStop(b *testing.B) {
	for _, real := range realKernels(b) {
		b.Run(real.name, func(b *testing.B) {
			l := launch(b, real.options)
			var starts []time.Duration
			for b.Loop() {
				begun := time.Now()
				k := start(b, l, real.spec, b.TempDir())
				starts = append(starts, time.Since(begun))
				if err := k.Shutdown(b.Context()); err != nil {
					b.Fatal(err)
				}
			}
			report(b, starts)
		})
	}
}
