package hubtest

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/notebookhub/hub/hub"
	"github.com/notebookhub/hub/hub/yjs"
)

// Peer is a client of a room: a document of its own, kept level over the room's
// protocol, as y-websocket does it. Its methods may be called from one
// goroutine beside the peer's own.
type Peer struct {
	env  *Env
	Conn *Conn
	Err  error // of Join, valid after Left
	left chan struct{}
	gone sync.WaitGroup

	mu      sync.Mutex
	doc     *yjs.Doc
	synced  bool
	dropped bool
	typing  *yjs.Text // of TypeOne
	unsent  []Unsent
	others  yjs.Awareness
	events  []map[string]any
	raws    []map[string]any
	frames  int
	bytes   int
	wake    chan struct{}
	slow    chan struct{} // closed when it reads again
}

// JoinAs says how a peer joins.
type JoinAs struct {
	hub.JoinOptions
	Doc    *yjs.Doc // what it holds already; nil: nothing
	Window int      // messages that it takes without reading; 0: many
	Silent bool     // it sends no sync step 1 by itself, and reads nothing
	Unsent []Unsent // edits of the document that it repeats before it tells what it has
}

// Join attaches a peer that listens to events, and waits until it is synced.
func (e *Env) Join(room uuid.UUID) *Peer {
	e.T.Helper()
	p := e.JoinAs(room, JoinAs{JoinOptions: hub.JoinOptions{Client: hub.Client{Name: "peer"}, Events: true}})
	p.Await("synced", func() bool { return p.synced })
	return p
}

// JoinAs attaches a peer. It returns when the hub accepted or refused it.
func (e *Env) JoinAs(room uuid.UUID, as JoinAs) *Peer {
	e.T.Helper()
	if as.Window == 0 {
		as.Window = 1024
	}
	if as.Doc == nil {
		as.Doc = yjs.NewDoc(yjs.Options{})
	}
	p := &Peer{env: e, Conn: NewConn(as.Window), left: make(chan struct{}), doc: as.Doc, unsent: as.Unsent, wake: make(chan struct{}, 1)}
	accepted := make(chan struct{})
	p.gone.Add(1)
	go func() {
		defer p.gone.Done()
		defer close(p.left)
		p.Err = e.Hub.Join(context.Background(), room, as.JoinOptions, func(hub.RoomInfo) (hub.Conn, error) {
			close(accepted)
			return p.Conn, nil
		})
		p.Conn.Drop()
	}()
	select {
	case <-accepted:
	case <-p.left:
		return p
	}
	e.joined = append(e.joined, p)
	if as.Silent {
		return p
	}
	p.gone.Add(1)
	go func() {
		defer p.gone.Done()
		p.receive()
	}()
	_ = p.Conn.Send(yjs.AppendSyncStep1(nil, as.Doc.StateVector()))
	return p
}

// Left is closed when Join has returned.
func (p *Peer) Left() <-chan struct{} { return p.left }

// Drop loses the connection and waits until the hub noticed. From then on nothing
// of the hub's is taken: a document that learns of a deletion collects what was
// typed there and not sent, and the edits of a test are to be kept.
func (p *Peer) Drop() {
	p.mu.Lock()
	p.dropped = true
	p.mu.Unlock()
	p.Conn.Drop()
	<-p.left
}

// receive takes what the hub sends until the connection ends.
func (p *Peer) receive() {
	for {
		m, err := p.Conn.Receive()
		if err != nil {
			p.rouse()
			return
		}
		p.mu.Lock()
		slow := p.slow
		p.mu.Unlock()
		if slow != nil {
			<-slow
		}
		p.mu.Lock()
		var answer []byte
		if !p.dropped {
			answer, err = p.take(m)
		}
		p.mu.Unlock()
		p.rouse()
		if err != nil {
			p.env.T.Errorf("peer got a message that it cannot take: %v", err)
			return
		}
		if answer != nil && p.Conn.Send(answer) != nil {
			return
		}
	}
}

// Pause makes the peer read nothing until the result is called. A message that
// is with it already, and its window, still fill.
func (p *Peer) Pause() (resume func()) {
	slow := make(chan struct{})
	p.mu.Lock()
	defer p.mu.Unlock()
	p.slow = slow
	return func() {
		p.mu.Lock()
		p.slow = nil
		p.mu.Unlock()
		close(slow)
	}
}

// take handles one message and returns the answer, if it wants one.
func (p *Peer) take(m []byte) (answer []byte, err error) {
	p.frames++
	p.bytes += len(m)
	kind, payload, err := yjs.ReadVarUint(m)
	if err != nil {
		return nil, err
	}
	switch kind {
	case yjs.MessageSync:
		return p.takeSync(payload)
	case yjs.MessageAwareness:
		update, _, err := yjs.ReadVarBytes(payload)
		if err == nil {
			_, err = p.others.Apply(update, time.Now())
		}
		return nil, err
	case hub.KindEvent, hub.KindReply:
		if err := p.takeJSON(payload, &p.events); err != nil {
			return nil, err
		}
		return nil, p.confirm(p.events[len(p.events)-1])
	case yjs.MessageRaw:
		return nil, p.takeJSON(payload, &p.raws)
	}
	return nil, fmt.Errorf("unknown kind %d", kind)
}

func (p *Peer) takeJSON(payload []byte, list *[]map[string]any) error {
	text, _, err := yjs.ReadVarString(payload)
	if err != nil {
		return err
	}
	if text == "" {
		return nil // Jupyter's "permission denied", whose reason follows
	}
	var value map[string]any
	if err := json.Unmarshal([]byte(text), &value); err != nil {
		return err
	}
	*list = append(*list, value)
	return nil
}

func (p *Peer) takeSync(payload []byte) (answer []byte, err error) {
	step, body, err := yjs.ReadSync(payload)
	if err != nil {
		return nil, err
	}
	if step == yjs.SyncStep1 {
		if err := p.repeat(); err != nil {
			return nil, err
		}
		update, err := p.doc.EncodeState(body)
		return yjs.AppendSyncStep2(nil, update), err
	}
	if step == yjs.SyncStep2 {
		p.synced = true
	}
	_, err = p.doc.Apply(body, nil)
	return nil, err
}

func (p *Peer) rouse() {
	select {
	case p.wake <- struct{}{}:
	default:
	}
}

// Await waits until a condition holds, which is asked under the peer's lock
// whenever something arrived.
func (p *Peer) Await(what string, holds func() bool) {
	p.env.T.Helper()
	deadline := time.NewTimer(20 * time.Second)
	defer deadline.Stop()
	for {
		p.mu.Lock()
		ok := holds()
		p.mu.Unlock()
		if ok {
			return
		}
		select {
		case <-p.wake:
		case <-deadline.C:
			code, reason := p.Conn.Closed()
			p.env.T.Fatalf("peer waited in vain: %s (connection closed with %d %q)", what, code, reason)
		}
	}
}

// AwaitSource waits until a cell has a source.
func (p *Peer) AwaitSource(cell, want string) {
	p.env.T.Helper()
	p.Await(fmt.Sprintf("cell %s holds %q", cell, want), func() bool {
		return p.text(cell) == want
	})
}

// AwaitEvent waits for an event of a type, and returns the last one.
func (p *Peer) AwaitEvent(kind string) map[string]any {
	p.env.T.Helper()
	var found map[string]any
	p.Await("event "+kind, func() bool {
		for _, ev := range p.events {
			if ev["type"] == kind {
				found = ev
			}
		}
		return found != nil
	})
	return found
}

// AwaitRaw waits for a raw reply, Jupyter's way, and returns the last one.
func (p *Peer) AwaitRaw() map[string]any {
	p.env.T.Helper()
	var last map[string]any
	p.Await("a raw reply", func() bool {
		if n := len(p.raws); n > 0 {
			last = p.raws[n-1]
		}
		return last != nil
	})
	return last
}

// Others returns the clients whose presence the peer knows.
func (p *Peer) Others() []uint64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.others.Clients()
}

// Frames counts what arrived.
func (p *Peer) Frames() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.frames
}

// Bytes counts how large what arrived was.
func (p *Peer) Bytes() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.bytes
}

// Announce sends presence.
func (p *Peer) Announce(client, clock uint64, state string) {
	update := yjs.EncodeAwareness([]yjs.AwarenessEntry{{Client: client, Clock: clock, State: json.RawMessage(state)}})
	_ = p.Conn.Send(yjs.AppendAwareness(nil, update))
}
