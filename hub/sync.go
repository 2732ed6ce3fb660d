package hub

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"time"

	"github.com/notebookhub/hub/hub/yjs"
)

// receive deals with one message of a peer.
func (s *state) receive(p *peer, kind uint64, payload []byte) {
	if _, here := s.peers[p]; !here || p.parting {
		return
	}
	switch kind {
	case kindSync:
		s.receiveSync(p, payload)
	case kindAwareness:
		s.receivePresence(p, payload)
	case kindRaw:
		s.receiveRaw(p, payload)
	case kindQuery:
		s.presence.all(func(id uint64) { p.note(id) })
		s.touch(p)
	}
	// Anything else is of a later protocol, and ignored as clients ignore ours.
}

func (s *state) receiveSync(p *peer, payload []byte) {
	step, body, err := yjs.ReadSync(payload)
	switch {
	case err != nil:
		s.refuse(p, "this is no sync message")
	case step == yjs.SyncStep1:
		s.answerStep1(p, body)
	case !p.verified:
		s.refuse(p, "send sync step 1 first")
	case p.opts.Client.ReadOnly:
		s.refuseWrite(p, body)
	default:
		s.applyUpdate(p, body)
		if step == yjs.SyncStep2 && p.question != nil {
			s.answer(p)
		}
	}
}

// answerStep1 checks the client's history and sends our own question, then what
// it lacks, then who is there. The question comes first: a client that learns of
// a deletion collects what it typed into the deleted text, and can no longer
// tell us. One that has something to tell hears the rest when it has done so, or
// a connection that ends in between would cost its edits.
func (s *state) answerStep1(p *peer, vector []byte) {
	clocks, err := yjs.DecodeStateVector(vector)
	if err != nil {
		s.refuse(p, "this is no state vector")
		return
	}
	if !p.verified && p.opts.Lineage == "" && len(clocks) > 0 && clocks[s.seed] == 0 {
		s.dismissBecause(p, closing{CloseLineage, lineageReason}, "unknown_session", "this client holds another history of the notebook")
		return
	}
	p.verified, p.returned = true, len(clocks) > 0
	s.control(p, yjs.AppendSyncStep1(nil, s.vector()))
	if p.question == nil {
		p.asked = time.Now()
	}
	p.question = bytes.Clone(vector)
	if p.opts.Client.ReadOnly || s.knows(vector) {
		s.answer(p)
	}
}

// answer sends the client's sync step 2, which is never sent but for its step 1,
// and who is there.
func (s *state) answer(p *peer) {
	if s.withholding() {
		s.answerLater(p)
		return
	}
	lacking, err := s.doc.Encode(p.question)
	p.question = nil
	if err != nil {
		s.refuse(p, "this state vector cannot be answered")
		return
	}
	// What waits in the outbox is in the answer.
	p.updates, p.bytes, p.behind = nil, 0, false
	s.control(p, yjs.AppendSyncStep2(nil, lacking))
	if frame := s.presence.frameOfOthers(p); frame != nil && !p.synced {
		s.control(p, frame)
	}
	p.synced = true
}

// answerWait is how long a client that does not tell what it has waits for its
// answer, at least; keepAliveEvery more is the most.
const answerWait = 3 * time.Second

// answerLate answers those who did not tell what they have.
func (s *state) answerLate(now time.Time) {
	for p := range s.peers {
		if p.question != nil && now.Sub(p.asked) >= answerWait {
			s.answer(p)
		}
	}
}

// lineageReason is the JSON that Jupyter's front ends understand.
const lineageReason = `{"reason":"unknown_session","reloadable":true}`

// emptyUpdate has neither structs nor deletions.
func emptyUpdate(update []byte) bool {
	return len(update) == 2 && update[0] == 0 && update[1] == 0
}

// applyUpdate integrates a peer's edit, journals what came of it and sends that
// to the others. What the engine refuses closes this connection and nothing
// else; the part of a too laborious update that was integrated is kept, for it
// is in the document.
func (s *state) applyUpdate(p *peer, update []byte) {
	p.received++
	if emptyUpdate(update) {
		if p.returned || p.received > 1 {
			s.nothingNew(p)
		}
		return
	}
	ev, err := s.doc.Apply(update, p)
	if errors.Is(err, yjs.ErrBroken) {
		panic(err) // the room rebuilds its document
	}
	switch {
	case len(ev.Update) > 0:
		s.h.stats.edits.Add(1)
		p.ackSeq = s.commit(ev, p)
	case s.withholding():
		s.relay(ev, p) // known from the merge, perhaps, which the others have not seen
	}
	if len(ev.Update) == 0 && err == nil && !s.doc.Pending() {
		s.nothingNew(p)
	}
	if err != nil {
		s.h.stats.invalidClosed.Add(1)
		s.r.log.Warn("peer sent an update that was refused", "peer", p.id, "error", err)
		s.refuse(p, "this update was refused")
	}
}

// refuse ends a connection that broke the protocol.
func (s *state) refuse(p *peer, why string) {
	s.dismissBecause(p, closing{CloseInvalid, "invalid_update"}, "invalid_update", why)
}

// refuseWrite drops a reader's edit. The reader is told once, in the way that
// Jupyter's front ends understand.
func (s *state) refuseWrite(p *peer, update []byte) {
	if emptyUpdate(update) || p.warned {
		return
	}
	if clocks, err := yjs.StateVectorOf(update); err == nil && s.knows(clocks) {
		return // an answer to our step 1 that says nothing new
	}
	p.warned = true
	s.control(p, yjs.AppendVarString([]byte{kindRaw, 0}, "read-only"))
	s.control(p, rawJSON(map[string]any{"type": "conflict"}))
}

func (s *state) knows(vector []byte) bool {
	theirs, err := yjs.DecodeStateVector(vector)
	if err != nil {
		return false
	}
	ours := s.doc.Clocks()
	for client, clock := range theirs {
		if ours[client] < clock {
			return false
		}
	}
	return true
}

// receiveRaw answers Jupyter's save request. Its reply comes when the bytes are
// on disk, or says that they are not.
func (s *state) receiveRaw(p *peer, payload []byte) {
	id, ok := saveRequest(payload)
	if !ok {
		return
	}
	if p.opts.Client.ReadOnly {
		s.control(p, rawReply(id, "failed"))
		return
	}
	s.startSave(&saveJob{req: SaveRequest{By: p.opts.Client}, explicit: true, done: func(s *state, _ SaveResult, err error) {
		if _, here := s.peers[p]; !here {
			return
		}
		status := "success"
		if err != nil {
			status = "failed"
		}
		s.control(p, rawReply(id, status))
	}})
}

func rawReply(id uint64, status string) []byte {
	return rawJSON(map[string]any{"type": "save", "responseTo": id, "status": status})
}

func rawJSON(value any) []byte {
	data, err := json.Marshal(value)
	if err != nil {
		return nil // only values of our own come here
	}
	return yjs.AppendVarString([]byte{kindRaw}, string(data))
}

// nothingNew acknowledges what a peer repeats: its last connection may have ended
// before it heard.
func (s *state) nothingNew(p *peer) {
	p.repeats = true
	if s.ack.vector != nil {
		s.ack.again = true
		return
	}
	s.expectAck()
	s.acknowledge()
}

// acknowledge tells the authors whose edits are on disk now. Nothing is asked
// of the document for peers that do not listen.
func (s *state) acknowledge() {
	for s.ack.vector != nil && s.ack.seq <= s.durable.reached {
		s.sendAcks()
		// The journal may have more already, and say nothing of it again.
		again := s.ack.again || s.durable.appended > s.ack.seq
		s.ack.vector, s.ack.again = nil, false
		if again {
			s.expectAck()
		}
	}
}

func (s *state) sendAcks() {
	vector := base64.StdEncoding.EncodeToString(s.ack.vector)
	for p := range s.peers {
		repeated := p.repeats && p.marked == p.received
		if !p.opts.Events || p.acked >= p.ackSeq && !repeated {
			continue
		}
		p.acked = min(p.ackSeq, s.ack.seq)
		p.repeats = p.repeats && !repeated
		s.control(p, jsonFrame(KindEvent, map[string]any{"type": "ack", "state_vector": vector, "updates": p.marked}))
	}
}

// expectAck notes the state that will be on disk with the newest append, one at
// a time: under steady typing an acknowledgement must not wait for a pause.
func (s *state) expectAck() {
	if s.ack.vector != nil || s.listeners == 0 {
		return
	}
	s.ack.seq, s.ack.vector = s.durable.appended, s.vector()
	for p := range s.peers {
		p.marked = p.received
	}
}
