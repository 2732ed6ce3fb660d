package kerneltest

import (
	"context"
	"io"
	"net"
	"sync"
	"time"

	"github.com/notebookhub/hub/hub/kernel/internal/jupyter"
	"github.com/notebookhub/hub/hub/kernel/internal/zmtp"
)

// mark is what a real kernel's PUB socket holds for each subscriber before it
// drops the rest.
const mark = 1000

const greetLimit = time.Minute

// server is a kernel's five sockets.
type server struct {
	connection jupyter.Connection
	codec      *jupyter.Codec
	start      map[string]bool
	handle     func(ch jupyter.Channel, from *zmtp.Conn, m jupyter.Message)

	mu    sync.Mutex
	stdin []*zmtp.Conn  // guarded by mu
	subs  []*subscriber // guarded by mu
}

// subscriber is a reader of iopub with what waits for it.
type subscriber struct {
	conn *zmtp.Conn
	raw  net.Conn
	out  chan [][]byte
	on   bool // guarded by the server's mu
}

// listen opens the sockets and serves them in goroutines.
func (s *server) listen() error {
	for ch := jupyter.Channel(0); ch < jupyter.Channels; ch++ {
		l, err := net.Listen(s.connection.Endpoint(ch))
		if err != nil {
			return err
		}
		go s.accept(ch, l)
	}
	return nil
}

func (s *server) accept(ch jupyter.Channel, l net.Listener) {
	for {
		nc, err := l.Accept()
		if err != nil {
			return
		}
		go s.serve(ch, nc)
	}
}

func (s *server) serve(ch jupyter.Channel, nc net.Conn) {
	defer nc.Close()
	switch {
	case s.start["deaf"]:
		_, _ = io.Copy(io.Discard, nc)
		return
	case s.start["strangle"]:
		_, _ = io.WriteString(nc, "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n"+string(make([]byte, 64)))
		_, _ = io.Copy(io.Discard, nc)
		return
	case s.start["oldest"]:
		_, _ = nc.Write(append([]byte{0xff, 0, 0, 0, 0, 0, 0, 0, 1, 0x7f, 1}, make([]byte, 60)...))
		_, _ = io.Copy(io.Discard, nc)
		return
	}
	kinds := [jupyter.Channels]zmtp.Kind{zmtp.Router, zmtp.Pub, zmtp.Router, zmtp.Router, zmtp.Rep}
	ctx, cancel := context.WithTimeout(context.Background(), greetLimit)
	defer cancel()
	c, err := zmtp.New(ctx, nc, zmtp.Options{Kind: kinds[ch], Limit: 64 << 20})
	if err != nil {
		return
	}
	switch ch {
	case jupyter.Heartbeat:
		echo(c)
	case jupyter.IOPub:
		s.subscribe(c, nc)
	default:
		s.receive(ch, c)
	}
}

func echo(c *zmtp.Conn) {
	for {
		m, err := c.Receive()
		if err != nil || c.Send(m.Frames...) != nil {
			return
		}
	}
}

func (s *server) receive(ch jupyter.Channel, c *zmtp.Conn) {
	if ch == jupyter.Stdin {
		s.mu.Lock()
		s.stdin = append(s.stdin, c)
		s.mu.Unlock()
	}
	for {
		m, err := c.Receive()
		if err != nil {
			return
		}
		if msg, err := s.codec.Decode(m.Frames); err == nil {
			s.handle(ch, c, msg)
		}
	}
}

// subscribe serves a reader of iopub: nothing is sent before its subscription.
func (s *server) subscribe(c *zmtp.Conn, raw net.Conn) {
	sub := &subscriber{conn: c, raw: raw, out: make(chan [][]byte, mark)}
	s.mu.Lock()
	s.subs = append(s.subs, sub)
	s.mu.Unlock()
	go func() {
		for frames := range sub.out {
			if c.Send(frames...) != nil {
				return
			}
		}
	}()
	for {
		m, err := c.Receive()
		if err != nil {
			return
		}
		if len(m.Frames) == 1 && len(m.Frames[0]) > 0 && m.Frames[0][0] == 1 {
			if s.start["late"] {
				time.Sleep(300 * time.Millisecond)
			}
			s.mu.Lock()
			sub.on = true
			s.mu.Unlock()
		}
	}
}

// publish sends frames to every subscriber, and drops them for one that holds too
// much already, as ZeroMQ does.
func (s *server) publish(frames [][]byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, sub := range s.subs {
		if !sub.on {
			continue
		}
		select {
		case sub.out <- frames:
		default:
		}
	}
}

// flushed waits until all that was published is on its way.
func (s *server) flushed() {
	for waiting := true; waiting; time.Sleep(time.Millisecond) {
		waiting = false
		s.mu.Lock()
		for _, sub := range s.subs {
			waiting = waiting || len(sub.out) > 0
		}
		s.mu.Unlock()
	}
}

// raw writes bytes that are no message to the readers of iopub.
func (s *server) raw(b []byte) {
	s.flushed()
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, sub := range s.subs {
		_, _ = sub.raw.Write(b)
	}
}

// asker is the stdin connection of the peer that sent a request on shell: the one
// of the same identity.
func (s *server) asker(shell *zmtp.Conn) *zmtp.Conn {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range s.stdin {
		if c.PeerIdentity() == shell.PeerIdentity() {
			return c
		}
	}
	return nil
}
