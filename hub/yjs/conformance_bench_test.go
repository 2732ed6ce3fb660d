//go:build oracle && unix

package yjs_test

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/notebookhub/hub/hub/yjs"
)

// These benchmarks do the work of oracle/bench.mjs on the same bytes, which that script writes into the folder named
// by YJS_BENCH. oracle/bench-yjs.sh runs both sides and prints them beside each other.

// cpu is the processor time that this process has used, with all its threads: waiting for others on a busy machine does
// not count, collecting garbage does.
func cpu() time.Duration {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// sample runs f some times, each on what setup made, and reports the median of what a run took as "cpu-ns/op", in
// nanoseconds of the processor, and of what it allocated as "mallocs/op". f does the work reps times, and both numbers
// are divided by reps. It is median of oracle/bench.mjs; b.N does not matter.
func sample[T any](b *testing.B, times, reps int, setup func() T, f func(T)) {
	b.Helper()
	var took, allocs []float64
	var before, after runtime.MemStats
	for range times {
		input := setup()
		runtime.GC()
		runtime.ReadMemStats(&before)
		start := cpu()
		f(input)
		spent := cpu() - start
		runtime.ReadMemStats(&after)
		took = append(took, float64(spent.Nanoseconds())/float64(reps))
		allocs = append(allocs, float64(after.Mallocs-before.Mallocs)/float64(reps))
	}
	slices.Sort(took)
	slices.Sort(allocs)
	b.ReportMetric(took[times/2], "cpu-ns/op")
	b.ReportMetric(allocs[times/2], "mallocs/op")
}

// again is sample for work without setup: each run does f reps times.
func again(b *testing.B, times, reps int, f func()) {
	b.Helper()
	sample(b, times, reps, func() struct{} { return struct{}{} }, func(struct{}) {
		for range reps {
			f()
		}
	})
}

func benchFile(b *testing.B, name string) []byte {
	b.Helper()
	data, err := os.ReadFile(filepath.Join(os.Getenv("YJS_BENCH"), name))
	if err != nil {
		b.Fatalf("read an input (oracle/bench-yjs.sh makes them): %v", err)
	}
	return data
}

func benchUpdates(b *testing.B, name string) [][]byte {
	r := &wireReader{b: benchFile(b, name)}
	var updates [][]byte
	for r.at < len(r.b) {
		updates = append(updates, slices.Clone(r.bytes(r.uint())))
	}
	return updates
}

func load(b testing.TB, state []byte) *yjs.Doc {
	doc := yjs.NewDoc(yjs.Options{})
	if _, err := doc.Apply(state, nil); err != nil {
		b.Fatal(err)
	}
	return doc
}

// applyAll applies updates one by one and takes the bytes to broadcast.
func applyAll(b testing.TB, doc *yjs.Doc, updates [][]byte) {
	sent := 0
	for _, u := range updates {
		c, err := doc.Apply(u, nil)
		if err != nil {
			b.Fatal(err)
		}
		sent += len(c.Update)
	}
	if sent == 0 {
		b.Fatal("nothing to broadcast")
	}
}

func BenchmarkOracleTraceUpdates(b *testing.B) {
	updates := benchUpdates(b, "trace.updates")
	again(b, 3, 1, func() { applyAll(b, yjs.NewDoc(yjs.Options{}), updates) })
}

func benchLoad(b *testing.B, name string, reps int) {
	state := benchFile(b, name)
	again(b, 9, reps, func() { load(b, state) })
}

func BenchmarkOracleTraceLoad(b *testing.B) { benchLoad(b, "trace.state", 5) }
func BenchmarkOracleFreshLoad(b *testing.B) { benchLoad(b, "fresh.state", 2) }

// BenchmarkOracleNotebookLoad at three sizes shows that loading grows with the document and not faster. A run loads as
// many bytes at each size: the garbage collector looks at a heap only once it has grown by some megabytes, and fewer
// small notebooks would not make it work at all.
func BenchmarkOracleNotebookLoad(b *testing.B) {
	for _, size := range []struct {
		name, file string
		reps       int
	}{{"quarter", "notebook-quarter.state", 16}, {"half", "notebook-half.state", 8}, {"full", "notebook.state", 4}} {
		b.Run(size.name, func(b *testing.B) { benchLoad(b, size.file, size.reps) })
	}
}

func benchEncode(b *testing.B, name string, reps int) {
	doc := load(b, benchFile(b, name))
	again(b, 9, reps, func() {
		if _, err := doc.EncodeState(nil); err != nil {
			b.Fatal(err)
		}
	})
}

func BenchmarkOracleTraceEncode(b *testing.B)    { benchEncode(b, "trace.state", 20) }
func BenchmarkOracleNotebookEncode(b *testing.B) { benchEncode(b, "notebook.state", 5) }

// BenchmarkOracleNotebookHeap reports the heap that a loaded notebook keeps, as "heap-bytes".
func BenchmarkOracleNotebookHeap(b *testing.B) {
	state := benchFile(b, "notebook.state")
	var before, after runtime.MemStats
	runtime.GC()
	runtime.GC()
	runtime.ReadMemStats(&before)
	doc := load(b, slices.Clone(state))
	runtime.GC()
	runtime.GC()
	runtime.ReadMemStats(&after)
	runtime.KeepAlive(doc)
	b.ReportMetric(float64(after.HeapAlloc)-float64(before.HeapAlloc), "heap-bytes")
}

func BenchmarkOracleNotebookValues(b *testing.B) {
	doc := load(b, benchFile(b, "notebook.state"))
	cells, meta := doc.Array("cells"), doc.Map("meta")
	again(b, 9, 10, func() {
		if cells.JSON() == nil || meta.JSON() == nil {
			b.Fatal("no values")
		}
	})
}

// benchRemote applies single-character updates to the loaded notebook, each counted as one operation.
func benchRemote(b *testing.B, name string) {
	state, updates := benchFile(b, "notebook.state"), benchUpdates(b, name)
	sample(b, 3, len(updates), func() *yjs.Doc { return load(b, state) }, func(doc *yjs.Doc) { applyAll(b, doc, updates) })
}

func BenchmarkOracleRemoteTyping(b *testing.B) { benchRemote(b, "typing.updates") }
func BenchmarkOracleRemotePlaces(b *testing.B) { benchRemote(b, "places.updates") }

// BenchmarkOracleLocalInsert inserts single characters at random places of a text of 200,000 characters.
func BenchmarkOracleLocalInsert(b *testing.B) {
	const edits = 20_000
	state := benchFile(b, "long.state")
	sample(b, 3, edits, func() *yjs.Doc { return load(b, state) }, func(doc *yjs.Doc) {
		text, rng := doc.Text("text"), xorshift32(17)
		for range edits {
			_, err := doc.Transact(nil, func(tx *yjs.Txn) error {
				text.Insert(tx, rng.next(text.Len()+1), "x")
				return nil
			})
			if err != nil {
				b.Fatal(err)
			}
		}
	})
}

// forkSources are the texts of the five cells that are edited in a fork.
func forkSources(live *yjs.Doc) []yjs.ID {
	var ids []yjs.ID
	for i := range 5 {
		source, _ := live.Array("cells").Get(i * 40).(*yjs.Map).Get("source")
		ids = append(ids, source.(*yjs.Text).ID())
	}
	return ids
}

// loadFork is the state as far as these texts are concerned: how hub/nbdoc loads a fork.
func loadFork(b *testing.B, state []byte, sources []yjs.ID) *yjs.Doc {
	part, err := yjs.Excerpt(state, sources...)
	if err != nil {
		b.Fatal(err)
	}
	return load(b, part)
}

// forkEdit is five small cell edits in one transaction and the bytes that it emits: how hub/nbdoc brings a file's
// changes into a fork.
func forkEdit(b *testing.B, doc *yjs.Doc) []byte {
	cells := doc.Array("cells")
	c, err := doc.Transact(nil, func(tx *yjs.Txn) error {
		for i := range 5 {
			source, _ := cells.Get(i * 40).(*yjs.Map).Get("source")
			source.(*yjs.Text).Insert(tx, 100, "edited outside")
		}
		return nil
	})
	if err != nil {
		b.Fatal(err)
	}
	return c.Update
}

func mergeFork(b *testing.B, live *yjs.Doc, update []byte) {
	if c, err := live.Apply(update, nil); err != nil || c.Update == nil {
		b.Fatal("not merged", err)
	}
}

// BenchmarkOracleFork is all that happens when a file was changed outside, in the way of hub/nbdoc's Merge: the fork is
// loaded from the bytes of the baseline and edited, and what its transaction emits is merged into the live document.
// No state is encoded against a state vector: nothing needs that.
func BenchmarkOracleFork(b *testing.B) {
	state := benchFile(b, "notebook.state")
	sample(b, 9, 1, func() *yjs.Doc { return load(b, state) }, func(live *yjs.Doc) {
		mergeFork(b, live, forkEdit(b, loadFork(b, state, forkSources(live))))
	})
}

// BenchmarkOracleForkLoad is the part of BenchmarkOracleFork that loads the fork.
func BenchmarkOracleForkLoad(b *testing.B) {
	state := benchFile(b, "notebook.state")
	sources := forkSources(load(b, state))
	again(b, 9, 5, func() { loadFork(b, state, sources) })
}

// BenchmarkOracleForkEdit is the part of BenchmarkOracleFork that edits the fork.
func BenchmarkOracleForkEdit(b *testing.B) {
	state := benchFile(b, "notebook.state")
	sources := forkSources(load(b, state))
	sample(b, 9, 1, func() *yjs.Doc { return loadFork(b, state, sources) }, func(doc *yjs.Doc) { forkEdit(b, doc) })
}

// BenchmarkOracleForkMerge is the part of BenchmarkOracleFork that merges what the fork added into the live document.
func BenchmarkOracleForkMerge(b *testing.B) {
	state := benchFile(b, "notebook.state")
	added := forkEdit(b, load(b, state))
	sample(b, 9, 1, func() *yjs.Doc { return load(b, state) }, func(live *yjs.Doc) { mergeFork(b, live, added) })
}

// BenchmarkOracleMergeLog merges the first updates of the trace's log.
func BenchmarkOracleMergeLog(b *testing.B) {
	updates := benchUpdates(b, "trace.updates")
	for _, n := range []int{5_000, 10_000, 20_000, 65_000, 130_000, len(updates)} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			again(b, 5, 1, func() {
				if _, err := yjs.MergeUpdates(updates[:n]...); err != nil {
					b.Fatal(err)
				}
			})
		})
	}
}
