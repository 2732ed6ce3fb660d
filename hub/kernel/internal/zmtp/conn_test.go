package zmtp

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"runtime"
	"strings"
	"testing"
	"time"
)

// pair connects two sockets.
func pair(t testing.TB, a, b Options) (*Conn, *Conn) {
	t.Helper()
	x, y := net.Pipe()
	var other *Conn
	done := make(chan error)
	go func() {
		var err error
		// A pipe has no buffer, so both write their greeting at once.
		other, err = New(t.Context(), buffered(y), b)
		done <- err
	}()
	c, err := New(t.Context(), buffered(x), a)
	if err := errors.Join(err, <-done); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close(); _ = other.Close() })
	return c, other
}

// unblocked is a connection whose writes do not wait for the reader.
type unblocked struct {
	net.Conn
	out chan []byte
}

func buffered(c net.Conn) net.Conn {
	u := unblocked{c, make(chan []byte, 1000)}
	go func() {
		for b := range u.out {
			if _, err := c.Write(b); err != nil {
				return
			}
		}
	}()
	return u
}

func (u unblocked) Write(b []byte) (int, error) {
	u.out <- bytes.Clone(b)
	return len(b), nil
}

func TestMessagesOfAllSizesArrive(t *testing.T) {
	a, b := pair(t, Options{Kind: Dealer, Identity: "me", Limit: 64 << 20}, Options{Kind: Router, Limit: 64 << 20})
	if b.PeerIdentity() != "me" {
		t.Errorf("the peer is %q", b.PeerIdentity())
	}
	for _, size := range []int{0, 1, 255, 256, 70000, chunk, chunk + 1, 5 << 20} {
		sent := [][]byte{nil, bytes.Repeat([]byte{7}, size), []byte("end")}
		if err := a.Send(sent...); err != nil {
			t.Fatal(err)
		}
		m, err := b.Receive()
		if err != nil || len(m.Frames) != 3 || !bytes.Equal(m.Frames[1], sent[1]) || string(m.Frames[2]) != "end" {
			t.Errorf("size %d: %d frames, %v", size, len(m.Frames), err)
		}
	}
}

func TestALargeMessageIsSkippedAndTheNextArrives(t *testing.T) {
	a, b := pair(t, Options{Kind: Pub}, Options{Kind: Sub, Limit: 1000})
	for _, frames := range [][][]byte{{[]byte("head"), make([]byte, 2000), []byte("tail")}, {[]byte("next")}} {
		if err := a.Send(frames...); err != nil {
			t.Fatal(err)
		}
	}
	m, err := b.Receive()
	if err != nil || m.Skipped != 2004 || len(m.Frames) != 1 || string(m.Frames[0]) != "head" {
		t.Errorf("%+v, %v", m, err)
	}
	if m, err := b.Receive(); err != nil || m.Skipped != 0 || string(m.Frames[0]) != "next" {
		t.Errorf("%+v, %v", m, err)
	}
}

// receive feeds bytes to a connection after its handshake.
func receive(data []byte, limit uint64) (messages []Message, err error) {
	c := &Conn{reader: newReader(data), limit: limit, net: discard{}}
	for {
		m, err := c.Receive()
		if err != nil {
			return messages, err
		}
		messages = append(messages, m)
	}
}

func TestClaimedLengthsCostNoMemory(t *testing.T) {
	for _, length := range []uint64{1 << 30, 1 << 40, 1 << 62, 1<<64 - 1} {
		frame := binary.BigEndian.AppendUint64([]byte{flagLong}, length)
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, err := receive(frame, 2<<30)
		runtime.ReadMemStats(&after)
		if err == nil || errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("%d: %v", length, err)
		}
		if grown := after.TotalAlloc - before.TotalAlloc; grown > 1<<20 {
			t.Errorf("%d: %d bytes were taken", length, grown)
		}
	}
}

func TestWhatIsNotZMTPIsAnError(t *testing.T) {
	for name, data := range map[string]string{
		"unknown flags":  "\x08\x00",
		"long command":   "\x06\x00\x00\x00\x00\x00\x01\x00\x01",
		"more commands":  "\x05\x00",
		"endless frames": strings.Repeat("\x01\x00", maxFrames+1),
		"error command":  "\x04\x08\x05ERROR\x02no",
	} {
		if _, err := receive([]byte(data), 1000); !errors.Is(err, ErrProtocol) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestAnEndBetweenMessagesIsNotOneWithin(t *testing.T) {
	if _, err := receive([]byte("\x00\x01a"), 10); err != io.EOF {
		t.Errorf("between: %v", err)
	}
	for _, torn := range []string{"\x00", "\x00\x02a", "\x01\x01a", "\x02\x00"} {
		if _, err := receive([]byte(torn), 10); err != io.ErrUnexpectedEOF {
			t.Errorf("%q: %v", torn, err)
		}
	}
}

func TestPingsAreAnsweredBetweenFrames(t *testing.T) {
	a, b := pair(t, Options{Kind: Dealer, Limit: 100}, Options{Kind: Router, Limit: 100})
	if err := a.sendCommand(append(command("PING"), 0, 9, 'x')); err != nil {
		t.Fatal(err)
	}
	if err := a.Send([]byte("m")); err != nil {
		t.Fatal(err)
	}
	if m, err := b.Receive(); err != nil || string(m.Frames[0]) != "m" {
		t.Errorf("%v %v", m, err)
	}
	flags, size, err := readHeader(a.reader)
	body, _ := readBody(a.reader, size)
	if err != nil || flags != flagCommand || string(body) != "\x04PONGx" {
		t.Errorf("%x %q %v", flags, body, err)
	}
}

func TestAPeerThatStaysSilentIsNotWaitedForLongerThanAsked(t *testing.T) {
	x, y := net.Pipe()
	defer y.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if _, err := New(ctx, buffered(x), Options{Kind: Dealer}); err == nil {
		t.Error("it greets nobody")
	}
}

func TestSocketsOfTheWrongKindAreRefused(t *testing.T) {
	c := &Conn{}
	if err := c.checkReady(Sub, ready(Router, "x")); !errors.Is(err, ErrProtocol) {
		t.Errorf("%v", err)
	}
	for _, body := range []string{"", "\x05READY\x01", "\x05READY\x01a\xff\xff\xff\xff", "\x05OTHER", "\x09READY"} {
		if err := c.checkReady(Dealer, []byte(body)); !errors.Is(err, ErrProtocol) {
			t.Errorf("%q: %v", body, err)
		}
	}
}

func FuzzReceive(f *testing.F) {
	f.Add([]byte("\x01\x01a\x00\x02bc\x04\x05\x04PING\x02\x00\x00\x00\x00\x00\x00\x00\x01x"))
	f.Add([]byte("\x02\x40\x00\x00\x00\x00\x00\x00\x00"))
	f.Fuzz(func(t *testing.T, data []byte) {
		messages, err := receive(data, 100)
		if err == nil {
			t.Fatal("bytes without end")
		}
		for _, m := range messages {
			size := 0
			for _, frame := range m.Frames {
				size += len(frame)
			}
			if size > 100 || len(m.Frames) > maxFrames || len(m.Frames) == 0 && m.Skipped == 0 {
				t.Fatalf("%+v", m)
			}
		}
	})
}

func FuzzHandshake(f *testing.F) {
	f.Add(append(greeting(), appendFrame(nil, flagCommand, ready(Router, "x"))...))
	f.Fuzz(func(t *testing.T, data []byte) {
		c := &Conn{reader: newReader(data), net: discard{}}
		if err := c.handshake(Dealer, "me"); err == nil && !Dealer.speaksTo(c.peer) {
			t.Fatalf("greeted a %q", c.peer)
		}
	})
}

func BenchmarkReceive(b *testing.B) {
	var one []byte
	for _, size := range []int{20, 6, 64, 200, 200, 2, 60} {
		one = appendFrame(one, flagMore, make([]byte, size))
	}
	one = appendFrame(one, 0, nil)
	data := bytes.Repeat(one, 1000)
	b.SetBytes(int64(len(data)))
	for b.Loop() {
		if m, _ := receive(data, 1<<20); len(m) != 1000 {
			b.Fatal(len(m))
		}
	}
}
