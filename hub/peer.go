package hub

import (
	"context"
	"errors"
	"io"
	"sync"
	"time"

	"github.com/google/uuid"
)

const (
	pingEvery    = 25 * time.Second
	pingWait     = 20 * time.Second
	writeWait    = 30 * time.Second // a peer that takes no bytes for so long is slow
	partWait     = 3 * time.Second  // for a goodbye to be read
	maxRequests  = 16               // of one peer, at work at once
	requestLimit = 5 * time.Minute
)

// peer is one attached client. It lives from Join's accept until both halves of
// the connection have ended.
type peer struct {
	// Static after join.
	id     string
	conn   Conn
	opts   JoinOptions
	since  time.Time
	room   *room
	ctx    context.Context // ends with the connection
	cancel context.CancelFunc
	out    chan batch   // capacity one; the room sends only when the writer is idle
	ready  func(*state) // tells the room that it is
	// patience ends the connection when a write takes too long. One timer for
	// all writes: a context with a deadline for each would cost more than the
	// write.
	patience *time.Timer
	// requests counts the reader's running requests.
	requests sync.WaitGroup
	slots    chan struct{}

	// Owned by the room.
	outbox
}

// batch is what a writer sends in one go. A last one ends the connection.
type batch struct {
	frames [][]byte
	close  *closing
}

// closing is why a connection ends.
type closing struct {
	code   int
	reason string
}

// Join attaches a client to a room and returns when both halves of the
// connection have ended. accept is called once the room is found, held and
// loaded, so that a refusal can still be an HTTP answer; its error ends Join.
func (h *Hub) Join(ctx context.Context, id uuid.UUID, o JoinOptions, accept func(RoomInfo) (Conn, error)) error {
	l, err := h.leaseRoom(ctx, id)
	if err != nil {
		return err
	}
	defer l.release()
	if info := l.info.Load(); o.Lineage != "" && o.Lineage != info.Lineage.String() {
		return fail(CodeLineage, nil, "this client holds another history of the notebook; it must load it afresh")
	}
	conn, err := accept(*l.info.Load())
	if err != nil {
		return err
	}
	p := newPeer(ctx, l.room, conn, o)
	defer p.cancel()
	if err := l.do(ctx, func(s *state) { s.enter(p) }); err != nil {
		return conn.Close(CloseRestart, "the room is closing")
	}
	h.stats.peers.Add(1)
	defer h.stats.peers.Add(-1)
	p.serve()
	// A room that is gone has let its peers go already.
	_ = l.do(context.WithoutCancel(ctx), func(s *state) { s.leave(p) })
	return nil
}

func newPeer(ctx context.Context, r *room, conn Conn, o JoinOptions) *peer {
	ctx, cancel := context.WithCancel(ctx)
	p := &peer{
		id: uuid.NewString(), conn: conn, opts: o, since: time.Now(), room: r,
		ctx: ctx, cancel: cancel, out: make(chan batch, 1), slots: make(chan struct{}, maxRequests),
	}
	p.ready = func(s *state) { s.wrote(p) }
	p.patience = time.AfterFunc(writeWait, cancel)
	p.patience.Stop()
	return p
}

// serve runs the reader here and the writer beside it, until both have ended.
func (p *peer) serve() {
	var writer sync.WaitGroup
	writer.Go(p.write)
	end := p.read()
	p.room.log.Debug("peer's reader ended", "peer", p.id, "cause", end)
	p.cancel()
	writer.Wait()
	p.requests.Wait()
}

// read takes one message at a time and waits until the room has dealt with it:
// that is all the back-pressure that a fast client needs.
func (p *peer) read() error {
	done := make(chan struct{}, 1)
	for {
		from, err := p.conn.Reader(p.ctx)
		if err != nil {
			return err
		}
		kind, payload, err := readFrame(from, p.room.hub.options.Caps)
		switch {
		case errors.Is(err, errTooLarge):
			p.part(CloseTooLarge, "too_large")
		case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
			continue // an empty or cut message says nothing
		case err != nil:
			return err
		case kind == KindRequest:
			p.request(payload)
		default:
			err = p.room.exec(p.ctx, func(s *state) { s.receive(p, kind, payload) }, done)
			if err != nil {
				return err
			}
		}
	}
}

// part asks the room to end this connection.
func (p *peer) part(code int, word string) {
	p.room.post(func(s *state) { s.dismiss(p, code, word) })
}

// write sends what the room hands over and tells it when it is ready for more.
func (p *peer) write() {
	defer p.cancel()
	ping := time.NewTicker(pingEvery)
	defer ping.Stop()
	for {
		select {
		case b := <-p.out:
			if !p.send(b) {
				return
			}
		case <-ping.C:
			if err := p.ping(); err != nil {
				p.conn.Close(CloseRestart, "no answer to a ping")
				return
			}
		case <-p.ctx.Done():
			p.conn.Close(CloseRestart, "the connection ended")
			return
		}
	}
}

func (p *peer) send(b batch) bool {
	for _, frame := range b.frames {
		p.patience.Reset(writeWait)
		err := p.conn.Write(p.ctx, frame)
		p.patience.Stop()
		if err != nil {
			p.conn.Close(CloseSlow, "too slow")
			return false
		}
	}
	if b.close != nil {
		p.conn.Close(b.close.code, b.close.reason)
		return false
	}
	p.room.post(p.ready)
	return true
}

func (p *peer) ping() error {
	ctx, cancel := context.WithTimeout(p.ctx, pingWait)
	defer cancel()
	return p.conn.Ping(ctx)
}
