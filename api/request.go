package api

import (
	"net/http"
	"net/url"
	"path"
	"strconv"
	"strings"

	"github.com/go-chi/chi/v5"
	"github.com/google/uuid"

	"github.com/notebookhub/hub/hub"
)

func setLength(w http.ResponseWriter, n int) {
	w.Header().Set("Content-Length", strconv.Itoa(n))
}

// param returns a part of the path, decoded. The router matches the path as it
// was sent whenever that differs from what Go would have sent.
func param(r *http.Request, name string) string {
	raw := chi.URLParam(r, name)
	if r.URL.RawPath == "" {
		return raw
	}
	if text, err := url.PathUnescape(raw); err == nil {
		return text
	}
	return raw
}

// roomOf returns the room that a request is about. What is no id was never
// given out.
func roomOf(r *http.Request) (uuid.UUID, error) {
	text := param(r, "room")
	id, ok := parseID(text)
	if !ok {
		return uuid.Nil, edge(hub.CodeRoomNotFound, "there is no room %q", text)
	}
	note(r).room = id.String()
	return id, nil
}

// parseID takes the one usual spelling of a UUID.
func parseID(text string) (uuid.UUID, bool) {
	id, err := uuid.Parse(text)
	return id, err == nil && len(text) == 36 && id != uuid.Nil
}

// pathOf returns the notebook's path that a request names. The hub decides
// what it may be; here falls only what no path of the contract can hold, and
// all of that does not exist.
func pathOf(r *http.Request) (string, error) {
	p := param(r, "*")
	decoded, err := url.PathUnescape(p) // dots that were encoded twice are no names either
	if err != nil {
		decoded = p
	}
	if p == "" || strings.ContainsRune(p, 0) || path.Clean("/"+p) != "/"+p || path.Clean("/"+decoded) != "/"+decoded {
		return "", edge(hub.CodeNotFound, "there is no notebook %q", p)
	}
	return p, nil
}

// boolean reads a query parameter that is true or false.
func boolean(r *http.Request, name string, absent bool) (bool, error) {
	q := r.URL.Query()
	if !q.Has(name) {
		return absent, nil
	}
	switch q.Get(name) {
	case "1", "true":
		return true, nil
	case "0", "false":
		return false, nil
	}
	return false, badField(name, "must be 1 or 0")
}

// number reads a query parameter that is an integer between min and max.
func number(r *http.Request, name string, absent, min, max int) (int, error) {
	q := r.URL.Query()
	if !q.Has(name) {
		return absent, nil
	}
	n, err := strconv.Atoi(q.Get(name))
	if err != nil || n < min || n > max {
		return 0, badField(name, "must be an integer from %d to %d", min, max)
	}
	return n, nil
}

// only tells whether a text consists of these characters and has at least one.
func only(text, characters string) bool {
	return text != "" && strings.Trim(text, characters) == ""
}

// by is who asks.
func by(r *http.Request) hub.Client { return note(r).client }

// roomURL and notebookURL are where things are, for Location.
func (s *server) roomURL(id uuid.UUID) string { return s.base + "/api/v1/rooms/" + id.String() }

func (s *server) notebookURL(p string) string {
	return s.base + (&url.URL{Path: "/api/v1/notebooks/" + p}).EscapedPath()
}
