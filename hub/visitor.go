package hub

import (
	"context"
	"errors"
	"io"
	"time"

	"github.com/notebookhub/hub/hub/yjs"
)

// visitor is one connection.
type visitor struct {
	peer  *peer // for its id and its login
	conn  Conn
	ready chan struct{} // capacity one: something is to be sent

	// Guarded by Hub.mu.
	ids   map[uint64]struct{} // announced by it
	lacks map[uint64]struct{} // whose state it is to be sent
	greet bool                // its handshake is to be answered
}

func (v *visitor) rouse() {
	select {
	case v.ready <- struct{}{}:
	default:
	}
}

// read takes messages until the connection ends, or must.
func (l *Lobby) read(ctx context.Context, v *visitor) {
	caps := Caps{Sync: lobbyMessage, Awareness: l.hub.options.Caps.Awareness, Request: lobbyMessage}
	for {
		from, err := v.conn.Reader(ctx)
		if err != nil {
			return
		}
		kind, payload, err := readFrame(from, caps)
		switch {
		case errors.Is(err, errTooLarge):
			_ = v.conn.Close(CloseTooLarge, "too_large")
			return
		case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
			continue // an empty or cut message says nothing
		case err != nil:
			return
		}
		if err := l.receive(v, kind, payload); err != nil {
			_ = v.conn.Close(CloseInvalid, "invalid_update")
			return
		}
	}
}

// receive takes over what a visitor says. There is no document: a handshake is
// answered with nothing, updates are dropped.
func (l *Lobby) receive(v *visitor, kind uint64, payload []byte) error {
	switch kind {
	case kindSync:
		if step, _, err := yjs.ReadSync(payload); err != nil || step != yjs.SyncStep1 {
			return err
		}
		l.hub.mu.Lock()
		v.greet = true
		l.hub.mu.Unlock()
		v.rouse()
	case kindAwareness:
		update, _, err := yjs.ReadVarBytes(payload)
		if err != nil {
			return err
		}
		entries, err := yjs.DecodeAwareness(update)
		if err != nil {
			return err
		}
		return l.announce(v, entries)
	}
	return nil
}

// announce takes over what a visitor says of itself. An id that another live
// connection announced cannot be taken away from it.
func (l *Lobby) announce(v *visitor, entries []yjs.AwarenessEntry) error {
	l.hub.mu.Lock()
	defer l.hub.mu.Unlock()
	own := entries[:0]
	var ids []uint64
	for _, e := range entries {
		if !l.claim(v, e.Client) {
			continue
		}
		e.State = identified(e.State, v.peer)
		own, ids = append(own, e), append(ids, e.Client)
	}
	if _, err := l.presence.Apply(yjs.EncodeAwareness(own), time.Now()); err != nil {
		return err
	}
	// To the sender too: what it hears keeps its connection.
	l.spread(ids)
	return nil
}

// claim makes an id a visitor's, if it can be.
func (l *Lobby) claim(v *visitor, id uint64) bool {
	former := l.owner[id]
	if _, here := l.visitors[former]; here && former != v {
		return false
	}
	if _, mine := v.ids[id]; !mine && len(v.ids) >= maxIDs {
		return false
	}
	v.ids[id], l.owner[id] = struct{}{}, v
	delete(l.leaving, id)
	return true
}

// write sends what the visitor lacks, the newest states only, however slow it
// is, and something at least every keepAliveEvery.
func (l *Lobby) write(ctx context.Context, v *visitor) {
	alive := time.NewTicker(keepAliveEvery)
	defer alive.Stop()
	for {
		var frames [][]byte
		select {
		case <-v.ready:
			frames = l.compose(v)
		case <-alive.C:
			l.expireUnrenewed()
			frames = [][]byte{keepAlive}
		case <-l.hub.ctx.Done():
			_ = v.conn.Close(CloseRestart, "shutdown")
			return
		case <-ctx.Done():
			_ = v.conn.Close(CloseRestart, "the connection ended")
			return
		}
		for _, frame := range frames {
			if !v.send(ctx, frame) {
				return
			}
		}
	}
}

func (v *visitor) send(ctx context.Context, frame []byte) bool {
	ctx, cancel := context.WithTimeout(ctx, writeWait)
	defer cancel()
	if err := v.conn.Write(ctx, frame); err != nil {
		_ = v.conn.Close(CloseSlow, "too slow")
		return false
	}
	return true
}

// compose empties what a visitor lacks.
func (l *Lobby) compose(v *visitor) (frames [][]byte) {
	l.hub.mu.Lock()
	defer l.hub.mu.Unlock()
	if v.greet {
		v.greet = false
		frames = append(frames, yjs.AppendSyncStep2(nil, []byte{0, 0}))
	}
	if len(v.lacks) > 0 {
		ids := make([]uint64, 0, len(v.lacks))
		for id := range v.lacks {
			ids = append(ids, id)
		}
		clear(v.lacks)
		frames = append(frames, yjs.AppendAwareness(nil, l.presence.Encode(ids)))
	}
	return frames
}

// expireUnrenewed removes those who are attached and say nothing any more. The
// next time it forgets that they ever were, so everybody must have been told.
func (l *Lobby) expireUnrenewed() {
	l.hub.mu.Lock()
	defer l.hub.mu.Unlock()
	now := time.Now()
	if now.Sub(l.swept) >= keepAliveEvery {
		l.swept = now
		l.forget(l.presence.Expire(now, presenceTTL))
	}
}
