package store_test

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/notebookhub/hub/hub/store"
	"github.com/notebookhub/hub/hub/store/storetest"
)

func TestVersions_AreListedReadAndBounded(t *testing.T) {
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	s := open(t, t.TempDir(), store.Options{
		VersionCount: 5, VersionBytes: 100, VersionAge: time.Hour,
		Now: func() time.Time { return now },
	})
	room := uuid.New()
	add := func(size int) {
		now = now.Add(time.Minute)
		_, err := s.AddVersion(room, store.Version{Reason: "delete_all", By: "ann", File: bytes.Repeat([]byte("x"), size)})
		must(t, err)
	}
	for range 8 {
		add(10)
	}
	list, err := s.Versions(room)
	must(t, err)
	if len(list) != 5 || !list[0].Time.Equal(now) || list[0].Size != 10 || list[0].Reason != "delete_all" || list[0].By != "ann" {
		t.Errorf("by count: %+v", list)
	}
	v, err := s.Version(room, list[4].ID)
	if err != nil || len(v.File) != 10 || !v.Time.Equal(now.Add(-4*time.Minute)) {
		t.Errorf("one version: %+v, %v", v, err)
	}
	add(75)
	if list, _ = s.Versions(room); len(list) != 3 {
		t.Errorf("by bytes: %d versions, want 75+10+10", len(list))
	}
	now = now.Add(59 * time.Minute)
	add(1)
	if list, _ = s.Versions(room); len(list) != 2 {
		t.Errorf("by age: %d versions", len(list))
	}
	add(1000)
	if list, _ = s.Versions(room); len(list) != 1 || list[0].Size != 1000 {
		t.Errorf("the youngest always stays: %+v", list)
	}
	if _, err := s.Version(room, v.ID); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("a dropped version: %v", err)
	}
}

func TestVersions_OneUnreadableHidesNoOther(t *testing.T) {
	s := open(t, t.TempDir(), store.Options{})
	room := uuid.New()
	for i := range 3 {
		_, err := s.AddVersion(room, store.Version{File: fmt.Append(nil, i)})
		must(t, err)
	}
	files := glob(t, filepath.Join(roomDir(s, room), "versions"), "*")
	must(t, os.Truncate(files[1], 40))
	list, err := s.Versions(room)
	if err != nil || len(list) != 2 {
		t.Errorf("%+v, %v", list, err)
	}
}

func TestTrash_KeepsUntilRemoved(t *testing.T) {
	s := open(t, t.TempDir(), store.Options{})
	room := uuid.New()
	id, err := s.TrashAdd(store.Trashed{Path: "a.ipynb", Room: room, By: "ann", File: []byte("{}")})
	must(t, err)
	empty, err := s.TrashAdd(store.Trashed{Path: "empty.ipynb"})
	must(t, err)
	s = reopen(t, s)
	list, err := s.TrashList()
	if err != nil || len(list) != 2 || list[1].ID != id || list[1].Path != "a.ipynb" || list[1].Room != room || list[1].Size != 2 {
		t.Errorf("list %+v, %v", list, err)
	}
	got, err := s.TrashGet(id)
	if err != nil || string(got.File) != "{}" || got.By != "ann" {
		t.Errorf("get %+v, %v", got, err)
	}
	must(t, errors.Join(s.TrashRemove(id), s.TrashRemove(empty)))
	if _, err := s.TrashGet(id); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("removed: %v", err)
	}
	if err := s.TrashRemove(id); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("removed twice: %v", err)
	}
}

func TestBlob_IsStoredOnceAndReadAnywhere(t *testing.T) {
	s := open(t, t.TempDir(), store.Options{})
	data := bytes.Repeat([]byte("0123456789"), 100_000)
	want := fmt.Sprintf("%x", sha256.Sum256(data))
	for range 2 {
		sum, size, err := s.PutBlob(bytes.NewReader(data))
		if err != nil || sum != want || size != int64(len(data)) {
			t.Fatalf("put: %s, %d, %v", sum, size, err)
		}
	}
	f, err := s.OpenBlob(want)
	must(t, err)
	defer f.Close()
	part := make([]byte, 5)
	if _, err := f.ReadAt(part, 500_003); err != nil || string(part) != "34567" {
		t.Errorf("range: %q, %v", part, err)
	}
	path := filepath.Join(s.Dir(), "blobs", want[:2], want[2:4], want)
	must(t, os.WriteFile(path, []byte("rotten"), 0o600))
	if _, _, err := s.PutBlob(bytes.NewReader(data)); err != nil {
		t.Fatal(err)
	}
	if healed, err := os.ReadFile(path); err != nil || !bytes.Equal(healed, data) {
		t.Errorf("a damaged blob was not replaced: %d bytes, %v", len(healed), err)
	}
	for _, sum := range []string{"", "../../lock", strings.ToUpper(want), want + "0", fmt.Sprintf("%064d", 7)} {
		if _, err := s.OpenBlob(sum); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("open %q: %v", sum, err)
		}
	}
	if left := glob(t, filepath.Join(s.Dir(), "blobs", "incoming"), "*"); len(left) != 0 {
		t.Errorf("left behind: %v", left)
	}
}

func TestBlob_FailuresAreTypedAndLeaveNothing(t *testing.T) {
	faults := &storetest.Faults{Short: true}
	s := open(t, t.TempDir(), store.Options{FS: faults})
	faults.Fail(func(_ int, op storetest.Op, _ string) error {
		if op == storetest.Write {
			return syscall.ENOSPC
		}
		return nil
	})
	if _, _, err := s.PutBlob(strings.NewReader("x")); !errors.Is(err, store.ErrFull) {
		t.Errorf("full disk: %v", err)
	}
	faults.FailAll(nil)
	broken := errors.New("upload broke off")
	if _, _, err := s.PutBlob(io.MultiReader(strings.NewReader("x"), failing{broken})); !errors.Is(err, broken) {
		t.Errorf("broken upload: %v", err)
	}
	if left := glob(t, filepath.Join(s.Dir(), "blobs", "*"), "*"); len(left) != 0 {
		t.Errorf("left behind: %v", left)
	}
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

// Blobs in use are never collected: whoever mentions one keeps it, and nothing
// goes unless everything was looked at.
func TestBlob_SweepTakesOnlyWhatNobodyMentions(t *testing.T) {
	var clock atomic.Int64
	clock.Store(time.Now().UnixNano())
	s := open(t, t.TempDir(), store.Options{Now: func() time.Time { return time.Unix(0, clock.Load()) }})
	sums := map[string]string{}
	for _, where := range []string{"journal", "snapshot", "baseline", "pending", "version", "trash", "memory", "nobody", "young"} {
		if where == "young" {
			clock.Add(int64(48 * time.Hour))
			break
		}
		sum, _, err := s.PutBlob(strings.NewReader(where))
		must(t, err)
		sums[where] = sum
	}
	mention := func(where string) []byte { return []byte(`\x01"hub_blob":"` + sums[where] + `"`) }
	id := uuid.New()
	l, _ := openLog(t, s, id)
	fill(t, l, 1)
	must(t, l.Compact(t.Context(), 1, mention("snapshot"), nil))
	_, err := l.Append(mention("journal"))
	must(t, err)
	must(t, l.Sync(t.Context()))
	must(t, l.SetBaseline(t.Context(), &store.Baseline{State: mention("baseline")}))
	must(t, l.SetPending(t.Context(), &store.Baseline{File: mention("pending")}))
	_, err = s.AddVersion(id, store.Version{File: mention("version")})
	must(t, err)
	_, err = s.TrashAdd(store.Trashed{File: mention("trash")})
	must(t, err)
	young, _, err := s.PutBlob(strings.NewReader("young"))
	must(t, err)

	unsure := errors.New("a room did not answer")
	if n, err := s.SweepBlobs(t.Context(), time.Hour, func(func(string)) error { return unsure }); n != 0 || !errors.Is(err, unsure) {
		t.Errorf("sweep without a full answer: %d, %v", n, err)
	}
	n, err := s.SweepBlobs(t.Context(), time.Hour, func(add func(string)) error {
		add(sums["memory"])
		return nil
	})
	if err != nil || n != 1 {
		t.Errorf("sweep: %d removed, %v", n, err)
	}
	sums["young"] = young
	for where, sum := range sums {
		f, err := s.OpenBlob(sum)
		if (err == nil) != (where != "nobody") {
			t.Errorf("blob mentioned by %s: %v", where, err)
		}
		if err == nil {
			f.Close()
		}
	}
}

// What is put again during a sweep stays.
func TestBlob_PutDuringASweepStays(t *testing.T) {
	var clock atomic.Int64
	clock.Store(time.Now().UnixNano())
	s := open(t, t.TempDir(), store.Options{Now: func() time.Time { return time.Unix(0, clock.Load()) }})
	sum, _, err := s.PutBlob(strings.NewReader("again"))
	must(t, err)
	clock.Add(int64(48 * time.Hour))
	n, err := s.SweepBlobs(t.Context(), time.Hour, func(func(string)) error {
		_, _, err := s.PutBlob(strings.NewReader("again"))
		return err
	})
	if n != 0 || err != nil {
		t.Errorf("%d removed, %v", n, err)
	}
	f, err := s.OpenBlob(sum)
	must(t, err)
	must(t, f.Close())
}

func TestStore_EverythingIsPrivate(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "state"), store.Options{})
	id := fullRoom(t, s)
	must(t, s.PutRecord(store.Record{Room: id}))
	_, _, err := s.PutBlob(strings.NewReader("x"))
	must(t, err)
	_, err = s.TrashAdd(store.Trashed{})
	must(t, err)
	files := 0
	must(t, filepath.Walk(s.Dir(), func(path string, info os.FileInfo, err error) error {
		want := os.FileMode(0o600)
		if info.IsDir() {
			want = 0o700
		} else {
			files++
		}
		if info.Mode().Perm() != want {
			t.Errorf("%s: %v", path, info.Mode())
		}
		return err
	}))
	if files < 10 {
		t.Errorf("only %d files seen", files)
	}
}
