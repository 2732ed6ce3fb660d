package hub

import (
	"sort"
	"time"
)

// enter adds a peer. Before anything is synced it hears where it is, if it
// listens to events at all.
func (s *state) enter(p *peer) {
	if len(s.peers) == 0 {
		s.timedDue = time.Now().Add(keepAliveEvery)
	}
	p.lastSent = time.Now()
	p.verified = p.opts.Lineage != ""
	s.peers[p] = struct{}{}
	s.infoDue = true
	if p.opts.Events {
		s.listeners++
		s.control(p, jsonFrame(KindEvent, s.hello(p)))
	}
	s.h.publish("joined", s.r.id, map[string]any{"peer": p.id, "name": p.opts.Client.Name})
	s.r.log.Info("peer joined", "peer", p.id, "name", p.opts.Client.Name, "remote", p.opts.Remote)
}

// hello is the first message to a peer that listens to events.
func (s *state) hello(p *peer) map[string]any {
	caps := s.h.options.Caps
	return map[string]any{
		"type": "hello", "room": s.r.id, "peer": p.id, "lineage": s.lineage, "path": orNull(s.path), "rev": s.rev,
		"name": p.opts.Client.Name, "read_only": p.opts.Client.ReadOnly, "version": s.h.options.Version,
		"limits": map[string]any{"sync": caps.Sync, "awareness": caps.Awareness, "request": caps.Request, "unsent": caps.Unsent},
	}
}

// leave forgets a peer whose connection has ended. Its presence stays a moment.
func (s *state) leave(p *peer) {
	if _, here := s.peers[p]; !here {
		return
	}
	delete(s.peers, p)
	delete(s.touched, p)
	if p.opts.Events {
		s.listeners--
	}
	s.leavePresence(p, time.Now())
	s.tellEmpty()
	s.infoDue = true
	s.h.publish("left", s.r.id, map[string]any{"peer": p.id, "name": p.opts.Client.Name})
	s.r.log.Info("peer left", "peer", p.id, "name", p.opts.Client.Name)
}

// dismiss ends a peer's connection, once what is on its way has gone out. The
// word is one of the contract's reasons of a goodbye.
func (s *state) dismiss(p *peer, code int, word string) {
	s.dismissBecause(p, closing{code, word}, word, "")
}

// dismissBecause is dismiss with a reason of its own in the close frame, and a
// sentence for those who listen to events.
func (s *state) dismissBecause(p *peer, end closing, word, detail string) {
	if p.parting {
		return
	}
	p.parting = true
	if p.opts.Events {
		goodbye := map[string]any{"type": "goodbye", "reason": word}
		if detail != "" {
			goodbye["detail"] = detail
		}
		p.farewell = jsonFrame(KindEvent, goodbye)
	}
	p.goodbye = &end
	s.touch(p)
	s.r.log.Info("peer dismissed", "peer", p.id, "reason", word, "detail", detail)
}

// dismissAll sends everybody away, for the room is about to end.
func (s *state) dismissAll(code int, reason string) {
	for p := range s.peers {
		s.dismiss(p, code, reason)
	}
}

// whenEmpty closes c once no peer is left.
func (s *state) whenEmpty(c chan struct{}) {
	s.empty = append(s.empty, c)
	s.tellEmpty()
}

func (s *state) tellEmpty() {
	if len(s.peers) > 0 {
		return
	}
	for _, c := range s.empty {
		close(c)
	}
	s.empty = nil
}

// orNull is how an untitled notebook's path is told.
func orNull(path string) any {
	if path == "" {
		return nil
	}
	return path
}

func sortPeers(peers []PeerInfo) {
	sort.Slice(peers, func(i, j int) bool { return peers[i].Since.Before(peers[j].Since) })
}
