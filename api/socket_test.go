package api

//lint:file-ignore SA1019 see socket.go

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"nhooyr.io/websocket"

	"github.com/notebookhub/hub/hub"
	"github.com/notebookhub/hub/hub/yjs"
)

// client is a WebSocket client that keeps a document.
type client struct {
	e    *env
	conn *websocket.Conn
	ctx  context.Context
	doc  *yjs.Doc
	got  []map[string]any // events and replies, in order
}

// dial attaches. Without the upgrade it returns the answer's status.
func (e *env) dial(path string, protocols []string, headers ...string) (*client, int) {
	e.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	e.Cleanup(cancel)
	conn, resp, err := websocket.Dial(ctx, e.url+path, &websocket.DialOptions{
		HTTPClient: e.client, HTTPHeader: e.request("GET", path, nil, headers...).Header, Subprotocols: protocols,
	})
	if err != nil {
		if resp == nil {
			e.Fatal(err)
		}
		return nil, resp.StatusCode
	}
	conn.SetReadLimit(1 << 26)
	e.Cleanup(func() { _ = conn.CloseNow() })
	return &client{e: e, conn: conn, ctx: ctx, doc: yjs.NewDoc(yjs.Options{})}, resp.StatusCode
}

// attach dials and syncs.
func (e *env) attach(path string, protocols ...string) *client {
	e.Helper()
	c, status := e.dial(path, protocols)
	if c == nil {
		e.Fatalf("%s: %d", path, status)
	}
	c.send(yjs.AppendSyncStep1(nil, c.doc.StateVector()))
	c.until("sync", func(kind uint64, payload []byte) bool {
		step, _, err := yjs.ReadSync(payload)
		return kind == yjs.MessageSync && err == nil && step == yjs.SyncStep2
	})
	return c
}

func (c *client) send(frame []byte) {
	c.e.Helper()
	c.e.ok(c.conn.Write(c.ctx, websocket.MessageBinary, frame))
}

// read takes one message in: updates into the document, JSON into the list,
// held to the contract.
func (c *client) read() (kind uint64, payload []byte, err error) {
	c.e.Helper()
	typ, data, err := c.conn.Read(c.ctx)
	if err != nil {
		return 0, nil, err
	}
	if typ != websocket.MessageBinary {
		c.e.Error("a text message from the hub")
	}
	kind, payload, err = yjs.ReadVarUint(data)
	c.e.ok(err)
	switch kind {
	case yjs.MessageSync:
		if step, body, err := yjs.ReadSync(payload); err == nil && step != yjs.SyncStep1 {
			_, err = c.doc.Apply(body, nil)
			c.e.ok(err)
		}
	case hub.KindEvent, hub.KindReply:
		c.json(kind, payload)
	}
	return kind, payload, nil
}

func (c *client) json(kind uint64, payload []byte) {
	c.e.Helper()
	text, _, err := yjs.ReadVarString(payload)
	c.e.ok(err)
	spec.schema(c.e.T, map[uint64]string{hub.KindEvent: "SocketEvent", hub.KindReply: "SocketReply"}[kind], []byte(text))
	var v map[string]any
	c.e.ok(json.Unmarshal([]byte(text), &v))
	c.got = append(c.got, v)
}

// until reads until a message fits.
func (c *client) until(what string, fits func(kind uint64, payload []byte) bool) {
	c.e.Helper()
	for {
		kind, payload, err := c.read()
		if err != nil {
			c.e.Fatalf("waiting for %s: %v", what, err)
		}
		if fits(kind, payload) {
			return
		}
	}
}

// awaitState reads until the document's own state says so.
func (c *client) awaitState(key string, want any) {
	c.e.Helper()
	has := func(uint64, []byte) bool {
		got, _ := c.doc.Map("state").Get(key)
		return got == want
	}
	if !has(0, nil) {
		c.until("state."+key, has)
	}
}

// event returns the next event of a type.
func (c *client) event(kind string) map[string]any {
	c.e.Helper()
	for {
		for i, v := range c.got {
			if v["type"] == kind {
				c.got = c.got[i+1:]
				return v
			}
		}
		if _, _, err := c.read(); err != nil {
			c.e.Fatalf("waiting for %s: %v", kind, err)
		}
	}
}

// ask sends a request and returns the answer.
func (c *client) ask(id int, method string, params any) map[string]any {
	c.e.Helper()
	request := map[string]any{"id": id, "method": method}
	if params != nil {
		request["params"] = params
	}
	text, err := json.Marshal(request)
	c.e.ok(err)
	if method != "nonsense" {
		spec.schema(c.e.T, "SocketRequest", text)
	}
	c.send(yjs.AppendVarString(yjs.AppendVarUint(nil, hub.KindRequest), string(text)))
	for {
		for _, v := range c.got {
			if v["id"] == float64(id) {
				return v
			}
		}
		if _, _, err := c.read(); err != nil {
			c.e.Fatalf("waiting for the answer to %s: %v", method, err)
		}
	}
}

// closed reads to the end and returns why the hub ended the connection.
func (c *client) closed() (code int, reason string) {
	c.e.Helper()
	for {
		if _, _, err := c.read(); err != nil {
			var end websocket.CloseError
			if !errors.As(err, &end) {
				c.e.Fatalf("the connection broke: %v", err)
			}
			return int(end.Code), end.Reason
		}
	}
}

func (c *client) addCell(id, source string) {
	c.e.Helper()
	change, err := c.doc.Transact(nil, func(tx *yjs.Txn) error {
		c.doc.Array("cells").Push(tx, yjs.MapOf(
			yjs.Entry{Key: "cell_type", Value: "code"}, yjs.Entry{Key: "id", Value: id},
			yjs.Entry{Key: "source", Value: yjs.TextOf(source)}, yjs.Entry{Key: "metadata", Value: yjs.MapOf()},
			yjs.Entry{Key: "outputs", Value: yjs.ArrayOf()}, yjs.Entry{Key: "execution_count", Value: nil},
		))
		return nil
	})
	c.e.ok(err)
	c.send(yjs.AppendUpdate(nil, change.Update))
}

// Edits of the socket and of REST meet in one document, and each is
// acknowledged once it is on disk.
func TestSocket_EditsMeetREST(t *testing.T) {
	e := newEnv(t)
	e.file("a.ipynb", twoCells)
	room := e.open("a.ipynb")
	c := e.attach("/ws/"+room.ID.String()+"?name=Ada", subprotocol)
	if c.conn.Subprotocol() != subprotocol {
		t.Fatalf("sub-protocol %q", c.conn.Subprotocol())
	}
	hello := c.event("hello")
	if hello["room"] != room.ID.String() || hello["lineage"] != room.Lineage.String() || hello["path"] != "a.ipynb" || hello["name"] != "Ada" || hello["version"] != "" {
		t.Fatalf("hello %v", hello)
	}
	c.addCell("typed", "1 + 1")
	if ack := c.event("ack"); ack["updates"] == nil || ack["updates"].(float64) < 1 {
		t.Fatalf("ack %v", ack)
	}
	if cell := into[Cell](e.do("GET", roomPath(room.ID, "/cells/typed"), nil).want(200)); cell.Source != "1 + 1" {
		t.Fatalf("cell %+v", cell)
	}
	e.do("POST", roomPath(room.ID, "/cells"), map[string]any{"id": "posted"}).want(201)
	c.until("the posted cell", func(uint64, []byte) bool { return c.doc.Array("cells").Len() == 4 })
	if peers := into[Room](e.do("GET", roomPath(room.ID, ""), nil).want(200)).Peers; len(peers) != 1 || peers[0].Name != "Ada" {
		t.Fatalf("peers %+v", peers)
	}

	saved := c.ask(1, "save", nil)["result"].(map[string]any)
	if saved["path"] != "a.ipynb" || !strings.Contains(e.disk("a.ipynb"), "typed") {
		t.Fatalf("saved %v", saved)
	}
	c.ask(2, "save", map[string]any{"path": "b.ipynb"})
	if ev := c.event("path_changed"); ev["path"] != "b.ipynb" {
		t.Fatalf("path_changed %v", ev)
	}
	e.file("taken.ipynb", twoCells)
	taken := e.open("taken.ipynb")
	if p := c.ask(3, "save", map[string]any{"path": "taken.ipynb"})["error"].(map[string]any); p["code"] != "path_already_open" || p["room"] != taken.ID.String() {
		t.Fatalf("refused with %v", p)
	}
	if p := c.ask(4, "interrupt", nil); p["error"] == nil && p["result"] == nil {
		t.Fatalf("interrupt %v", p)
	}
	runs := c.ask(5, "execute", map[string]any{"cells": []string{"typed"}})["result"].(map[string]any)["executions"].([]any)
	if len(runs) != 1 {
		t.Fatalf("executions %v", runs)
	}
	c.event("execution")
	c.event("kernel")

	gone := make(chan int, 1)
	go func() { gone <- e.do("DELETE", roomPath(room.ID, ""), nil).status }()
	if code, _ := c.closed(); code != hub.CloseRestart {
		t.Errorf("closed with %d", code)
	}
	if ev := c.event("goodbye"); ev["reason"] != "closed" {
		t.Errorf("goodbye %v", ev)
	}
	if status := <-gone; status != 200 {
		t.Errorf("close: %d", status)
	}
	if c, status := e.dial("/ws/"+room.ID.String(), nil); c != nil || status != http.StatusConflict {
		t.Errorf("attached to a closed room: %d", status)
	}
}

// The input() of a running cell shows on every socket and is answered there.
func TestSocket_PromptAndRestart(t *testing.T) {
	e := newEnv(t)
	e.file("a.ipynb", codeNotebook("ask"))
	room := e.open("a.ipynb")
	c := e.attach("/ws/"+room.ID.String(), subprotocol)
	run := e.run(room, map[string]any{"all": true})[0]
	ask := c.event("prompt")
	if ask["execution"] != run.ID.String() || ask["prompt"] != "name? " {
		t.Fatalf("prompt %v", ask)
	}
	c.ask(1, "answer", map[string]any{"execution": run.ID, "value": "Ada"})
	if done := e.finished(run); (*done.Outputs)[0]["text"] != "Ada" {
		t.Fatalf("answered %+v", done)
	}
	if r := c.ask(2, "restart", nil); r["result"] == nil {
		t.Fatalf("restart %v", r)
	}
}

// What an editor asks while somebody types goes the short way, and is answered
// as by REST.
func TestSocket_CompleteAndInspect(t *testing.T) {
	e := newEnv(t)
	e.file("a.ipynb", codeNotebook("one"))
	room := e.open("a.ipynb")
	c := e.attach("/ws/"+room.ID.String(), subprotocol)
	question := map[string]any{"code": "prin", "cursor": 4}
	if r := c.ask(1, "complete", question); r["error"].(map[string]any)["code"] != "no_kernel" {
		t.Fatalf("without a kernel %v", r)
	}
	e.finished(e.run(room, map[string]any{"all": true})[0])
	same := func(id int, method string, params map[string]any) map[string]any {
		answer := c.ask(id, method, params)["result"].(map[string]any)
		if want := into[map[string]any](e.do("POST", roomPath(room.ID, "/kernel/"+method), params).want(200)); !reflect.DeepEqual(answer, want) {
			t.Errorf("%s: %v, by REST %v", method, answer, want)
		}
		return answer
	}
	if r := same(2, "complete", question); r["matches"].([]any)[0] != "print" || r["cursor_end"] != 4.0 {
		t.Errorf("completions %v", r)
	}
	if r := same(3, "inspect", map[string]any{"code": "print", "cursor": 5, "detail": 1}); r["found"] != true || r["detail"] != 1.0 {
		t.Errorf("inspection %v", r)
	}
	for i, bad := range []map[string]any{{"code": "x", "cursor": -1}, {"code": "x", "cursor": 0, "detail": 2}} {
		if r := c.ask(10+i, "inspect", bad); r["error"].(map[string]any)["code"] != "invalid_request" {
			t.Errorf("%v: %v", bad, r)
		}
	}
}

// An untitled notebook has no path, and says so.
func TestSocket_AnUntitledNotebook(t *testing.T) {
	e := newEnv(t)
	room := into[Room](e.do("POST", "/api/v1/rooms", map[string]any{}).want(201))
	c := e.attach("/ws/"+room.ID.String(), subprotocol)
	if hello := c.event("hello"); hello["path"] != nil {
		t.Errorf("hello %v", hello)
	}
	c.ask(1, "save", map[string]any{"path": "named.ipynb"})
	if ev := c.event("path_changed"); ev["path"] != "named.ipynb" {
		t.Errorf("path_changed %v", ev)
	}
}

// How the room stands to its file is told as it changes, with the reason.
func TestSocket_StatesOfTheFile(t *testing.T) {
	e := newEnv(t)
	e.file("a.ipynb", twoCells)
	room := e.open("a.ipynb")
	c := e.attach("/ws/"+room.ID.String(), subprotocol)
	e.do("PATCH", roomPath(room.ID, "/cells/first"), map[string]any{"source": "mine"}, "X-Hub-Name", "Ada").want(200)
	if r := c.ask(1, "save", nil); r["result"] == nil {
		t.Fatalf("save %v", r)
	}
	if ev := c.event("saved"); ev["path"] != "a.ipynb" || len(ev["sha256"].(string)) != 64 {
		t.Errorf("saved %v", ev)
	}
	e.file("a.ipynb", "<<<<<<< HEAD\n"+twoCells)
	e.do("PATCH", roomPath(room.ID, "/cells/first"), map[string]any{"source": "more"}).want(200)
	if r := c.ask(2, "save", nil); r["error"] == nil {
		t.Fatalf("saved over a conflict: %v", r)
	}
	if ev := c.event("state"); ev["state"] != "conflict" || ev["reason"] == "" {
		t.Errorf("state %v", ev)
	}
	e.do("POST", roomPath(room.ID, "/resolve"), map[string]any{"keep": "room"}).want(200)
	if ev := c.event("state"); ev["state"] != "live" || ev["code"] != nil || ev["reason"] != nil {
		t.Errorf("state %v", ev)
	}
	if r := c.ask(3, "nonsense", nil); r["error"].(map[string]any)["code"] != "invalid_request" {
		t.Errorf("an unknown method: %v", r)
	}
}

// A plain y-websocket client gets no message that it does not know.
func TestSocket_PlainClientsHearNoEvents(t *testing.T) {
	e := newEnv(t)
	e.file("a.ipynb", twoCells)
	room := e.open("a.ipynb")
	c := e.attach("/ws/" + room.ID.String())
	e.do("POST", roomPath(room.ID, "/save"), map[string]any{"path": "b.ipynb"}).want(200)
	e.do("POST", roomPath(room.ID, "/cells"), map[string]any{"id": "posted"}).want(201)
	c.until("the posted cell", func(kind uint64, _ []byte) bool {
		if kind > 3 {
			t.Errorf("a message of kind %d", kind)
		}
		return c.doc.Array("cells").Len() == 3
	})
	if c.conn.Subprotocol() != "" {
		t.Error("a sub-protocol that was not offered")
	}
}

// Another history is refused with a reason once, then at the door.
func TestSocket_AnotherLineage(t *testing.T) {
	e := newEnv(t)
	e.file("a.ipynb", twoCells)
	room := e.open("a.ipynb")
	for _, path := range []string{"/ws/" + room.ID.String(), "/api/collaboration/room/json:notebook:" + room.ID.String()} {
		session := uuid.NewString()
		c, _ := e.dial(path+"?sessionId="+session, nil)
		if c == nil {
			t.Fatal("refused without a word")
		}
		code, reason := c.closed()
		var told struct{ Reason, SessionID string }
		if err := json.Unmarshal([]byte(reason), &told); err != nil || code != hub.CloseLineage || told.Reason != "unknown_session" || told.SessionID != session || len(reason) > maxReason {
			t.Errorf("closed with %d %q", code, reason)
		}
		if c, status := e.dial(path+"?sessionId="+session, nil); c != nil || status != http.StatusConflict {
			t.Errorf("a repeat: %d", status)
		}
		if c, _ := e.dial(path+"?sessionId="+room.Lineage.String(), nil); c == nil {
			t.Error("the right session was refused")
		}
	}
}

// Whoever breaks the protocol is closed, and nobody else.
func TestSocket_BadFrames(t *testing.T) {
	e := newEnv(t, func(s *setup) { s.hub.Caps.Sync, s.api.MaxFrame = 1<<20, 1<<20 })
	e.file("a.ipynb", twoCells)
	room := e.open("a.ipynb")
	good := e.attach("/ws/" + room.ID.String())
	large := append([]byte{yjs.MessageAwareness}, make([]byte, 1<<17)...)
	for name, c := range map[string]struct {
		kind  websocket.MessageType
		frame []byte
		code  int
	}{
		"text":             {websocket.MessageText, []byte("hello"), hub.CloseInvalid},
		"a wild update":    {websocket.MessageBinary, yjs.AppendUpdate(nil, []byte{9, 9, 9, 9}), hub.CloseInvalid},
		"a large presence": {websocket.MessageBinary, large, hub.CloseTooLarge},
		"a huge message":   {websocket.MessageBinary, make([]byte, 1<<21+10), hub.CloseTooLarge},
	} {
		bad := e.attach("/ws/"+room.ID.String(), subprotocol)
		e.ok(bad.conn.Write(bad.ctx, c.kind, c.frame))
		if code, reason := bad.closed(); code != c.code {
			t.Errorf("%s: closed with %d %q, want %d", name, code, reason, c.code)
		}
	}
	for _, frame := range [][]byte{{}, {77}, {0}, {0, 0}, {100, 1}, {101, 200}, {2, 1, 'x'}, {3}} {
		good.send(frame) // unknown and cut ones say nothing, or end that socket alone
	}
	e.do("GET", roomPath(room.ID, "/cells"), nil).want(200)
}

// Whatever reads, a message above the greatest cap ends the connection.
func TestSocket_TheGreatestMessage(t *testing.T) {
	s := newServer(Options{MaxFrame: 100})
	ended := make(chan error, 1)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		sock, err := s.upgrade(w, r)
		if err != nil {
			ended <- err
			return
		}
		for err == nil {
			var message io.Reader
			if message, err = sock.Reader(r.Context()); err == nil {
				_, _ = io.CopyN(io.Discard, message, 1) // what is left is the next Reader's to drop
			}
		}
		ended <- err
	}))
	defer server.Close()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	conn, _, err := websocket.Dial(ctx, server.URL, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.CloseNow()
	for _, size := range []int{100, 101, 1 << 16} {
		_ = conn.Write(ctx, websocket.MessageBinary, make([]byte, size))
	}
	if _, _, err := conn.Read(ctx); websocket.CloseStatus(err) != hub.CloseTooLarge {
		t.Errorf("closed with %v", err)
	}
	if err := <-ended; err == nil {
		t.Error("the reader went on")
	}
}

// Nothing but a sound upgrade is upgraded.
func TestSocket_OnlySoundUpgrades(t *testing.T) {
	e := newEnv(t)
	e.file("a.ipynb", twoCells)
	room := e.open("a.ipynb")
	for _, path := range []string{"/ws/" + room.ID.String(), "/api/collaboration/room/json:notebook:" + room.ID.String(), "/api/events/subscribe"} {
		r := e.do("GET", path, nil)
		r.wantCode(http.StatusUpgradeRequired, codeUpgrade)
		if r.header.Get("Upgrade") != "websocket" {
			t.Error("426 without Upgrade")
		}
		for name, v := range map[string]string{"Connection": "close", "Upgrade": "h2c", "Sec-WebSocket-Version": "12", "Sec-WebSocket-Key": "short"} {
			req := e.request("GET", path, nil)
			for k, v := range upgradeHeaders {
				req.Header.Set(k, v)
			}
			req.Header.Set(name, v)
			e.send(req).wantCode(http.StatusUpgradeRequired, codeUpgrade)
		}
	}
}

// The hub's end is told to everybody, with a code that asks to come back.
func TestSocket_EndsWithTheHub(t *testing.T) {
	e := newEnv(t)
	e.file("a.ipynb", twoCells)
	room := e.open("a.ipynb")
	c := e.attach("/ws/"+room.ID.String(), subprotocol)
	bus, _ := e.dial("/api/events/subscribe", nil)
	done := make(chan struct{})
	go func() { defer close(done); e.close() }()
	if code, _ := c.closed(); code != hub.CloseRestart {
		t.Errorf("closed with %d", code)
	}
	if ev := c.event("goodbye"); ev["reason"] != "shutdown" {
		t.Errorf("goodbye %v", ev)
	}
	if code, _ := bus.closed(); code != hub.CloseRestart {
		t.Errorf("the event bus closed with %d", code)
	}
	<-done
}

// A client that is refused with a reason comes back at once; it gets the reason
// once a minute.
func TestRefusals_OnceAMinute(t *testing.T) {
	var f refusals
	if f.again("r", "s", "1") {
		t.Error("the first")
	}
	if !f.again("r", "s", "1") {
		t.Error("the second")
	}
	if f.again("r", "s", "2") || f.again("r", "t", "1") || f.again("q", "s", "1") {
		t.Error("somebody else")
	}
	for key := range f.until {
		f.until[key] = time.Now().Add(-time.Second)
	}
	if f.again("r", "s", "1") {
		t.Error("after a minute")
	}
	for i := range maxRefusals + 5 {
		f.again("flood", "", string(rune(i)))
	}
	if len(f.until) > maxRefusals {
		t.Errorf("%d remembered", len(f.until))
	}
}

func TestRefusals_CloseCodes(t *testing.T) {
	for code, want := range map[hub.Code]int{
		hub.CodeLineage: 1003, hub.CodeNotFound: 4404, hub.CodeRoomNotFound: 4404, hub.CodeMissing: 4404, hub.CodeRoomReplaced: 4404,
		hub.CodeBadNotebook: 4400, hub.CodeUnsupported: 4400, hub.CodeNotAFile: 4400, hub.CodeTooLarge: 4400,
		hub.CodeStorage: 4500, hub.CodePermission: 4500, hub.CodeInternal: 4500, hub.CodeClosing: 1012,
	} {
		if got, _ := refusal(edge(code, "why"), "s"); got != want {
			t.Errorf("%s closes with %d, want %d", code, got, want)
		}
	}
	if reason := unknownSession(strings.Repeat("x", 200)); len(reason) > maxReason || !json.Valid([]byte(reason)) {
		t.Errorf("reason %q", reason)
	}
}

func TestSocket_TokensOfHeaders(t *testing.T) {
	if got := tokens([]string{"keep-alive, Upgrade", "X"}); !slices.Equal(got, []string{"keep-alive", "upgrade", "x"}) {
		t.Errorf("%q", got)
	}
}
