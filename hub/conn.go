package hub

import (
	"context"
	"io"
)

// Conn is one client's message connection, as package api makes it from a
// WebSocket and hubtest from a pair of channels. Reader is called by one
// goroutine; Write, Ping and Close may be called by another at the same time.
// Close makes a waiting Reader return.
type Conn interface {
	// Reader waits for the next binary message and returns its bytes as a
	// stream, so that its kind is known before its size is paid for.
	Reader(ctx context.Context) (io.Reader, error)
	// Write sends one binary message. An expired ctx may close the connection.
	Write(ctx context.Context, message []byte) error
	// Ping waits for the client's transport to answer.
	Ping(ctx context.Context) error
	// Close says why and ends the connection. The reason has at most 123 bytes.
	Close(code int, reason string) error
}

// Close codes towards clients. 1000 and 1001 are never sent: Python clients
// spin on them.
const (
	CloseLineage   = 1003 // another history; reason is Jupyter's JSON
	CloseInvalid   = 1007 // an update that cannot be one
	ClosePolicy    = 1008 // forbidden after the first sync
	CloseTooLarge  = 1009 // a message above its cap
	CloseInternal  = 1011 // a bug of ours
	CloseRestart   = 1012 // room evicted or hub going down: come back
	CloseSlow      = 1013 // the client is too slow, or the hub's disk: come back later
	CloseForbidden = 4403 // forbidden before the first sync
)

// JoinOptions describe the client that wants to attach.
type JoinOptions struct {
	Client  Client
	Events  bool   // it speaks the sub-protocol notebook-hub.v1
	Lineage string // Jupyter's sessionId, "" when the client sends none
	Remote  string // its address, for the log
}
