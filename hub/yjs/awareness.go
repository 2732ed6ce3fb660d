package yjs

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"time"
)

// Awareness holds what the clients of a room say about themselves: a JSON object each (name, cursor), with a clock that
// counts its versions. It has no goroutine and no clock of its own: the caller passes the time. It is used by one
// goroutine at a time.
type Awareness struct {
	entries map[uint64]*presence
}

// presence is one client's entry. state nil: the client has left; its clock is kept, so that late frames of it are
// known to be old.
type presence struct {
	clock uint64
	state json.RawMessage
	seen  time.Time
}

// AwarenessEntry is one client's part of an awareness update. State nil: the client has left.
type AwarenessEntry struct {
	Client, Clock uint64
	State         json.RawMessage
}

// AwarenessChange says which clients an awareness update changed. Updated holds renewals of the same state too: they
// must be passed on, because they keep the client alive elsewhere.
type AwarenessChange struct{ Added, Updated, Removed []uint64 }

// The bounds of awareness updates from outside.
const (
	maxPresences    = 4096    // clients in one update, and clients known
	maxPresenceSize = 1 << 20 // bytes of one update
)

// DecodeAwareness reads an awareness update. The states are views into it. Errors are [ErrMalformed] and [ErrLimit].
func DecodeAwareness(update []byte) ([]AwarenessEntry, error) {
	if len(update) > maxPresenceSize {
		return nil, fmt.Errorf("decode awareness: update of %d bytes: %w", len(update), ErrLimit)
	}
	r := reader{buf: update, strict: true, depth: 64}
	n := r.uint()
	if n > maxPresences {
		return nil, fmt.Errorf("decode awareness: update of %d clients: %w", n, ErrLimit)
	}
	entries := make([]AwarenessEntry, 0, min(n, uint64(r.rest())))
	for ; n > 0 && !r.failed; n-- {
		e := AwarenessEntry{Client: r.uint(), Clock: r.uint(), State: r.json()}
		if bytes.Equal(e.State, []byte("null")) {
			e.State = nil
		}
		entries = append(entries, e)
	}
	if r.failed || r.rest() > 0 {
		return nil, fmt.Errorf("decode awareness: %w", ErrMalformed)
	}
	return entries, nil
}

// EncodeAwareness writes an awareness update.
func EncodeAwareness(entries []AwarenessEntry) []byte {
	dst := AppendVarUint(nil, uint64(len(entries)))
	for _, e := range entries {
		dst = AppendVarUint(AppendVarUint(dst, e.Client), e.Clock)
		state := e.State
		if state == nil {
			state = json.RawMessage("null")
		}
		dst = AppendVarBytes(dst, state)
	}
	return dst
}

// Apply takes over what an awareness update knows better. An entry counts when its clock is higher than the known one
// (0 for unknown clients), or when it says at the same clock that the client has left.
func (a *Awareness) Apply(update []byte, now time.Time) (c AwarenessChange, err error) {
	entries, err := DecodeAwareness(update)
	if err != nil {
		return c, err
	}
	if err := a.admit(entries); err != nil {
		return c, err
	}
	for _, e := range entries {
		a.apply(e, now, &c)
	}
	return c, nil
}

// admit makes room for the clients of an update, forgetting those that have left when it gets tight.
func (a *Awareness) admit(entries []AwarenessEntry) error {
	if a.entries == nil {
		a.entries = make(map[uint64]*presence)
	}
	if len(a.entries)+len(entries) <= maxPresences {
		return nil
	}
	for client, p := range a.entries {
		if p.state == nil {
			delete(a.entries, client)
		}
	}
	fresh := 0
	for _, e := range entries {
		if a.entries[e.Client] == nil {
			fresh++
		}
	}
	if len(a.entries)+fresh > maxPresences {
		return fmt.Errorf("apply awareness: more than %d clients: %w", maxPresences, ErrLimit)
	}
	return nil
}

// apply takes over one entry.
func (a *Awareness) apply(e AwarenessEntry, now time.Time, c *AwarenessChange) {
	p := a.entries[e.Client]
	known, left := uint64(0), false
	if p != nil {
		known, left = p.clock, p.state == nil
	}
	leaves := e.State == nil
	if e.Clock < known || e.Clock == known && !(leaves && p != nil && !left) {
		return
	}
	switch {
	case p == nil && !leaves:
		c.Added = append(c.Added, e.Client)
	case p != nil && leaves && !left:
		c.Removed = append(c.Removed, e.Client)
	case p != nil && !leaves && left:
		c.Added = append(c.Added, e.Client)
	case !leaves:
		c.Updated = append(c.Updated, e.Client)
	}
	a.entries[e.Client] = &presence{clock: e.Clock, state: bytes.Clone(e.State), seen: now}
}

// Set announces a state for a client of our own, raising its clock. nil: the client leaves.
func (a *Awareness) Set(client uint64, state json.RawMessage, now time.Time) error {
	if state != nil && !validJSON(state, 64) {
		return fmt.Errorf("set awareness state: %w", ErrMalformed)
	}
	if a.entries == nil {
		a.entries = make(map[uint64]*presence)
	}
	clock := uint64(1)
	if p := a.entries[client]; p != nil {
		clock = p.clock + 1
	}
	a.entries[client] = &presence{clock: clock, state: bytes.Clone(state), seen: now}
	return nil
}

// Remove says for clients that they have left, at the clock they had last: a higher one would make others ignore them
// when they come back. It returns the awareness update to send, nil when none of them was there.
func (a *Awareness) Remove(clients []uint64) (update []byte) {
	var entries []AwarenessEntry
	for _, client := range clients {
		if p := a.entries[client]; p != nil && p.state != nil {
			p.state = nil
			entries = append(entries, AwarenessEntry{Client: client, Clock: p.clock})
		}
	}
	if entries == nil {
		return nil
	}
	return EncodeAwareness(entries)
}

// Expire returns the clients that were not heard of for ttl or longer, sorted. They are still there: call
// [Awareness.Remove]. Entries of clients that left as long ago are forgotten.
func (a *Awareness) Expire(now time.Time, ttl time.Duration) []uint64 {
	var gone []uint64
	for client, p := range a.entries {
		switch {
		case now.Sub(p.seen) < ttl:
		case p.state == nil:
			delete(a.entries, client)
		default:
			gone = append(gone, client)
		}
	}
	slices.Sort(gone)
	return gone
}

// State returns what a client says about itself and its clock; ok is false when it is unknown or has left.
func (a *Awareness) State(client uint64) (state json.RawMessage, clock uint64, ok bool) {
	p := a.entries[client]
	if p == nil {
		return nil, 0, false
	}
	return p.state, p.clock, p.state != nil
}

// Clients returns the clients that are present, sorted.
func (a *Awareness) Clients() []uint64 {
	out := make([]uint64, 0, len(a.entries))
	for client, p := range a.entries {
		if p.state != nil {
			out = append(out, client)
		}
	}
	slices.Sort(out)
	return out
}

// Encode writes an awareness update with the given clients: their state, or that they have left. Unknown ones are left
// out.
func (a *Awareness) Encode(clients []uint64) []byte {
	entries := make([]AwarenessEntry, 0, len(clients))
	for _, client := range clients {
		if p := a.entries[client]; p != nil {
			entries = append(entries, AwarenessEntry{Client: client, Clock: p.clock, State: p.state})
		}
	}
	return EncodeAwareness(entries)
}
