package store_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/google/uuid"
	"github.com/notebookhub/hub/hub/store"
)

// promise is what was acknowledged at a step of the disk.
type promise struct {
	step              int
	updates           int // the highest update that is durable
	baseline, pending int // the youngest that was set; pending 0: none is
	merging           int // likewise
	record, versions  int
}

// witness makes promises while a scenario runs. The durable callback is on another
// goroutine.
type witness struct {
	disk *diary
	mu   sync.Mutex // guards what follows
	now  promise
	all  []promise
}

func (w *witness) note(change func(*promise)) {
	w.mu.Lock()
	defer w.mu.Unlock()
	change(&w.now)
	w.now.step = w.disk.now()
	w.all = append(w.all, w.now)
}

// at is what had been promised when the power failed after n steps.
func (w *witness) at(n int) (p promise) {
	for _, q := range w.all {
		if q.step <= n {
			p = q
		}
	}
	return p
}

// live is two lives of a room with everything that writes to the disk in it.
func live(t *testing.T, s *store.Store, id uuid.UUID, w *witness) {
	total := 0
	for life := range 2 {
		base := total
		l, rec, err := s.OpenLog(id, func(seq uint64, err error) {
			if err == nil {
				w.note(func(p *promise) { p.updates = max(p.updates, base+int(seq)) })
			}
		})
		must(t, err)
		if n, err := numbers(rec); err != nil || n != total || rec.Damaged {
			t.Fatalf("second life: %d of %d, %v %s", n, total, err, rec.Detail)
		}
		for round := 1; round <= 3; round++ {
			nr := 3*life + round
			for range 4 {
				total++
				_, err := l.Append(fmt.Appendf(nil, "%d;", total))
				must(t, err)
			}
			must(t, l.Sync(t.Context()))
			must(t, s.PutRecord(store.Record{Room: id, Path: "p", Rev: uint64(nr)}))
			w.note(func(p *promise) { p.record = nr })
			state := snapshotUpTo(total)
			must(t, l.SetPending(t.Context(), &store.Baseline{File: fmt.Append(nil, nr), State: state}))
			w.note(func(p *promise) { p.pending = nr })
			must(t, l.PromotePending(t.Context()))
			w.note(func(p *promise) { p.baseline, p.pending = nr, 0 })
			must(t, l.SetMerging(t.Context(), &store.Baseline{File: fmt.Append(nil, nr)}))
			w.note(func(p *promise) { p.merging = nr })
			w.note(func(p *promise) { p.merging = 0 })
			must(t, l.SetBaseline(t.Context(), &store.Baseline{File: fmt.Append(nil, nr)}))
			_, err := s.AddVersion(id, store.Version{File: state})
			must(t, err)
			w.note(func(p *promise) { p.versions = nr })
			through := uint64(total - base)
			total++
			_, err = l.Append(fmt.Appendf(nil, "%d;", total))
			must(t, err)
			must(t, l.Compact(t.Context(), through, state, nil))
		}
		must(t, l.Close())
	}
}

// The power may fail at any step of the disk: what was acknowledged is there, what
// was not may be, and nothing else is.
func TestStore_PowerLossAtEveryStep(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	disk := newDiary(root)
	s := open(t, root, store.Options{FS: disk})
	w := &witness{disk: disk}
	id := uuid.New()
	live(t, s, id, w)
	must(t, s.Close())
	t.Logf("%d steps, %d promises", len(disk.steps), len(w.all))
	r := rand.New(rand.NewPCG(9, 10))
	ready := open(t, t.TempDir(), store.Options{FS: noSync{}})
	for n := 1; n <= len(disk.steps); n++ {
		dir := disk.powerLoss(t, r, root, n)
		if n%8 == 0 {
			checkStart(t, dir, id, w.at(n), n)
		} else {
			transplant(t, dir, ready, id)
			checkRoom(t, ready, id, w.at(n), n)
		}
		must(t, os.RemoveAll(dir))
		if t.Failed() {
			t.Fatalf("step %d is %s %s", n, disk.steps[n-1].kind, disk.steps[n-1].path)
		}
	}
}

// checkStart starts a hub on what the disk holds.
func checkStart(t *testing.T, dir string, id uuid.UUID, p promise, n int) {
	t.Helper()
	s, err := store.Open(dir, store.Options{FS: noSync{}})
	must(t, err)
	defer s.Close()
	if got, err := s.ByPath("p"); p.record > 0 && (err != nil || got.Rev < uint64(p.record)) {
		t.Errorf("step %d: record %d, promised %d, %v", n, got.Rev, p.record, err)
	}
	checkRoom(t, s, id, p, n)
}

// transplant moves the room into a store that is open already: starting one for
// every step would take most of the time.
func transplant(t *testing.T, dir string, s *store.Store, id uuid.UUID) {
	t.Helper()
	to := roomDir(s, id)
	must(t, os.RemoveAll(to))
	must(t, os.MkdirAll(filepath.Dir(to), 0o700))
	from := filepath.Join(dir, strings.TrimPrefix(to, s.Dir()))
	if err := os.Rename(from, to); err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
}

// checkRoom opens the room's log and compares.
func checkRoom(t *testing.T, s *store.Store, id uuid.UUID, p promise, n int) {
	t.Helper()
	l, rec := openLog(t, s, id)
	if got, err := numbers(rec); err != nil || got < p.updates || rec.Damaged {
		t.Errorf("step %d: updates up to %d, promised %d, %v, %s", n, got, p.updates, err, rec.Detail)
	}
	if got := numberOf(rec.Baseline); got < p.baseline || got > p.baseline+1 {
		t.Errorf("step %d: baseline %d, promised %d", n, got, p.baseline)
	}
	if got := numberOf(rec.Pending); got < p.pending && numberOf(rec.Baseline) < p.pending {
		t.Errorf("step %d: pending %d, promised %d", n, got, p.pending)
	}
	if got := numberOf(rec.Merging); got < p.merging || got > max(p.baseline, 1) {
		t.Errorf("step %d: merging %d, promised %d", n, got, p.merging)
	}
	if got, err := s.Versions(id); err != nil || len(got) < p.versions {
		t.Errorf("step %d: %d versions, promised %d, %v", n, len(got), p.versions, err)
	}
	_, err := l.Append([]byte("1;"))
	must(t, err)
	must(t, l.Close())
}

// numberOf is the round of a baseline, 0 for none.
func numberOf(b *store.Baseline) (n int) {
	if b != nil {
		fmt.Sscan(string(b.File), &n)
	}
	return n
}
