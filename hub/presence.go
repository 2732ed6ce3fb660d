package hub

import (
	"encoding/json"
	"errors"
	"time"

	"github.com/notebookhub/hub/hub/yjs"
)

// presenceTTL is after how long an unrenewed entry is nobody's any more.
const presenceTTL = 45 * time.Second

// maxAnnounced is how many ids one connection may speak for. Honest clients have
// one; a bridge has some.
const maxAnnounced = 64

// presence is who is where in a room: awareness states by the clients' ids. The
// last state wins and may be lost. It outlives a connection for a moment, so
// that a reconnect is no leave.
type presence struct {
	awareness *yjs.Awareness
	owner     map[uint64]*peer     // who announced an id last
	leaving   map[uint64]time.Time // ids whose connection ended, and when they go
	refused   bool                 // somebody says how to save, and nobody wants it unasked
}

func newPresence() presence {
	return presence{
		awareness: &yjs.Awareness{},
		owner:     make(map[uint64]*peer),
		leaving:   make(map[uint64]time.Time),
	}
}

// note remembers to send an id's state to p.
func (p *peer) note(id uint64) {
	if p.presence == nil {
		p.presence = make(map[uint64]struct{})
	}
	p.presence[id] = struct{}{}
}

// receivePresence takes over what a peer says of itself. An id that another
// live connection announced cannot be taken away from it. Who is leaving comes
// back over a connection of its own, and not by the echo of a neighbour:
// y-websocket sends what it hears of others back. What is too much, of one
// connection or for the room, is lost, as presence may be.
func (s *state) receivePresence(p *peer, payload []byte) {
	update, _, err := yjs.ReadVarBytes(payload)
	if err != nil {
		s.refuse(p, "this is no awareness message")
		return
	}
	entries, err := yjs.DecodeAwareness(update)
	if err != nil {
		s.refuse(p, "this is no awareness message")
		return
	}
	own, ids := entries[:0], s.presence.announced(p)
	for _, e := range entries {
		o := s.presence.owner[e.Client]
		if o != nil && o != p {
			if _, live := s.peers[o]; live || s.presence.echo(e, p) {
				continue
			}
		}
		if o != p {
			if ids++; ids > maxAnnounced {
				continue
			}
		}
		s.presence.owner[e.Client] = p
		delete(s.presence.leaving, e.Client)
		e.State = identified(e.State, p)
		own = append(own, e)
	}
	change, err := s.presence.awareness.Apply(yjs.EncodeAwareness(own), time.Now())
	if err != nil && !errors.Is(err, yjs.ErrLimit) {
		s.refuse(p, "this is no awareness message")
		return
	}
	s.spread(change)
	// The echo keeps the connection alive, also when nothing changed.
	for _, e := range own {
		p.note(e.Client)
	}
	s.touch(p)
}

// announced counts the ids that p speaks for.
func (a *presence) announced(p *peer) (n int) {
	for _, owner := range a.owner {
		if owner == p {
			n++
		}
	}
	return n
}

// echo tells whether p, which has announced somebody else, says of a client only
// what is known.
func (a *presence) echo(e yjs.AwarenessEntry, p *peer) bool {
	if _, clock, known := a.awareness.State(e.Client); !known || e.Clock > clock {
		return false
	}
	for id, owner := range a.owner {
		if owner == p && id != e.Client {
			return true
		}
	}
	return false
}

// spread sends what changed to everyone.
func (s *state) spread(change yjs.AwarenessChange) {
	s.presence.refused = !s.presence.autosaveWanted()
	for _, ids := range [][]uint64{change.Added, change.Updated, change.Removed} {
		for _, id := range ids {
			for q := range s.peers {
				q.note(id)
				s.touch(q)
			}
		}
	}
}

// identified puts the hub's own id of the client into its user entry: names are
// self-chosen, ids are not.
func identified(state json.RawMessage, p *peer) json.RawMessage {
	var fields map[string]json.RawMessage
	if json.Unmarshal(state, &fields) != nil || fields["user"] == nil {
		return state
	}
	var user map[string]json.RawMessage
	if json.Unmarshal(fields["user"], &user) != nil || user == nil {
		return state
	}
	user["id"], _ = json.Marshal(p.id)
	fields["user"], _ = json.Marshal(user)
	out, err := json.Marshal(fields)
	if err != nil {
		return state
	}
	return out
}

// leavePresence starts the leave of everything that p announced.
func (s *state) leavePresence(p *peer, now time.Time) {
	for id, owner := range s.presence.owner {
		if owner == p {
			s.presence.leaving[id] = now.Add(s.h.options.LeaveDelay)
		}
	}
}

// expirePresence removes those whose time is up, at their last clock.
func (s *state) expirePresence(now time.Time) {
	var gone []uint64
	for id, at := range s.presence.leaving {
		if !now.Before(at) {
			gone = append(gone, id)
		}
	}
	gone = append(gone, s.presence.awareness.Expire(now, presenceTTL)...)
	s.presence.awareness.Remove(gone)
	for _, id := range gone {
		delete(s.presence.leaving, id)
		delete(s.presence.owner, id)
	}
	if len(gone) > 0 {
		s.spread(yjs.AwarenessChange{Removed: gone})
	}
}

// frame encodes the states of ids.
func (a *presence) frame(ids map[uint64]struct{}) []byte {
	list := make([]uint64, 0, len(ids))
	for id := range ids {
		list = append(list, id)
	}
	return yjs.AppendAwareness(nil, a.awareness.Encode(list))
}

// frameOfOthers encodes everyone's state but p's own; nil when alone.
func (a *presence) frameOfOthers(p *peer) []byte {
	others := make(map[uint64]struct{})
	a.all(func(id uint64) {
		if a.owner[id] != p {
			others[id] = struct{}{}
		}
	})
	if len(others) == 0 {
		return nil
	}
	return a.frame(others)
}

func (a *presence) all(f func(id uint64)) {
	for _, id := range a.awareness.Clients() {
		f(id)
	}
}

// autosaveWanted tells whether anyone's front end wants the file to be saved
// without being asked. Silence counts as yes.
func (a *presence) autosaveWanted() bool {
	said, wanted := false, false
	a.all(func(id uint64) {
		raw, _, ok := a.awareness.State(id)
		var entry struct {
			Autosave *bool `json:"autosave"`
		}
		if !ok || json.Unmarshal(raw, &entry) != nil {
			return
		}
		said = true
		wanted = wanted || entry.Autosave == nil || *entry.Autosave
	})
	return wanted || !said
}
