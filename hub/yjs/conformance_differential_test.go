//go:build oracle

package yjs_test

import (
	"flag"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/notebookhub/hub/hub/yjs"
)

var (
	seedCount = flag.Int("seeds", 300, "differential schedules to run")
	firstSeed = flag.Uint64("seed", 1, "first seed")
	stepCount = flag.Int("steps", 150, "steps of a schedule")
	shrinking = flag.Duration("shrink", 30*time.Second, "how long to look for a shorter schedule that fails")
)

// TestOracleReplicasOfBothEnginesConverge runs random schedules of edits and deliveries among replicas of npm yjs and
// of this engine. After each step this engine must show what npm yjs shows for the same bytes, and in the end all
// replicas are equal, whichever engine loads them.
func TestOracleReplicasOfBothEnginesConverge(t *testing.T) {
	o := startOracle(t)
	var edits, deliveries, checks, ahead int
	start := time.Now()
	for i := range *seedCount {
		s := newSchedule(*firstSeed+uint64(i), *stepCount)
		r := run{o: o, schedule: s}
		if err := r.do(); err != nil {
			t.Fatalf("%v\nshrunk from seed %d (run it with -seed=%d -seeds=1 -steps=%d):\n%v", err, s.seed, s.seed, *stepCount, shrunk(o, s))
		}
		edits += r.edits
		deliveries += r.deliveries
		checks += r.checks
		ahead += r.ahead
	}
	t.Logf("%d seeds, %d edits, %d deliveries, %d comparisons with the shadow and %d in which it lagged, in %v",
		*seedCount, edits, deliveries, checks, ahead, time.Since(start).Round(time.Second))
}

// shrunk returns the shortest schedule found that fails, with its error.
func shrunk(o *oracle, s schedule) string {
	until := time.Now().Add(*shrinking)
	var last error
	s = s.shrink(func(shorter schedule) bool {
		if time.Now().After(until) {
			return false
		}
		r := run{o: o, schedule: shorter}
		err := r.do()
		if err != nil {
			last = err
		}
		return err != nil
	})
	return fmt.Sprintf("%v\n%v", s, last)
}

// run is one run of a schedule.
type run struct {
	o *oracle
	schedule
	peers             []peer
	inbox             [][][]byte
	edits, deliveries int
	checks, ahead     int
	clients           uint64
}

func (r *run) do() (err error) {
	defer func() {
		switch p := recover().(type) {
		case nil:
		case failure:
			err = p
		case oracleError:
			err = p
		default:
			panic(p)
		}
	}()
	r.o.reset()
	next := func() uint64 { r.clients++; return r.clients*7919%1000 + 1000*(r.clients%3) + 1 }
	for range r.js {
		r.peers = append(r.peers, newJSPeer(r.o, r.schedule, next))
	}
	for range r.gos {
		r.peers = append(r.peers, newGoPeer(r.o, r.schedule, next))
	}
	r.inbox = make([][][]byte, len(r.peers))
	for i, st := range r.steps {
		r.step(i, st)
	}
	r.finish()
	return nil
}

func (r *run) step(i int, st step) {
	defer func() {
		if p := recover(); p != nil {
			if f, ok := p.(failure); ok {
				p = failure(fmt.Sprintf("step %d, peer %d %v: %s", i, st.peer, st.kind, f))
			}
			panic(p)
		}
	}()
	d := &draws{numbers: st.numbers}
	switch st.kind {
	case stepEdit:
		r.edits++
		r.send(st.peer, r.peers[st.peer].edit(st.numbers))
	case stepDeliver:
		r.deliver(st.peer, d)
	case stepMerged:
		r.merged(st.peer, d)
	case stepCut:
		r.cut(st.peer, d)
	case stepSync:
		other := d.next(len(r.peers))
		r.arrive(st.peer, r.peers[other].encode(r.peers[st.peer].stateVector()))
	case stepReload:
		r.peers[st.peer].reload()
	}
}

// send puts updates of a peer into the inboxes of those it is connected to.
func (r *run) send(from int, updates [][]byte) {
	hub := len(r.peers) - 1
	for to := range r.peers {
		if to != from && (!r.star || from == hub || to == hub) {
			r.inbox[to] = append(r.inbox[to], updates...)
		}
	}
}

// arrive applies an update at a peer; the relay hands on what it makes of it, others what they write themselves.
func (r *run) arrive(at int, update []byte) {
	r.deliveries++
	out := r.peers[at].apply(update)
	_, js := r.peers[at].(*jsPeer)
	if js || r.star && at == len(r.peers)-1 {
		r.send(at, out)
	}
}

// take removes a random waiting update.
func (r *run) take(at int, d *draws) []byte {
	box := r.inbox[at]
	i := d.next(len(box))
	if d.next(3) == 0 {
		i = 0
	}
	update := box[i]
	r.inbox[at] = slices.Delete(slices.Clone(box), i, i+1)
	return update
}

func (r *run) deliver(at int, d *draws) {
	if len(r.inbox[at]) == 0 {
		return
	}
	update := r.take(at, d)
	if d.next(50) == 0 {
		return // lost
	}
	r.arrive(at, update)
	if d.next(10) == 0 {
		r.arrive(at, update)
	}
}

// merged delivers some updates as one, made by either engine; both must say the same.
func (r *run) merged(at int, d *draws) {
	var some [][]byte
	for n := 2 + d.next(5); n > 0 && len(r.inbox[at]) > 0; n-- {
		some = append(some, r.take(at, d))
	}
	if len(some) == 0 {
		return
	}
	ours, err := yjs.MergeUpdates(some...)
	check(err, "merge")
	npm := r.o.merge(some)
	compareUpdates("merged updates", npm, ours)
	expect("state vectors of a merged update", fmt.Sprintf("%x", sortedVector(r.o.stateVectorOf(npm))), fmt.Sprintf("%x", sortedVector(vectorOf(ours))))
	if d.next(2) == 0 {
		ours = npm
	}
	r.arrive(at, ours)
}

func vectorOf(update []byte) []byte {
	sv, err := yjs.StateVectorOf(update)
	check(err, "state vector of %x", update)
	return sv
}

// sortedVector brings a state vector into the order of client ids.
func sortedVector(sv []byte) string {
	m, err := yjs.DecodeStateVector(sv)
	check(err, "decode state vector %x", sv)
	return stateText(m)
}

// cut delivers what a state vector leaves of a waiting update; it stays in the inbox as well.
func (r *run) cut(at int, d *draws) {
	if len(r.inbox[at]) == 0 {
		return
	}
	update := r.inbox[at][d.next(len(r.inbox[at]))]
	known := map[uint64]uint64{}
	for _, s := range parseUpdate(update).structs {
		if d.next(3) > 0 {
			known[s.client] = s.clock + s.whole(uint64(d.next(int(s.length)+1)))
		}
	}
	sv := yjs.EncodeStateVector(known)
	ours, err := yjs.DiffUpdate(update, sv)
	check(err, "diff")
	npm := r.o.diff(update, sv)
	compareUpdates("diffed updates", npm, ours)
	if d.next(2) == 0 {
		ours = npm
	}
	r.arrive(at, ours)
}

// whole moves a cut behind a surrogate pair: no replica asks for half a character unless it has split it already.
func (s wireStruct) whole(cut uint64) uint64 {
	if s.kind == wireString && cut > 0 && cut < s.length && s.units[cut-1] >= "d800" && s.units[cut-1] < "dc00" {
		cut++
	}
	return cut
}

func compareUpdates(what string, npm, ours []byte) {
	a, b := parseUpdate(npm), parseUpdate(ours)
	expect(what+"' deletes", a.deleteText(), b.deleteText())
	expectLines(what+"' units", a.unitLines(), b.unitLines())
}

// finish brings all replicas together and compares them with each other and with fresh ones.
func (r *run) finish() {
	for range 6 {
		for from := range r.peers {
			for to := range r.peers {
				if from != to {
					r.deliveries++
					r.peers[to].apply(r.peers[from].encode(r.peers[to].stateVector()))
				}
			}
		}
		if r.converged() == "" {
			break
		}
	}
	if diff := r.converged(); diff != "" {
		fail("replicas differ in the end:\n%s", diff)
	}
	r.fresh()
}

// converged returns how the replicas differ, "" when they do not.
func (r *run) converged() string {
	first := r.peers[0].digest()
	for i, p := range r.peers[1:] {
		if d := p.digest(); d != first {
			at := firstDifference(first, d)
			return fmt.Sprintf("peer 0: %s\npeer %d: %s", around(first, at), i+1, around(d, at))
		}
	}
	return ""
}

// fresh loads each replica's encoded state, and the state cut by its own earlier parts, in both engines.
func (r *run) fresh() {
	want := r.peers[0].digest()
	for i, p := range r.peers {
		state := p.encode(nil)
		npm, err := r.o.load(r.gc, state)
		check(err, "npm yjs refused the state of peer %d", i)
		expect("a fresh load in npm", want, npm)
		doc := yjs.NewDoc(yjs.Options{KeepDeleted: !r.gc})
		_, err = doc.Apply(state, nil)
		check(err, "load the state of peer %d", i)
		mustHold(doc)
		expect("a fresh load in Go", part(want, "json"), canonDoc(doc))
		expect("a fresh load's state vector", part(want, "sv"), stateText(doc.State()))
		again, err := doc.EncodeState(nil)
		check(err, "encode")
		compareUpdates("re-encoded states", state, again)
		if g, ok := p.(*goPeer); ok {
			r.checks += g.checks
			r.ahead += g.ahead
			g.compareUnits(r.o.encode(g.shadow, nil))
			g.checkJournal()
		}
	}
}
