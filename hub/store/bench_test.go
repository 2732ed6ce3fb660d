package store_test

import (
	"bytes"
	"testing"

	"github.com/google/uuid"
	"github.com/notebookhub/hub/hub/store"
)

// One keystroke, made durable: about one fdatasync.
func BenchmarkAppendDurable(b *testing.B) {
	s := open(b, b.TempDir(), store.Options{})
	l, _ := openLog(b, s, uuid.New())
	update := bytes.Repeat([]byte("u"), 100)
	for b.Loop() {
		l.Append(update)
		must(b, l.Sync(b.Context()))
	}
}

// A fast typist or a kernel that prints: group commit.
func BenchmarkAppendGrouped(b *testing.B) {
	s := open(b, b.TempDir(), store.Options{})
	l, _ := openLog(b, s, uuid.New())
	update := bytes.Repeat([]byte("u"), 100)
	b.ReportAllocs()
	for b.Loop() {
		l.Append(update)
	}
	must(b, l.Sync(b.Context()))
}

// What Append costs the room's goroutine, without a disk.
func BenchmarkAppend(b *testing.B) {
	s := open(b, b.TempDir(), store.Options{FS: noSync{}})
	l, _ := openLog(b, s, uuid.New())
	update := bytes.Repeat([]byte("u"), 100)
	b.ReportAllocs()
	for b.Loop() {
		l.Append(update)
		must(b, l.Sync(b.Context()))
	}
}

func BenchmarkLoad(b *testing.B) {
	s := open(b, b.TempDir(), store.Options{FS: noSync{}})
	id := uuid.New()
	l, _ := openLog(b, s, id)
	must(b, l.Compact(b.Context(), 0, make([]byte, 1<<20), nil))
	update := bytes.Repeat([]byte("u"), 100)
	for range 10_000 {
		l.Append(update)
	}
	must(b, l.Close())
	b.SetBytes(1<<20 + 10_000*112)
	for b.Loop() {
		l, rec := openLog(b, s, id)
		if len(rec.Updates) != 10_000 {
			b.Fatal(len(rec.Updates))
		}
		must(b, l.Close())
	}
}

func BenchmarkCompact4MB(b *testing.B) {
	s := open(b, b.TempDir(), store.Options{})
	l, _ := openLog(b, s, uuid.New())
	state := make([]byte, 4<<20)
	b.SetBytes(int64(len(state)))
	for b.Loop() {
		must(b, l.Compact(b.Context(), 0, state, nil))
	}
}

func BenchmarkSaveBaseline1MB(b *testing.B) {
	s := open(b, b.TempDir(), store.Options{})
	l, _ := openLog(b, s, uuid.New())
	base := &store.Baseline{File: make([]byte, 1<<20), State: make([]byte, 1<<20)}
	for b.Loop() {
		must(b, l.SetPending(b.Context(), base))
		must(b, l.PromotePending(b.Context()))
	}
}

func BenchmarkPutRecord(b *testing.B) {
	s := open(b, b.TempDir(), store.Options{})
	rec := store.Record{Room: uuid.New(), Path: "a/b.ipynb"}
	for b.Loop() {
		rec.Rev++
		must(b, s.PutRecord(rec))
	}
}

func BenchmarkByPath(b *testing.B) {
	dir := b.TempDir()
	manyRooms(b, dir, 5000)
	s := open(b, dir, store.Options{})
	for b.Loop() {
		if _, err := s.ByPath("n4711.ipynb"); err != nil {
			b.Fatal(err)
		}
	}
}

// The first start after a crash reads every room's record.
func BenchmarkRebuild5000Rooms(b *testing.B) {
	dir := b.TempDir()
	manyRooms(b, dir, 5000)
	for b.Loop() {
		b.StopTimer()
		must(b, noSync{}.Remove(dir+"/index.db"))
		b.StartTimer()
		s, err := store.Open(dir, store.Options{})
		must(b, err)
		b.StopTimer()
		must(b, s.Close())
		b.StartTimer()
	}
}
