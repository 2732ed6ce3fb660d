package hub_test

import (
	"encoding/base64"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"

	"github.com/notebookhub/hub/hub"
	"github.com/notebookhub/hub/hub/hubtest"
	"github.com/notebookhub/hub/hub/yjs"
)

// bubble runs a test in virtual time with a room of two cells.
func bubble(t *testing.T, f func(t *testing.T, e *hubtest.Env, room uuid.UUID)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		e := hubtest.New(t, nil)
		e.Write("a.ipynb", hubtest.Notebook("one", "two"))
		f(t, e, e.Open("a.ipynb"))
		e.Stop()
	})
}

func TestSync_PeersAndRESTMeetInOneDocument(t *testing.T) {
	bubble(t, func(t *testing.T, e *hubtest.Env, room uuid.UUID) {
		p, q := e.Join(room), e.Join(room)
		p.Type("a", "one 🐍")
		q.Type("b", "two, too")
		q.Insert(2, "c", "three")
		q.AwaitSource("a", "one 🐍")
		e.SetSource(room, "a", "one 🐍 and more")
		want := []string{"a:one 🐍 and more", "b:two, too", "c:three"}
		p.AwaitSources(want...)
		q.AwaitSources(want...)
		q.Delete(0, 1)
		p.AwaitSources(want[1:]...)
		if cells, err := e.Hub.Cells(ctx, room); err != nil || len(cells.Cells) != 2 {
			t.Errorf("REST sees %v, %v", cells, err)
		}
	})
}

// The hub says nothing until the client's step 1, then its own step 1, step 2,
// and the others' presence; hello alone comes before, to who wants it.
func TestSync_HandshakeOrder(t *testing.T) {
	bubble(t, func(t *testing.T, e *hubtest.Env, room uuid.UUID) {
		other := e.Join(room)
		other.Announce(9, 1, `{"user":{"name":"ann"}}`)
		synctest.Wait()
		p := e.JoinAs(room, hubtest.JoinAs{Silent: true})
		synctest.Wait()
		if err := p.Conn.Send(yjs.AppendSyncStep1(nil, []byte{0})); err != nil {
			t.Fatal(err)
		}
		var got []string
		for range 3 {
			m, err := p.Conn.Receive()
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, fmt.Sprintf("%d/%d", m[0], m[1]))
		}
		if got[0] != "0/0" || got[1] != "0/1" || !strings.HasPrefix(got[2], "1/") {
			t.Errorf("the hub sent %q", got)
		}
	})
}

// The first step 2 holds everything that clients need at once.
func TestSync_FirstAnswerIsComplete(t *testing.T) {
	bubble(t, func(t *testing.T, e *hubtest.Env, room uuid.UUID) {
		p := e.Join(room)
		p.AwaitSources("a:one", "b:two")
		if p.Value("state", "path") != "a.ipynb" || p.Value("state", "dirty") != false {
			t.Errorf("state is %v %v", p.Value("state", "path"), p.Value("state", "dirty"))
		}
		p.Read(func(doc *yjs.Doc) {
			if _, ok := doc.Map("meta").Get("metadata"); !ok {
				t.Error("meta.metadata is missing")
			}
		})
		if lineage := p.Value("hub", "lineage"); lineage != e.Room(room).Lineage.String() {
			t.Errorf("lineage is %v", lineage)
		}
	})
}

// y-websocket drops a server that is silent for 30 s.
func TestSync_IdleClientsHearSomethingEvery15Seconds(t *testing.T) {
	bubble(t, func(t *testing.T, e *hubtest.Env, room uuid.UUID) {
		p := e.Join(room)
		for range 8 {
			before := p.Frames()
			time.Sleep(15 * time.Second)
			synctest.Wait()
			if p.Frames() == before {
				t.Fatal("nothing was sent for 15 s")
			}
		}
	})
}

// Clients of another history are refused before anything is exchanged; those of
// ours, and those that hold nothing, are not.
func TestSync_OtherHistoriesAreRefused(t *testing.T) {
	bubble(t, func(t *testing.T, e *hubtest.Env, room uuid.UUID) {
		stranger := yjs.NewDoc(yjs.Options{})
		if _, err := stranger.Transact(nil, func(tx *yjs.Txn) error {
			stranger.Array("cells").Push(tx, yjs.MapOf(yjs.Entry{Key: "id", Value: "a"}))
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		p := e.JoinAs(room, hubtest.JoinAs{Doc: stranger})
		<-p.Left()
		if code, reason := p.Conn.Closed(); code != hub.CloseLineage || !strings.Contains(reason, "unknown_session") || len(reason) > 123 {
			t.Errorf("closed with %d %q", code, reason)
		}
		if p.Frames() != 0 {
			t.Errorf("%d messages were exchanged", p.Frames())
		}
		q := e.JoinAs(room, hubtest.JoinAs{JoinOptions: hub.JoinOptions{Lineage: uuid.NewString()}})
		if <-q.Left(); hub.CodeOf(q.Err) != hub.CodeLineage {
			t.Errorf("another sessionId: %v", q.Err)
		}
		same := e.JoinAs(room, hubtest.JoinAs{JoinOptions: hub.JoinOptions{Lineage: e.Room(room).Lineage.String()}})
		same.AwaitSources("a:one", "b:two")
		same.Drop()
		e.JoinAs(room, hubtest.JoinAs{Doc: same.Doc()}).AwaitSources("a:one", "b:two")
		if cells, _ := e.Hub.Cells(ctx, room); len(cells.Cells) != 2 {
			t.Errorf("there are %d cells", len(cells.Cells))
		}
	})
}

// An acknowledgement means on disk: not while the journal fails.
func TestAck_MeansOnDisk(t *testing.T) {
	bubble(t, func(t *testing.T, e *hubtest.Env, room uuid.UUID) {
		p := e.Join(room)
		time.Sleep(time.Second)
		e.Journal.FailAll(fmt.Errorf("no disk"))
		p.Type("a", "edited")
		time.Sleep(time.Minute)
		p.Read(func(doc *yjs.Doc) {
			if covered(t, p, doc) {
				t.Error("acknowledged without a disk")
			}
		})
		p.AwaitValue("hub", "state", "name", "degraded")
		e.Journal.FailAll(nil)
		p.Await("ack", func() bool { return true })
		await(t, "acknowledged", func() (ok bool) {
			p.Read(func(doc *yjs.Doc) { ok = covered(t, p, doc) })
			return ok
		})
		p.AwaitValue("hub", "state", "name", "live")
	})
}

// covered tells whether an ack covers everything that the peer wrote.
func covered(t *testing.T, p *hubtest.Peer, doc *yjs.Doc) bool {
	for _, ev := range p.Events() {
		if ev["type"] != "ack" {
			continue
		}
		vector, err := base64.StdEncoding.DecodeString(ev["state_vector"].(string))
		if err != nil {
			t.Fatal(err)
		}
		clocks, err := yjs.DecodeStateVector(vector)
		if err != nil {
			t.Fatal(err)
		}
		if mine := doc.State()[doc.ClientID()]; mine > 0 && clocks[doc.ClientID()] >= mine {
			return true
		}
	}
	return false
}

// What breaks the protocol closes that connection, and nothing else.
func TestSync_HostileMessagesCloseOneConnection(t *testing.T) {
	messages := map[string][]byte{
		"update of noise":    yjs.AppendUpdate(nil, []byte{1, 2, 3, 4, 5, 6, 7, 8, 9}),
		"huge count":         yjs.AppendUpdate(nil, []byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x0f}),
		"huge length":        {0, 2, 0xff, 0xff, 0xff, 0xff, 0x0f, 1},
		"unknown sync step":  {0, 9, 0},
		"awareness of noise": {1, 5, 9, 9, 9, 9, 9},
	}
	bubble(t, func(t *testing.T, e *hubtest.Env, room uuid.UUID) {
		good := e.Join(room)
		for name, m := range messages {
			bad := e.Join(room)
			if err := bad.Conn.Send(m); err != nil {
				t.Fatal(err)
			}
			<-bad.Left()
			if code, _ := bad.Conn.Closed(); code != hub.CloseInvalid {
				t.Errorf("%s: closed with %d", name, code)
			}
		}
		if e.Hub.Stats().Panics != 0 {
			t.Errorf("%d panics", e.Hub.Stats().Panics)
		}
		good.Type("a", "still here")
		good.AwaitEvent("ack")
		if got := e.Source(room, "a"); got != "still here" {
			t.Errorf("the document holds %q", got)
		}
	})
}

// Sizes are bounded by the kind of a message.
func TestSync_OversizedMessagesClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := hubtest.New(t, func(o *hub.Options) { o.Caps = hub.Caps{Sync: 4000, Awareness: 100, Request: 200} })
		e.Write("a.ipynb", hubtest.Notebook("one"))
		room := e.Open("a.ipynb")
		for kind, size := range map[byte]int{0: 5000, 1: 200, 101: 300} {
			p := e.Join(room)
			_ = p.Conn.Send(append([]byte{kind}, make([]byte, size)...))
			<-p.Left()
			if code, _ := p.Conn.Closed(); code != hub.CloseTooLarge {
				t.Errorf("kind %d: closed with %d", kind, code)
			}
		}
		e.Stop()
	})
}

// Messages of unknown kinds are of later protocols.
func TestSync_UnknownKindsAreIgnored(t *testing.T) {
	bubble(t, func(t *testing.T, e *hubtest.Env, room uuid.UUID) {
		p := e.Join(room)
		_ = p.Conn.Send([]byte{125, 1, 2, 3})
		_ = p.Conn.Send([]byte{})
		p.Type("a", "fine")
		p.AwaitEvent("ack")
	})
}

// A peer that reads nothing costs bounded memory, delays nobody, and is brought
// level when it reads again, or closed.
func TestSlowPeer_IsBoundedAndResynced(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := hubtest.New(t, func(o *hub.Options) { o.Caps.Unsent = 2000 })
		e.Write("a.ipynb", hubtest.Notebook("one"))
		room := e.Open("a.ipynb")
		slow := e.JoinAs(room, hubtest.JoinAs{Window: 1, Silent: true})
		_ = slow.Conn.Send(yjs.AppendSyncStep1(nil, []byte{0}))
		doc := yjs.NewDoc(yjs.Options{})
		fast, other := e.Join(room), e.Join(room)
		text := ""
		for i := range 50 {
			text += fmt.Sprintf("line %d of some length, to fill the outbox of the slow one\n", i)
			fast.Type("a", text)
			other.AwaitSource("a", text)
		}
		if stats := e.Hub.Stats(); stats.Resyncs == 0 {
			t.Errorf("no resync: %+v", stats)
		}
		read := make(chan struct{})
		go func() {
			defer close(read)
			for sourceOf(doc) != text {
				m, err := slow.Conn.Receive()
				if err != nil {
					t.Errorf("the slow peer lost its connection: %v", err)
					return
				}
				if m[0] == 0 && m[1] != 0 {
					_, body, err := yjs.ReadSync(m[1:])
					if err != nil {
						t.Error(err)
					}
					if _, err := doc.Apply(body, nil); err != nil {
						t.Error(err)
					}
				}
			}
		}()
		<-read
		e.Stop()
	})
}

func sourceOf(doc *yjs.Doc) (text string) {
	doc.Array("cells").Range(func(_ int, v any) bool {
		if cell, ok := v.(*yjs.Map); ok {
			source, _ := cell.Get("source")
			text = fmt.Sprint(source)
		}
		return false
	})
	return text
}

// A peer that takes no byte for half a minute is let go.
func TestSlowPeer_ThatNeverReadsIsClosed(t *testing.T) {
	bubble(t, func(t *testing.T, e *hubtest.Env, room uuid.UUID) {
		stuck := e.JoinAs(room, hubtest.JoinAs{Window: 1, Silent: true})
		_ = stuck.Conn.Send(yjs.AppendSyncStep1(nil, []byte{0}))
		time.Sleep(time.Minute)
		select {
		case <-stuck.Left():
		default:
			t.Error("it is still attached")
		}
	})
}

// Presence: newcomers get it at once, a reconnect is no leave, a leave is told
// at the last clock after a moment.
func TestPresence_ReconnectIsNoLeave(t *testing.T) {
	bubble(t, func(t *testing.T, e *hubtest.Env, room uuid.UUID) {
		p := e.Join(room)
		p.Announce(7, 1, `{"user":{"name":"ann"}}`)
		q := e.Join(room)
		q.Await("sees ann", func() bool { return q.Knows(7) })
		p.Drop()
		time.Sleep(3 * time.Second)
		if !q.Sees(7) {
			t.Error("she is gone after 3 s")
		}
		p = e.Join(room)
		p.Announce(7, 2, `{"user":{"name":"ann"}}`)
		time.Sleep(10 * time.Second)
		if !q.Sees(7) {
			t.Error("she is gone although she came back")
		}
		p.Drop()
		time.Sleep(8 * time.Second)
		synctest.Wait()
		if q.Sees(7) {
			t.Error("she is still there 8 s after she left")
		}
	})
}

// Names are self-chosen; ids are the hub's, and nobody can take another's place
// away.
func TestPresence_IdentityIsTheHubs(t *testing.T) {
	bubble(t, func(t *testing.T, e *hubtest.Env, room uuid.UUID) {
		p, q := e.Join(room), e.Join(room)
		p.Announce(7, 1, `{"user":{"name":"ann","id":"root"},"cursor":3}`)
		q.Await("sees ann", func() bool { return q.Knows(7) })
		state := q.Presence(7)
		if strings.Contains(state, "root") || !strings.Contains(state, `"cursor":3`) || !strings.Contains(state, `"name":"ann"`) {
			t.Errorf("q sees %s", state)
		}
		q.Announce(7, 5, `null`)
		time.Sleep(time.Second)
		if late := e.Join(room); true {
			late.Await("sees ann", func() bool { return late.Knows(7) })
		}
	})
}

// A reader's edits are dropped, and the reader is told; presence is allowed.
func TestReadOnly_ClientsChangeNothing(t *testing.T) {
	bubble(t, func(t *testing.T, e *hubtest.Env, room uuid.UUID) {
		writer := e.Join(room)
		reader := e.JoinAs(room, hubtest.JoinAs{JoinOptions: hub.JoinOptions{Client: hub.Client{Name: "bob", ReadOnly: true}, Events: true}})
		reader.AwaitSources("a:one", "b:two")
		reader.Type("a", "vandalism")
		reader.AwaitRaw()
		reader.Announce(3, 1, `{"user":{"name":"bob"}}`)
		writer.Await("sees bob", func() bool { return writer.Knows(3) })
		if got := e.Source(room, "a"); got != "one" {
			t.Errorf("the document holds %q", got)
		}
		reader2 := hub.Client{ReadOnly: true}
		text := "vandalism"
		if _, err := e.Hub.PatchCell(ctx, room, "a", hub.CellPatch{Source: &text}, reader2); hub.CodeOf(err) != hub.CodeReadOnly {
			t.Errorf("patch: %v", err)
		}
		if _, err := e.Hub.Save(ctx, room, hub.SaveRequest{By: reader2}); hub.CodeOf(err) != hub.CodeReadOnly {
			t.Errorf("save: %v", err)
		}
	})
}

// Only the hub writes the root "hub".
func TestHubRoot_PeersWritesAreUndone(t *testing.T) {
	bubble(t, func(t *testing.T, e *hubtest.Env, room uuid.UUID) {
		p, q := e.Join(room), e.Join(room)
		lineage := p.Value("hub", "lineage")
		p.Edit(func(doc *yjs.Doc, tx *yjs.Txn) {
			doc.Map("hub").Set(tx, "lineage", "forged")
			doc.Map("hub").Set(tx, "own", true)
		})
		p.AwaitEvent("ack")
		for _, peer := range []*hubtest.Peer{p, q} {
			peer.AwaitValue("hub", "lineage", "", lineage)
			peer.AwaitValue("hub", "own", "", nil)
		}
	})
}

// Whoever moves a cell gets what the hub notes about it, or would miss all that
// the hub writes later.
func TestSync_AuthorOfAMoveSeesLaterEditsOfTheHub(t *testing.T) {
	bubble(t, func(t *testing.T, e *hubtest.Env, room uuid.UUID) {
		p := e.Join(room)
		p.Edit(func(doc *yjs.Doc, tx *yjs.Txn) { // as clients move: delete and insert the same id
			doc.Array("cells").Delete(tx, 0, 1)
			doc.Array("cells").Insert(tx, 1, yjs.MapOf(
				yjs.Entry{Key: "source", Value: yjs.TextOf("one")}, yjs.Entry{Key: "metadata", Value: yjs.MapOf()},
				yjs.Entry{Key: "cell_type", Value: "code"}, yjs.Entry{Key: "id", Value: "a"},
				yjs.Entry{Key: "outputs", Value: yjs.ArrayOf()}, yjs.Entry{Key: "execution_count", Value: nil}))
		})
		p.AwaitEvent("ack")
		e.SetSource(room, "a", "one, by REST")
		p.AwaitSources("b:two", "a:one, by REST")
	})
}

// What is typed offline into a cell that was moved meanwhile follows the cell.
func TestSync_LateTextFollowsAMovedCell(t *testing.T) {
	bubble(t, func(t *testing.T, e *hubtest.Env, room uuid.UUID) {
		p := e.Join(room)
		p.AwaitSources("a:one", "b:two")
		p.Drop()
		last := 1
		if _, err := e.Hub.MoveCell(ctx, room, "a", hub.Place{Index: &last}, hub.Client{}); err != nil {
			t.Fatal(err)
		}
		p.Type("a", "one, late")
		q := e.JoinAs(room, hubtest.JoinAs{Doc: p.Doc()})
		q.AwaitSources("b:two", "a:one, late")
	})
}

// A cell that would freeze Jupyter's clients is repaired in one transaction.
func TestSync_BrokenCellsAreRepaired(t *testing.T) {
	bubble(t, func(t *testing.T, e *hubtest.Env, room uuid.UUID) {
		p, q := e.Join(room), e.Join(room)
		p.Edit(func(doc *yjs.Doc, tx *yjs.Txn) {
			doc.Array("cells").Push(tx, yjs.MapOf(yjs.Entry{Key: "cell_type", Value: "sql"}, yjs.Entry{Key: "id", Value: "x"}))
		})
		q.Await("a valid cell", func() bool { return q.Has("x", "source") && q.Has("x", "metadata") })
		p.Await("a valid cell", func() bool { return p.Has("x", "source") && p.Has("x", "metadata") })
		if c, err := e.Hub.Cell(ctx, room, "x"); err != nil || c.Type == "sql" {
			t.Errorf("cell: %+v, %v", c, err)
		}
	})
}

// A client that asks and does not listen costs bounded memory.
func TestSlowPeer_ThatAsksAndDoesNotListenIsClosed(t *testing.T) {
	e := hubtest.New(t, func(o *hub.Options) { o.Caps.Unsent = 1 << 20 })
	e.Write("a.ipynb", hubtest.Notebook(strings.Repeat("x", 300<<10)))
	room := e.Open("a.ipynb")
	peer := e.JoinAs(room, hubtest.JoinAs{Window: 1, Silent: true})
	for i := range 100 {
		if err := peer.Conn.Send(yjs.AppendSyncStep1(nil, []byte{0})); err != nil {
			t.Fatalf("closed after %d: %v", i, err)
		}
	}
	await(t, "slow", func() bool { return e.Hub.Stats().SlowClosed > 0 })
	peer.Drop()
}

// The echo of a neighbour's presence does not keep that neighbour.
func TestPresence_EchoKeepsNobodyAlive(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := hubtest.New(t, nil)
		e.Write("a.ipynb", hubtest.Notebook("x"))
		room := e.Open("a.ipynb")
		a, b := e.Join(room), e.Join(room)
		b.Announce(8, 1, `{"user":{"name":"b"}}`)
		a.Announce(7, 1, `{"user":{"name":"a"}}`)
		b.Await("a", func() bool { return b.Knows(7) })
		a.Drop()
		b.Announce(7, 1, `{"user":{"name":"a"}}`) // as y-websocket does
		time.Sleep(10 * time.Second)
		gone := false
		b.Read(func(*yjs.Doc) { gone = !b.Knows(7) })
		if !gone {
			t.Error("a is still there")
		}
		b.Drop()
		e.Stop()
	})
}

// An edit that changes nothing promises the same: what it asks for may be there
// from an edit that the journal does not have.
func TestAck_EditWithoutEffectWaitsForTheDiskToo(t *testing.T) {
	bubble(t, func(t *testing.T, e *hubtest.Env, room uuid.UUID) {
		time.Sleep(time.Second)
		e.Journal.FailAll(fmt.Errorf("no disk"))
		text := "edited"
		for range 2 {
			if _, err := e.Hub.PatchCell(ctx, room, "a", hub.CellPatch{Source: &text}, hub.Client{}); hub.CodeOf(err) != hub.CodeStorage {
				t.Errorf("an edit without a disk: %v", err)
			}
		}
		e.Journal.FailAll(nil)
		await(t, "the disk is used again", func() bool {
			_, err := e.Hub.PatchCell(ctx, room, "a", hub.CellPatch{Source: &text}, hub.Client{})
			return err == nil
		})
	})
}
