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
