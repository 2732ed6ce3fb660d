//go:build oracle

package yjs_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/notebookhub/hub/hub/yjs"
)

// TestOracleLoadsWhatHostileBytesLeave lets npm yjs follow a document that hostile updates are applied to: whatever
// this engine accepts and hands on must not make a client throw, and what clients then show is what it shows.
func TestOracleLoadsWhatHostileBytesLeave(t *testing.T) {
	o := startOracle(t)
	m := newMutants(t, *firstSeed+1000)
	accepted, total := 0, *seedCount*100
	var doc *yjs.Doc
	var follower uint64
	for i := range total {
		if i%100 == 0 {
			o.reset()
			doc, follower = yjs.NewDoc(yjs.Options{ClientID: 90001}), o.newDoc(90002, true)
		}
		update := m.next()
		c, err := doc.Apply(slices.Clone(update), nil)
		if err != nil && !isExpected(err) {
			t.Fatalf("mutant %x: %v", update, err)
		}
		if c != nil && c.Update != nil {
			accepted++
			follow(t, o, doc, follower, update, c.Update)
		}
		if i%100 == 99 {
			probeState(t, o, doc)
		}
	}
	t.Logf("%d mutants, %d accepted", total, accepted)
}

// follow hands an update on to npm yjs.
func follow(t *testing.T, o *oracle, doc *yjs.Doc, follower uint64, update, out []byte) {
	t.Helper()
	digest, _, err := o.applyDigest(follower, out)
	if err != nil {
		t.Fatalf("%x made this engine hand on %x: %v", update, out, err)
	}
	if part(digest, "pending") != "0" {
		t.Fatalf("%x made this engine hand on %x, for which npm yjs waits", update, out)
	}
	same(t, "state vector after "+string(update), part(digest, "sv"), stateText(doc.State()))
	npm := halfCharacter.ReplaceAllString(withoutXML(part(digest, "json")), "\ufffd")
	if ours := withoutXML(canonDoc(doc)); npm != ours {
		at := firstDifference(npm, ours)
		t.Fatalf("json after %x, handed on as %x, differs:\n npm %s\n Go  %s", update, out, around(npm, at), around(ours, at))
	}
}

// halfCharacter is one that JavaScript's strings can hold and Go's cannot. Only hostile bytes make one the value of a key:
// that of a text is its last unit.
var halfCharacter = regexp.MustCompile(`\\ud[89a-f][0-9a-f]{2}`)

// withoutXML cuts off the last root, "x": hostile bytes put into it what no client does, and what is then shown of it
// is nobody's concern here.
func withoutXML(json string) string { return json[:strings.LastIndex(json, `,"x":`)] }

func probeState(t *testing.T, o *oracle, doc *yjs.Doc) {
	t.Helper()
	state, err := doc.EncodeState(nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := o.probe(state); err != nil {
		t.Fatalf("the state %x: %v", state, err)
	}
}
