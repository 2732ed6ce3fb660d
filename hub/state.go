package hub

import (
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/notebookhub/hub/hub/nbdoc"
	"github.com/notebookhub/hub/hub/store"
)

// state is everything that a room's goroutine owns: only functions that run
// calls may touch it.
type state struct {
	r *room
	h *Hub

	// The document and its history.
	doc     *nbdoc.Document
	lineage uuid.UUID
	seed    uint64 // the client id that made the lineage's first content
	log     *store.Log
	durable durability
	ack     struct { // the next acknowledgement
		seq    uint64
		vector []byte
		again  bool // a peer repeated something after the marks were made
	}
	listeners  int // peers that want acknowledgements and events
	compacting bool
	rebuilt    time.Time // when a panic last cost the document

	// The file.
	path     string
	file     FileID
	rev      uint64
	form     *form           // how the file spells things; its bytes are the baseline's
	baseline *store.Baseline // what room and file last agreed on; nil before the first save
	owed     *store.Baseline // the same, while the disk does not have it; else nil
	cut      *store.Baseline // of a save before a crash, while it is not known what came of it
	saved    *Saved
	created  time.Time
	edits    uint64 // changes of what the file holds, counted
	covered  uint64 // edits up to here are in the file
	saver    saver
	settling bool              // a baseline, or a merge's file, is on its way to the disk
	decided  string            // hash of the bytes on disk that a person let be overwritten
	recent   view              // the content a moment ago
	look     time.Time         // when recent is due again
	foreign  map[string]string // sources by cell as others last left them in the file; nil when that was in a former life
	outside  outside

	// How it stands.
	status    RoomState
	code      Code
	reason    string
	lastError map[string]any

	// Those who are attached.
	peers    map[*peer]struct{}
	presence presence
	touched  map[*peer]struct{} // have something to be sent
	merges   []sharedMerge      // of this step
	withheld withheld
	known    []byte          // the document's state vector, nil when it changed
	editedAt time.Time       // of the last "edited" event
	empty    []chan struct{} // closed when the last peer has gone, for those who wait

	exec executor

	fresh     bool // nothing was in the store before this life
	closed    bool // on purpose: the record says so when the room has ended
	discarded bool // its notebook is in the trash

	timer    *time.Timer
	timerAt  time.Time
	infoDue  bool // RoomInfo is to be published
	timedDue time.Time
}

// A client hears something every 15 s: who did so just before a round can wait
// for the next.
const (
	keepAliveEvery = 12 * time.Second
	heardLately    = 3 * time.Second
)

func newState(r *room) state {
	timer := time.NewTimer(time.Hour)
	timer.Stop()
	o := r.hub.options
	return state{
		r: r, h: r.hub, timer: timer, status: StateOpening, created: time.Now(),
		peers: make(map[*peer]struct{}), touched: make(map[*peer]struct{}),
		presence: newPresence(),
		saver:    saver{auto: autosaver{quiet: o.SaveQuiet, max: o.SaveMax}},
		exec:     newExecutor(),
	}
}

// commit takes over a change of the document: into the journal, to the peers,
// towards the file. It returns the journal's number of it, 0 when nothing
// changed.
func (s *state) commit(ev nbdoc.Event, author *peer) uint64 {
	if len(ev.Update) == 0 {
		return 0
	}
	seq := s.note(ev)
	if waitsForDisk(ev, author) {
		s.withheld.seq = seq
	}
	s.show(ev, author)
	return seq
}

// note journals a change.
func (s *state) note(ev nbdoc.Event) uint64 {
	s.known = nil
	s.r.changes.Add(1)
	return s.journal(ev.Update)
}

// show lets everybody see a change.
func (s *state) show(ev nbdoc.Event, author *peer) {
	s.exec.checkAwaited(s)
	if s.withholding() {
		s.relay(ev, author)
	} else {
		s.deliver(ev.Update, deliverExcept(ev, author))
	}
	if ev.Content {
		s.contentChanged(ev, author)
	}
}

// vector returns the document's state vector, encoded once per change.
func (s *state) vector() []byte {
	if s.known == nil {
		s.known = s.doc.StateVector()
	}
	return s.known
}

// deliverExcept tells who need not be sent an update: its author, unless the
// hub changed more than what the author sent.
func deliverExcept(ev nbdoc.Event, author *peer) *peer {
	if ev.Added {
		return nil
	}
	return author
}

// contentChanged notes that the file is behind.
func (s *state) contentChanged(ev nbdoc.Event, author *peer) {
	s.edits++
	now := time.Now()
	s.saver.auto.changed(now)
	s.exec.activity = now
	if s.edits == s.covered+1 {
		s.setDirty(true)
		s.infoDue = true
	}
	if len(ev.Cells) > 0 {
		s.infoDue = s.infoDue || reordered(ev)
		s.keepIfEmptied(ev, now)
		s.disputesMayEnd()
	}
	if now.Sub(s.editedAt) >= time.Second {
		s.editedAt = now
		by := ""
		if author != nil {
			by = author.opts.Client.Name
		}
		s.h.publish("edited", s.r.id, map[string]any{"by": by})
	}
}

// reordered tells whether cells came, went or moved.
func reordered(ev nbdoc.Event) bool {
	return slices.ContainsFunc(ev.Cells, func(c nbdoc.CellEvent) bool { return c.Kind != nbdoc.Changed })
}

// settle ends a step: what the step touched is sent, published and scheduled.
func (s *state) settle() {
	s.exec.conclude(s)
	s.publishDue()
	s.flush()
	clear(s.merges)
	s.merges = s.merges[:0]
	s.schedule()
}

// schedule sets the one timer of the room to the next thing that is due.
func (s *state) schedule() {
	next := s.saveDue()
	if len(s.peers) > 0 {
		next = earlier(next, s.timedDue)
	}
	for _, at := range s.presence.leaving {
		next = earlier(next, at)
	}
	next = earlier(next, s.exec.due(s))
	next = earlier(next, s.outside.due)
	next = earlier(next, s.withheld.due)
	next = earlier(next, s.look)
	if next.Equal(s.timerAt) {
		return
	}
	s.timerAt = next
	s.timer.Stop()
	if !next.IsZero() {
		s.timer.Reset(time.Until(next))
	}
}

func earlier(a, b time.Time) time.Time {
	if a.IsZero() || (!b.IsZero() && b.Before(a)) {
		return b
	}
	return a
}

// tick does what is due.
func (s *state) tick() {
	now := time.Now()
	s.timerAt = time.Time{}
	if at := s.saveDue(); !at.IsZero() && !now.Before(at) {
		s.startSave(&saveJob{})
	}
	s.expirePresence(now)
	s.keepPeersAlive(now)
	s.exec.tick(s, now)
	s.outside.tick(s, now)
	s.sendAway(now)
	s.lookAgain(now)
}

// keepPeersAlive sends something to those who heard nothing for a while.
func (s *state) keepPeersAlive(now time.Time) {
	if len(s.peers) == 0 || now.Before(s.timedDue) {
		return
	}
	s.timedDue = now.Add(keepAliveEvery)
	s.answerLate(now)
	for p := range s.peers {
		if p.synced && now.Sub(p.lastSent) >= heardLately {
			s.control(p, keepAlive)
		}
	}
}

// heed looks at what the store and the watcher have to say.
func (s *state) heed() {
	s.heedJournal()
	if s.r.news.disk.Swap(false) {
		s.diskChanged()
	}
}

// publishDue comes before anything is told: who hears of a change and asks the
// hub about it must not get the former answer.
func (s *state) publishDue() {
	if s.infoDue {
		s.publishInfo()
	}
}

// publishInfo makes what anyone may know about the room visible.
func (s *state) publishInfo() {
	s.infoDue = false
	info := &RoomInfo{
		ID: s.r.id, Lineage: s.lineage, Path: s.path, Rev: s.rev,
		State: s.status, Code: s.code, Reason: s.reason,
		Unsaved: s.path == "" || s.edits > s.covered, Saved: s.saved,
		Kernel: s.exec.info, Queue: s.exec.items(), Cells: s.doc.Len(), Open: true, Since: s.created,
	}
	for p := range s.peers {
		info.Peers = append(info.Peers, PeerInfo{ID: p.id, Name: p.opts.Client.Name, ReadOnly: p.opts.Client.ReadOnly, Since: p.since})
	}
	sortPeers(info.Peers)
	s.r.info.Store(info)
}

// setStatus changes how the room stands to its file, and says so.
func (s *state) setStatus(status RoomState, code Code, reason string) {
	if s.status == status && s.code == code && s.reason == reason {
		return
	}
	s.status, s.code, s.reason = status, code, reason
	s.infoDue = true
	s.setHub("state", s.statusValue())
	event := map[string]any{"state": string(status)}
	if code != "" {
		event["code"], event["reason"] = string(code), reason
	}
	s.tell("state", event)
}

// tell sends an event to the peers that listen and to those who follow the hub.
func (s *state) tell(kind string, data map[string]any) {
	s.publishDue()
	s.h.publish(kind, s.r.id, data)
	var frame []byte
	for p := range s.peers {
		if !p.opts.Events {
			continue
		}
		if frame == nil {
			frame = jsonFrame(KindEvent, withType(kind, data))
		}
		s.control(p, frame)
	}
}

func withType(kind string, data map[string]any) map[string]any {
	event := map[string]any{"type": kind}
	for k, v := range data {
		event[k] = v
	}
	return event
}
