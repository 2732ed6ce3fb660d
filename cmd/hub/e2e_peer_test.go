//lint:file-ignore SA1019 see api/socket.go

package main

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf16"

	"nhooyr.io/websocket"

	"github.com/notebookhub/hub/hub"
	"github.com/notebookhub/hub/hub/yjs"
)

// desk is a person at the real hub, over a real socket: a document that lives on
// while connections and hubs come and go. Every edit leaves a mark, a character
// that nobody else writes, so that it can be told whether it is there once.
type desk struct {
	t    *testing.T
	pick func(n int) int // a random number below n

	mu     sync.Mutex
	doc    *yjs.Doc
	conn   *websocket.Conn
	synced bool
	acked  uint64          // clock of our own up to which edits are on disk
	clocks map[rune]uint64 // the clock after each mark
	marks  []rune
	failed error
	done   chan struct{} // closed when the connection has ended
	// arrived is called after each message, under the lock; it may be nil.
	arrived func()
}

// newDesk returns a person with an empty document.
func newDesk(t *testing.T, pick func(n int) int) *desk {
	return &desk{t: t, pick: pick, doc: yjs.NewDoc(yjs.Options{}), clocks: make(map[rune]uint64)}
}

// attach connects to a room and waits for the first sync.
func (d *desk) attach(h *served, room string) {
	d.t.Helper()
	d.connect(h, room)
	d.await("to be synced", func() bool { return d.synced })
}

// connect connects to a room.
func (d *desk) connect(h *served, room string) {
	d.t.Helper()
	c, err := newClient(h.url, "")
	if err != nil {
		d.t.Fatal(err)
	}
	address := strings.Replace(c.base.String(), "http", "ws", 1) + "ws/" + room
	conn, _, err := websocket.Dial(d.t.Context(), address, &websocket.DialOptions{
		HTTPHeader: http.Header{"Authorization": {"Bearer " + c.token}}, Subprotocols: []string{"notebook-hub.v1"},
	})
	if err != nil {
		d.t.Fatal(err)
	}
	conn.SetReadLimit(64 << 20)
	d.mu.Lock()
	d.conn, d.synced, d.failed, d.done = conn, false, nil, make(chan struct{})
	first := yjs.AppendSyncStep1(nil, d.doc.StateVector())
	d.mu.Unlock()
	d.send(first)
	go d.read(conn, d.done)
}

// leave ends the connection.
func (d *desk) leave() {
	_ = d.conn.CloseNow()
	<-d.done
}

func (d *desk) send(m []byte) {
	_ = d.conn.Write(d.t.Context(), websocket.MessageBinary, m) // a lost connection loses it, as in life
}

func (d *desk) read(conn *websocket.Conn, done chan struct{}) {
	defer close(done)
	for {
		_, m, err := conn.Read(context.Background())
		if err != nil {
			return
		}
		d.mu.Lock()
		answer, err := d.take(m)
		if err != nil {
			d.failed = err
		}
		if d.arrived != nil {
			d.arrived()
		}
		d.mu.Unlock()
		if answer != nil {
			d.send(answer)
		}
	}
}

// take handles a message and returns the answer, if it wants one.
func (d *desk) take(m []byte) ([]byte, error) {
	kind, payload, err := yjs.ReadVarUint(m)
	if err != nil {
		return nil, err
	}
	switch kind {
	case yjs.MessageSync:
		step, body, err := yjs.ReadSync(payload)
		if err != nil {
			return nil, err
		}
		if step == yjs.SyncStep1 {
			update, err := d.doc.EncodeState(body)
			return yjs.AppendSyncStep2(nil, update), err
		}
		d.synced = d.synced || step == yjs.SyncStep2
		_, err = d.doc.Apply(body, nil)
		return nil, err
	case hub.KindEvent:
		return nil, d.heed(payload)
	}
	return nil, nil
}

// heed notes acknowledgements.
func (d *desk) heed(payload []byte) error {
	text, _, err := yjs.ReadVarString(payload)
	if err != nil {
		return err
	}
	var event struct {
		Type   string
		Vector string `json:"state_vector"`
	}
	if err := json.Unmarshal([]byte(text), &event); err != nil || event.Type != "ack" {
		return err
	}
	vector, err := base64.StdEncoding.DecodeString(event.Vector)
	if err != nil {
		return err
	}
	clocks, err := yjs.DecodeStateVector(vector)
	d.acked = max(d.acked, clocks[d.doc.ClientID()])
	return err
}

// await waits until something is so, asked under the lock.
func (d *desk) await(what string, so func() bool) {
	d.t.Helper()
	await(d.t, what, func() bool {
		d.mu.Lock()
		defer d.mu.Unlock()
		if d.failed != nil {
			d.t.Fatal(d.failed)
		}
		return so()
	})
}

// types writes a mark into a cell, connected or not.
func (d *desk) types(cell string, m rune) {
	d.mu.Lock()
	c, err := d.doc.Transact(nil, func(tx *yjs.Txn) error {
		source := d.source(cell)
		if source == nil {
			return fmt.Errorf("there is no cell %s", cell)
		}
		runes := []rune(source.String())
		source.Insert(tx, len(utf16.Encode(runes[:d.pick(len(runes)+1)])), string(m))
		return nil
	})
	if err != nil {
		d.mu.Unlock()
		d.t.Error(err)
		return
	}
	d.marks = append(d.marks, m)
	d.clocks[m] = d.doc.State()[d.doc.ClientID()]
	d.mu.Unlock()
	d.send(yjs.AppendUpdate(nil, c.Update))
}

// appends writes text to the end of a cell, without a mark.
func (d *desk) appends(cell, text string) {
	d.mu.Lock()
	c, err := d.doc.Transact(nil, func(tx *yjs.Txn) error {
		source := d.source(cell)
		source.Insert(tx, source.Len(), text)
		return nil
	})
	d.mu.Unlock()
	if err != nil {
		d.t.Error(err)
		return
	}
	d.send(yjs.AppendUpdate(nil, c.Update))
}

// length is that of a cell's source in UTF-16 units, for use under the lock.
func (d *desk) length(cell string) int {
	if source := d.source(cell); source != nil {
		return source.Len()
	}
	return 0
}

// safe lists the marks that were acknowledged.
func (d *desk) safe() []rune {
	d.mu.Lock()
	defer d.mu.Unlock()
	var safe []rune
	for _, m := range d.marks {
		if d.clocks[m] <= d.acked {
			safe = append(safe, m)
		}
	}
	return safe
}

func (d *desk) source(id string) *yjs.Text {
	var found *yjs.Text
	d.doc.Array("cells").Range(func(_ int, v any) bool {
		if cell, ok := v.(*yjs.Map); ok {
			if got, _ := cell.Get("id"); got == id {
				source, _ := cell.Get("source")
				found, _ = source.(*yjs.Text)
			}
		}
		return found == nil
	})
	return found
}

// text is a cell's source, for conditions of await.
func (d *desk) text(cell string) string {
	if source := d.source(cell); source != nil {
		return source.String()
	}
	return ""
}

// cells lists the cells as id:source.
func (d *desk) cells() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	var list []string
	d.doc.Array("cells").Range(func(_ int, v any) bool {
		if cell, ok := v.(*yjs.Map); ok {
			id, _ := cell.Get("id")
			list = append(list, fmt.Sprintf("%v:%s", id, d.text(id.(string))))
		}
		return true
	})
	return list
}

// keepTyping types marks until the function that it returns is called.
func (d *desk) keepTyping(cell string, every time.Duration, mark func() rune) (stop func()) {
	quit, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		tick := time.NewTicker(every)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				d.types(cell, mark())
			case <-quit:
				return
			}
		}
	}()
	return sync.OnceFunc(func() {
		close(quit)
		<-ended
	})
}

// marker returns a source of marks; every third is two UTF-16 units long.
func marker() func() rune {
	var mu sync.Mutex
	n := 0
	return func() rune {
		mu.Lock()
		defer mu.Unlock()
		n++
		if n%3 == 0 {
			return rune(0x20000 + n)
		}
		return rune(0x4e00 + n%0x5000)
	}
}

// filed lists the cells of a file's bytes as id:source.
func filed(t *testing.T, data string) []string {
	t.Helper()
	list, err := filedCells(data)
	if err != nil {
		t.Fatalf("the file is damaged: %v\n%.2000s", err, data)
	}
	return list
}

func filedCells(data string) ([]string, error) {
	var nb struct {
		Cells []struct {
			ID     string
			Source any
		}
	}
	err := json.Unmarshal([]byte(data), &nb)
	var list []string
	for _, c := range nb.Cells {
		text, _ := c.Source.(string)
		lines, _ := c.Source.([]any)
		for _, line := range lines {
			text += fmt.Sprint(line)
		}
		list = append(list, c.ID+":"+text)
	}
	if err == nil && len(list) == 0 {
		err = fmt.Errorf("no cells")
	}
	return list, err
}

// once checks that each mark is there exactly once.
func once(t *testing.T, cells []string, marks []rune, when string) {
	t.Helper()
	text := strings.Join(cells, "\n")
	for _, m := range marks {
		if n := strings.Count(text, string(m)); n != 1 {
			t.Fatalf("%s: %c (%U) is there %d times in %q", when, m, m, n, text)
		}
	}
}

// unique checks that no cell is there twice.
func unique(t *testing.T, cells []string, when string) {
	t.Helper()
	seen := make(map[string]bool)
	for _, line := range cells {
		id, _, _ := strings.Cut(line, ":")
		if seen[id] {
			t.Fatalf("%s: cell %s is there twice in %q", when, id, cells)
		}
		seen[id] = true
	}
}

// holds tells whether a list has a line that begins so.
func holds(cells []string, begin string) bool {
	return slices.ContainsFunc(cells, func(line string) bool { return strings.HasPrefix(line, begin) })
}
