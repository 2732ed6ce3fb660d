package hubtest

import (
	"bytes"
	"context"
	"errors"
	"io"
	"sync"
	"sync/atomic"

	"github.com/notebookhub/hub/hub"
)

// errClosed is what both ends of a closed connection get.
var errClosed = errors.New("connection closed")

// Conn is a connection in memory: the hub has it as a hub.Conn, the test sends
// and receives at the other end.
type Conn struct {
	toHub    chan []byte
	toClient chan []byte
	closed   chan struct{}
	once     sync.Once
	code     atomic.Int64
	reason   atomic.Value
}

var _ hub.Conn = (*Conn)(nil)

// NewConn returns a connection that holds window messages towards the client:
// a client that does not read more makes the hub's writer wait.
func NewConn(window int) *Conn {
	return &Conn{toHub: make(chan []byte, 16), toClient: make(chan []byte, window), closed: make(chan struct{})}
}

// Reader is the hub's. What was sent before the connection was closed arrives.
func (c *Conn) Reader(ctx context.Context) (io.Reader, error) {
	select {
	case m := <-c.toHub:
		return bytes.NewReader(m), nil
	default:
	}
	select {
	case m := <-c.toHub:
		return bytes.NewReader(m), nil
	case <-c.closed:
		select {
		case m := <-c.toHub:
			return bytes.NewReader(m), nil
		default:
			return nil, errClosed
		}
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// Write is the hub's.
func (c *Conn) Write(ctx context.Context, m []byte) error {
	select {
	case c.toClient <- m:
		return nil
	case <-c.closed:
		return errClosed
	case <-ctx.Done():
		c.Drop()
		return ctx.Err()
	}
}

// Ping is the hub's: a connection that is open answers.
func (c *Conn) Ping(context.Context) error {
	select {
	case <-c.closed:
		return errClosed
	default:
		return nil
	}
}

// Close is the hub's.
func (c *Conn) Close(code int, reason string) error {
	c.once.Do(func() {
		c.code.Store(int64(code))
		c.reason.Store(reason)
		close(c.closed)
	})
	return nil
}

// Drop ends the connection as a broken network does.
func (c *Conn) Drop() { c.once.Do(func() { close(c.closed) }) }

// Closed returns the code and the reason with which the hub closed, 0 if it did
// not.
func (c *Conn) Closed() (code int, reason string) {
	reason, _ = c.reason.Load().(string)
	return int(c.code.Load()), reason
}

// Done is closed with the connection.
func (c *Conn) Done() <-chan struct{} { return c.closed }

// Send gives a message to the hub.
func (c *Conn) Send(m []byte) error {
	select {
	case c.toHub <- m:
		return nil
	case <-c.closed:
		return errClosed
	}
}

// Receive waits for the hub's next message. Those that were sent before the
// connection was closed are still received.
func (c *Conn) Receive() ([]byte, error) {
	select {
	case m := <-c.toClient:
		return m, nil
	default:
	}
	select {
	case m := <-c.toClient:
		return m, nil
	case <-c.closed:
		select {
		case m := <-c.toClient:
			return m, nil
		default:
			return nil, errClosed
		}
	}
}
