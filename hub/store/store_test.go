package store_test

import (
	"errors"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/notebookhub/hub/hub/store"
)

// open opens the store in dir and closes it with the test.
func open(t testing.TB, dir string, o store.Options) *store.Store {
	t.Helper()
	s, err := store.Open(dir, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// reopen closes s and opens its directory again.
func reopen(t testing.TB, s *store.Store) *store.Store {
	t.Helper()
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	return open(t, s.Dir(), store.Options{})
}

// openLog opens a room's log.
func openLog(t testing.TB, s *store.Store, id uuid.UUID) (*store.Log, store.Recovered) {
	t.Helper()
	l, rec, err := s.OpenLog(id, nil)
	if err != nil {
		t.Fatal(err)
	}
	return l, rec
}

// must fails the test on an error.
func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// texts are updates as strings.
func texts(updates [][]byte) []string {
	var all []string
	for _, u := range updates {
		all = append(all, string(u))
	}
	return all
}

func TestStore_OneOwnerIsNamedToTheOther(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir, store.Options{})
	must(t, s.Announce("http://127.0.0.1:8888/"))
	_, err := store.Open(dir, store.Options{})
	var locked *store.LockedError
	if !errors.As(err, &locked) || locked.PID == 0 || locked.URL != "http://127.0.0.1:8888/" {
		t.Fatalf("second open: %v, want the first one's pid and URL", err)
	}
	must(t, s.Close())
	open(t, dir, store.Options{})
}

func TestStore_RecordsAreFoundByIDPathAndFileAfterReopening(t *testing.T) {
	s := open(t, t.TempDir(), store.Options{})
	id, file := uuid.New(), store.FileID{Dev: 1, Ino: 2}
	rec := store.Record{Room: id, Lineage: uuid.New(), Path: "a/b.ipynb", File: file, Rev: 3, Created: time.Now(), Modified: time.Now()}
	untitled := store.Record{Room: uuid.New(), Title: "Untitled"}
	must(t, s.PutRecord(rec))
	must(t, s.PutRecord(untitled))
	s = reopen(t, s)
	for name, find := range map[string]func() (store.Record, error){
		"id":   func() (store.Record, error) { return s.Room(id) },
		"path": func() (store.Record, error) { return s.ByPath("a/b.ipynb") },
		"file": func() (store.Record, error) { return s.ByFile(file) },
	} {
		got, err := find()
		if err != nil || got.Room != id || got.Rev != 3 || got.Status != store.StatusOpen {
			t.Errorf("by %s: %+v, %v", name, got, err)
		}
	}
	list, err := s.Untitled()
	if err != nil || len(list) != 1 || list[0].Title != "Untitled" {
		t.Errorf("untitled: %v, %v", list, err)
	}
	if _, err := s.Room(uuid.New()); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("unknown room: %v", err)
	}
}

func TestLog_AcknowledgedUpdatesComeBackInOrder(t *testing.T) {
	s := open(t, t.TempDir(), store.Options{})
	id := uuid.New()
	l, rec := openLog(t, s, id)
	if !rec.Empty() {
		t.Fatalf("a new room holds %+v", rec)
	}
	for _, text := range []string{"one", "two", "three"} {
		_, err := l.Append([]byte(text))
		must(t, err)
	}
	must(t, l.Sync(t.Context()))
	must(t, l.Compact(t.Context(), 2, []byte("one+two"), nil))
	_, err := l.Append([]byte("four"))
	must(t, err)
	must(t, l.SetPending(t.Context(), &store.Baseline{File: []byte("{}"), State: []byte("s"), IDs: []string{"x"}, Path: "p"}))
	must(t, l.PromotePending(t.Context()))
	s = reopen(t, s)
	_, rec = openLog(t, s, id)
	if string(rec.Snapshot) != "one+two" || rec.Damaged {
		t.Errorf("snapshot %q, damaged %v %s", rec.Snapshot, rec.Damaged, rec.Detail)
	}
	if got := texts(rec.Updates); len(got) != 2 || got[0] != "three" || got[1] != "four" {
		t.Errorf("updates %q", got)
	}
	if rec.Baseline == nil || string(rec.Baseline.File) != "{}" || rec.Baseline.IDs[0] != "x" || rec.Pending != nil {
		t.Errorf("baseline %+v, pending %+v", rec.Baseline, rec.Pending)
	}
}
