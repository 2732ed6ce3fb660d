package hub_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"

	"github.com/notebookhub/hub/hub"
	"github.com/notebookhub/hub/hub/hubtest"
	"github.com/notebookhub/hub/hub/yjs"
)

// inbox gathers what a connection brings.
func inbox(c *hubtest.Conn) *[][]byte {
	var got [][]byte
	go func() {
		for {
			m, err := c.Receive()
			if err != nil {
				return
			}
			got = append(got, m)
		}
	}()
	return &got
}

// has tells whether a sync message of a kind is among the frames.
func has(frames [][]byte, step byte) bool {
	for _, m := range frames {
		if m[0] == yjs.MessageSync && m[1] == step {
			return true
		}
	}
	return false
}

// asleep types into a cell off line, while the cell moves.
func asleep(t *testing.T, e *hubtest.Env, room uuid.UUID) *yjs.Doc {
	p := e.Join(room)
	p.Drop()
	p.Type("a", "one more")
	to := 1
	if _, err := e.Hub.MoveCell(ctx, room, "a", hub.Place{Index: &to}, hub.Client{}); err != nil {
		t.Fatal(err)
	}
	return p.Doc()
}

// A client comes back with edits, and the connection ends before they arrive:
// it has not been told of a deletion that would have taken them from it.
func TestSync_AReturnThatFailsCostsNoEdits(t *testing.T) {
	bubble(t, func(t *testing.T, e *hubtest.Env, room uuid.UUID) {
		doc := asleep(t, e, room)
		p := e.JoinAs(room, hubtest.JoinAs{Silent: true})
		got := inbox(p.Conn)
		if err := p.Conn.Send(yjs.AppendSyncStep1(nil, doc.StateVector())); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if !has(*got, yjs.SyncStep1) || has(*got, yjs.SyncStep2) || has(*got, yjs.SyncUpdate) {
			t.Fatalf("the hub sent %v", *got)
		}
		p.Drop()
		e.JoinAs(room, hubtest.JoinAs{Doc: doc}).AwaitSources("b:two", "a:one more")
	})
}

// A client that is asked what it has, and does not say, gets its answer later.
func TestSync_WhoDoesNotAnswerIsAnsweredAllTheSame(t *testing.T) {
	bubble(t, func(t *testing.T, e *hubtest.Env, room uuid.UUID) {
		doc := asleep(t, e, room)
		p := e.JoinAs(room, hubtest.JoinAs{Silent: true})
		got := inbox(p.Conn)
		if err := p.Conn.Send(yjs.AppendSyncStep1(nil, doc.StateVector())); err != nil {
			t.Fatal(err)
		}
		time.Sleep(16 * time.Second)
		synctest.Wait()
		if !has(*got, yjs.SyncStep2) {
			t.Fatalf("the hub sent %v", *got)
		}
		p.Drop()
	})
}

// Who has nothing to tell, or may not, is answered at once.
func TestSync_WhoHasNothingToTellIsAnsweredAtOnce(t *testing.T) {
	bubble(t, func(t *testing.T, e *hubtest.Env, room uuid.UUID) {
		edited := asleep(t, e, room)
		level := e.Join(room)
		level.Drop()
		for name, as := range map[string]struct {
			doc      *yjs.Doc
			readOnly bool
		}{"new": {yjs.NewDoc(yjs.Options{}), false}, "level": {level.Doc(), false}, "reader": {edited, true}} {
			options := hub.JoinOptions{Client: hub.Client{ReadOnly: as.readOnly}}
			p := e.JoinAs(room, hubtest.JoinAs{Silent: true, JoinOptions: options})
			got := inbox(p.Conn)
			if err := p.Conn.Send(yjs.AppendSyncStep1(nil, as.doc.StateVector())); err != nil {
				t.Fatal(err)
			}
			synctest.Wait()
			if len(*got) < 2 || !has((*got)[:1], yjs.SyncStep1) || !has(*got, yjs.SyncStep2) {
				t.Errorf("%s: the hub sent %v", name, *got)
			}
			p.Drop()
		}
	})
}
