package api

import (
	"net/http"
	"strings"

	"github.com/notebookhub/hub/hub"
)

// ifMatch returns the ETag that a write depends on, quoted, or "" when it
// depends on none. Weak ones match nothing (RFC 9110, section 13.1.1).
func ifMatch(r *http.Request) (string, error) {
	tags := r.Header.Values("If-Match")
	tag := strings.TrimSpace(strings.Join(tags, ","))
	switch {
	case len(tags) == 0, tag == "*":
		return "", nil
	case strings.HasPrefix(tag, "W/"):
		return "", edge(hub.CodeStale, "a weak ETag matches nothing")
	case !isTag(tag):
		return "", badField("If-Match", "must be one quoted ETag, or *")
	}
	return tag, nil
}

// isTag tells a single quoted tag.
func isTag(tag string) bool {
	return len(tag) >= 2 && tag[0] == '"' && tag[len(tag)-1] == '"' && !strings.Contains(tag[1:len(tag)-1], `"`)
}

// unchanged sets the ETag and answers 304 when the client has these bytes.
func unchanged(w http.ResponseWriter, r *http.Request, tag string) bool {
	w.Header().Set("ETag", tag)
	for _, have := range strings.Split(strings.Join(r.Header.Values("If-None-Match"), ","), ",") {
		have = strings.TrimPrefix(strings.TrimSpace(have), "W/")
		if have == tag || have == "*" {
			w.WriteHeader(http.StatusNotModified)
			return true
		}
	}
	return false
}

// mustNotExist tells a write that may make something and never replace it.
func mustNotExist(r *http.Request) (bool, error) {
	switch r.Header.Get("If-None-Match") {
	case "":
		return false, nil
	case "*":
		return true, nil
	}
	return false, badField("If-None-Match", "of a write may only be *")
}
