package api

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"log/slog"
	"net/http"
	"net/url"
	"regexp"
	"runtime/debug"
	"time"

	"github.com/go-chi/chi/v5/middleware"

	"github.com/notebookhub/hub/hub"
)

// notes is what is learnt about a request on its way, for its one log line. It
// belongs to the request's goroutine.
type notes struct {
	id     string
	room   string
	err    error
	client hub.Client
	known  bool // the client showed a token or cookie, or needs none
}

type notesKey struct{}

// note returns the notes of a request, which observe has put there.
func note(r *http.Request) *notes {
	if n, ok := r.Context().Value(notesKey{}).(*notes); ok {
		return n
	}
	return &notes{}
}

// observe gives each request an id and writes one line when it has ended.
// Tokens never reach the log.
func (s *server) observe(next http.Handler) http.Handler {
	ids := regexp.MustCompile(`^[A-Za-z0-9._-]{1,64}$`)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n := &notes{id: r.Header.Get("X-Request-Id")}
		if !ids.MatchString(n.id) {
			n.id = randomHex(8)
		}
		w.Header().Set("X-Request-Id", n.id)
		began := time.Now()
		seen := middleware.NewWrapResponseWriter(w, r.ProtoMajor)
		defer func() { s.logRequest(r, n, seen, time.Since(began)) }()
		next.ServeHTTP(seen, r.WithContext(context.WithValue(r.Context(), notesKey{}, n)))
	})
}

func (s *server) logRequest(r *http.Request, n *notes, w middleware.WrapResponseWriter, took time.Duration) {
	level := slog.LevelInfo
	attrs := []slog.Attr{
		slog.String("request", n.id), slog.String("method", r.Method), slog.String("path", r.URL.Path),
		slog.Int("status", w.Status()), slog.Int("bytes", w.BytesWritten()),
		slog.Duration("took", took), slog.String("remote", r.RemoteAddr),
	}
	if q := scrub(r.URL.RawQuery); q != "" {
		attrs = append(attrs, slog.String("query", q))
	}
	if n.room != "" {
		attrs = append(attrs, slog.String("room", n.room))
	}
	if n.err != nil {
		code := hub.CodeOf(n.err)
		attrs = append(attrs, slog.String("code", string(code)))
		if statusOf(code) >= http.StatusInternalServerError && r.Context().Err() == nil {
			level = slog.LevelError
			attrs = append(attrs, slog.String("error", n.err.Error()))
		}
	}
	s.log.LogAttrs(context.WithoutCancel(r.Context()), level, "request", attrs...)
}

// scrub returns a query for the log, without the token's value. One that does
// not parse is not shown at all: the token could hide in it.
func scrub(raw string) string {
	if raw == "" {
		return ""
	}
	q, err := url.ParseQuery(raw)
	if err != nil {
		return "malformed"
	}
	if q.Has("token") {
		q.Set("token", "REDACTED")
	}
	return q.Encode()
}

// safely sets the headers that every answer has, and turns a panic into a 500.
func (s *server) safely(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'; sandbox")
		h.Set("Cache-Control", "private, no-cache")
		h.Add("Vary", "Authorization, Cookie")
		// A deadline that an earlier answer on this connection has left behind.
		_ = http.NewResponseController(w).SetWriteDeadline(time.Time{})
		defer s.recover(w, r)
		next.ServeHTTP(w, r)
	})
}

func (s *server) recover(w http.ResponseWriter, r *http.Request) {
	cause := recover()
	if cause == nil {
		return
	}
	if cause == http.ErrAbortHandler {
		panic(cause)
	}
	s.log.Error("panic in a handler", "request", note(r).id, "cause", cause, "stack", string(debug.Stack()))
	if seen, ok := w.(middleware.WrapResponseWriter); ok && seen.Status() != 0 {
		panic(http.ErrAbortHandler) // the answer has begun: cut it, so that nobody takes it for whole
	}
	s.fail(w, r, edge(hub.CodeInternal, "something went wrong inside the hub; its log says more"))
}

func randomHex(bytes int) string {
	buf := make([]byte, bytes)
	_, _ = rand.Read(buf) // never fails
	return hex.EncodeToString(buf)
}
