package hub_test

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/notebookhub/hub/hub"
	"github.com/notebookhub/hub/hub/hubtest"
	"github.com/notebookhub/hub/hub/yjs"
)

// guest is a client in a lobby.
type guest struct {
	*hubtest.Conn
	t    *testing.T
	left chan error

	mu    sync.Mutex
	inbox [][]byte
}

// visit lets a client in that reads whatever comes.
func visit(t *testing.T, l *hub.Lobby) *guest {
	g := enter(t, l)
	go func() {
		for m, err := g.Receive(); err == nil; m, err = g.Receive() {
			g.mu.Lock()
			g.inbox = append(g.inbox, m)
			g.mu.Unlock()
		}
	}()
	synctest.Wait()
	return g
}

// enter lets a client in that reads nothing by itself.
func enter(t *testing.T, l *hub.Lobby) *guest {
	g := &guest{Conn: hubtest.NewConn(0), t: t, left: make(chan error, 1)}
	go func() {
		g.left <- l.Join(context.Background(), hub.JoinOptions{}, func() (hub.Conn, error) { return g.Conn, nil })
		g.Drop()
	}()
	synctest.Wait()
	return g
}

// say announces a state; "" says that the client leaves.
func (g *guest) say(client, clock uint64, state string) {
	g.t.Helper()
	e := yjs.AwarenessEntry{Client: client, Clock: clock}
	if state != "" {
		e.State = json.RawMessage(state)
	}
	if err := g.Send(yjs.AppendAwareness(nil, yjs.EncodeAwareness([]yjs.AwarenessEntry{e}))); err != nil {
		g.t.Fatal(err)
	}
	synctest.Wait()
}

// heard is everything that was sent since it was last asked.
func (g *guest) heard() (list []string) {
	g.t.Helper()
	for _, m := range g.took() {
		kind, payload, err := yjs.ReadVarUint(m)
		if err != nil {
			g.t.Fatal(err)
		}
		if kind != yjs.MessageAwareness {
			list = append(list, fmt.Sprintf("%x", m))
			continue
		}
		update, _, err := yjs.ReadVarBytes(payload)
		if err != nil {
			g.t.Fatal(err)
		}
		entries, err := yjs.DecodeAwareness(update)
		if err != nil {
			g.t.Fatal(err)
		}
		for _, e := range entries {
			list = append(list, fmt.Sprintf("%d@%d %s", e.Client, e.Clock, e.State))
		}
	}
	return list
}

// took empties the inbox.
func (g *guest) took() [][]byte {
	synctest.Wait()
	g.mu.Lock()
	defer g.mu.Unlock()
	inbox := g.inbox
	g.inbox = nil
	return inbox
}

func (g *guest) want(list ...string) {
	g.t.Helper()
	if got := g.heard(); fmt.Sprint(got) != fmt.Sprint(list) {
		g.t.Errorf("heard %q, want %q", got, list)
	}
}

// lobby runs a test in virtual time.
func lobby(t *testing.T, f func(t *testing.T, e *hubtest.Env, l *hub.Lobby)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		e := hubtest.New(t, nil)
		f(t, e, hub.NewLobby(e.Hub))
		e.Stop()
	})
}

func TestLobby_WhoComesSeesWhoIsThere(t *testing.T) {
	lobby(t, func(t *testing.T, _ *hubtest.Env, l *hub.Lobby) {
		ann := visit(t, l)
		ann.want()
		if err := ann.Send(yjs.AppendSyncStep1(nil, []byte{0})); err != nil {
			t.Fatal(err)
		}
		ann.want("0001020000") // nothing, but an answer
		ann.say(1, 1, `{"current":"notebook:a.ipynb"}`)
		ann.want(`1@1 {"current":"notebook:a.ipynb"}`) // its own echo
		bob := visit(t, l)
		bob.want(`1@1 {"current":"notebook:a.ipynb"}`)
		bob.say(2, 1, `{}`)
		ann.want("2@1 {}")
		bob.want("2@1 {}")
		bob.say(1, 9, "") // another's id is not his
		bob.say(1, 9, `{"current":"forged"}`)
		ann.want()
		ann.say(1, 1, `{"current":"notebook:a.ipynb"}`) // said again: the echo keeps it alive
		ann.want(`1@1 {"current":"notebook:a.ipynb"}`)
		bob.heard()
		if err := bob.Send(yjs.AppendUpdate(nil, []byte{0, 0})); err != nil {
			t.Fatal(err)
		}
		ann.want() // there is no document
		ann.Drop()
		bob.Drop()
	})
}

// A reconnect is no leave; a lost connection is one after a moment.
func TestLobby_Leaving(t *testing.T) {
	lobby(t, func(t *testing.T, _ *hubtest.Env, l *hub.Lobby) {
		ann, bob := visit(t, l), visit(t, l)
		ann.say(1, 1, `{}`)
		bob.want("1@1 {}")
		ann.Drop()
		time.Sleep(3 * time.Second)
		ann = visit(t, l)
		ann.say(1, 2, `{}`)
		bob.want("1@2 {}")
		time.Sleep(6 * time.Second)
		bob.want()
		ann.Drop()
		time.Sleep(6 * time.Second)
		bob.want("1@2 ")
		bob.Drop()
		synctest.Wait()
		visit(t, l).want() // nothing is left of them
	})
}

// Who says nothing any more is gone, attached or not; and nobody hears nothing
// for long.
func TestLobby_SilenceAndSignsOfLife(t *testing.T) {
	lobby(t, func(t *testing.T, _ *hubtest.Env, l *hub.Lobby) {
		ann, bob := visit(t, l), visit(t, l)
		ann.say(1, 1, `{}`)
		bob.heard()
		time.Sleep(13 * time.Second)
		if got := bob.took(); len(got) != 1 || fmt.Sprintf("%x", got[0]) != "010100" {
			t.Errorf("no sign of life: %x", got)
		}
		time.Sleep(time.Minute)
		bob.want("1@1 ")
		visit(t, l).want()
	})
}

// What cannot be ends the connection of whoever sent it, and no other.
func TestLobby_BadMessages(t *testing.T) {
	lobby(t, func(t *testing.T, _ *hubtest.Env, l *hub.Lobby) {
		good := visit(t, l)
		for name, c := range map[string]struct {
			frame []byte
			code  int
		}{
			"no awareness":    {[]byte{1, 5, 9}, hub.CloseInvalid},
			"no update":       {[]byte{1, 2, 1, 1}, hub.CloseInvalid},
			"a large one":     {append([]byte{1}, make([]byte, 65<<10)...), hub.CloseTooLarge},
			"a large unknown": {append([]byte{77}, make([]byte, 65<<10)...), hub.CloseTooLarge},
		} {
			bad := visit(t, l)
			_ = bad.Send(c.frame)
			<-bad.left
			if code, _ := bad.Closed(); code != c.code {
				t.Errorf("%s: closed with %d, want %d", name, code, c.code)
			}
		}
		many := visit(t, l)
		for id := range uint64(10) {
			many.say(100+id, 1, `{}`)
		}
		if got := len(good.heard()); got != 4 {
			t.Errorf("%d ids of one client", got)
		}
		good.say(1, 1, `{}`)
		good.want("1@1 {}")
	})
}

// A client that reads slowly gets the newest states, and costs no more.
func TestLobby_ASlowReaderGetsTheNewest(t *testing.T) {
	lobby(t, func(t *testing.T, _ *hubtest.Env, l *hub.Lobby) {
		ann, slow := visit(t, l), enter(t, l)
		for clock := range uint64(1000) {
			ann.say(1, clock+1, fmt.Sprintf(`{"n":%d}`, clock))
		}
		var last []string
		for range 2 {
			m, err := slow.Receive()
			if err != nil {
				t.Fatal(err)
			}
			last = append(last, string(m))
			synctest.Wait()
		}
		if got := last[1]; got[len(got)-len(`{"n":999}`):] != `{"n":999}` {
			t.Errorf("got %q", last)
		}
	})
}

// It is bounded in clients and ends with the hub.
func TestLobby_FullAndClosing(t *testing.T) {
	lobby(t, func(t *testing.T, e *hubtest.Env, l *hub.Lobby) {
		var guests []*guest
		for range 256 {
			guests = append(guests, visit(t, l))
		}
		if err := <-visit(t, l).left; hub.CodeOf(err) != hub.CodeBusy {
			t.Errorf("one too many: %v", err)
		}
		guests[0].Drop()
		if err := <-guests[0].left; err != nil {
			t.Error(err)
		}
		guests[0] = visit(t, l)
		h := e.Hub
		if err := h.Close(context.Background()); err != nil {
			t.Error(err)
		}
		synctest.Wait() // Join's last step is to return
		for _, g := range guests {
			select {
			case <-g.left:
			default:
				t.Fatal("a visitor stays")
			}
			if code, _ := g.Closed(); code != hub.CloseRestart {
				t.Fatalf("closed with %d", code)
			}
		}
		if err := <-visit(t, l).left; hub.CodeOf(err) != hub.CodeClosing {
			t.Errorf("after the end: %v", err)
		}
	})
}
