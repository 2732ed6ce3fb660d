package kernel_test

import (
	"slices"
	"testing"
	"time"

	"github.com/notebookhub/hub/hub/kernel"
)

// report adds the median and the 99th percentile to a benchmark.
func report(b *testing.B, times []time.Duration) {
	slices.Sort(times)
	b.ReportMetric(float64(times[len(times)/2].Microseconds())/1000, "p50-ms")
	b.ReportMetric(float64(times[len(times)*99/100].Microseconds())/1000, "p99-ms")
}

// BenchmarkRoundTrip is what we add to a kernel that does nothing.
func BenchmarkRoundTrip(b *testing.B) {
	_, k := fake(b, kernel.Options{})
	var times []time.Duration
	for b.Loop() {
		begun := time.Now()
		if _, err := k.Execute(b.Context(), kernel.ExecuteRequest{Code: "result 2"}, func(kernel.Event) {}); err != nil {
			b.Fatal(err)
		}
		times = append(times, time.Since(begun))
	}
	report(b, times)
}

// BenchmarkOutputs is 1000 stream messages from a kernel that does nothing else.
func BenchmarkOutputs(b *testing.B) {
	_, k := fake(b, kernel.Options{})
	for b.Loop() {
		if _, err := k.Execute(b.Context(), kernel.ExecuteRequest{Code: "lines 1000"}, func(kernel.Event) {}); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkLargeDisplay is one display of 50 MB.
func BenchmarkLargeDisplay(b *testing.B) {
	_, k := fake(b, kernel.Options{})
	b.SetBytes(50_000_000)
	for b.Loop() {
		if _, err := k.Execute(b.Context(), kernel.ExecuteRequest{Code: "displays 1 50000000"}, func(kernel.Event) {}); err != nil {
			b.Fatal(err)
		}
	}
}
