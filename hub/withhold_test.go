package hub_test

import (
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"

	"github.com/notebookhub/hub/hub/hubtest"
	"github.com/notebookhub/hub/hub/store/storetest"
	"github.com/notebookhub/hub/hub/yjs"
)

// stuckJournal makes the journal's disk wait until the result is called.
func stuckJournal(e *hubtest.Env) (release func()) {
	free := make(chan struct{})
	release = sync.OnceFunc(func() {
		e.Journal.FailAll(nil)
		close(free)
	})
	e.T.Cleanup(release)
	e.Journal.Fail(func(_ int, _ storetest.Op, name string) error {
		if strings.Contains(filepath.Base(name), "journal") {
			<-free
		}
		return nil
	})
	return release
}

func sources(p *hubtest.Peer) string { return strings.Join(p.Sources(), " ") }

// A merge that the disk does not have yet is shown to nobody, not even to who
// comes now; people's edits wait behind it, and each gets those of the others.
// The room goes on meanwhile.
func TestMerge_IsShownWhenItIsOnTheDisk(t *testing.T) {
	bubble(t, func(t *testing.T, e *hubtest.Env, room uuid.UUID) {
		p, q := e.Join(room), e.Join(room)
		time.Sleep(time.Second)
		release := stuckJournal(e)
		e.Write("a.ipynb", hubtest.Notebook("one", "two from git"))
		time.Sleep(time.Second)
		if got := e.Source(room, "b"); got != "two from git" {
			t.Fatalf("not merged: %q", got)
		}
		late := e.JoinAs(room, hubtest.JoinAs{})
		p.Type("a", "one by p")
		time.Sleep(time.Second)
		q.Insert(2, "c", "by q")
		time.Sleep(10 * time.Second)
		if got := sources(p); got != "a:one by p b:two" {
			t.Errorf("p was shown %s", got)
		}
		if got := sources(q); got != "a:one b:two c:by q" {
			t.Errorf("q was shown %s", got)
		}
		if got := sources(late); got != "" {
			t.Errorf("who came late was shown %s", got)
		}
		release()
		for _, peer := range []*hubtest.Peer{p, q, late} {
			peer.AwaitSources("a:one by p", "b:two from git", "c:by q")
		}
	})
}

// A crash before the disk has a merge: whoever was there then brings nothing of
// it back, and the merge that is made again stands there once.
func TestMerge_CutByACrashIsThereOnce(t *testing.T) {
	e := hubtest.New(t, nil)
	e.Write("a.ipynb", hubtest.Notebook("one"))
	room := e.Open("a.ipynb")
	p := e.Join(room)
	p.Type("a", "one, typed")
	p.AwaitEvent("ack")
	release := stuckJournal(e)
	e.Write("a.ipynb", hubtest.Notebook("one and git"))
	await(t, "merge", func() bool { return strings.Contains(e.Source(room, "a"), "git") })
	q := e.JoinAs(room, hubtest.JoinAs{})
	p.Announce(1, 1, `{}`)
	q.Announce(2, 1, `{}`)
	await(t, "the room to have heard both", func() bool { return len(p.Others()) > 0 })
	later := killed(t, e)
	p.Drop()
	again := later.JoinAs(room, hubtest.JoinAs{Doc: p.Doc()})
	want := later.Source(room, "a")
	if strings.Count(want, "git") != 1 || strings.Count(want, "typed") != 1 {
		t.Errorf("the hub has %q", want)
	}
	again.AwaitSource("a", want)
	release()
}

// A disk that takes nothing for long keeps people apart for a bounded time only.
func TestMerge_IsShownAtLastThoughTheDiskIsStuck(t *testing.T) {
	bubble(t, func(t *testing.T, e *hubtest.Env, room uuid.UUID) {
		p := e.Join(room)
		time.Sleep(time.Second)
		release := stuckJournal(e)
		e.Write("a.ipynb", hubtest.Notebook("one", "two from git"))
		time.Sleep(time.Minute)
		p.AwaitSources("a:one", "b:two from git")
		release()
		synctest.Wait()
		p.Read(func(doc *yjs.Doc) {
			if doc.Pending() {
				t.Error("updates wait for others")
			}
		})
	})
}
