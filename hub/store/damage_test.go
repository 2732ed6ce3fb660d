package store_test

import (
	"bytes"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/notebookhub/hub/hub/store"
	"github.com/notebookhub/hub/hub/store/storetest"
)

// writeJournal makes a room whose journal holds updates in two batches or more,
// and returns the file's name and bytes.
func writeJournal(t *testing.T, s *store.Store, id uuid.UUID, updates [][]byte) (string, []byte) {
	t.Helper()
	l, _ := openLog(t, s, id)
	for i, u := range updates {
		_, err := l.Append(u)
		must(t, err)
		if i%3 == 0 {
			must(t, l.Sync(t.Context()))
		}
	}
	must(t, l.Close())
	path := logFile(t, s, id)
	data, err := os.ReadFile(path)
	must(t, err)
	return path, data
}

// A process may die after any byte of a write: what was whole comes back, what
// was torn is cut, and the log goes on from there.
func TestJournal_EveryPrefixIsReadable(t *testing.T) {
	t.Parallel()
	s := open(t, t.TempDir(), store.Options{FS: noSync{}})
	id := uuid.New()
	r := rand.New(rand.NewPCG(1, 2))
	updates := randomUpdates(r, nil, 4)
	updates = append(updates, randomUpdates(r, updates[0], 4)...)
	path, data := writeJournal(t, s, id, updates)
	ends := []int{36} // of the header and of each record
	for _, u := range updates {
		ends = append(ends, ends[len(ends)-1]+12+len(u))
	}
	if ends[len(ends)-1] != len(data) {
		t.Fatalf("journal of %d bytes, want %d", len(data), ends[len(ends)-1])
	}
	for n := range len(data) {
		must(t, os.WriteFile(path, data[:n], 0o600))
		whole := 0
		for whole < len(updates) && ends[whole+1] <= n {
			whole++
		}
		l, rec := openLog(t, s, id)
		if rec.Damaged || !equalUpdates(rec.Updates, updates[:whole]) {
			t.Fatalf("prefix of %d bytes: %d updates, want %d (%s)", n, len(rec.Updates), whole, rec.Detail)
		}
		if n%7 != 0 {
			must(t, l.Close())
			continue
		}
		_, err := l.Append([]byte("next"))
		must(t, err)
		must(t, l.Close())
		l, rec = openLog(t, s, id)
		if rec.Damaged || len(rec.Updates) != whole+1 || string(rec.Updates[whole]) != "next" {
			t.Fatalf("appending after %d bytes: %d updates, %s", n, len(rec.Updates), rec.Detail)
		}
		must(t, l.Close())
		for _, name := range glob(t, filepath.Dir(path), "journal-*") {
			must(t, os.Remove(name))
		}
	}
}

func equalUpdates(a, b [][]byte) bool { return slices.EqualFunc(a, b, bytes.Equal) }

func glob(t *testing.T, dir, pattern string) []string {
	t.Helper()
	all, err := filepath.Glob(filepath.Join(dir, pattern))
	must(t, err)
	return all
}

// Whatever a disk does to some bytes: every untouched record comes back, nothing
// comes back that was not written, a loss is reported, and the damaged file is
// kept.
func TestJournal_RandomCorruptionCostsOnlyWhatItHit(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(3, 4))
	s := open(t, t.TempDir(), store.Options{FS: noSync{}})
	for round := range 150 {
		id := uuid.New()
		updates := randomUpdates(r, nil, 3)
		_, first := writeJournal(t, s, id, updates) // somebody pastes a journal into a notebook
		updates = append(updates, randomUpdates(r, first, 5)...)
		path, data := writeJournal(t, s, id, updates[3:])
		at, n := r.IntN(len(data)), 1+r.IntN(40)
		damaged := bytes.Clone(data)
		for i := at; i < min(at+n, len(data)); i++ {
			damaged[i] ^= byte(1 + r.IntN(255))
		}
		must(t, os.WriteFile(path, damaged, 0o600))
		l, rec := openLog(t, s, id)
		var intact [][]byte
		off := 36
		for _, u := range updates {
			end := off + 12 + len(u)
			if end <= at || off >= at+n {
				intact = append(intact, u)
			}
			off = end
		}
		checkSalvage(t, round, rec, updates, intact)
		kept := glob(t, filepath.Join(filepath.Dir(path), "damaged"), "*")
		if rec.Damaged && !holds(t, kept, damaged) {
			t.Fatalf("round %d: the damaged file was not kept: %v", round, kept)
		}
		_, err := l.Append([]byte("next"))
		must(t, err)
		must(t, l.Close())
		l, again := openLog(t, s, id)
		if again.Damaged || len(again.Updates) != len(rec.Updates)+1 {
			t.Fatalf("round %d: after the repair %d updates, want %d (%s)", round, len(again.Updates), len(rec.Updates)+1, again.Detail)
		}
		must(t, l.Close())
	}
}

// checkSalvage compares what came back with what was written and not hit.
func checkSalvage(t *testing.T, round int, rec store.Recovered, written, intact [][]byte) {
	t.Helper()
	if len(rec.Updates) < len(written) && !rec.Damaged {
		t.Fatalf("round %d: %d of %d updates, and no report", round, len(rec.Updates), len(written))
	}
	for _, u := range intact {
		if !slices.ContainsFunc(rec.Updates, func(got []byte) bool { return bytes.Equal(got, u) }) {
			t.Fatalf("round %d: an update that was not hit is lost (%s)", round, rec.Detail)
		}
	}
	rest := written
	for _, got := range rec.Updates {
		i := slices.IndexFunc(rest, func(u []byte) bool { return bytes.Equal(got, u) })
		if i < 0 {
			t.Fatalf("round %d: an update came back that was not written there", round)
		}
		rest = rest[i+1:]
	}
}

// A room that is opened while the disk is full reads its damaged journal, goes on
// beside it, and loses nothing of it.
func TestJournal_DamageOnAFullDiskIsLeftAloneUntilThereIsRoom(t *testing.T) {
	faults := &storetest.Faults{}
	s := open(t, t.TempDir(), store.Options{FS: faults, RetryMin: time.Millisecond})
	id := uuid.New()
	path, data := writeJournal(t, s, id, [][]byte{[]byte("one"), []byte("two"), []byte("three")})
	data[36+12+3+12] ^= 1 // within the second
	must(t, os.WriteFile(path, data, 0o600))
	faults.FailAll(syscall.ENOSPC)
	l, rec := openLog(t, s, id)
	if got := texts(rec.Updates); !rec.Damaged || !slices.Equal(got, []string{"one", "three"}) {
		t.Fatalf("%q, %s", got, rec.Detail)
	}
	faults.FailAll(nil)
	_, err := l.Append([]byte("four"))
	must(t, err)
	must(t, l.Sync(t.Context()))
	if !holds(t, []string{path}, data) {
		t.Error("the damaged file was changed before it was set aside")
	}
	must(t, l.Compact(t.Context(), 1, []byte("one three four"), nil))
	if !holds(t, glob(t, filepath.Join(filepath.Dir(path), "damaged"), "*"), data) {
		t.Error("compaction removed the damaged file")
	}
	must(t, l.Close())
	_, rec = openLog(t, s, id)
	if rec.Damaged || string(rec.Snapshot) != "one three four" || len(rec.Updates) != 0 {
		t.Errorf("%q %q %s", rec.Snapshot, texts(rec.Updates), rec.Detail)
	}
}

// holds says that one of the files has exactly these bytes.
func holds(t *testing.T, files []string, want []byte) bool {
	t.Helper()
	for _, name := range files {
		data, err := os.ReadFile(name)
		must(t, err)
		if bytes.Equal(data, want) {
			return true
		}
	}
	return false
}

func TestRoom_DamagedPartsAreSetAsideAndHurtNoOther(t *testing.T) {
	for _, part := range []string{"journal-", "snapshot-", "baseline", "pending"} {
		for name, harm := range harms() {
			t.Run(part+" "+name, func(t *testing.T) {
				s := open(t, t.TempDir(), store.Options{FS: noSync{}})
				hurt, other := fullRoom(t, s), fullRoom(t, s)
				path := glob(t, roomDir(s, hurt), part+"*")[0]
				harm(t, path)
				l, rec := openLog(t, s, hurt)
				if !rec.Damaged || !strings.Contains(rec.Detail, part) {
					t.Errorf("damage not reported: %v %q", rec.Damaged, rec.Detail)
				}
				if len(glob(t, filepath.Join(roomDir(s, hurt), "damaged"), part+"*")) != 1 {
					t.Error("damage not set aside")
				}
				lost := map[string]bool{"snapshot-": rec.Snapshot == nil, "journal-": len(rec.Updates) == 0, "baseline": rec.Baseline == nil, "pending": rec.Pending == nil}
				for p, gone := range lost {
					if gone != (p == part) {
						t.Errorf("%s lost: %v", p, gone)
					}
				}
				_, err := l.Append([]byte("on we go"))
				must(t, err)
				must(t, l.Sync(t.Context()))
				must(t, l.Compact(t.Context(), 1, []byte("anew"), nil))
				must(t, l.Close())
				if _, rec := openLog(t, s, hurt); rec.Damaged || string(rec.Snapshot) != "anew" {
					t.Errorf("after the repair: %q, %s", rec.Snapshot, rec.Detail)
				}
				if _, rec := openLog(t, s, other); rec.Damaged || len(rec.Updates) != 1 || rec.Baseline == nil {
					t.Errorf("the other room: %+v", rec)
				}
			})
		}
	}
}

// harms are ways to ruin a file beyond use.
func harms() map[string]func(*testing.T, string) {
	return map[string]func(*testing.T, string){
		"overwritten": func(t *testing.T, path string) {
			must(t, os.WriteFile(path, bytes.Repeat([]byte("garbage "), 20), 0o600))
		},
		"a folder": func(t *testing.T, path string) {
			must(t, os.Remove(path))
			must(t, os.Mkdir(path, 0o700))
		},
		"another room's": func(t *testing.T, path string) {
			s := open(t, t.TempDir(), store.Options{FS: noSync{}})
			stranger := fullRoom(t, s)
			data, err := os.ReadFile(filepath.Join(roomDir(s, stranger), filepath.Base(path)))
			must(t, err)
			must(t, os.WriteFile(path, data[:len(data)-3], 0o600))
		},
	}
}

// fullRoom makes a room that has every part.
func fullRoom(t *testing.T, s *store.Store) uuid.UUID {
	t.Helper()
	id := uuid.New()
	l, _ := openLog(t, s, id)
	fill(t, l, 2)
	must(t, l.Compact(t.Context(), 2, []byte("state"), nil))
	fill(t, l, 1)
	b := &store.Baseline{File: []byte("file"), State: []byte("state")}
	must(t, l.SetBaseline(t.Context(), b))
	must(t, l.SetPending(t.Context(), b))
	must(t, l.Close())
	return id
}
