package hub_test

import (
	"testing"

	"github.com/google/uuid"

	"github.com/notebookhub/hub/hub"
	"github.com/notebookhub/hub/hub/hubtest"
)

// A cell is moved while somebody types into it offline. The text arrives in the
// moved cell, also when there was none before.
func TestLate_TextTypedOfflineFollowsTheMovedCell(t *testing.T) {
	for _, before := range []string{"one", ""} {
		t.Run("before "+before, func(t *testing.T) {
			bubble(t, func(t *testing.T, e *hubtest.Env, _ uuid.UUID) {
				e.Write("moved.ipynb", hubtest.Notebook(before, "two"))
				room := e.Open("moved.ipynb")
				p := e.Join(room)
				p.AwaitSources("a:"+before, "b:two")
				p.Drop()
				last := 1
				if _, err := e.Hub.MoveCell(ctx, room, "a", hub.Place{Index: &last}, hub.Client{}); err != nil {
					t.Fatal(err)
				}
				p.Type("a", before+", late")
				q := e.JoinAs(room, hubtest.JoinAs{Doc: p.Doc()})
				q.AwaitSources("b:two", "a:"+before+", late")
			})
		})
	}
}
