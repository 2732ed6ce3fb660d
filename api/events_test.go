package api

import (
	"bufio"
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/notebookhub/hub/hub"
)

// sse is one message of a stream.
type sse struct {
	id, event, data, comment string
}

// follower reads a stream.
type follower struct {
	e      *env
	lines  *bufio.Scanner
	cancel context.CancelFunc
	resp   *http.Response
}

func (e *env) follow(path string, headers ...string) *follower {
	e.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	resp, err := e.client.Do(e.request("GET", path, nil, headers...).WithContext(ctx))
	e.ok(err)
	e.Cleanup(func() { cancel(); resp.Body.Close() })
	if resp.StatusCode != 200 || resp.Header.Get("Content-Type") != "text/event-stream" {
		e.Fatalf("%s: %d %s", path, resp.StatusCode, resp.Header.Get("Content-Type"))
	}
	return &follower{e: e, lines: bufio.NewScanner(resp.Body), cancel: cancel, resp: resp}
}

// next returns the next message, and false when the stream has ended.
func (f *follower) next() (sse, bool) {
	var m sse
	for f.lines.Scan() {
		line := f.lines.Text()
		name, text, _ := strings.Cut(line, ":")
		text = strings.TrimPrefix(text, " ")
		switch {
		case line == "":
			if m != (sse{}) {
				return m, true
			}
		case name == "":
			m.comment = " " + text
		case name == "id":
			m.id = text
		case name == "event":
			m.event = text
		case name == "data":
			m.data = text
		}
	}
	return m, false
}

// await returns the next event of a type; each event on the way is held to the
// contract.
func (f *follower) await(kind string) (sse, Event) {
	f.e.Helper()
	for {
		m, ok := f.next()
		if !ok {
			f.e.Fatalf("the stream ended before %s: %v", kind, f.lines.Err())
		}
		if m.event == "" {
			continue
		}
		var e Event
		if m.event != "reset" {
			spec.schema(f.e.T, "Event", []byte(m.data))
			f.e.ok(json.Unmarshal([]byte(m.data), &e))
		}
		if m.event == kind {
			return m, e
		}
	}
}

// What happens is told as it happens, to those who follow the room and to those
// who follow all.
func TestEvents_OfARoomAndOfAll(t *testing.T) {
	e := newEnv(t)
	e.file("a.ipynb", twoCells)
	e.file("b.ipynb", codeNotebook("one"))
	all := e.follow("/api/v1/events")
	room := e.open("a.ipynb")
	one := e.follow(roomPath(room.ID, "/events"))
	other := e.open("b.ipynb")
	_, opened := all.await("opened")
	if opened.Room == nil || *opened.Room != room.ID {
		t.Fatalf("opened %+v", opened)
	}
	e.finished(e.run(other, map[string]any{"all": true})[0])
	e.do("PATCH", roomPath(room.ID, "/cells/first"), map[string]any{"source": "x"}).want(200)
	e.do("POST", roomPath(room.ID, "/save"), map[string]any{"path": "c.ipynb"}).want(200)
	if _, ev := one.await("path_changed"); ev.Data["path"] != "c.ipynb" || *ev.Room != room.ID {
		t.Fatalf("path_changed %+v", ev)
	}
	if _, ev := all.await("execution"); *ev.Room != other.ID {
		t.Fatalf("execution %+v", ev)
	}
	e.do("DELETE", roomPath(room.ID, ""), nil).want(200)
	if _, ev := one.await("evicted"); ev.Data["reason"] != "closed" {
		t.Fatalf("evicted %+v", ev)
	}
}

// Who comes back gets what was missed, or is told that it is lost.
func TestEvents_ResumeAndReset(t *testing.T) {
	e := newEnv(t)
	e.file("a.ipynb", twoCells)
	f := e.follow("/api/v1/events")
	room := e.open("a.ipynb")
	mark, first := f.await("opened")
	f.cancel()
	e.do("PATCH", roomPath(room.ID, "/cells/first"), map[string]any{"source": "missed"}).want(200)

	again := e.follow("/api/v1/events", "Last-Event-ID", mark.id)
	if _, ev := again.await("edited"); ev.Seq <= first.Seq {
		t.Fatalf("resumed at %+v", ev)
	}
	_, ev := e.follow("/api/v1/events?after=" + mark.id).await("edited")
	if _, room := e.follow(roomPath(room.ID, "/events?after=0")).await("opened"); room.Seq != first.Seq || ev.Seq <= first.Seq {
		t.Fatalf("from the start %+v", room)
	}
	for _, old := range []string{"00000000-1", strings.Replace(mark.id, "-", "-9999", 1)} {
		lost := e.follow("/api/v1/events", "Last-Event-ID", old)
		if m, _ := lost.await("reset"); m.id != "" || m.data != "{}" {
			t.Fatalf("reset %+v", m)
		}
	}
	for _, bad := range []string{"x", "1-", "-5x", "ab-1.5"} {
		e.do("GET", "/api/v1/events?after="+bad, nil).wantCode(422, hub.CodeInvalid)
		e.do("GET", roomPath(room.ID, "/events?after="+bad), nil).wantCode(422, hub.CodeInvalid)
	}
	e.do("GET", roomPath(uuid.New(), "/events"), nil).wantCode(404, hub.CodeRoomNotFound)
}

// A follower that fell behind what the hub remembers is told.
func TestEvents_AGapIsTold(t *testing.T) {
	e := newEnv(t)
	f := e.follow("/api/v1/events")
	e.do("PUT", "/api/v1/notebooks/a.ipynb", twoCells).want(201)
	mark, _ := f.await("listing")
	f.cancel()
	e.overflow()
	if m, _ := e.follow("/api/v1/events", "Last-Event-ID", mark.id).await("reset"); m.data != "{}" {
		t.Fatalf("reset %+v", m)
	}
}

// overflow makes more events than the hub remembers: cells that are queued and
// cancelled again, because the first one fails.
func (e *env) overflow() {
	e.Helper()
	start := e.hub.LastEvent()
	e.file("many.ipynb", codeNotebook(slices.Repeat([]string{"fail"}, 900)...))
	room := e.open("many.ipynb")
	for e.hub.LastEvent() < start+4200 {
		runs := e.run(room, map[string]any{"all": true})
		e.finished(runs[len(runs)-1])
	}
}

// The hub's end is the stream's end.
func TestEvents_EndWithTheHub(t *testing.T) {
	e := newEnv(t)
	f := e.follow("/api/v1/events")
	e.close()
	for {
		if _, more := f.next(); !more {
			break
		}
	}
	if err := f.lines.Err(); err != nil {
		t.Errorf("the stream was cut: %v", err)
	}
	e.do("GET", "/readyz", nil).wantCode(503, hub.CodeClosing)
	e.do("GET", "/healthz", nil).want(200)
}
