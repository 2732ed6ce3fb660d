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

// The last edit of a burst is acknowledged too, without another one after it:
// whoever waits for "everything is on disk" must not wait for ever.
func TestAck_TheLastEditOfABurstIsAcknowledged(t *testing.T) {
	e := hubtest.New(t, nil)
	e.Write("a.ipynb", hubtest.Notebook("one"))
	p := e.Join(e.Open("a.ipynb"))
	for burst := range 40 {
		for i := range 1 + burst*7%25 {
			p.Edit(func(doc *yjs.Doc, tx *yjs.Txn) {
				doc.Map("meta").Set(tx, "burst", fmt.Sprint(burst, i))
			})
		}
		var id, clock uint64
		p.Read(func(doc *yjs.Doc) { id, clock = doc.ClientID(), doc.State()[doc.ClientID()] })
		p.Await(fmt.Sprintf("everything of burst %d is acknowledged", burst), func() bool {
			var known uint64
			for _, ev := range p.Events() {
				if text, ok := ev["state_vector"].(string); ok && ev["type"] == "ack" {
					vector, err := base64.StdEncoding.DecodeString(text)
					if err != nil {
						return false
					}
					clocks, err := yjs.DecodeStateVector(vector)
					if err != nil {
						return false
					}
					known = max(known, clocks[id])
				}
			}
			return known >= clock
		})
	}
}

// What is told comes after what it is about: a client that is busy hears that its
// edit is on disk when it already knows that the file is behind.
func TestAck_ComesAfterTheDocumentItIsAbout(t *testing.T) {
	bubble(t, func(t *testing.T, e *hubtest.Env, room uuid.UUID) {
		p := e.JoinAs(room, hubtest.JoinAs{Silent: true, Window: 1, JoinOptions: hub.JoinOptions{Events: true}})
		doc := yjs.NewDoc(yjs.Options{})
		if err := p.Conn.Send(yjs.AppendSyncStep1(nil, doc.StateVector())); err != nil {
			t.Fatal(err)
		}
		hear := func(until func() bool) {
			for !until() {
				m, err := p.Conn.Receive()
				if err != nil {
					t.Fatal(err)
				}
				if step, body, err := yjs.ReadSync(m[1:]); m[0] == yjs.MessageSync && err == nil && step != yjs.SyncStep1 {
					if _, err := doc.Apply(body, nil); err != nil {
						t.Fatal(err)
					}
				}
				if m[0] == hub.KindEvent && strings.Contains(string(m), `"ack"`) {
					if dirty, _ := doc.Map("state").Get("dirty"); dirty != true {
						t.Error("acknowledged before the document said that the file is behind")
					}
					return
				}
			}
		}
		hear(func() bool { return doc.Array("cells").Len() > 0 })
		change, err := doc.Transact(nil, func(tx *yjs.Txn) error {
			source, _ := doc.Array("cells").Get(0).(*yjs.Map).Get("source")
			source.(*yjs.Text).Insert(tx, 0, "typed ")
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		other := e.Join(room)
		for clock := range uint64(3) { // nobody reads: the writer of p gets busy
			other.Announce(5, clock+1, fmt.Sprintf(`{"n":%d}`, clock))
			synctest.Wait()
		}
		if err := p.Conn.Send(yjs.AppendUpdate(nil, change.Update)); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Second)
		hear(func() bool { return false })
		p.Drop()
	})
}

// A client whose connection ended before it was told hears it on the next one,
// where it repeats what the hub has; with nothing to repeat it is told nothing.
func TestAck_OfWhatIsThereAlready(t *testing.T) {
	bubble(t, func(t *testing.T, e *hubtest.Env, room uuid.UUID) {
		p := e.Join(room)
		p.Type("a", "typed")
		p.AwaitEvent("ack")
		p.Drop()
		acks := func(q *hubtest.Peer) (updates []any) {
			synctest.Wait()
			for _, ev := range q.Events() {
				if ev["type"] == "ack" {
					updates = append(updates, ev["updates"])
				}
			}
			return updates
		}
		q := e.JoinAs(room, hubtest.JoinAs{Doc: p.Doc(), JoinOptions: hub.JoinOptions{Events: true}})
		if got := acks(q); len(got) != 1 || got[0] != 1.0 {
			t.Errorf("who comes back with what the hub has is acknowledged %v", got)
		}
		q.Read(func(doc *yjs.Doc) {
			state, err := doc.EncodeState(nil)
			if err == nil {
				err = q.Conn.Send(yjs.AppendUpdate(nil, state))
			}
			if err != nil {
				t.Error(err)
			}
		})
		if got := acks(q); len(got) != 2 || got[1] != 2.0 {
			t.Errorf("after it repeated all: %v", got)
		}
		if got := acks(e.JoinAs(room, hubtest.JoinAs{JoinOptions: hub.JoinOptions{Events: true}})); len(got) != 0 {
			t.Errorf("who has nothing is acknowledged %v", got)
		}
	})
}
