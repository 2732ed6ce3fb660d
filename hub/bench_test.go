package hub_test

import (
	"context"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/notebookhub/hub/hub"
	"github.com/notebookhub/hub/hub/hubtest"
	"github.com/notebookhub/hub/hub/yjs"
)

// large is a notebook of n cells of about 5 kB.
func large(n int) string {
	sources := make([]string, n)
	for i := range sources {
		sources[i] = strings.Repeat(fmt.Sprintf("print(%d)  # a line of code, as they are\n", i), 128)
	}
	text := hubtest.Notebook(sources...)
	for i := range sources { // more ids than there are letters
		text = strings.Replace(text, fmt.Sprintf("\"id\": %q", string(rune('a'+i))), fmt.Sprintf("\"id\": \"cell-%d\"", i), 1)
	}
	return text
}

// BenchmarkOpen is a notebook of 1 MB: cold from its file, again from the store
// after an eviction, and while it is open.
func BenchmarkOpen(b *testing.B) {
	text := large(200)
	b.Run("first time", func(b *testing.B) {
		e := hubtest.New(b, nil)
		b.ReportAllocs()
		b.SetBytes(int64(len(text)))
		for i := 0; b.Loop(); i++ {
			b.StopTimer()
			path := fmt.Sprintf("%d.ipynb", i)
			e.Write(path, text)
			b.StartTimer()
			room := e.Open(path)
			b.StopTimer()
			closeRoom(b, e, room)
			b.StartTimer()
		}
	})
	b.Run("again", func(b *testing.B) {
		e := hubtest.New(b, nil)
		e.Write("a.ipynb", text)
		closeRoom(b, e, e.Open("a.ipynb"))
		b.ReportAllocs()
		b.SetBytes(int64(len(text)))
		for b.Loop() {
			room := e.Open("a.ipynb")
			b.StopTimer()
			closeRoom(b, e, room)
			b.StartTimer()
		}
	})
	b.Run("open already", func(b *testing.B) {
		e := hubtest.New(b, nil)
		e.Write("a.ipynb", text)
		e.Open("a.ipynb")
		b.ReportAllocs()
		for b.Loop() {
			e.Open("a.ipynb")
		}
	})
}

func closeRoom(b *testing.B, e *hubtest.Env, room uuid.UUID) {
	if _, err := e.Hub.CloseRoom(context.Background(), room, hub.Client{}); err != nil {
		b.Fatal(err)
	}
}

// BenchmarkJoin is from attaching to the first answer, of a notebook of 1 MB.
func BenchmarkJoin(b *testing.B) {
	e := hubtest.New(b, nil)
	e.Write("a.ipynb", large(200))
	room := e.Open("a.ipynb")
	b.ReportAllocs()
	for b.Loop() {
		p := e.JoinAs(room, hubtest.JoinAs{Silent: true, Window: 16})
		if err := p.Conn.Send(yjs.AppendSyncStep1(nil, []byte{0})); err != nil {
			b.Fatal(err)
		}
		for _, step := range []byte{yjs.SyncStep1, yjs.SyncStep2} {
			if m, err := p.Conn.Receive(); err != nil || m[1] != step {
				b.Fatalf("%v, %v", m[:2], err)
			}
		}
		p.Drop()
	}
}

// BenchmarkKeystroke is one character of one peer until all others have it, in
// a notebook of 1 MB, with the journal on a real disk.
func BenchmarkKeystroke(b *testing.B) {
	for _, n := range []int{1, 10, 100, 1000} {
		b.Run(fmt.Sprintf("%d others", n), func(b *testing.B) {
			e := hubtest.New(b, nil)
			e.Write("a.ipynb", large(200))
			room := e.Open("a.ipynb")
			var received sync.WaitGroup
			for range n {
				p := e.JoinAs(room, hubtest.JoinAs{Silent: true})
				if err := p.Conn.Send(yjs.AppendSyncStep1(nil, e.StateVector(room))); err != nil {
					b.Fatal(err)
				}
				for range 2 { // step 2 and step 1
					if _, err := p.Conn.Receive(); err != nil {
						b.Fatal(err)
					}
				}
				go func() {
					for {
						m, err := p.Conn.Receive()
						if err != nil {
							return
						}
						if m[0] == yjs.MessageSync && m[1] == yjs.SyncUpdate && len(m) < 64 {
							received.Done()
						}
					}
				}()
			}
			author := e.JoinAs(room, hubtest.JoinAs{})
			author.Await("synced", author.Synced)
			// The first edit makes the room dirty, which is told too.
			received.Add(2 * n)
			author.Type("cell-7", "x"+author.Source("cell-7"))
			received.Wait()
			b.ReportAllocs()
			before := e.Hub.Stats().Deliveries
			for b.Loop() {
				received.Add(n)
				author.TypeOne("cell-7")
				received.Wait()
			}
			b.ReportMetric(float64(e.Hub.Stats().Deliveries-before)/float64(b.N), "deliveries/op")
		})
	}
}

// BenchmarkSave is one changed cell of a notebook of 4 MB, on a real disk.
func BenchmarkSave(b *testing.B) {
	e := hubtest.New(b, func(o *hub.Options) { o.SaveQuiet, o.SaveMax = time.Hour, time.Hour })
	text := large(800)
	e.Write("a.ipynb", text)
	room := e.Open("a.ipynb")
	b.ReportAllocs()
	b.SetBytes(int64(len(text)))
	for i := 0; b.Loop(); i++ {
		e.SetSource(room, "cell-7", fmt.Sprint(i))
		if _, err := e.Hub.Save(context.Background(), room, hub.SaveRequest{}); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkIdleRoom is what an open room of ten cells costs in memory.
func BenchmarkIdleRoom(b *testing.B) {
	e := hubtest.New(b, nil)
	text := hubtest.Notebook("a", "b", "c", "d", "e", "f", "g", "h", "i", "j")
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	n := 0
	for ; b.Loop(); n++ {
		path := fmt.Sprintf("%d.ipynb", n)
		e.Write(path, text)
		e.Open(path)
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/float64(n), "heap-B/room")
	b.ReportMetric(float64(runtime.NumGoroutine())/float64(n), "goroutines/room")
}

// BenchmarkEvict is a whole life: open, one edit on disk, saved, closed.
func BenchmarkEvict(b *testing.B) {
	e := hubtest.New(b, nil)
	e.Write("a.ipynb", hubtest.Notebook("a"))
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		room := e.Open("a.ipynb")
		e.SetSource(room, "a", fmt.Sprint(i))
		closeRoom(b, e, room)
	}
}
