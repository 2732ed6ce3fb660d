package store_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/notebookhub/hub/hub/store"
)

// helperEnv makes the test binary a hub-like process on the state directory that
// it names.
const helperEnv = "STORE_TEST_HELPER"

func TestMain(m *testing.M) {
	if dir := os.Getenv(helperEnv); dir != "" {
		if err := helper(dir, os.Stdout); err != nil {
			fmt.Println("error", err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// helper owns the store and the root and types into three rooms until it is
// killed, printing "ack <room> <number>" for whatever is durable.
func helper(dir string, out *os.File) error {
	lock, err := store.LockRoot(filepath.Join(dir, "run"), dir, "http://helper/")
	if err != nil {
		return err
	}
	defer lock.Close()
	s, err := store.Open(dir, store.Options{URL: "http://helper/"})
	if err != nil {
		return err
	}
	logs := make([]*store.Log, 3)
	next, last := make([]int, 3), make([]uint64, 3)
	for i := range logs {
		var base int
		l, rec, err := s.OpenLog(helperRoom(i), func(seq uint64, err error) {
			if err == nil {
				fmt.Fprintf(out, "ack %d %d\n", i, base+int(seq))
			}
		})
		if err != nil || rec.Damaged {
			return fmt.Errorf("open room %d: %v %s", i, err, rec.Detail)
		}
		seen, err := numbers(rec)
		if err != nil {
			return err
		}
		base, next[i], logs[i] = seen, seen, l
	}
	ctx := context.Background()
	for round := 0; ; round++ {
		i := round % len(logs)
		next[i]++
		if last[i], err = logs[i].Append(fmt.Appendf(nil, "%d;", next[i])); err != nil {
			return err
		}
		switch {
		case round%50 == 20:
			err = logs[i].Compact(ctx, last[i], snapshotUpTo(next[i]), nil)
		case round%50 == 30:
			b := &store.Baseline{File: snapshotUpTo(next[i]), State: snapshotUpTo(next[i])}
			err = errors.Join(logs[i].SetPending(ctx, b), logs[i].PromotePending(ctx))
		case round%50 == 40:
			err = s.PutRecord(store.Record{Room: helperRoom(i), Path: fmt.Sprintf("room%d", i), Rev: uint64(next[i])})
		case round%7 == 0:
			err = logs[i].Sync(ctx)
		}
		if err != nil {
			return err
		}
	}
}

func helperRoom(i int) uuid.UUID { return uuid.UUID{1, 2, 3, byte(i)} }

// snapshotUpTo is a state that contains the updates 1 to n.
func snapshotUpTo(n int) []byte { return fmt.Appendf(nil, "..%d;", n) }

// numbers is the highest number of a recovered room, whose updates must follow
// the snapshot without a gap.
func numbers(rec store.Recovered) (int, error) {
	n := 0
	if rec.Snapshot != nil {
		if _, err := fmt.Sscanf(string(rec.Snapshot), "..%d;", &n); err != nil {
			return 0, err
		}
	}
	for _, u := range rec.Updates {
		k, err := strconv.Atoi(strings.TrimSuffix(string(u), ";"))
		if err != nil || k > n+1 {
			return 0, fmt.Errorf("update %q after %d: %v", u, n, err)
		}
		n = max(n, k)
	}
	return n, nil
}

// Every acknowledged update survives kill -9 at any moment, the dead owner's locks
// are taken over, and the room is found by its path.
func TestStore_AcknowledgedUpdatesSurviveKill9(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	acked := make([]int, 3)
	for round := range 20 {
		killHelper(t, dir, 40+round*7, acked)
		s := open(t, dir, store.Options{})
		for i := range acked {
			l, rec := openLog(t, s, helperRoom(i))
			n, err := numbers(rec)
			if err != nil || rec.Damaged {
				t.Fatalf("round %d, room %d: %v, %s", round, i, err, rec.Detail)
			}
			if n < acked[i] {
				t.Fatalf("round %d, room %d: %d updates, acknowledged %d", round, i, n, acked[i])
			}
			must(t, l.Close())
		}
		must(t, s.Close())
	}
	s := open(t, dir, store.Options{})
	for i := range acked {
		if rec, err := s.ByPath(fmt.Sprintf("room%d", i)); err != nil || rec.Room != helperRoom(i) {
			t.Errorf("path of room %d: %v, %v", i, rec, err)
		}
	}
}

// killHelper starts the helper, kills it after some acknowledgements, and notes
// all that it printed.
func killHelper(t *testing.T, dir string, after int, acked []int) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), helperEnv+"="+dir)
	out, err := cmd.StdoutPipe()
	must(t, err)
	must(t, cmd.Start())
	lines := bufio.NewScanner(out)
	for n := 0; lines.Scan(); n++ {
		var room, number int
		if _, err := fmt.Sscanf(lines.Text(), "ack %d %d", &room, &number); err != nil {
			t.Errorf("helper says %q", lines.Text())
		} else {
			acked[room] = max(acked[room], number)
		}
		if n == after/2 {
			checkOwned(t, dir, cmd.Process.Pid)
		}
		if n == after {
			must(t, cmd.Process.Kill())
		}
	}
	if err := cmd.Wait(); err == nil {
		t.Error("helper ended by itself")
	}
}

// checkOwned sees both locks held by the helper, another state directory
// notwithstanding.
func checkOwned(t *testing.T, dir string, pid int) {
	t.Helper()
	var locked *store.LockedError
	if s, err := store.Open(dir, store.Options{}); !errors.As(err, &locked) || locked.PID != pid || locked.URL != "http://helper/" {
		t.Errorf("store of the helper: %v, %v", s, err)
	}
	link := filepath.Join(t.TempDir(), "link")
	must(t, os.Symlink(dir, link))
	if l, err := store.LockRoot(filepath.Join(dir, "run"), link, ""); !errors.As(err, &locked) || locked.PID != pid {
		t.Errorf("root of the helper: %v, %v", l, err)
	}
}

func TestLockRoot_OneHubPerRootAndNothingLeft(t *testing.T) {
	run, root := filepath.Join(t.TempDir(), "run"), t.TempDir()
	first, err := store.LockRoot(run, root, "")
	must(t, err)
	must(t, first.Announce("http://first/"))
	var locked *store.LockedError
	if _, err := store.LockRoot(run, root+"/.", ""); !errors.As(err, &locked) || locked.URL != "http://first/" || locked.PID != os.Getpid() {
		t.Errorf("second hub on the root: %v", err)
	}
	other, err := store.LockRoot(run, t.TempDir(), "")
	must(t, err)
	must(t, errors.Join(first.Close(), other.Close()))
	if left := append(glob(t, run, "*"), glob(t, root, "*")...); len(left) != 0 {
		t.Errorf("left behind: %v", left)
	}
	again, err := store.LockRoot(run, root, "")
	must(t, err)
	must(t, again.Close())
	if _, err := store.LockRoot(run, filepath.Join(root, "absent"), ""); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("absent root: %v", err)
	}
}

// Lock files come and go while many try: there is never a second holder.
func TestLockRoot_NeverTwoHolders(t *testing.T) {
	run, root := t.TempDir(), t.TempDir()
	held := make(chan struct{}, 1)
	done := make(chan error)
	for range 8 {
		go func() {
			for range 200 {
				l, err := store.LockRoot(run, root, "")
				var locked *store.LockedError
				if errors.As(err, &locked) {
					continue
				}
				if err != nil {
					done <- err
					return
				}
				select {
				case held <- struct{}{}:
				default:
					done <- errors.New("two holders")
					return
				}
				<-held
				if err := l.Close(); err != nil {
					done <- err
					return
				}
			}
			done <- nil
		}()
	}
	for range 8 {
		must(t, <-done)
	}
}
