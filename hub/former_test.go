package hub_test

import (
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/notebookhub/hub/hub/hubtest"
)

// What was typed last is part of what a delete-all takes away, however long ago
// that was.
func TestDeleteAll_KeepsWhatWasTypedLast(t *testing.T) {
	bubble(t, func(t *testing.T, e *hubtest.Env, room uuid.UUID) {
		p := e.Join(room)
		p.Type("a", "one, begun")
		time.Sleep(time.Second)
		p.Type("a", "one, begun and ended")
		time.Sleep(time.Minute)
		p.Delete(0, 2)
		time.Sleep(5 * time.Second)
		if !kept(t, e, room, hubtest.Notebook("one, begun and ended", "two")) {
			t.Error("the last second of typing was not kept")
		}
	})
}

// Scripts and impatient people delete cells one by one.
func TestDeleteAll_OneCellAfterTheOtherIsKeptWhole(t *testing.T) {
	bubble(t, func(t *testing.T, e *hubtest.Env, room uuid.UUID) {
		p := e.Join(room)
		p.Type("a", "one, edited")
		time.Sleep(time.Minute)
		p.Delete(0, 1)
		time.Sleep(4 * time.Second)
		p.Delete(0, 1)
		time.Sleep(5 * time.Second)
		if !kept(t, e, room, hubtest.Notebook("one, edited", "two")) {
			t.Error("the cell that went first was not kept")
		}
	})
}

// A cell that was deleted for good is not kept for ever.
func TestDeleteAll_DoesNotKeepWhatWentLongBefore(t *testing.T) {
	bubble(t, func(t *testing.T, e *hubtest.Env, room uuid.UUID) {
		p := e.Join(room)
		p.Delete(1, 1)
		time.Sleep(time.Minute)
		p.Delete(0, 1)
		time.Sleep(5 * time.Second)
		if !kept(t, e, room, hubtest.Notebook("one")) {
			t.Error("what stood for a minute was not kept")
		}
	})
}
