package yjs

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"strings"
	"testing"
)

// These benchmarks are the rows of the package's speed table, each at three sizes: what is linear doubles its time per
// operation (or keeps it, where the operation is one edit) from size to size. The conformance benchmarks measure the
// same work beside npm yjs.

// trace is a writing session: a log of single-character edits by one client who mostly types on and sometimes goes back.
func trace(b testing.TB, edits int) (log [][]byte, d *Doc) {
	b.Helper()
	d = NewDoc(Options{ClientID: 7})
	rnd, cursor := rand.New(rand.NewPCG(1, 1)), 0
	text := d.Text("t")
	for len(log) < edits {
		if rnd.IntN(20) == 0 {
			cursor = rnd.IntN(text.Len() + 1)
		}
		c, err := d.Transact(nil, func(tx *Txn) error {
			if cursor > 0 && rnd.IntN(10) < 3 {
				cursor--
				text.Delete(tx, cursor, 1)
				return nil
			}
			text.Insert(tx, cursor, string(rune('a'+rnd.IntN(26))))
			cursor++
			return nil
		})
		if err != nil {
			b.Fatal(err)
		}
		log = append(log, c.Update)
	}
	return log, d
}

// notebook is a document of cells with 5 kB of source each and 100 scattered edits a cell by three clients.
func notebook(b testing.TB, cells int) *Doc {
	b.Helper()
	d := NewDoc(Options{ClientID: 1})
	line := strings.Repeat("value = compute(value) + 1\n", 185)
	_, err := d.Transact(nil, func(tx *Txn) error {
		for i := range cells {
			d.Array("cells").Push(tx, MapOf(
				Entry{"id", fmt.Sprint("cell-", i)}, Entry{"cell_type", "code"}, Entry{"source", TextOf(line)},
				Entry{"metadata", MapOf()}, Entry{"execution_count", i},
				Entry{"outputs", ArrayOf(MapOf(Entry{"output_type", "stream"}, Entry{"text", TextOf(line[:1000])}))},
			))
		}
		return nil
	})
	if err != nil {
		b.Fatal(err)
	}
	rnd := rand.New(rand.NewPCG(3, 3))
	for client := range 3 {
		d.self = uint64(100 + client) // another client at the same document
		for range cells * 100 / 3 {
			scatter(b, d, rnd)
		}
	}
	return d
}

// someSource returns the text of a random cell.
func someSource(d *Doc, rnd *rand.Rand) *Text {
	cells := d.Array("cells")
	v, _ := cells.Get(rnd.IntN(cells.Len())).(*Map).Get("source")
	return v.(*Text)
}

// scatter writes one character somewhere.
func scatter(b testing.TB, d *Doc, rnd *rand.Rand) []byte {
	text := someSource(d, rnd)
	c, err := d.Transact(nil, func(tx *Txn) error {
		text.Insert(tx, rnd.IntN(text.Len()+1), "x")
		return nil
	})
	if err != nil {
		b.Fatal(err)
	}
	return c.Update
}

func load(b testing.TB, state []byte) *Doc {
	d := NewDoc(Options{})
	apply(b, d, state)
	return d
}

func BenchmarkTraceUpdateByUpdate(b *testing.B) {
	for _, n := range []int{65_000, 130_000, 260_000} {
		log, _ := trace(b, n)
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				d, sent := NewDoc(Options{}), 0
				for _, u := range log {
					sent += len(apply(b, d, u).Update)
				}
				if sent == 0 {
					b.Fatal("nothing to broadcast")
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*n), "ns/update")
		})
	}
}

func BenchmarkTraceLoadAndEncode(b *testing.B) {
	for _, n := range []int{65_000, 130_000, 260_000} {
		_, d := trace(b, n)
		benchState(b, fmt.Sprint(n), d)
	}
}

func BenchmarkNotebookLoadAndEncode(b *testing.B) {
	for _, n := range []int{50, 100, 200} {
		benchState(b, fmt.Sprint(n), notebook(b, n))
	}
}

// crowd is a notebook into which many clients have written a character each.
func crowd(b testing.TB, clients int) *Doc {
	d := notebook(b, 10)
	rnd := rand.New(rand.NewPCG(4, 4))
	for client := range clients {
		d.self = uint64(1000 + client)
		scatter(b, d, rnd)
	}
	return d
}

func BenchmarkCrowdLoadAndEncode(b *testing.B) {
	for _, n := range []int{2_500, 5_000, 10_000} {
		benchState(b, fmt.Sprint(n), crowd(b, n))
	}
}

// BenchmarkCrowdNewcomers is the first character of each of 1,000 more clients among many.
func BenchmarkCrowdNewcomers(b *testing.B) {
	for _, n := range []int{2_500, 5_000, 10_000} {
		writer := crowd(b, n)
		state, rnd := encode(b, writer, nil), rand.New(rand.NewPCG(6, 6))
		updates := make([][]byte, 1000)
		for i := range updates {
			writer.self++
			updates[i] = scatter(b, writer, rnd)
		}
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			for b.Loop() {
				b.StopTimer()
				d := load(b, state)
				b.StartTimer()
				for _, u := range updates {
					apply(b, d, u)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*len(updates)), "ns/update")
		})
	}
}

func benchState(b *testing.B, name string, d *Doc) {
	state := encode(b, d, nil)
	b.Run("load/"+name, func(b *testing.B) {
		b.ReportAllocs()
		b.SetBytes(int64(len(state)))
		for b.Loop() {
			load(b, state)
		}
	})
	b.Run("encode/"+name, func(b *testing.B) {
		b.ReportAllocs()
		b.SetBytes(int64(len(state)))
		d := load(b, state)
		for b.Loop() {
			encode(b, d, nil)
		}
	})
}

func BenchmarkNotebookHeap(b *testing.B) {
	for _, n := range []int{50, 100, 200} {
		state := encode(b, notebook(b, n), nil)
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			var before, after runtime.MemStats
			for b.Loop() {
				runtime.GC()
				runtime.ReadMemStats(&before)
				d := load(b, append([]byte(nil), state...))
				runtime.GC()
				runtime.ReadMemStats(&after)
				runtime.KeepAlive(d)
			}
			b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc), "heap-bytes")
		})
	}
}

func BenchmarkNotebookToValues(b *testing.B) {
	for _, n := range []int{50, 100, 200} {
		d := notebook(b, n)
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				d.Array("cells").JSON()
			}
		})
	}
}

func BenchmarkRemoteTyping(b *testing.B) {
	for _, n := range []int{50, 100, 200} {
		writer := notebook(b, n)
		d := load(b, encode(b, writer, nil))
		text := someSource(writer, rand.New(rand.NewPCG(5, 5)))
		benchRemote(b, fmt.Sprint(n), d, func(i int) []byte {
			c, err := writer.Transact(nil, func(tx *Txn) error { text.Insert(tx, 100+i, "x"); return nil })
			if err != nil {
				b.Fatal(err)
			}
			return c.Update
		})
	}
}

func BenchmarkRemoteAtRandomPlace(b *testing.B) {
	for _, n := range []int{50, 100, 200} {
		writer := notebook(b, n)
		d := load(b, encode(b, writer, nil))
		rnd := rand.New(rand.NewPCG(6, 6))
		benchRemote(b, fmt.Sprint(n), d, func(int) []byte { return scatter(b, writer, rnd) })
	}
}

// benchRemote applies updates that write makes and takes the bytes to broadcast.
func benchRemote(b *testing.B, name string, d *Doc, write func(i int) []byte) {
	b.Run(name, func(b *testing.B) {
		updates := make([][]byte, b.N)
		for i := range updates {
			updates[i] = write(i)
		}
		b.ReportAllocs()
		b.ResetTimer()
		for _, u := range updates {
			if c := apply(b, d, u); c.Update == nil || len(c.Types()) == 0 {
				b.Fatal("nothing changed")
			}
		}
	})
}

func BenchmarkLocalInsertIntoLongText(b *testing.B) {
	for _, n := range []int{50_000, 200_000, 800_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			d := NewDoc(Options{})
			text, rnd := d.Text("t"), rand.New(rand.NewPCG(7, 7))
			edit(b, d, func(tx *Txn) { text.Insert(tx, 0, strings.Repeat("x", n)) })
			b.ReportAllocs()
			b.ResetTimer()
			for range b.N {
				_, err := d.Transact(nil, func(tx *Txn) error {
					text.Insert(tx, rnd.IntN(text.Len()+1), "y")
					return nil
				})
				if err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkForkEditMerge(b *testing.B) {
	for _, n := range []int{50, 100, 200} {
		state := encode(b, notebook(b, n), nil)
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			live, rnd := load(b, state), rand.New(rand.NewPCG(8, 8))
			b.ReportAllocs()
			for b.Loop() {
				var sources []ID
				for range 5 {
					sources = append(sources, someSource(live, rnd).ID())
				}
				part, err := Excerpt(state, sources...)
				if err != nil {
					b.Fatal(err)
				}
				fork := load(b, part)
				c := edit(b, fork, func(tx *Txn) {
					for _, id := range sources {
						at(fork, id).facade().(*Text).Insert(tx, 100, "x")
					}
				})
				apply(b, live, c.Update)
			}
		})
	}
}

func BenchmarkMergeLog(b *testing.B) {
	for _, n := range []int{65_000, 130_000, 260_000} {
		log, _ := trace(b, n)
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := MergeUpdates(log...); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*n), "ns/update")
		})
	}
}
