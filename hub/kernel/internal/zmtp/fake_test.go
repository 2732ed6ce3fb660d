package zmtp

import (
	"bufio"
	"bytes"
	"net"
	"time"
)

func newReader(data []byte) *bufio.Reader { return bufio.NewReader(bytes.NewReader(data)) }

// discard is a connection that takes everything and says nothing.
type discard struct{}

func (discard) Read([]byte) (int, error)         { return 0, net.ErrClosed }
func (discard) Write(b []byte) (int, error)      { return len(b), nil }
func (discard) Close() error                     { return nil }
func (discard) LocalAddr() net.Addr              { return nil }
func (discard) RemoteAddr() net.Addr             { return nil }
func (discard) SetDeadline(time.Time) error      { return nil }
func (discard) SetReadDeadline(time.Time) error  { return nil }
func (discard) SetWriteDeadline(time.Time) error { return nil }
