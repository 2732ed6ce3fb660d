package zmtp

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"sync"
	"time"
)

// Kind is a socket type.
type Kind string

// The socket types of Jupyter's clients and, for tests, of its kernels.
const (
	Dealer Kind = "DEALER"
	Sub    Kind = "SUB"
	Req    Kind = "REQ"
	Router Kind = "ROUTER"
	Pub    Kind = "PUB"
	Rep    Kind = "REP"
)

func (k Kind) speaksTo(peer Kind) bool {
	switch k {
	case Dealer:
		return peer == Router || peer == Dealer || peer == Rep
	case Router:
		return peer == Dealer || peer == Req || peer == Router
	case Sub:
		return peer == Pub || peer == "XPUB"
	case Pub:
		return peer == Sub || peer == "XSUB"
	case Req:
		return peer == Rep || peer == Router
	case Rep:
		return peer == Req || peer == Dealer
	}
	return false
}

// Message is what came in one piece.
type Message struct {
	Frames [][]byte
	// Skipped is the number of bytes that were left out because the message was
	// above the limit; Frames then holds only what came before them.
	Skipped uint64
}

// Size is the number of bytes that the message holds in memory.
func (m Message) Size() int {
	n := 0
	for _, f := range m.Frames {
		n += len(f) + 24 // and the slice that points there
	}
	return n
}

// Conn is one connection after its handshake.
type Conn struct {
	net      net.Conn
	reader   *bufio.Reader // owned by the goroutine that receives
	limit    uint64        // bytes of one message
	peer     Kind          // static after the handshake
	identity string        // the peer's; static after the handshake

	mu  sync.Mutex // guards writing, so that messages do not mix
	out []byte     // guarded by mu
}

// Options say what a connection is.
type Options struct {
	Kind     Kind
	Identity string // at most 255 bytes; "" is none
	Limit    uint64 // bytes of one message that are taken; longer ones are skipped
}

// New makes a Conn of a fresh network connection by greeting the peer. On error,
// or when ctx ends first, nc is closed.
func New(ctx context.Context, nc net.Conn, o Options) (*Conn, error) {
	c := &Conn{net: nc, reader: bufio.NewReaderSize(nc, 64<<10), limit: o.Limit}
	stop := context.AfterFunc(ctx, func() { _ = nc.SetDeadline(time.Unix(1, 0)) })
	err := c.handshake(o.Kind, o.Identity)
	if !stop() && err == nil {
		err = context.Cause(ctx)
	}
	if err != nil {
		_ = nc.Close()
		return nil, fmt.Errorf("greet peer: %w", err)
	}
	return c, nil
}

// PeerIdentity is the identity that the peer told in its greeting.
func (c *Conn) PeerIdentity() string { return c.identity }

// Send writes a message. The frames are not kept.
func (c *Conn) Send(frames ...[]byte) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.out = c.out[:0]
	for i, f := range frames {
		flags := byte(flagMore)
		if i == len(frames)-1 {
			flags = 0
		}
		c.out = appendFrame(c.out, flags, f)
	}
	return c.flushLocked()
}

func (c *Conn) sendCommand(body []byte) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.out = appendFrame(c.out[:0], flagCommand, body)
	return c.flushLocked()
}

func (c *Conn) flushLocked() error {
	_, err := c.net.Write(c.out)
	if cap(c.out) > 1<<20 {
		c.out = nil
	}
	return err
}

// Subscribe asks a PUB peer for everything that begins with topic. In ZMTP 3.0 a
// subscription is a message.
func (c *Conn) Subscribe(topic string) error {
	return c.Send(append([]byte{1}, topic...))
}

// Receive returns the next message. io.EOF means that the peer closed the
// connection between two messages.
func (c *Conn) Receive() (Message, error) {
	var m Message
	var size uint64
	for count := 0; ; count++ {
		flags, length, err := readHeader(c.reader)
		switch {
		case err != nil && count > 0:
			return m, torn(err)
		case err != nil:
			return m, err
		case flags&flagCommand != 0:
			if err := c.command(length); err != nil {
				return m, err
			}
			count--
			continue
		case count == maxFrames:
			return m, fmt.Errorf("%w: a message of more than %d frames", ErrProtocol, maxFrames)
		}
		if m.Skipped > 0 || length > c.limit-size {
			m.Skipped += length
			err = skip(c.reader, length)
		} else {
			var body []byte
			body, err = readBody(c.reader, length)
			m.Frames = append(m.Frames, body)
			size += length
		}
		if err != nil {
			return m, err
		}
		if flags&flagMore == 0 {
			return m, nil
		}
	}
}

// command takes a command between frames: a ping is answered, an error ends the
// connection, anything else is for protocols newer than ours.
func (c *Conn) command(length uint64) error {
	if length > maxCommand {
		return fmt.Errorf("%w: command of %d bytes", ErrProtocol, length)
	}
	body, err := readBody(c.reader, length)
	if err != nil {
		return err
	}
	switch name, rest := splitCommand(body); name {
	case "PING":
		if len(rest) >= 2 {
			return c.sendCommand(append(command("PONG"), rest[2:]...))
		}
	case "ERROR":
		return fmt.Errorf("%w: the peer says %q", ErrProtocol, rest)
	}
	return nil
}

// Close ends the connection; a Receive or Send under way returns an error.
func (c *Conn) Close() error { return c.net.Close() }

// SetDeadline bounds a Receive or Send under way and later ones; the zero time
// lifts the bound.
func (c *Conn) SetDeadline(t time.Time) error { return c.net.SetDeadline(t) }
