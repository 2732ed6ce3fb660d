package hub_test

import (
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/notebookhub/hub/hub/hubtest"
	"github.com/notebookhub/hub/hub/yjs"
)

// Who says nothing any more is gone, although the connection is still there:
// for those who are in the room and for those who come.
func TestPresence_TheSilentAreGone(t *testing.T) {
	bubble(t, func(t *testing.T, e *hubtest.Env, room uuid.UUID) {
		p, q := e.Join(room), e.Join(room)
		entry := yjs.AwarenessEntry{Client: 77, Clock: 1, State: []byte(`{}`)}
		if err := p.Conn.Send(yjs.AppendAwareness(nil, yjs.EncodeAwareness([]yjs.AwarenessEntry{entry}))); err != nil {
			t.Fatal(err)
		}
		q.Await("the presence", func() bool { return q.Knows(77) })
		time.Sleep(70 * time.Second)
		q.Await("the end of the presence", func() bool { return !q.Knows(77) })
		p.Drop()
		if late := e.Join(room); late.Sees(77) {
			t.Error("a newcomer sees a ghost")
		}
	})
}

// Who announces thousands takes nobody's place: others are seen as before, and
// keep their connections.
func TestPresence_OneConnectionSpeaksForFew(t *testing.T) {
	bubble(t, func(t *testing.T, e *hubtest.Env, room uuid.UUID) {
		crowd := e.Join(room)
		for from := uint64(1000); from < 6000; from += 1000 {
			var entries []yjs.AwarenessEntry
			for id := from; id < from+1000; id++ {
				entries = append(entries, yjs.AwarenessEntry{Client: id, Clock: 1, State: []byte(`{}`)})
			}
			if err := crowd.Conn.Send(yjs.AppendAwareness(nil, yjs.EncodeAwareness(entries))); err != nil {
				t.Fatal(err)
			}
		}
		p, q := e.Join(room), e.Join(room)
		p.Announce(7, 1, `{"user":{"name":"ann"}}`)
		q.Await("the other one's presence", func() bool { return q.Knows(7) })
		time.Sleep(time.Second)
		if n := len(q.Others()); n < 2 || n > 100 {
			t.Errorf("%d are there", n)
		}
		for _, peer := range []*hubtest.Peer{p, q, crowd} {
			if code, reason := peer.Conn.Closed(); code != 0 {
				t.Errorf("closed with %d %s", code, reason)
			}
		}
	})
}
