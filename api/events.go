package api

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/go-chi/chi/v5"
	"github.com/google/uuid"
)

// heartbeat is how often a stream shows that it lives.
const heartbeat = 15 * time.Second

func (s *server) routeEvents(mux *chi.Mux) {
	mux.Get("/api/v1/events", s.handle(s.followHub))
	mux.Get("/api/v1/rooms/{room}/events", s.inRoom(s.followRoom))
}

// newEpoch names this run of the hub: event numbers begin anew with each.
func newEpoch() string { return randomHex(4) }

func (s *server) followHub(w http.ResponseWriter, r *http.Request) error {
	return s.follow(w, r, uuid.Nil)
}

func (s *server) followRoom(w http.ResponseWriter, r *http.Request, room uuid.UUID) error {
	if _, err := s.hub.Room(r.Context(), room); err != nil {
		return err
	}
	return s.follow(w, r, room)
}

// follow streams events until the client goes or the hub closes.
func (s *server) follow(w http.ResponseWriter, r *http.Request, room uuid.UUID) error {
	after, lost, err := s.mark(r)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Accel-Buffering", "no") // nginx would hold events back
	w.WriteHeader(http.StatusOK)
	if r.Method == http.MethodHead {
		return nil
	}
	out := stream{w: w, control: http.NewResponseController(w)}
	out.send("retry: 1000\n\n")
	if lost || s.forgotten(r.Context(), after) {
		out.send("event: reset\ndata: {}\n\n")
	}
	for out.err == nil {
		after = s.pass(r.Context(), &out, room, after)
	}
	return nil
}

// pass sends what comes next, or a heartbeat when nothing does in time, and
// returns the number of the last event sent.
func (s *server) pass(ctx context.Context, out *stream, room uuid.UUID, after uint64) uint64 {
	wait, cancel := context.WithTimeout(ctx, heartbeat)
	defer cancel()
	events, err := s.hub.Events(wait, room, after)
	switch {
	case err == nil:
	case errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil:
		out.send(": \n\n")
	default:
		out.err = err // the client has gone, or the hub closes
	}
	for _, e := range events {
		out.send(fmt.Sprintf("id: %s-%d\nevent: %s\ndata: %s\n", s.epoch, e.Seq, e.Type, encode(presentEvent(e))))
		after = e.Seq
	}
	return after
}

// mark returns the event after which a stream begins: what the client says it
// has seen, else the newest. lost says that the mark is of another run.
func (s *server) mark(r *http.Request) (after uint64, lost bool, err error) {
	text := r.Header.Get("Last-Event-ID")
	if text == "" {
		text = r.URL.Query().Get("after")
	}
	newest := s.hub.LastEvent()
	switch text {
	case "":
		return newest, false, nil
	case "0":
		return 0, false, nil
	}
	epoch, number, _ := strings.Cut(text, "-")
	seq, parseErr := strconv.ParseUint(number, 10, 64)
	switch {
	case parseErr != nil:
		return 0, false, badField("after", "must be the id of an event")
	case epoch != s.epoch || seq > newest:
		return newest, true, nil
	}
	return seq, false, nil
}

// forgotten tells whether the hub no longer remembers what followed an event.
func (s *server) forgotten(ctx context.Context, after uint64) bool {
	if after == 0 || after >= s.hub.LastEvent() {
		return false
	}
	next, err := s.hub.Events(ctx, uuid.Nil, after)
	return err == nil && len(next) > 0 && next[0].Seq > after+1
}

// stream writes server-sent events. The first failure ends it.
type stream struct {
	w       http.ResponseWriter
	control *http.ResponseController
	err     error
}

func (s *stream) send(text string) {
	if s.err != nil {
		return
	}
	_ = s.control.SetWriteDeadline(time.Now().Add(sendWait)) // an in-memory connection has none
	if _, s.err = s.w.Write([]byte(text)); s.err == nil {
		s.err = s.control.Flush()
	}
}
