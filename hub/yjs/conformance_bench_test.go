//go:build oracle

package yjs_test

import (
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"testing"

	"github.com/notebookhub/hub/hub/yjs"
)

// These benchmarks do the work of oracle/bench.mjs on the same bytes, which that script writes into the folder named
// by YJS_BENCH. oracle/bench-yjs.sh runs both sides and prints them beside each other.

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
	b.ReportAllocs()
	for b.Loop() {
		applyAll(b, yjs.NewDoc(yjs.Options{}), updates)
	}
}

func benchLoad(b *testing.B, name string) {
	state := benchFile(b, name)
	b.ReportAllocs()
	for b.Loop() {
		load(b, state)
	}
}

func BenchmarkOracleTraceLoad(b *testing.B) { benchLoad(b, "trace.state") }
func BenchmarkOracleFreshLoad(b *testing.B) { benchLoad(b, "fresh.state") }
func BenchmarkOracleForkLoad(b *testing.B)  { benchLoad(b, "notebook.state") }

// BenchmarkOracleNotebookLoad at three sizes shows that loading grows with the document and not faster.
func BenchmarkOracleNotebookLoad(b *testing.B) {
	for _, size := range []struct{ name, file string }{
		{"quarter", "notebook-quarter.state"}, {"half", "notebook-half.state"}, {"full", "notebook.state"},
	} {
		b.Run(size.name, func(b *testing.B) { benchLoad(b, size.file) })
	}
}

func benchEncode(b *testing.B, name string) {
	doc := load(b, benchFile(b, name))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := doc.EncodeState(nil); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkOracleTraceEncode(b *testing.B)    { benchEncode(b, "trace.state") }
func BenchmarkOracleNotebookEncode(b *testing.B) { benchEncode(b, "notebook.state") }

// BenchmarkOracleNotebookHeap reports the heap that a loaded notebook keeps, as "heap-bytes".
func BenchmarkOracleNotebookHeap(b *testing.B) {
	state := benchFile(b, "notebook.state")
	var before, after runtime.MemStats
	for b.Loop() {
		runtime.GC()
		runtime.ReadMemStats(&before)
		doc := load(b, slices.Clone(state))
		runtime.GC()
		runtime.GC()
		runtime.ReadMemStats(&after)
		runtime.KeepAlive(doc)
	}
	b.ReportMetric(float64(after.HeapAlloc)-float64(before.HeapAlloc), "heap-bytes")
}

func BenchmarkOracleNotebookValues(b *testing.B) {
	doc := load(b, benchFile(b, "notebook.state"))
	cells, meta := doc.Array("cells"), doc.Map("meta")
	b.ReportAllocs()
	for b.Loop() {
		if cells.JSON() == nil || meta.JSON() == nil {
			b.Fatal("no values")
		}
	}
}

// benchRemote applies single-character updates to the loaded notebook, each counted as one operation.
func benchRemote(b *testing.B, name string) {
	state, updates := benchFile(b, "notebook.state"), benchUpdates(b, name)
	doc, next := load(b, state), 0
	b.ReportAllocs()
	b.ResetTimer()
	for range b.N {
		if next == len(updates) {
			b.StopTimer()
			doc, next = load(b, state), 0
			b.StartTimer()
		}
		c, err := doc.Apply(updates[next], nil)
		if err != nil || c.Update == nil {
			b.Fatal("not applied", err)
		}
		next++
	}
}

func BenchmarkOracleRemoteTyping(b *testing.B) { benchRemote(b, "typing.updates") }
func BenchmarkOracleRemotePlaces(b *testing.B) { benchRemote(b, "places.updates") }

// BenchmarkOracleLocalInsert inserts single characters at random places of a text of 200,000 characters.
func BenchmarkOracleLocalInsert(b *testing.B) {
	state := benchFile(b, "long.state")
	doc, done := load(b, state), 0
	text := doc.Text("text")
	rng := xorshift32(17)
	b.ReportAllocs()
	b.ResetTimer()
	for range b.N {
		if done == 20000 {
			b.StopTimer()
			doc, done = load(b, state), 0
			text, rng = doc.Text("text"), 17
			b.StartTimer()
		}
		_, err := doc.Transact(nil, func(tx *yjs.Txn) error {
			text.Insert(tx, rng.next(text.Len()+1), "x")
			return nil
		})
		if err != nil {
			b.Fatal(err)
		}
		done++
	}
}

// forkEdit is five small cell edits and the bytes that carry them.
func forkEdit(b *testing.B, doc *yjs.Doc) []byte {
	before := doc.StateVector()
	cells := doc.Array("cells")
	_, err := doc.Transact(nil, func(tx *yjs.Txn) error {
		for i := range 5 {
			source, _ := cells.Get(i * 40).(*yjs.Map).Get("source")
			source.(*yjs.Text).Insert(tx, 100, "edited outside")
		}
		return nil
	})
	if err != nil {
		b.Fatal(err)
	}
	update, err := doc.EncodeState(before)
	if err != nil {
		b.Fatal(err)
	}
	return update
}

// BenchmarkOracleForkEdit edits a fork and encodes what it added.
func BenchmarkOracleForkEdit(b *testing.B) {
	state := benchFile(b, "notebook.state")
	b.ReportAllocs()
	for b.Loop() {
		b.StopTimer()
		doc := load(b, state)
		b.StartTimer()
		forkEdit(b, doc)
	}
}

// BenchmarkOracleForkMerge merges what a fork added into the live document.
func BenchmarkOracleForkMerge(b *testing.B) {
	state := benchFile(b, "notebook.state")
	b.ReportAllocs()
	for b.Loop() {
		b.StopTimer()
		live := load(b, state)
		update := forkEdit(b, load(b, state))
		b.StartTimer()
		if _, err := live.Apply(update, nil); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkOracleMergeLog merges the first updates of the trace's log.
func BenchmarkOracleMergeLog(b *testing.B) {
	updates := benchUpdates(b, "trace.updates")
	for _, size := range []struct {
		name string
		n    int
	}{{"5000", 5000}, {"10000", 10000}, {"20000", 20000}, {"65000", 65000}, {"130000", 130000}, {"259778", len(updates)}} {
		b.Run(size.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := yjs.MergeUpdates(updates[:size.n]...); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
