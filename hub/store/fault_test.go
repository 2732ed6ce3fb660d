package store_test

import (
	"errors"
	"fmt"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/notebookhub/hub/hub/store"
	"github.com/notebookhub/hub/hub/store/storetest"
)

// work does everything a room asks of the disk once, and returns every error.
func work(t *testing.T, s *store.Store, l *store.Log, id uuid.UUID, through uint64, state []byte) error {
	ctx := t.Context()
	b := &store.Baseline{File: []byte("file"), State: state}
	_, version := s.AddVersion(id, store.Version{File: []byte("former")})
	_, trash := s.TrashAdd(store.Trashed{File: []byte("deleted")})
	return errors.Join(
		l.Sync(ctx), l.Compact(ctx, through, state, nil),
		l.SetPending(ctx, b), l.PromotePending(ctx), l.SetMerging(ctx, b), l.SetBaseline(ctx, b),
		s.PutRecord(store.Record{Room: id, Path: "p", Modified: time.Unix(int64(through), 0)}),
		version, trash,
	)
}

// The disk may be full or failing from any step on, or fail in one step alone: the
// error is typed, nothing acknowledged is lost, nothing comes twice or torn, and
// when the disk is back all goes on.
func TestStore_FailureOfEveryStep(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]struct {
		err  error
		once bool
	}{"full from one step on": {syscall.ENOSPC, false}, "one failure": {syscall.EIO, true}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			faults := &storetest.Faults{Short: true, NoSync: true}
			s := open(t, t.TempDir(), store.Options{FS: faults, RetryMin: time.Microsecond, RetryMax: time.Millisecond})
			n := 1
			for failAt(t, s, faults, n, fault.err, fault.once) {
				n++
			}
			t.Logf("%d steps", n)
		})
	}
}

// failAt runs a room on a disk that fails at step n, and says whether there was
// such a step.
func failAt(t *testing.T, s *store.Store, faults *storetest.Faults, n int, fault error, once bool) bool {
	id, other := uuid.New(), uuid.New()
	l, _ := openLog(t, s, id)
	o, _ := openLog(t, s, other)
	for i := range 4 {
		_, err := l.Append(fmt.Appendf(nil, "%d;", i+1))
		must(t, err)
		if i == 1 {
			must(t, l.Sync(t.Context()))
			faults.Fail(func(step int, _ storetest.Op, _ string) error {
				if step == n || step > n && !once {
					return fault
				}
				return nil
			})
		}
	}
	err := work(t, s, l, id, 4, snapshotUpTo(4))
	if err != nil && (!errors.Is(err, fault) || errors.Is(err, store.ErrFull) != errors.Is(fault, syscall.ENOSPC)) {
		t.Fatalf("step %d: %v", n, err)
	}
	reached := faults.Steps() >= n
	if left := append(glob(t, roomDir(s, id), "*.tmp"), glob(t, roomDir(s, id), "*/*.tmp")...); once && len(left) > 0 {
		t.Fatalf("step %d left %v", n, left)
	}
	faults.FailAll(nil)
	_, err = l.Append([]byte("5;"))
	must(t, err)
	for range 100 { // an attempt that was under way may still fail
		if err = work(t, s, l, id, 5, snapshotUpTo(5)); err == nil {
			break
		}
	}
	must(t, err)
	want := fill(t, o, 3)
	must(t, errors.Join(l.Close(), o.Close()))
	checkAfterFault(t, s, id, n)
	o, rec := openLog(t, s, other)
	if !slices.Equal(texts(rec.Updates), want) {
		t.Fatalf("step %d: the other room has %q", n, texts(rec.Updates))
	}
	must(t, o.Close())
	return reached
}

// checkAfterFault opens the room again on a good disk.
func checkAfterFault(t *testing.T, s *store.Store, id uuid.UUID, n int) {
	t.Helper()
	l, rec := openLog(t, s, id)
	if got, err := numbers(rec); err != nil || got != 5 || rec.Damaged || rec.Baseline == nil || rec.Pending != nil {
		t.Fatalf("step %d: updates up to %d, %v, %s, baseline %v, pending %v", n, got, err, rec.Detail, rec.Baseline, rec.Pending)
	}
	if got, err := s.ByPath("p"); err != nil || got.Room != id {
		t.Fatalf("step %d: %v, %v", n, got, err)
	}
	must(t, l.Close())
}

// A store in a folder that may not be written says so.
func TestStore_RefusalIsTyped(t *testing.T) {
	faults := &storetest.Faults{}
	s := open(t, t.TempDir(), store.Options{FS: faults})
	l, _ := openLog(t, s, uuid.New())
	for _, refusal := range []error{syscall.EACCES, syscall.EPERM, syscall.EROFS} {
		faults.FailAll(refusal)
		err := l.SetBaseline(t.Context(), &store.Baseline{})
		if !errors.Is(err, store.ErrPermission) || errors.Is(err, store.ErrFull) {
			t.Errorf("%v: %v", refusal, err)
		}
		if _, _, err := s.PutBlob(slowReader{}); !errors.Is(err, store.ErrPermission) {
			t.Errorf("blob: %v", err)
		}
	}
	faults.FailAll(nil)
}

type slowReader struct{}

func (slowReader) Read([]byte) (int, error) { return 0, errors.New("nobody should read") }
