package hub_test

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"

	"github.com/notebookhub/hub/hub"
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

// failingJournal makes the journal's disk refuse until the result is called.
func failingJournal(e *hubtest.Env) (mend func()) {
	e.Journal.Fail(func(_ int, _ storetest.Op, name string) error {
		if strings.Contains(filepath.Base(name), "journal") {
			return errors.New("refused")
		}
		return nil
	})
	return func() { e.Journal.FailAll(nil) }
}

// merge changes the file outside and waits until the room has the change.
func merge(e *hubtest.Env, room uuid.UUID, sources ...string) {
	e.T.Helper()
	merges := e.Hub.Stats().Merges
	e.Write("a.ipynb", hubtest.Notebook(sources...))
	time.Sleep(time.Second)
	if e.Hub.Stats().Merges != merges+1 {
		e.T.Fatal("not merged")
	}
}

func sources(p *hubtest.Peer) string { return strings.Join(p.Sources(), " ") }

func see(t *testing.T, want string, peers ...*hubtest.Peer) {
	t.Helper()
	synctest.Wait()
	for i, p := range peers {
		if got := sources(p); got != want {
			t.Errorf("peer %d sees %q, not %q", i, got, want)
		}
	}
}

// level checks that peers have all that the room has, and wait for nothing.
func level(t *testing.T, e *hubtest.Env, room uuid.UUID, peers ...*hubtest.Peer) {
	t.Helper()
	fresh := e.Join(room)
	defer fresh.Drop()
	synctest.Wait()
	known := func(p *hubtest.Peer) (vector string) {
		p.Read(func(doc *yjs.Doc) {
			if doc.Pending() {
				t.Error("updates wait for others")
			}
			vector = fmt.Sprint(doc.State())
		})
		return vector
	}
	for i, p := range peers {
		if known(p) != known(fresh) || sources(p) != sources(fresh) {
			t.Errorf("peer %d is at %s with %q, the room at %s with %q", i, known(p), sources(p), known(fresh), sources(fresh))
		}
	}
}

// patch edits a cell by REST, which is answered when the disk has it.
func patch(e *hubtest.Env, room uuid.UUID, cell, text string) (done chan error) {
	done = make(chan error, 1)
	go func() {
		_, err := e.Hub.PatchCell(ctx, room, cell, hub.CellPatch{Source: &text}, hub.Client{Name: "rest"})
		done <- err
	}()
	synctest.Wait()
	return done
}

// A merge that the disk does not have is shown to nobody, however long that
// takes, and neither is what the hub writes after it. People see each other's
// edits all the same, and the room goes on.
func TestMerge_WaitsForTheDiskAndPeopleDoNot(t *testing.T) {
	bubble(t, func(t *testing.T, e *hubtest.Env, room uuid.UUID) {
		p, q := e.Join(room), e.Join(room)
		time.Sleep(time.Second)
		release := stuckJournal(e)
		merge(e, room, "one", "two from git")
		p.Type("a", "one by p")
		see(t, "a:one by p b:two", p, q)
		q.Insert(2, "c", "by q")
		p.Type("a", "one more by p")
		see(t, "a:one more by p b:two c:by q", p, q)
		rest := patch(e, room, "c", "by q and REST")
		for range 10 {
			time.Sleep(time.Minute)
			q.Type("a", q.Source("a")+".")
			see(t, "a:"+q.Source("a")+" b:two c:by q", p, q)
		}
		if b, c := e.Source(room, "b"), e.Source(room, "c"); b != "two from git" || c != "by q and REST" {
			t.Errorf("the room holds %q and %q", b, c)
		}
		late := e.JoinAs(room, hubtest.JoinAs{})
		time.Sleep(10 * time.Second)
		see(t, "", late)
		release()
		see(t, "a:one more by p.......... b:two from git c:by q and REST", p, q, late)
		level(t, e, room, p, q, late)
		if err := <-rest; err != nil {
			t.Error(err)
		}
	})
}

// Who comes while the disk takes nothing waits for a while, and is told to come
// back then; so is who asks again. Who is in stays, and hears how it stands.
func TestMerge_KeepsNobodyWaitingForAStuckDisk(t *testing.T) {
	bubble(t, func(t *testing.T, e *hubtest.Env, room uuid.UUID) {
		p, asks := e.Join(room), e.Join(room)
		time.Sleep(time.Second)
		mend := failingJournal(e)
		merge(e, room, "one", "two from git")
		if ev := p.AwaitEvent("state"); ev["state"] != "degraded" || ev["code"] != "storage_failed" {
			t.Errorf("who is in heard %v", ev)
		}
		late := e.JoinAs(room, hubtest.JoinAs{JoinOptions: hub.JoinOptions{Events: true}})
		_ = asks.Conn.Send(yjs.AppendSyncStep1(nil, []byte{0}))
		time.Sleep(2 * time.Second)
		later := e.JoinAs(room, hubtest.JoinAs{})
		time.Sleep(20 * time.Second)
		_ = late.Conn.Send(yjs.AppendSyncStep1(nil, []byte{0})) // asking again wins no time
		time.Sleep(7 * time.Second)
		sent := func(want bool, peers ...*hubtest.Peer) {
			t.Helper()
			for i, peer := range peers {
				code, reason := peer.Conn.Closed()
				if away := code == hub.CloseSlow && strings.Contains(reason, "disk takes nothing"); away != want || !want && code != 0 {
					t.Errorf("peer %d: closed with %d %q", i, code, reason)
				}
			}
		}
		sent(false, p, asks, late, later)
		time.Sleep(2 * time.Second)
		sent(true, asks, late)
		sent(false, p, later)
		time.Sleep(2 * time.Second)
		sent(true, later)
		if ev := late.AwaitEvent("goodbye"); ev["reason"] != "slow" || !strings.Contains(fmt.Sprint(ev["detail"]), "disk takes nothing") {
			t.Errorf("told %v", ev)
		}
		if sources(late)+sources(later) != "" || strings.Contains(sources(asks), "git") {
			t.Errorf("they were shown %q, %q and %q", sources(late), sources(later), sources(asks))
		}
		p.Type("a", "one by p")
		again := e.JoinAs(room, hubtest.JoinAs{Doc: asks.Doc()})
		mend()
		for _, peer := range []*hubtest.Peer{p, again, e.JoinAs(room, hubtest.JoinAs{Doc: late.Doc()})} {
			peer.AwaitSources("a:one by p", "b:two from git")
		}
		sent(false, p, again)
		level(t, e, room, p, again)
	})
}

// A crash while the disk has been stuck for a minute: those who were there saw
// each other's edits and bring them back, and the merge that is made again
// stands there once.
func TestMerge_CutByACrashIsThereOnce(t *testing.T) {
	bubble(t, func(t *testing.T, e *hubtest.Env, room uuid.UUID) {
		p, q := e.Join(room), e.Join(room)
		p.Type("a", "one, typed")
		p.AwaitEvent("ack")
		release := stuckJournal(e)
		merge(e, room, "one and git", "two")
		p.Type("a", "one, typed by p")
		q.AwaitSource("a", "one, typed by p")
		q.Type("a", "one, typed by p and q")
		time.Sleep(time.Minute)
		p.AwaitSource("a", "one, typed by p and q")
		later := killed(t, e)
		defer later.Stop()
		for _, peer := range []*hubtest.Peer{q, p} {
			peer.Drop()
		}
		back := later.JoinAs(room, hubtest.JoinAs{Doc: q.Doc()})
		again := later.JoinAs(room, hubtest.JoinAs{Doc: p.Doc()})
		level(t, later, room, back, again)
		got := later.Source(room, "a")
		for _, part := range []string{"one", "and git", ", typed", " by p", " and q"} {
			if strings.Count(got, part) != 1 {
				t.Errorf("the hub has %q", got)
			}
		}
		back.Drop()
		again.Drop()
		release()
	})
}

// What the engine makes of an edit may come of the merge: what p types into a
// cell that git deleted is gone in the room. Others get what p typed, and when a
// crash undoes the deletion it is there, for all alike.
func TestMerge_EditsArePassedOnAsTheirAuthorsSentThem(t *testing.T) {
	for _, crash := range []bool{false, true} {
		t.Run(fmt.Sprintf("crash %v", crash), func(t *testing.T) {
			bubble(t, func(t *testing.T, e *hubtest.Env, room uuid.UUID) {
				p, q := e.Join(room), e.Join(room)
				p.Type("a", "one of p")
				p.AwaitEvent("ack")
				release := stuckJournal(e)
				merge(e, room, "one")
				p.Type("b", "two by p")
				p.Type("b", "two by")
				see(t, "a:one of p b:two by", p, q)
				if !crash {
					release()
					see(t, "a:one of p", p, q)
					level(t, e, room, p, q)
					return
				}
				e.Write("a.ipynb", hubtest.Notebook("one", "two"))
				later := killed(t, e)
				defer later.Stop()
				q.Drop()
				p.Drop()
				back := later.JoinAs(room, hubtest.JoinAs{Doc: q.Doc()})
				synctest.Wait()
				again := later.JoinAs(room, hubtest.JoinAs{Doc: p.Doc()})
				see(t, "a:one of p b:two by", back, again)
				level(t, later, room, back, again)
				back.Drop()
				again.Drop()
				release()
			})
		})
	}
}

// An edit that the hub had to put right waits with the remedy, and so does what
// arrived before what it builds on. In the end nobody lacks anything.
func TestMerge_WhatCannotGoBeforeItComesAfterIt(t *testing.T) {
	bubble(t, func(t *testing.T, e *hubtest.Env, room uuid.UUID) {
		p, q := e.Join(room), e.Join(room)
		doc := yjs.NewDoc(yjs.Options{})
		r := e.JoinAs(room, hubtest.JoinAs{Doc: doc})
		r.Await("synced", r.Synced)
		var parts [][]byte
		r.Read(func(doc *yjs.Doc) {
			for i := range 3 {
				c, err := doc.Transact(nil, func(tx *yjs.Txn) error {
					doc.Array("cells").Insert(tx, 2+i, yjs.MapOf(yjs.Entry{Key: "cell_type", Value: "raw"}, yjs.Entry{Key: "id", Value: fmt.Sprint("r", i)},
						yjs.Entry{Key: "metadata", Value: yjs.MapOf()}, yjs.Entry{Key: "source", Value: yjs.TextOf("r")}))
					return nil
				})
				if err != nil {
					t.Fatal(err)
				}
				parts = append(parts, c.Update)
			}
		})
		_ = r.Conn.Send(yjs.AppendUpdate(nil, parts[1]))
		time.Sleep(time.Second)
		release := stuckJournal(e)
		merge(e, room, "one from git", "two")
		_ = r.Conn.Send(yjs.AppendUpdate(nil, parts[2]))
		see(t, "a:one b:two", p, q)
		q.Read(func(doc *yjs.Doc) {
			if doc.Pending() {
				t.Error("q was passed what the room itself cannot read yet")
			}
		})
		_ = r.Conn.Send(yjs.AppendUpdate(nil, parts[0]))
		see(t, "a:one b:two r0:r", p, q)
		p.Edit(func(doc *yjs.Doc, tx *yjs.Txn) { doc.Map("hub").Set(tx, "rev", 1e6) })
		p.Type("b", "two by p") // builds on what was put right
		see(t, "a:one b:two r0:r", q)
		if rev := q.Value("hub", "rev"); rev == 1e6 {
			t.Error("q was passed what only the hub may write")
		}
		release()
		see(t, "a:one from git b:two by p r0:r r1:r r2:r", p, q, r)
		level(t, e, room, p, q, r)
	})
}

// What the hub writes while it may not be shown is bounded; then everybody is
// brought level from the document, and until then people see each other.
func TestMerge_MuchThatIsWithheldCostsNobodyAnything(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := hubtest.New(t, func(o *hub.Options) { o.Caps.Unsent = 32 << 10 })
		e.Write("a.ipynb", hubtest.Notebook("one", "two", "three"))
		room := e.Open("a.ipynb")
		p, q := e.Join(room), e.Join(room)
		time.Sleep(time.Second)
		release := stuckJournal(e)
		merge(e, room, "one", "two from git", "three")
		for i := range 5 {
			patch(e, room, "c", strings.Repeat(fmt.Sprint(i), 20<<10))
			p.Type("a", fmt.Sprintf("one by p, %d times", i))
			see(t, fmt.Sprintf("a:one by p, %d times b:two c:three", i), p, q)
		}
		resyncs := e.Hub.Stats().Resyncs
		release()
		see(t, "a:one by p, 4 times b:two from git c:"+strings.Repeat("4", 20<<10), p, q)
		level(t, e, room, p, q)
		if got := e.Hub.Stats().Resyncs; got != resyncs {
			t.Errorf("%d peers counted as slow", got-resyncs)
		}
		e.Stop()
	})
}
