package store_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/notebookhub/hub/hub/store"
	"github.com/notebookhub/hub/hub/store/storetest"
)

// manyRooms puts n records with paths "n0.ipynb".. and closes the store.
func manyRooms(t testing.TB, dir string, n int) []uuid.UUID {
	t.Helper()
	s := open(t, dir, store.Options{FS: noSync{}})
	var ids []uuid.UUID
	for i := range n {
		ids = append(ids, uuid.New())
		must(t, s.PutRecord(store.Record{Room: ids[i], Path: fmt.Sprintf("n%d.ipynb", i), File: store.FileID{Dev: 1, Ino: uint64(i + 1)}}))
	}
	must(t, s.Close())
	return ids
}

// checkRooms finds all of them again by path.
func checkRooms(t testing.TB, s *store.Store, ids []uuid.UUID) {
	t.Helper()
	for i, id := range ids {
		if rec, err := s.ByPath(fmt.Sprintf("n%d.ipynb", i)); err != nil || rec.Room != id {
			t.Fatalf("path %d: %v, %v", i, rec.Room, err)
		}
	}
}

// The index may vanish or rot: rooms keep their ids and paths.
func TestIndex_IsRebuiltFromTheRooms(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	ruin := map[string]func(path string, data []byte){
		"deleted":   func(path string, _ []byte) { must(t, os.Remove(path)) },
		"emptied":   func(path string, _ []byte) { must(t, os.Truncate(path, 0)) },
		"cut short": func(path string, data []byte) { must(t, os.Truncate(path, int64(len(data)/3))) },
		"a folder":  func(path string, _ []byte) { must(t, os.Remove(path)); must(t, os.Mkdir(path, 0o700)) },
		"garbage": func(path string, data []byte) {
			for i := range data {
				data[i] = byte(r.Uint32())
			}
			must(t, os.WriteFile(path, data, 0o600))
		},
	}
	for name, harm := range ruin {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			ids := manyRooms(t, dir, 50)
			path := filepath.Join(dir, "index.db")
			data, err := os.ReadFile(path)
			must(t, err)
			harm(path, data)
			s := open(t, dir, store.Options{})
			checkRooms(t, s, ids)
			if rec, err := s.ByFile(store.FileID{Dev: 1, Ino: 7}); err != nil || rec.Room != ids[6] {
				t.Errorf("by file: %v, %v", rec, err)
			}
			checkRooms(t, reopen(t, s), ids)
		})
	}
}

// Any page of the index may be hit, while it is closed or while it is in use.
func TestIndex_CorruptPagesNeverLoseARoom(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(7, 8))
	dir := t.TempDir()
	ids := manyRooms(t, dir, 100)
	path := filepath.Join(dir, "index.db")
	good, err := os.ReadFile(path)
	must(t, err)
	for round := range 60 {
		data := append([]byte(nil), good...)
		at := r.IntN(len(data))
		for i := at; i < min(at+1+r.IntN(64), len(data)); i++ {
			data[i] = byte(r.Uint32())
		}
		live := round%3 == 0
		var s *store.Store
		if live {
			must(t, os.WriteFile(path, good, 0o600))
			s = open(t, dir, store.Options{FS: noSync{}})
			f, err := os.OpenFile(path, os.O_WRONLY, 0)
			must(t, err)
			_, err = f.WriteAt(data, 0)
			must(t, err)
			must(t, f.Close())
		} else {
			must(t, os.WriteFile(path, data, 0o600))
			s = open(t, dir, store.Options{FS: noSync{}})
		}
		for _, id := range ids {
			if _, err := s.Room(id); err != nil {
				if live && errors.Is(err, store.ErrNotFound) {
					continue // a hit on a key of a page in use goes unseen until the next start
				}
				t.Fatalf("round %d, offset %d: %v", round, at, err)
			}
		}
		if !live {
			checkRooms(t, s, ids)
		}
		s.Close()
		os.Remove(filepath.Join(dir, "index.dirty"))
	}
}

// An owner that was killed leaves an index that nobody trusts.
func TestIndex_IsRebuiltAfterAKilledOwner(t *testing.T) {
	dir := t.TempDir()
	ids := manyRooms(t, dir, 3)
	old, err := os.ReadFile(filepath.Join(dir, "index.db"))
	must(t, err)
	s := open(t, dir, store.Options{})
	moved := store.Record{Room: ids[0], Path: "moved.ipynb"}
	must(t, s.PutRecord(moved))
	must(t, s.Close())
	must(t, os.WriteFile(filepath.Join(dir, "index.db"), old, 0o600)) // its pages never reached the disk
	must(t, os.WriteFile(filepath.Join(dir, "index.dirty"), nil, 0o600))
	s = open(t, dir, store.Options{})
	if rec, err := s.ByPath("moved.ipynb"); err != nil || rec.Room != ids[0] {
		t.Errorf("after the crash: %v, %v", rec, err)
	}
	if _, err := s.ByPath("n0.ipynb"); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("the former path: %v", err)
	}
}

// Save-as over a notebook at rest: the later claim on a path holds, also after a
// rebuild, and giving it up does not take it from the other.
func TestIndex_TheLaterClaimOnAPathHolds(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir, store.Options{})
	first, second := uuid.New(), uuid.New()
	must(t, s.PutRecord(store.Record{Room: first, Path: "p"}))
	must(t, s.PutRecord(store.Record{Room: second, Path: "p"}))
	for range 2 {
		if rec, err := s.ByPath("p"); err != nil || rec.Room != second {
			t.Errorf("owner of the path: %v, %v", rec.Room, err)
		}
		s = reopen(t, s)
		must(t, s.Close())
		must(t, os.Remove(filepath.Join(dir, "index.db")))
		s = open(t, dir, store.Options{})
	}
	must(t, s.PutRecord(store.Record{Room: first, Path: "q"}))
	if rec, err := s.ByPath("p"); err != nil || rec.Room != second {
		t.Errorf("after the other moved on: %v, %v", rec.Room, err)
	}
	must(t, s.PutRecord(store.Record{Room: second, Path: "p", Status: store.StatusReplaced, Replacement: first}))
	if _, err := s.ByPath("p"); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("a replaced room still has the path: %v", err)
	}
	if rec, err := s.Room(second); err != nil || rec.Replacement != first {
		t.Errorf("a replaced room is forgotten: %v, %v", rec, err)
	}
}

// A room whose record is lost is found by the path its baseline knows, else among
// the untitled.
func TestIndex_ARoomWithoutRecordIsNotLost(t *testing.T) {
	s := open(t, t.TempDir(), store.Options{})
	titled, bare := uuid.New(), uuid.New()
	for _, id := range []uuid.UUID{titled, bare} {
		must(t, s.PutRecord(store.Record{Room: id, Path: "x/" + id.String()}))
		l, _ := openLog(t, s, id)
		fill(t, l, 1)
		if id == titled {
			must(t, l.SetBaseline(t.Context(), &store.Baseline{File: []byte("f"), Path: "x/y.ipynb"}))
		}
	}
	must(t, s.Close())
	must(t, os.WriteFile(filepath.Join(roomDir(s, titled), "record"), []byte("garbage"), 0o600))
	must(t, os.Remove(filepath.Join(roomDir(s, bare), "record")))
	must(t, os.Remove(filepath.Join(s.Dir(), "index.db")))
	s = open(t, s.Dir(), store.Options{})
	if rec, err := s.ByPath("x/y.ipynb"); err != nil || rec.Room != titled {
		t.Errorf("by the baseline's path: %v, %v", rec, err)
	}
	list, err := s.Untitled()
	if err != nil || len(list) != 1 || list[0].Room != bare {
		t.Errorf("untitled: %v, %v", list, err)
	}
	if len(glob(t, filepath.Join(roomDir(s, titled), "damaged"), "record.*")) != 1 {
		t.Error("the damaged record was not kept")
	}
}

func TestRecord_FullDiskIsSaidAndTheFormerRecordStays(t *testing.T) {
	faults := &storetest.Faults{Short: true}
	s := open(t, t.TempDir(), store.Options{FS: faults})
	rec := store.Record{Room: uuid.New(), Path: "old"}
	must(t, s.PutRecord(rec))
	rec.Path = "new"
	for n := 1; ; n++ {
		faults.FailFrom(n, syscall.EDQUOT)
		err := s.PutRecord(rec)
		if err == nil {
			break
		}
		if !errors.Is(err, store.ErrFull) {
			t.Fatalf("step %d: %v", n, err)
		}
		faults.FailAll(nil)
		if got, err := s.Room(rec.Room); err != nil || got.Path != "old" {
			t.Fatalf("step %d: %v, %v", n, got, err)
		}
	}
}

func TestRecord_ForgottenRoomsAreGone(t *testing.T) {
	s := open(t, t.TempDir(), store.Options{})
	id := fullRoom(t, s)
	must(t, s.PutRecord(store.Record{Room: id, Path: "p"}))
	must(t, s.Forget(id))
	must(t, s.Forget(id))
	if _, err := s.Room(id); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("room: %v", err)
	}
	if _, err := s.ByPath("p"); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("path: %v", err)
	}
	if left := glob(t, filepath.Dir(roomDir(s, id)), "*"); len(left) != 0 {
		t.Errorf("left on the disk: %v", left)
	}
	if _, rec := openLog(t, s, id); !rec.Empty() {
		t.Errorf("log: %+v", rec)
	}
}

func TestRecord_UnchangedCostsNothing(t *testing.T) {
	faults := &storetest.Faults{}
	s := open(t, t.TempDir(), store.Options{FS: faults})
	rec := store.Record{Room: uuid.New(), Path: "p", Modified: time.Now()}
	must(t, s.PutRecord(rec))
	faults.Fail(nil)
	must(t, s.PutRecord(rec))
	if n := faults.Steps(); n != 0 {
		t.Errorf("%d steps on the disk", n)
	}
}

func TestIndex_ConcurrentUse(t *testing.T) {
	s := open(t, t.TempDir(), store.Options{FS: noSync{}})
	var wg sync.WaitGroup
	for w := range 8 {
		wg.Go(func() {
			id := uuid.New()
			for i := range 30 {
				path := fmt.Sprintf("%d/%d", w, i)
				if err := s.PutRecord(store.Record{Room: id, Path: path}); err != nil {
					t.Error(err)
				}
				if rec, err := s.ByPath(path); err != nil || rec.Room != id {
					t.Errorf("%s: %v, %v", path, rec, err)
				}
				err := s.Records(func(rec store.Record) bool { _, err := s.Room(rec.Room); return err == nil })
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
}
