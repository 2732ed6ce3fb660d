//go:build oracle

package yjs_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/notebookhub/hub/hub/yjs"
)

// peer is one replica of a differential run. Its methods panic with an error when the replica misbehaves.
type peer interface {
	edit(numbers []uint64) [][]byte // what to send to others
	apply(update []byte) [][]byte   // what to relay to others
	encode(sv []byte) []byte
	stateVector() []byte
	digest() string
	reload()
}

// jsPeer is a replica in npm yjs.
type jsPeer struct {
	o     *oracle
	doc   uint64
	flags uint64
	gc    bool
	next  func() uint64 // fresh client ids
}

func newJSPeer(o *oracle, s schedule, next func() uint64) *jsPeer {
	return &jsPeer{o: o, doc: o.newDoc(next(), s.gc), flags: s.flags, gc: s.gc, next: next}
}

func (p *jsPeer) edit(numbers []uint64) [][]byte { return p.o.edit(p.doc, p.flags, numbers) }

func (p *jsPeer) apply(update []byte) [][]byte {
	out, err := p.o.apply(p.doc, update)
	check(err, "npm yjs refused an update of %d bytes: %x", len(update), update)
	return out
}

func (p *jsPeer) encode(sv []byte) []byte { return p.o.encode(p.doc, sv) }
func (p *jsPeer) stateVector() []byte     { return p.o.stateVector(p.doc) }
func (p *jsPeer) digest() string          { return p.o.digest(p.doc) }

func (p *jsPeer) reload() {
	state := p.encode(nil)
	p.doc = p.o.newDoc(p.next(), p.gc)
	p.apply(state)
}

// goPeer is a replica in this engine. Two documents in npm yjs watch it: the shadow gets the very same bytes, the
// follower only what this replica hands on.
type goPeer struct {
	o        *oracle
	doc      *yjs.Doc
	flags    uint64
	gc       bool
	next     func() uint64
	shadow   uint64
	follower uint64
	journal  [][]byte // everything handed on since the last load
	checks   int
	encoded  int // checks when the encoded states were compared last
	ahead    int // comparisons left out because npm yjs lagged behind
	lagged   bool
}

func newGoPeer(o *oracle, s schedule, next func() uint64) *goPeer {
	p := &goPeer{o: o, flags: s.flags, gc: s.gc, next: next}
	p.open()
	return p
}

func (p *goPeer) open() {
	p.doc = yjs.NewDoc(yjs.Options{ClientID: p.next(), KeepDeleted: !p.gc})
	p.shadow, p.follower = p.o.newDoc(0, p.gc), p.o.newDoc(0, p.gc)
	p.o.observe(p.shadow)
	p.journal, p.lagged = nil, false
}

func (p *goPeer) edit(numbers []uint64) [][]byte {
	c, err := p.doc.Transact("edit", func(tx *yjs.Txn) error {
		randomEdit(p.doc, tx, numbers, p.flags)
		return nil
	})
	check(err, "edit")
	if c.Update == nil {
		return nil
	}
	p.watch(c.Update, c)
	return [][]byte{slices.Clone(c.Update)}
}

func (p *goPeer) apply(update []byte) [][]byte {
	update = slices.Clone(update)
	c, err := p.doc.Apply(update, "remote")
	check(err, "apply %x", update)
	p.watch(update, c)
	if c.Update == nil {
		return nil
	}
	return [][]byte{slices.Clone(c.Update)}
}

// watch gives the shadow what came in and the follower what went out, and compares all three.
func (p *goPeer) watch(in []byte, c *yjs.Change) {
	out := c.Update
	shadow, events, err := p.o.applyDigest(p.shadow, in)
	check(err, "the shadow refused %x", in)
	catchesUp := p.lagged // its events then tell what this engine has told before
	if p.compareShadow(shadow) && !catchesUp {
		compareEvents(events, c)
	}
	p.compareState()
	if out == nil {
		return
	}
	p.journal = append(p.journal, slices.Clone(out))
	follower, _, err := p.o.applyDigest(p.follower, out)
	check(err, "the follower refused %x", out)
	if part(follower, "pending") != "0" {
		fail("the follower waits (%s) after %x: it has %s, Go has %s", part(follower, "pending"), out, part(follower, "sv"), stateText(p.doc.State()))
	}
	if !p.doc.Pending() {
		expect("follower's json", part(follower, "json"), canonDoc(p.doc))
	}
	expect("follower's state vector", part(follower, "sv"), stateText(p.doc.State()))
}

// compareShadow compares with the document in npm yjs that got the same bytes. While structs wait, npm yjs tries them
// again only when the client it found missing last moves, so it may lag behind this engine, never the other way round.
// It returns false in that case: then there is nothing to compare.
func (p *goPeer) compareShadow(shadow string) bool {
	mustHold(p.doc)
	npm, ours := part(shadow, "sv"), stateText(p.doc.State())
	waits := part(shadow, "pending") != "0"
	if p.lagged = waits && npm != ours; p.lagged {
		mustLead(npm, p.doc.State())
		p.ahead++
		return false
	}
	expect("shadow's state vector", npm, ours)
	if waits != p.doc.Pending() {
		fail("pending: npm %s, Go %v", part(shadow, "pending"), p.doc.Pending())
	}
	expect("shadow's json", part(shadow, "json"), canonDoc(p.doc))
	p.checks++
	return !waits
}

// compareState compares the encoded states now and then.
func (p *goPeer) compareState() {
	if p.checks%4 == 0 && p.checks != p.encoded {
		p.encoded = p.checks
		p.compareUnits(p.o.encode(p.shadow, nil))
	}
}

// mustLead fails when npm yjs has integrated something that this engine has not.
func mustLead(npm string, ours map[uint64]uint64) {
	var theirs map[uint64]uint64
	check(json.Unmarshal([]byte(npm), &theirs), "read %s", npm)
	for client, clock := range theirs {
		if ours[client] < clock {
			fail("npm yjs has client %d up to %d, Go up to %d", client, clock, ours[client])
		}
	}
}

// compareUnits compares the encoded states unit by unit: kinds, origins, contents and deletes.
func (p *goPeer) compareUnits(shadow []byte) {
	ours := p.encode(nil)
	a, b := parseUpdate(shadow), parseUpdate(ours)
	expect("deletes", a.deleteText(), b.deleteText())
	a.blurDeleted()
	b.blurDeleted()
	npm, units := a.unitLines(), b.unitLines()
	if p.doc.Pending() {
		npm, units = withoutCollected(npm, units)
	}
	expectLines("units", npm, units)
}

// withoutCollected drops the units that this engine has collected. While structs wait, npm yjs may still hold such a unit
// among them as it was, and saves it like that.
func withoutCollected(npm, ours []string) (_, _ []string) {
	id := func(line string) string { return line[:strings.IndexByte(line, ' ')] }
	collected := map[string]bool{}
	for _, line := range ours {
		collected[id(line)] = strings.HasSuffix(line, " gc")
	}
	drop := func(line string) bool { return collected[id(line)] }
	return slices.DeleteFunc(npm, drop), slices.DeleteFunc(ours, drop)
}

// blurDeleted makes the halves of characters in deleted text alike. Whether a deletion still cuts a character, which
// leaves replacements, depends on whether the text died before with what is around it: npm yjs lets waiting text in behind
// an update's deletions, this engine before them.
func (u wireUpdate) blurDeleted() {
	for _, s := range u.structs {
		if s.kind != wireString {
			continue
		}
		for i, unit := range s.units {
			if (unit >= "d800" && unit < "e000" || unit == "fffd") && u.isDeleted(s.client, s.clock+uint64(i)) {
				s.units[i] = "half"
			}
		}
	}
}

// isDeleted reports whether the delete set holds a unit.
func (u wireUpdate) isDeleted(client, clock uint64) bool {
	return slices.ContainsFunc(u.deletes[client], func(r [2]uint64) bool { return r[0] <= clock && clock < r[0]+r[1] })
}

func (p *goPeer) encode(sv []byte) []byte {
	b, err := p.doc.EncodeState(sv)
	check(err, "encode")
	return b
}

func (p *goPeer) stateVector() []byte { return p.doc.StateVector() }

func (p *goPeer) digest() string {
	waits := 0
	if p.doc.Pending() {
		waits = 1
	}
	return fmt.Sprintf("json %s\nsv %s\nds %s\npending %d",
		canonDoc(p.doc), stateText(p.doc.State()), parseUpdate(p.encode(nil)).deleteText(), waits)
}

func (p *goPeer) reload() {
	state := p.encode(nil)
	p.checkJournal()
	p.open()
	p.apply(state)
}

// checkJournal replays what was handed on: one by one in npm yjs is the follower; here merged, by both engines.
func (p *goPeer) checkJournal() {
	if len(p.journal) == 0 || p.doc.Pending() {
		return
	}
	merged, err := yjs.MergeUpdates(p.journal...)
	check(err, "merge the journal")
	for _, log := range [][]byte{merged, p.o.merge(p.journal)} {
		fresh := yjs.NewDoc(yjs.Options{})
		_, err := fresh.Apply(log, nil)
		check(err, "apply the merged journal")
		expect("the journal's json", canonDoc(p.doc), canonDoc(fresh))
		expect("the journal's state vector", stateText(p.doc.State()), stateText(fresh.State()))
	}
	npm, err := p.o.load(p.gc, merged)
	check(err, "npm yjs refused the merged journal")
	expect("the journal's json in npm", canonDoc(p.doc), part(npm, "json"))
}

func fail(format string, args ...any) { panic(failure(fmt.Sprintf(format, args...))) }

func check(err error, format string, args ...any) {
	if err != nil {
		fail(format+": %v", append(args, err)...)
	}
}

func expect(what, npm, ours string) {
	if npm != ours {
		at := firstDifference(npm, ours)
		fail("%s differ at byte %d:\n npm %s\n Go  %s", what, at, around(npm, at), around(ours, at))
	}
}

func firstDifference(a, b string) int {
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			return i
		}
	}
	return min(len(a), len(b))
}

func around(s string, at int) string {
	from, to := max(at-200, 0), min(at+200, len(s))
	return s[from:to]
}

func expectLines(what string, npm, ours []string) {
	if slices.Equal(npm, ours) {
		return
	}
	var b strings.Builder
	for _, l := range npm {
		if _, found := slices.BinarySearch(ours, l); !found {
			fmt.Fprintf(&b, "\n npm %s", l)
		}
	}
	for _, l := range ours {
		if _, found := slices.BinarySearch(npm, l); !found {
			fmt.Fprintf(&b, "\n Go  %s", l)
		}
	}
	fail("%s differ:%s", what, b.String())
}
