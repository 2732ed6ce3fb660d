package store_test

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"
	"github.com/notebookhub/hub/hub/store"
	"github.com/notebookhub/hub/hub/store/storetest"
)

// logFile is the newest journal file of a room.
func logFile(t testing.TB, s *store.Store, id uuid.UUID) string {
	t.Helper()
	all, err := filepath.Glob(filepath.Join(roomDir(s, id), "journal-*"))
	if err != nil || len(all) == 0 {
		t.Fatalf("journals of %s: %v, %v", id, all, err)
	}
	return all[len(all)-1]
}

func roomDir(s *store.Store, id uuid.UUID) string {
	return filepath.Join(s.Dir(), "rooms", id.String()[:2], id.String())
}

// fill appends n updates "u1".."un" and waits for the disk.
func fill(t testing.TB, l *store.Log, n int) []string {
	t.Helper()
	var want []string
	for i := range n {
		want = append(want, fmt.Sprint("u", i+1))
		_, err := l.Append([]byte(want[i]))
		must(t, err)
	}
	must(t, l.Sync(t.Context()))
	return want
}

// Every acknowledged update survives a full disk and comes back once in order.
func TestLog_FullDiskKeepsEverythingAndRecovers(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		faults := &storetest.Faults{Short: true}
		s := open(t, dir, store.Options{FS: faults})
		var reached, failed atomic.Uint64
		id := uuid.New()
		l, _, err := s.OpenLog(id, func(seq uint64, err error) {
			if errors.Is(err, store.ErrFull) {
				failed.Add(1)
			} else if err == nil {
				reached.Store(seq)
			}
		})
		must(t, err)
		want := fill(t, l, 3)
		faults.FailAll(syscall.ENOSPC)
		for i := range 5 {
			want = append(want, fmt.Sprint("late", i))
			_, err := l.Append([]byte(want[len(want)-1]))
			must(t, err)
		}
		if err := l.Sync(t.Context()); !errors.Is(err, store.ErrFull) {
			t.Errorf("sync on a full disk: %v, want ErrFull", err)
		}
		if n, err := l.Backlog(); n != 5 || !errors.Is(err, store.ErrFull) {
			t.Errorf("backlog %d, %v; want 5 and why", n, err)
		}
		time.Sleep(time.Minute) // virtual
		if n := failed.Load(); n < 5 || n > 30 {
			t.Errorf("%d attempts in a minute, want a few with back-off", n)
		}
		faults.FailAll(nil)
		time.Sleep(10 * time.Second)
		if got := reached.Load(); got != 8 {
			t.Errorf("durable up to %d, want 8", got)
		}
		_, rec := openLog(t, reopen(t, s), id)
		if got := texts(rec.Updates); !slices.Equal(got, want) || rec.Damaged {
			t.Errorf("after recovery %q (%s), want %q", got, rec.Detail, want)
		}
	})
}

// After a failed sync the kernel may hold the page for clean: it must be written
// again, not only synced again.
func TestLog_FailedSyncWritesTheBytesAgain(t *testing.T) {
	faults := &storetest.Faults{}
	s := open(t, t.TempDir(), store.Options{FS: faults, RetryMin: time.Millisecond})
	id := uuid.New()
	l, _ := openLog(t, s, id)
	fill(t, l, 1)
	var ops []storetest.Op
	faults.Fail(func(step int, op storetest.Op, _ string) error {
		ops = append(ops, op)
		if step == 2 {
			return syscall.EIO
		}
		return nil
	})
	_, err := l.Append([]byte("again"))
	must(t, err)
	for l.Sync(t.Context()) != nil {
	}
	must(t, l.Close())
	want := []storetest.Op{storetest.Write, storetest.Sync, storetest.Truncate, storetest.Write, storetest.Sync}
	if !slices.Equal(ops, want) {
		t.Errorf("steps %v, want %v", ops, want)
	}
	_, rec := openLog(t, s, id)
	if got := texts(rec.Updates); !slices.Equal(got, []string{"u1", "again"}) {
		t.Errorf("updates %q", got)
	}
}

// A stuck disk delays nobody who appends, in this room or another, and all that
// queued up meanwhile goes to the disk in one write.
func TestLog_StuckDiskBlocksNobodyAndBatches(t *testing.T) {
	faults := &storetest.Faults{}
	s := open(t, t.TempDir(), store.Options{FS: faults})
	id := uuid.New()
	stuck, _ := openLog(t, s, id)
	other, _ := openLog(t, s, uuid.New())
	fill(t, stuck, 1)
	fill(t, other, 1)
	release, entered := make(chan struct{}), make(chan struct{}, 1)
	var syncs atomic.Int32
	faults.Fail(func(_ int, op storetest.Op, name string) error {
		if op == storetest.Sync && filepath.Dir(name) == roomDir(s, id) {
			if syncs.Add(1) == 1 {
				entered <- struct{}{}
				<-release
			}
		}
		return nil
	})
	_, err := stuck.Append([]byte("first"))
	must(t, err)
	<-entered
	for range 1000 {
		_, err := stuck.Append([]byte("more"))
		must(t, err)
	}
	fill(t, other, 10)
	close(release)
	must(t, stuck.Sync(t.Context()))
	if n := syncs.Load(); n != 2 {
		t.Errorf("%d syncs for 1001 updates, want 2", n)
	}
}

func TestLog_ThousandIdleLogsTakeNoGoroutineAndOneDescriptorEach(t *testing.T) {
	s := open(t, t.TempDir(), store.Options{FS: noSync{}})
	goroutines, fds := runtime.NumGoroutine(), countFDs(t)
	logs := make([]*store.Log, 1000)
	for i := range logs {
		logs[i], _ = openLog(t, s, uuid.New())
		fill(t, logs[i], 1)
	}
	await(t, func() bool { return runtime.NumGoroutine() <= goroutines })
	if n := countFDs(t) - fds; n > len(logs) {
		t.Errorf("%d descriptors for %d logs", n, len(logs))
	}
	for _, l := range logs {
		must(t, l.Close())
	}
	await(t, func() bool { return runtime.NumGoroutine() <= goroutines && countFDs(t) <= fds })
	runtime.KeepAlive(logs) // or the collector would close what Close forgot
}

// noSync is the real disk without waiting for it.
type noSync struct{ store.OS }

func (n noSync) OpenFile(name string, flag int, perm os.FileMode) (store.File, error) {
	f, err := n.OS.OpenFile(name, flag, perm)
	return noSyncFile{f}, err
}
func (noSync) SyncDir(string) error { return nil }

type noSyncFile struct{ store.File }

func (noSyncFile) Sync() error { return nil }

// await polls until the condition holds.
func await(t testing.TB, holds func() bool) {
	t.Helper()
	deadline := time.After(2 * time.Minute)
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for !holds() {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatal("waited in vain")
		}
	}
}

// countFDs is the number of open descriptors of this process.
func countFDs(t testing.TB) int {
	t.Helper()
	entries, err := os.ReadDir("/dev/fd")
	if err != nil {
		t.Fatal(err)
	}
	return len(entries)
}

func TestLog_CompactionKeepsWhatCameAfterTheState(t *testing.T) {
	s := open(t, t.TempDir(), store.Options{})
	id := uuid.New()
	l, _ := openLog(t, s, id)
	fill(t, l, 5) // the state is encoded after update 3
	before, _ := l.Size()
	must(t, l.Compact(t.Context(), 3, []byte("one to three"), func(got []byte) error {
		if string(got) != "one to three" {
			t.Errorf("verify got %q", got)
		}
		return nil
	}))
	if after, snapshot := l.Size(); after >= before || snapshot == 0 {
		t.Errorf("journal %d -> %d bytes, snapshot %d", before, after, snapshot)
	}
	fill(t, l, 1)
	must(t, l.Compact(t.Context(), 6, []byte("one to six"), nil))
	if journal, _ := l.Size(); journal != 0 {
		t.Errorf("journal still takes %d bytes", journal)
	}
	_, err := l.Append([]byte("seven"))
	must(t, err)
	_, rec := openLog(t, reopen(t, s), id)
	if got := texts(rec.Updates); string(rec.Snapshot) != "one to six" || !slices.Equal(got, []string{"seven"}) {
		t.Errorf("snapshot %q, updates %q", rec.Snapshot, got)
	}
	left, _ := filepath.Glob(filepath.Join(roomDir(s, id), "*"))
	if len(left) != 2 {
		t.Errorf("files left: %v", left)
	}
}

// Typing goes on in the same file while a state is encoded: what slipped in
// between must not go with the old journal.
func TestLog_CompactionInASecondLifeKeepsTheTail(t *testing.T) {
	s := open(t, t.TempDir(), store.Options{})
	id := uuid.New()
	l, _ := openLog(t, s, id)
	fill(t, l, 2)
	must(t, l.Close())
	l, _ = openLog(t, s, id)
	for _, text := range []string{"a", "b", "c"} {
		_, err := l.Append([]byte(text))
		must(t, err)
	}
	must(t, l.Sync(t.Context()))
	must(t, l.Compact(t.Context(), 1, []byte("u1 u2 a"), nil))
	must(t, l.Close())
	_, rec := openLog(t, s, id)
	if got := texts(rec.Updates); string(rec.Snapshot) != "u1 u2 a" || !slices.Equal(got, []string{"b", "c"}) {
		t.Errorf("snapshot %q, updates %q", rec.Snapshot, got)
	}
}

func TestLog_RejectedSnapshotLeavesTheOldLog(t *testing.T) {
	s := open(t, t.TempDir(), store.Options{})
	id := uuid.New()
	l, _ := openLog(t, s, id)
	want := fill(t, l, 3)
	wrong := errors.New("state does not load")
	if err := l.Compact(t.Context(), 3, []byte("bad"), func([]byte) error { return wrong }); !errors.Is(err, wrong) {
		t.Errorf("compact: %v", err)
	}
	if err := l.Compact(t.Context(), 4, []byte("of the future"), nil); err == nil {
		t.Error("a state through an update never appended was taken")
	}
	_, rec := openLog(t, reopen(t, s), id)
	if got := texts(rec.Updates); rec.Snapshot != nil || !slices.Equal(got, want) {
		t.Errorf("snapshot %q, updates %q", rec.Snapshot, got)
	}
}

// Appends, syncs, compactions and baselines at once, under the race detector:
// whatever was acknowledged is in the snapshot or in the journal.
func TestLog_ConcurrentUseLosesNothing(t *testing.T) {
	s := open(t, t.TempDir(), store.Options{FS: noSync{}})
	id := uuid.New()
	l, _ := openLog(t, s, id)
	var mu sync.Mutex // the room: appends and encodes under one lock
	var state bytes.Buffer
	var last uint64
	var wg sync.WaitGroup
	const writers, each = 4, 300
	for w := range writers {
		wg.Go(func() {
			for i := range each {
				text := fmt.Sprintf("%d.%d;", w, i)
				mu.Lock()
				state.WriteString(text)
				seq, err := l.Append([]byte(text))
				last = seq
				mu.Unlock()
				if err != nil {
					t.Error(err)
				}
				if i%50 == 0 {
					if err := l.Sync(t.Context()); err != nil {
						t.Error(err)
					}
				}
			}
		})
	}
	wg.Go(func() {
		for range 40 {
			mu.Lock()
			through, encoded := last, bytes.Clone(state.Bytes())
			mu.Unlock()
			if err := l.Compact(t.Context(), through, encoded, nil); err != nil {
				t.Error(err)
			}
		}
	})
	wg.Go(func() {
		for range 40 {
			b := &store.Baseline{File: []byte("file"), State: []byte("state")}
			if err := errors.Join(l.SetPending(t.Context(), b), l.PromotePending(t.Context())); err != nil {
				t.Error(err)
			}
		}
	})
	wg.Wait()
	_, rec := openLog(t, reopen(t, s), id)
	all := append(bytes.Clone(rec.Snapshot), bytes.Join(rec.Updates, nil)...)
	for w := range writers {
		for i := range each {
			if !bytes.Contains(all, fmt.Appendf(nil, "%d.%d;", w, i)) {
				t.Fatalf("update %d.%d is lost", w, i)
			}
		}
	}
	if rec.Damaged {
		t.Error(rec.Detail)
	}
}

func TestLog_OneOpeningPerRoom(t *testing.T) {
	s := open(t, t.TempDir(), store.Options{})
	id := uuid.New()
	l, _ := openLog(t, s, id)
	if _, _, err := s.OpenLog(id, nil); !errors.Is(err, store.ErrBusy) {
		t.Errorf("second opening: %v", err)
	}
	if err := s.Forget(id); !errors.Is(err, store.ErrBusy) {
		t.Errorf("forgetting an open room: %v", err)
	}
	must(t, l.Close())
	must(t, l.Close())
	if _, err := l.Append([]byte("x")); !errors.Is(err, store.ErrClosed) {
		t.Errorf("append after close: %v", err)
	}
	if err := l.SetPending(t.Context(), &store.Baseline{}); !errors.Is(err, store.ErrClosed) {
		t.Errorf("pending after close: %v", err)
	}
	openLog(t, s, id)
}

// Close says what it could not write.
func TestLog_CloseOnADeadDiskNamesTheLoss(t *testing.T) {
	faults := &storetest.Faults{}
	s := open(t, t.TempDir(), store.Options{FS: faults})
	l, _ := openLog(t, s, uuid.New())
	faults.FailAll(syscall.EIO)
	_, err := l.Append([]byte("x"))
	must(t, err)
	if err := l.Close(); !errors.Is(err, syscall.EIO) {
		t.Errorf("close: %v", err)
	}
}

func TestBaseline_PendingIsKeptBesideTheBaselineUntilPromoted(t *testing.T) {
	s := open(t, t.TempDir(), store.Options{})
	id := uuid.New()
	l, _ := openLog(t, s, id)
	if err := l.PromotePending(t.Context()); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("promote nothing: %v", err)
	}
	must(t, l.SetBaseline(t.Context(), &store.Baseline{File: []byte("read"), State: []byte("s1"), Path: "a"}))
	must(t, l.SetPending(t.Context(), &store.Baseline{File: []byte("to write"), State: []byte("s2"), Path: "b"}))
	must(t, l.Close())
	l, rec := openLog(t, s, id) // as after a crash within the save
	if string(rec.Baseline.File) != "read" || string(rec.Pending.File) != "to write" || string(rec.Pending.State) != "s2" || rec.Pending.Path != "b" {
		t.Errorf("baseline %+v, pending %+v", rec.Baseline, rec.Pending)
	}
	must(t, l.PromotePending(t.Context()))
	must(t, l.Close())
	if _, rec = openLog(t, s, id); rec.Pending != nil || string(rec.Baseline.File) != "to write" {
		t.Errorf("after the promotion: %+v", rec)
	}
}

// What the file holds since a save whose promotion failed is known at every
// moment of the next one: it is promoted before anything takes its place.
func TestBaseline_FailedPromotionIsMadeUpForByTheNextSave(t *testing.T) {
	faults := &storetest.Faults{}
	s := open(t, t.TempDir(), store.Options{FS: faults})
	id := uuid.New()
	l, _ := openLog(t, s, id)
	base := func(file string) *store.Baseline { return &store.Baseline{File: []byte(file), State: []byte("s")} }
	must(t, l.SetBaseline(t.Context(), base("first")))
	must(t, l.SetPending(t.Context(), base("second")))
	for _, failing := range []storetest.Op{storetest.Rename, storetest.SyncDir} {
		faults.Fail(func(_ int, op storetest.Op, _ string) error {
			if op == failing {
				return syscall.EIO
			}
			return nil
		})
		if err := l.PromotePending(t.Context()); err == nil {
			t.Fatalf("promoted although %s fails", failing)
		}
		if failing == storetest.Rename {
			if err := l.SetPending(t.Context(), base("third")); err == nil {
				t.Fatal("another one took the place of what was not promoted")
			}
			if err := l.SetMerging(t.Context(), base("third")); err == nil {
				t.Fatal("a merge began although the baseline is not what the file held")
			}
		}
	}
	faults.FailAll(nil)
	must(t, l.SetPending(t.Context(), base("third")))
	must(t, l.Close())
	if _, rec := openLog(t, s, id); string(rec.Baseline.File) != "second" || string(rec.Pending.File) != "third" {
		t.Errorf("baseline %s, pending %s", rec.Baseline.File, rec.Pending.File)
	}
}

// The file that is being merged is known until the baseline has moved there.
func TestBaseline_AMergeUnderWayIsKnown(t *testing.T) {
	s := open(t, t.TempDir(), store.Options{})
	id := uuid.New()
	l, _ := openLog(t, s, id)
	must(t, l.SetBaseline(t.Context(), &store.Baseline{File: []byte("was")}))
	must(t, l.SetMerging(t.Context(), &store.Baseline{File: []byte("theirs"), IDs: []string{"a"}}))
	must(t, l.Close())
	l, rec := openLog(t, s, id)
	if rec.Merging == nil || string(rec.Merging.File) != "theirs" || rec.Merging.IDs[0] != "a" || string(rec.Baseline.File) != "was" {
		t.Fatalf("during the merge: %+v, baseline %+v", rec.Merging, rec.Baseline)
	}
	must(t, l.SetBaseline(t.Context(), rec.Merging))
	must(t, l.Close())
	if _, rec = openLog(t, s, id); rec.Merging != nil || string(rec.Baseline.File) != "theirs" {
		t.Errorf("after the merge: %+v, baseline %+v", rec.Merging, rec.Baseline)
	}
}

// A room that lost its document reads its log again, with what is still queued,
// and goes on with it.
func TestLog_RereadIsWhatOpeningWouldRecover(t *testing.T) {
	faults := &storetest.Faults{}
	s := open(t, t.TempDir(), store.Options{FS: faults})
	id := uuid.New()
	l, _ := openLog(t, s, id)
	want := fill(t, l, 5)
	must(t, l.Compact(t.Context(), 5, []byte("state"), nil))
	want = append(want[:0], fill(t, l, 2)...)
	must(t, l.SetBaseline(t.Context(), &store.Baseline{File: []byte("read")}))
	faults.FailAll(syscall.EIO)
	for _, late := range []string{"late", "later"} {
		want = append(want, late)
		_, err := l.Append([]byte(late))
		must(t, err)
	}
	rec, err := l.Reread(t.Context())
	must(t, err)
	var got []string
	for _, u := range rec.Updates {
		got = append(got, string(u))
	}
	if string(rec.Snapshot) != "state" || !slices.Equal(got, want) || string(rec.Baseline.File) != "read" || rec.Damaged {
		t.Errorf("read again: %s, %q, %+v", rec.Snapshot, got, rec.Baseline)
	}
	faults.FailAll(nil)
	_ = l.Sync(t.Context()) // an attempt that was under way may fail yet
	must(t, l.Sync(t.Context()))
	must(t, l.Close())
	if _, err := l.Reread(t.Context()); !errors.Is(err, store.ErrClosed) {
		t.Errorf("a closed log was read: %v", err)
	}
}

// randomUpdates are updates of many sizes, some of which look like records.
func randomUpdates(r *rand.Rand, journal []byte, n int) [][]byte {
	var all [][]byte
	for range n {
		u := make([]byte, 1+r.IntN(200))
		for i := range u {
			u[i] = byte(r.Uint32())
		}
		if r.IntN(3) == 0 && len(journal) > 0 {
			u = bytes.Clone(journal[r.IntN(len(journal)):])
		}
		all = append(all, u)
	}
	return all
}
