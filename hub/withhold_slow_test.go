package hub_test

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"

	"github.com/notebookhub/hub/hub"
	"github.com/notebookhub/hub/hub/hubtest"
	"github.com/notebookhub/hub/hub/store/storetest"
)

// paused calls f while a peer whose window is one message reads nothing and the
// hub's writer waits for it.
func paused(p, typist *hubtest.Peer, f func()) {
	defer p.Pause()()
	for i := range 4 { // one message is with the peer, one in its window, one with the writer
		typist.Type("a", fmt.Sprint("one ", i))
		synctest.Wait()
	}
	f()
	synctest.Wait()
}

// A slow peer is passed what waited for it since before the merge, and what
// people wrote since. Is that too much, it waits with the merge.
func TestMerge_ASlowPeerIsShownNoMoreThanOthers(t *testing.T) {
	for _, behind := range []bool{false, true} {
		t.Run(fmt.Sprintf("behind %v", behind), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				e := hubtest.New(t, func(o *hub.Options) { o.Caps.Unsent = 32 << 10 })
				e.Write("a.ipynb", hubtest.Notebook("one", "two", "three"))
				room := e.Open("a.ipynb")
				p, slow := e.Join(room), e.JoinAs(room, hubtest.JoinAs{Window: 1})
				slow.Await("synced", slow.Synced)
				time.Sleep(time.Second)
				var release func()
				paused(slow, p, func() {
					e.SetSource(room, "c", "three by REST")
					release = stuckJournal(e)
					merge(e, room, "one", "two from git", "three")
					p.Type("a", "one by p")
					if behind {
						p.Type("b", "two"+strings.Repeat("x", 40<<10))
					}
				})
				time.Sleep(time.Minute)
				want := "a:one by p b:two c:three by REST"
				if behind {
					want = "a:one 1 b:two c:three" // what its writer had
				}
				see(t, want, slow)
				release()
				level(t, e, room, p, slow)
				e.Stop()
			})
		})
	}
}

// Somebody types on and on into a cell that has moved, faster than the disk is:
// what came first is shown before the last is on the disk.
func TestWithhold_TheFirstDoesNotWaitForTheLast(t *testing.T) {
	bubble(t, func(t *testing.T, e *hubtest.Env, room uuid.UUID) {
		p, q := e.Join(room), e.Join(room)
		resume := p.Pause()
		last := 1
		if _, err := e.Hub.MoveCell(ctx, room, "a", hub.Place{Index: &last}, hub.Client{}); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
		e.Journal.Fail(func(_ int, _ storetest.Op, name string) error {
			if strings.Contains(filepath.Base(name), "journal") {
				time.Sleep(100 * time.Millisecond)
			}
			return nil
		})
		text := "one"
		for range 40 {
			text += "."
			p.Type("a", text)
			time.Sleep(50 * time.Millisecond)
		}
		if got := q.Sources()[1]; len(got) < len("a:one")+20 {
			t.Errorf("the other sees %q", got)
		}
		e.Journal.FailAll(nil)
		resume()
		time.Sleep(time.Minute)
		see(t, "b:two a:"+text, p, q)
		level(t, e, room, p, q)
	})
}
