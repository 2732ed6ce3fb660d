//go:build kernels

package main

import (
	"context"
	"net/http"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/notebookhub/hub/hub/kernel"
	"github.com/notebookhub/hub/hub/kernel/kerneltest"
)

// BenchmarkReal_OnePlusOne is 1+1 from the REST call to its result, beside what a
// bare client of a kernel of the same kind needs, by turns.
//
//	make bench-kernels
func BenchmarkReal_OnePlusOne(b *testing.B) {
	s := newSite(b)
	s.write("sum.ipynb", realNotebook(b, "python3", "1+1"))
	sum := sumOverREST(b, s.serve())
	bare := bareSum(b)
	sum()
	var through, without []time.Duration
	for b.Loop() {
		without, through = append(without, took(bare)), append(through, took(sum))
	}
	b.ReportMetric(median(without), "bare-p50-ms")
	b.ReportMetric(median(through), "rest-p50-ms")
	b.ReportMetric(median(through)-median(without), "more-p50-ms")
}

func took(f func()) time.Duration {
	begun := time.Now()
	f()
	return time.Since(begun)
}

func median(times []time.Duration) float64 {
	slices.Sort(times)
	return float64(times[len(times)/2].Microseconds()) / 1000
}

// sumOverREST runs the notebook's one cell, and waits for its result.
func sumOverREST(b *testing.B, h *served) func() {
	c, err := newClient(h.url, "")
	if err != nil {
		b.Fatal(err)
	}
	room, err := c.lookupOrOpen(b.Context(), "sum.ipynb")
	if err != nil {
		b.Fatal(err)
	}
	return func() {
		list, err := c.execute(b.Context(), room, map[string]any{"all": true})
		if err != nil {
			b.Fatal(err)
		}
		var e execution
		_, err = c.call(b.Context(), http.MethodGet, "api/v1/executions/"+list[0].ID+"?wait=30s", nil, &e)
		if err != nil || e.State != "done" || len(e.Outputs) != 1 || outputText(e.Outputs[0]) != "2" {
			b.Fatalf("%+v, %v", e, err)
		}
	}
}

// bareSum runs the same on a kernel without a hub.
func bareSum(b *testing.B) func() {
	l, err := kernel.New(b.Context(), kernel.Options{RuntimeDir: filepath.Join(b.TempDir(), "k"), Shim: kerneltest.Shim()})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = l.Close(context.WithoutCancel(b.Context())) })
	k, err := l.Start(b.Context(), kernel.StartRequest{Spec: "python3"})
	if err != nil {
		b.Fatal(err)
	}
	return func() {
		shown := ""
		_, err := k.Execute(b.Context(), kernel.ExecuteRequest{Code: "1+1", StoreHistory: true}, func(ev kernel.Event) {
			if ev.Kind == kernel.KindResult {
				shown = outputText(ev.Output)
			}
		})
		if err != nil || shown != "2" {
			b.Fatalf("shown %q, %v", shown, err)
		}
	}
}
