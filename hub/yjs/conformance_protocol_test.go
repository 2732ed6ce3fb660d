package yjs_test

import (
	"encoding/hex"
	"testing"

	"github.com/notebookhub/hub/hub/yjs"
)

// TestCapturedConnectionsAreUnderstood answers the frames that real y-websocket clients sent.
func TestCapturedConnectionsAreUnderstood(t *testing.T) {
	captured := 0
	for _, fx := range fixtures(t) {
		if len(fx.Frames) == 0 {
			continue
		}
		captured++
		t.Run(fx.Name, func(t *testing.T) { replay(t, fx) })
	}
	if captured < 2 {
		t.Fatalf("%d captures", captured)
	}
}

// replay plays a captured connection to a document and checks what was sent back at the time.
func replay(t *testing.T, fx fixture) {
	server, client := yjs.NewDoc(yjs.Options{}), yjs.NewDoc(yjs.Options{})
	presence := 0
	for _, f := range fx.Frames {
		kind, body, err := yjs.ReadVarUint(f.data)
		if err != nil {
			t.Fatal(err)
		}
		switch kind {
		case yjs.MessageSync:
			doc := client
			if f.in {
				doc = server
			}
			syncFrame(t, doc, body)
		case yjs.MessageAwareness:
			presence += awarenessFrame(t, body)
		default:
			t.Fatalf("message kind %d", kind)
		}
	}
	fx.matches(t, server)
	same(t, "what the clients were sent", string(fx.JSON), canonRoots(client, fx.Roots))
	if presence < 4 {
		t.Errorf("%d awareness entries seen", presence)
	}
}

func syncFrame(t *testing.T, doc *yjs.Doc, body []byte) {
	t.Helper()
	step, payload, err := yjs.ReadSync(body)
	if err != nil {
		t.Fatal(err)
	}
	if step == yjs.SyncStep1 {
		if _, err := yjs.DecodeStateVector(payload); err != nil {
			t.Fatal(err)
		}
		if _, err := doc.EncodeState(payload); err != nil {
			t.Fatal(err)
		}
		return
	}
	if _, err := doc.Apply(payload, nil); err != nil {
		t.Fatal(err)
	}
}

// awarenessFrame reads presence and writes it again: the same bytes.
func awarenessFrame(t *testing.T, body []byte) int {
	t.Helper()
	n, rest, err := yjs.ReadVarUint(body)
	if err != nil || int(n) != len(rest) {
		t.Fatalf("awareness of %d bytes, %d there: %v", n, len(rest), err)
	}
	entries, err := yjs.DecodeAwareness(rest)
	if err != nil {
		t.Fatal(err)
	}
	same(t, "awareness", hex.EncodeToString(rest), hex.EncodeToString(yjs.EncodeAwareness(entries)))
	return len(entries)
}
