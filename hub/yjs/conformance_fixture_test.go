package yjs_test

import (
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/notebookhub/hub/hub/yjs"
)

// fixture is a document that npm yjs (or a client built on it, or Yrs) wrote, and what npm yjs reads from it.
// oracle/generate.mjs makes them.
type fixture struct {
	Name    string
	About   string
	Roots   map[string]string // name: kind
	JSON    json.RawMessage   // as oracle/canon.mjs writes it
	SV, DS  json.RawMessage
	Pending int
	State   hexBytes   // what npm yjs encodes
	Updates []hexBytes // in this order
	Frames  []frame    // of a connection
}

type hexBytes []byte

func (h *hexBytes) UnmarshalText(text []byte) (err error) {
	*h, err = hex.DecodeString(string(text))
	return err
}

func (h hexBytes) MarshalText() ([]byte, error) { return []byte(hex.EncodeToString(h)), nil }

// frame is one WebSocket message: [connection, "in" or "out", bytes].
type frame struct {
	connection int
	in         bool
	data       hexBytes
}

func (f *frame) UnmarshalJSON(b []byte) error {
	var way string
	err := json.Unmarshal(b, &[]any{&f.connection, &way, &f.data})
	f.in = way == "in"
	return err
}

func fixtures(t testing.TB) []fixture {
	t.Helper()
	files, err := filepath.Glob("testdata/npm/*.json")
	if err != nil || len(files) < 60 {
		t.Fatalf("%d fixtures, %v", len(files), err)
	}
	var all []fixture
	for _, name := range files {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		var f fixture
		if err := json.Unmarshal(data, &f); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		all = append(all, f)
	}
	return all
}

// eachFixture runs f for every fixture.
func eachFixture(t *testing.T, f func(t *testing.T, fx fixture)) {
	for _, fx := range fixtures(t) {
		t.Run(fx.Name, func(t *testing.T) { f(t, fx) })
	}
}

func (fx fixture) load(t testing.TB, updates ...[]byte) *yjs.Doc {
	t.Helper()
	doc := yjs.NewDoc(yjs.Options{})
	for i, u := range updates {
		if _, err := doc.Apply(u, "fixture"); err != nil {
			t.Fatalf("apply update %d of %s (%s): %v", i, fx.Name, fx.About, err)
		}
		mustHold(doc)
	}
	return doc
}

func (fx fixture) updates() [][]byte {
	out := make([][]byte, len(fx.Updates))
	for i, u := range fx.Updates {
		out[i] = u
	}
	return out
}

// matches reports every difference between doc and what npm yjs reads.
func (fx fixture) matches(t testing.TB, doc *yjs.Doc) {
	t.Helper()
	same(t, "json", string(fx.JSON), canonRoots(doc, fx.Roots))
	same(t, "state vector", string(fx.SV), stateText(doc.State()))
	if got := doc.Pending(); got != (fx.Pending != 0) {
		t.Errorf("pending: npm %d, Go %v", fx.Pending, got)
	}
	state, err := doc.EncodeState(nil)
	if err != nil {
		t.Fatal(err)
	}
	fx.matchesState(t, state)
}

// matchesState compares an encoded state with what npm yjs encodes, unit by unit.
func (fx fixture) matchesState(t testing.TB, state []byte) {
	t.Helper()
	want, got := parseUpdate(fx.State), parseUpdate(state)
	same(t, "delete set", want.deleteText(), got.deleteText())
	if fx.Pending == 0 {
		same(t, "delete set", string(fx.DS), got.deleteText())
	}
	if w, g := want.unitLines(), got.unitLines(); !slices.Equal(w, g) {
		t.Errorf("units differ:\n npm %q\n Go  %q", w, g)
	}
}

func same(t testing.TB, what, npm, ours string) {
	t.Helper()
	if npm != ours {
		t.Errorf("%s differs:\n npm %.2000s\n Go  %.2000s", what, npm, ours)
	}
}

func TestFixturesReadAsNpmReadsThem(t *testing.T) {
	eachFixture(t, func(t *testing.T, fx fixture) {
		fx.matches(t, fx.load(t, fx.updates()...))
	})
}

func TestFixturesReadTheSameFromTheirEncodedState(t *testing.T) {
	eachFixture(t, func(t *testing.T, fx fixture) {
		fx.matches(t, fx.load(t, fx.State))
		state, err := fx.load(t, fx.updates()...).EncodeState(nil)
		if err != nil {
			t.Fatal(err)
		}
		fx.matches(t, fx.load(t, state))
	})
}

func TestFixturesReadTheSameInAnyOrderAndTwice(t *testing.T) {
	eachFixture(t, func(t *testing.T, fx fixture) {
		want := fx.load(t, fx.updates()...)
		backwards := fx.updates()
		slices.Reverse(backwards)
		got := fx.load(t, append(backwards, fx.updates()...)...)
		same(t, "json", canonRoots(want, fx.Roots), canonRoots(got, fx.Roots))
		same(t, "state vector", stateText(want.State()), stateText(got.State()))
	})
}

func TestFixturesReadTheSameWhenMerged(t *testing.T) {
	eachFixture(t, func(t *testing.T, fx fixture) {
		merged, err := yjs.MergeUpdates(fx.updates()...)
		if err != nil {
			t.Fatal(err)
		}
		doc := fx.load(t, merged)
		same(t, "json", string(fx.JSON), canonRoots(doc, fx.Roots))
		same(t, "state vector", string(fx.SV), stateText(doc.State()))
	})
}

// TestFixturesReachAFollower hands on only what each transaction says should be handed on.
func TestFixturesReachAFollower(t *testing.T) {
	eachFixture(t, func(t *testing.T, fx fixture) {
		doc, follower := yjs.NewDoc(yjs.Options{}), yjs.NewDoc(yjs.Options{})
		for _, u := range fx.Updates {
			c, err := doc.Apply(u, nil)
			if err != nil {
				t.Fatal(err)
			}
			if c.Update == nil {
				continue
			}
			if _, err := follower.Apply(c.Update, nil); err != nil {
				t.Fatalf("the follower refused %x: %v", c.Update, err)
			}
			if follower.Pending() {
				t.Fatalf("the follower waits for something after %x", c.Update)
			}
		}
		same(t, "json", canonRoots(doc, fx.Roots), canonRoots(follower, fx.Roots))
		same(t, "state vector", stateText(doc.State()), stateText(follower.State()))
	})
}

// TestFixturesCutAtEveryClockGiveTheRest asks for what is missing from each possible state of each client.
func TestFixturesCutAtEveryClockGiveTheRest(t *testing.T) {
	eachFixture(t, func(t *testing.T, fx fixture) {
		if fx.Pending != 0 || len(fx.State) > 2000 {
			return
		}
		doc := fx.load(t, fx.State)
		for client, end := range doc.State() {
			for clock := uint64(0); clock < end; clock += stride {
				sv := yjs.EncodeStateVector(map[uint64]uint64{client: clock})
				fx.checkRest(t, doc, sv, client, clock)
			}
		}
	})
}

// checkRest checks the encoding against one state vector: it starts at that clock, and the bytes-only diff agrees.
func (fx fixture) checkRest(t *testing.T, doc *yjs.Doc, sv []byte, client, clock uint64) {
	t.Helper()
	rest, err := doc.EncodeState(sv)
	if err != nil {
		t.Fatal(err)
	}
	diff, err := yjs.DiffUpdate(fx.State, sv)
	if err != nil {
		t.Fatal(err)
	}
	a, b := parseUpdate(rest), parseUpdate(diff)
	if x, y := a.unitLines(), b.unitLines(); !slices.Equal(x, y) {
		t.Fatalf("client %d from %d: the document encodes\n%q\nthe bytes say\n%q", client, clock, x, y)
	}
	for _, s := range a.structs {
		if s.client == client && s.clock < clock {
			t.Fatalf("client %d from %d: the rest starts at %d", client, clock, s.clock)
		}
	}
}
