package api

//lint:file-ignore SA1019 the library goes on under another import path with the same API; only this file would change

import (
	"context"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/google/uuid"
	"nhooyr.io/websocket"

	"github.com/notebookhub/hub/hub"
)

// subprotocol is what clients offer that want events and requests besides the
// y-websocket protocol.
const subprotocol = "notebook-hub.v1"

// maxReason is how much of a reason fits into a close frame, in bytes
// (RFC 6455, section 5.5).
const maxReason = 123

var errText = errors.New("text message on a socket of binary messages")

// socket makes a hub.Conn of a WebSocket.
type socket struct {
	conn *websocket.Conn
	last io.Reader // owned by the reader: the message that it was given last
}

// Reader waits for the next binary message. What is left of the former one is
// dropped.
func (s *socket) Reader(ctx context.Context) (io.Reader, error) {
	if s.last != nil {
		if _, err := io.Copy(io.Discard, s.last); err != nil {
			return nil, err
		}
	}
	kind, message, err := s.conn.Reader(ctx)
	if err != nil {
		return nil, err
	}
	if kind != websocket.MessageBinary {
		_ = s.Close(hub.CloseInvalid, "binary messages only")
		return nil, errText
	}
	s.last = message
	return message, nil
}

func (s *socket) Write(ctx context.Context, message []byte) error {
	return s.conn.Write(ctx, websocket.MessageBinary, message)
}

func (s *socket) Ping(ctx context.Context) error { return s.conn.Ping(ctx) }

// deaf lets the client say nothing and keeps the connection answering. The
// context that it returns ends with the connection.
func (s *socket) deaf(ctx context.Context) context.Context { return s.conn.CloseRead(ctx) }

func (s *socket) Close(code int, reason string) error {
	if len(reason) > maxReason {
		reason = reason[:maxReason]
		for !utf8.ValidString(reason) {
			reason = reason[:len(reason)-1]
		}
	}
	return s.conn.Close(websocket.StatusCode(code), reason)
}

// upgrade turns a request into a socket. The Origin was checked before, more
// strictly than the library does.
func (s *server) upgrade(w http.ResponseWriter, r *http.Request) (*socket, error) {
	conn, err := websocket.Accept(w, r, &websocket.AcceptOptions{
		Subprotocols: []string{subprotocol}, InsecureSkipVerify: true, CompressionMode: websocket.CompressionDisabled,
	})
	if err != nil {
		return nil, err
	}
	conn.SetReadLimit(s.MaxFrame)
	return &socket{conn: conn}, nil
}

// wantsUpgrade tells a WebSocket request from a plain one.
func wantsUpgrade(r *http.Request) bool {
	return slices.Contains(tokens(r.Header.Values("Upgrade")), "websocket")
}

// checkUpgrade refuses what is no sound WebSocket request (RFC 6455, section
// 4.2.1), before anything is done for it.
func checkUpgrade(r *http.Request) error {
	sound := r.Method == http.MethodGet && wantsUpgrade(r) &&
		slices.Contains(tokens(r.Header.Values("Connection")), "upgrade") &&
		r.Header.Get("Sec-WebSocket-Version") == "13" && len(r.Header.Get("Sec-WebSocket-Key")) == 24
	if !sound {
		return edge(codeUpgrade, "this is a WebSocket: version 13, GET with Connection: Upgrade")
	}
	return nil
}

// tokens splits comma-separated header values, in lower case.
func tokens(values []string) []string {
	list := strings.Split(strings.ToLower(strings.Join(values, ",")), ",")
	for i := range list {
		list[i] = strings.TrimSpace(list[i])
	}
	return list
}

// joined is how a client attached or why it could not.
type joined struct {
	sock *socket // set once the connection is a socket
	err  error
}

// join attaches the client of a request to a room and returns when it has left.
func (s *server) join(w http.ResponseWriter, r *http.Request, room uuid.UUID) joined {
	var j joined
	o := hub.JoinOptions{
		Client: by(r), Lineage: r.URL.Query().Get("sessionId"), Remote: r.RemoteAddr,
		Events: slices.Contains(tokens(r.Header.Values("Sec-WebSocket-Protocol")), subprotocol),
	}
	j.err = s.hub.Join(r.Context(), room, o, func(hub.RoomInfo) (hub.Conn, error) {
		sock, err := s.upgrade(w, r)
		if err != nil {
			return nil, err
		}
		j.sock = sock
		return sock, nil
	})
	if j.sock != nil {
		_ = j.sock.conn.CloseNow()
	}
	return j
}

// globalAwareness is the name of the room in which Jupyter's front ends tell
// each other what they have open.
const globalAwareness = "JupyterLab:globalAwareness"

// joinLobby attaches the client of a request to the lobby and returns when it
// has left.
func (s *server) joinLobby(w http.ResponseWriter, r *http.Request) error {
	var sock *socket
	err := s.lobby.Join(r.Context(), hub.JoinOptions{Client: by(r), Remote: r.RemoteAddr}, func() (hub.Conn, error) {
		accepted, err := s.upgrade(w, r)
		if err != nil {
			return nil, err
		}
		sock = accepted
		return accepted, nil
	})
	if sock != nil {
		_ = sock.conn.CloseNow()
		return nil
	}
	return err
}

// attach is GET /ws/{room}. What hinders it is an HTTP answer, except that a
// client of another history is told by a close code once: it would otherwise
// try for ever without a word.
func (s *server) attach(w http.ResponseWriter, r *http.Request, room uuid.UUID) error {
	if err := checkUpgrade(r); err != nil {
		return err
	}
	j := s.join(w, r, room)
	if j.sock != nil || j.err == nil {
		return nil
	}
	if hub.CodeOf(j.err) == hub.CodeLineage {
		return s.refuse(w, r, room, j.err)
	}
	return j.err
}

// refuse upgrades a client only to close its socket with the reason, once a
// minute; its repeats in between get the plain error.
func (s *server) refuse(w http.ResponseWriter, r *http.Request, room uuid.UUID, cause error) error {
	if s.refused.again(room.String(), r.URL.Query().Get("sessionId"), addressOf(r)) {
		return cause
	}
	sock, err := s.upgrade(w, r)
	if err != nil {
		return nil // the library has answered
	}
	note(r).err = cause
	_ = sock.Close(refusal(cause, r.URL.Query().Get("sessionId")))
	return nil
}
