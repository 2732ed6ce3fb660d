package api

import (
	"encoding/json"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/notebookhub/hub/hub"
)

// Close codes of Jupyter's room socket besides those of package hub.
const (
	closeBadRequest = 4400 // the notebook cannot be read
	closeNotFound   = 4404
	closeFailed     = 4500
)

// refusal returns the close code and reason that Jupyter's front ends
// understand.
func refusal(cause error, session string) (code int, reason string) {
	switch hub.CodeOf(cause) {
	case hub.CodeLineage:
		return hub.CloseLineage, unknownSession(session)
	case hub.CodeNotFound, hub.CodeRoomNotFound, hub.CodeMissing, hub.CodeRoomReplaced, hub.CodeRoomClosed:
		return closeNotFound, hub.DetailOf(cause)
	case hub.CodeBadNotebook, hub.CodeUnsupported, hub.CodeNotAFile, hub.CodeTooLarge:
		return closeBadRequest, hub.DetailOf(cause)
	case hub.CodeClosing:
		return hub.CloseRestart, hub.DetailOf(cause)
	}
	return closeFailed, hub.DetailOf(cause)
}

// unknownSession is the JSON by which the front ends offer to load afresh. A
// session that does not fit into a close frame is left out.
func unknownSession(session string) string {
	reason := struct {
		Reason     string `json:"reason"`
		SessionID  string `json:"sessionId,omitempty"`
		Reloadable bool   `json:"reloadable"`
	}{"unknown_session", session, true}
	text, _ := json.Marshal(reason)
	if len(text) > maxReason {
		reason.SessionID = ""
		text, _ = json.Marshal(reason)
	}
	return string(text)
}

const (
	refusalLasts = time.Minute
	maxRefusals  = 10_000 // remembered at once
)

// refusals remembers who was closed with a reason lately. Clients come back at
// once after a socket that opened, ten times a second, but ever more slowly
// after one that did not. All methods may be called concurrently.
type refusals struct {
	mu    sync.Mutex
	until map[[3]string]time.Time
}

// again tells whether this was refused within the last minute, and remembers
// it if not.
func (f *refusals) again(room, session, address string) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	now := time.Now()
	key := [3]string{room, session, address}
	if now.Before(f.until[key]) {
		return true
	}
	if f.until == nil || len(f.until) >= maxRefusals {
		f.until = f.living(now)
	}
	if len(f.until) >= maxRefusals {
		return true // under attack: nobody gets a socket for a refusal
	}
	f.until[key] = now.Add(refusalLasts)
	return false
}

func (f *refusals) living(now time.Time) map[[3]string]time.Time {
	kept := make(map[[3]string]time.Time)
	for key, until := range f.until {
		if now.Before(until) {
			kept[key] = until
		}
	}
	return kept
}

// addressOf is the client's address without its port.
func addressOf(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	return host
}
