package hub_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/notebookhub/hub/hub/hubtest"
)

// Idle clients hear something every 15 s whatever came before.
func TestSync_KeepAliveHasNoGapAfterPresence(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := hubtest.New(t, nil)
		e.Write("a.ipynb", hubtest.Notebook("x"))
		room := e.Open("a.ipynb")
		p := e.Join(room)
		time.Sleep(2 * time.Second)
		p.Announce(1, 1, `{}`)
		synctest.Wait()
		frames := p.Frames()
		time.Sleep(15 * time.Second)
		synctest.Wait()
		if p.Frames() == frames {
			t.Error("nothing in 15 s")
		}
		p.Drop()
		e.Stop()
	})
}
