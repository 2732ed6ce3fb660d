package yjs_test

import (
	"encoding/json"
	"maps"
	"os"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/notebookhub/hub/hub/yjs"
)

// awarenessStep is an awareness update of y-protocols and what a replica there knows after it.
type awarenessStep struct {
	About                   string
	Update                  hexBytes
	Added, Updated, Removed []uint64
	States                  map[uint64]json.RawMessage
	Clocks                  map[uint64]uint64
}

// TestAwarenessKnowsWhatYProtocolsKnows plays updates made by y-protocols, out of date and repeated ones among them.
func TestAwarenessKnowsWhatYProtocolsKnows(t *testing.T) {
	data, err := os.ReadFile("testdata/awareness.json")
	if err != nil {
		t.Fatal(err)
	}
	var steps []awarenessStep
	if err := json.Unmarshal(data, &steps); err != nil || len(steps) < 12 {
		t.Fatalf("%d steps, %v", len(steps), err)
	}
	var a yjs.Awareness
	now := time.Unix(1700000000, 0)
	for _, s := range steps {
		change, err := a.Apply(s.Update, now)
		if err != nil {
			t.Fatalf("%s: %v", s.About, err)
		}
		// A client that comes back is new to this engine and updated for y-protocols, which remembers its clock.
		came := slices.Concat(change.Added, change.Updated)
		if want := slices.Concat(s.Added, s.Updated); !slices.Equal(came, want) || !slices.Equal(change.Removed, s.Removed) {
			t.Errorf("%s: came %v, want %v; left %v, want %v", s.About, came, want, change.Removed, s.Removed)
		}
		s.check(t, &a)
	}
}

func (s awarenessStep) check(t *testing.T, a *yjs.Awareness) {
	t.Helper()
	if want := slices.Sorted(maps.Keys(s.States)); !slices.Equal(a.Clients(), want) {
		t.Errorf("%s: present are %v, want %v", s.About, a.Clients(), want)
	}
	for client, want := range s.States {
		state, clock, ok := a.State(client)
		if !ok || clock != s.Clocks[client] || !equalJSON(state, want) {
			t.Errorf("%s: client %d is %s at %d (%v), want %s at %d", s.About, client, state, clock, ok, want, s.Clocks[client])
		}
	}
	for client, clock := range s.Clocks {
		entries, err := yjs.DecodeAwareness(a.Encode([]uint64{client}))
		if err != nil || len(entries) != 1 || entries[0].Clock != clock {
			t.Errorf("%s: client %d is encoded as %v, want clock %d (%v)", s.About, client, entries, clock, err)
		}
	}
}

func equalJSON(a, b []byte) bool {
	var x, y any
	return json.Unmarshal(a, &x) == nil && json.Unmarshal(b, &y) == nil && reflect.DeepEqual(x, y)
}
