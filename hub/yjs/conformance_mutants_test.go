package yjs_test

import (
	"errors"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/notebookhub/hub/hub/yjs"
)

// mutants makes hostile updates of honest ones.
type mutants struct {
	rng     *rand.Rand
	updates [][]byte
}

func newMutants(t testing.TB, seed uint64) *mutants {
	m := &mutants{rng: rand.New(rand.NewPCG(seed, 99))}
	for _, fx := range fixtures(t) {
		for _, u := range append(fx.updates(), fx.State) {
			if len(u) < 4000 {
				m.updates = append(m.updates, u)
			}
		}
	}
	return m
}

func (m *mutants) honest() []byte { return m.updates[m.rng.IntN(len(m.updates))] }

// next returns an update with up to four things wrong; a quarter are honest, so that the others find something to
// refer to.
func (m *mutants) next() []byte {
	b := slices.Clone(m.honest())
	if m.rng.IntN(4) == 0 {
		return b
	}
	for range 1 + m.rng.IntN(4)*m.rng.IntN(2) {
		b = m.mutate(b)
	}
	return b
}

func (m *mutants) mutate(b []byte) []byte {
	if len(b) == 0 {
		return []byte{byte(m.rng.IntN(256))}
	}
	at := m.rng.IntN(len(b))
	switch m.rng.IntN(8) {
	case 0:
		b[at] ^= 1 << m.rng.IntN(8)
	case 1:
		b[at] = byte(m.rng.IntN(256))
	case 2:
		b[at] += byte(m.rng.IntN(3)) - 1
	case 3:
		b = slices.Delete(b, at, min(at+1+m.rng.IntN(4), len(b)))
	case 4:
		b = slices.Insert(b, at, byte(m.rng.IntN(256)))
	case 5: // a huge number
		b = slices.Insert(b, at, 0xff, 0xff, 0xff, 0xff, byte(m.rng.IntN(128)))
	case 6: // a part of another update
		other := m.honest()
		from := m.rng.IntN(len(other))
		b = append(b[:at:at], other[from:]...)
	case 7: // a part twice
		b = slices.Insert(b, at, slices.Clone(b[at:min(at+1+m.rng.IntN(16), len(b))])...)
	}
	return b
}

// isExpected reports whether an error is one that Apply may return for hostile bytes.
func isExpected(err error) bool {
	return errors.Is(err, yjs.ErrMalformed) || errors.Is(err, yjs.ErrLimit) || errors.Is(err, yjs.ErrBudget)
}

// TestMutantsLeaveDocumentsWhole applies hostile updates to one live document: what is refused changes nothing, and
// after what is accepted the document still holds together, encodes, and loads again.
func TestMutantsLeaveDocumentsWhole(t *testing.T) {
	m := newMutants(t, 1)
	var doc *yjs.Doc
	refused := 0
	for i := range mutantCount {
		if i%500 == 0 {
			doc = yjs.NewDoc(yjs.Options{ClientID: uint64(90000 + i)})
		}
		update := m.next()
		before := stateText(doc.State())
		_, err := doc.Apply(slices.Clone(update), nil)
		if err != nil {
			if !isExpected(err) {
				t.Fatalf("mutant %d: %v\n%x", i, err, update)
			}
			if !errors.Is(err, yjs.ErrBudget) {
				refused++
				same(t, "state after a refused update", before, stateText(doc.State()))
			}
		}
		if err := yjs.CheckInvariants(doc); err != nil {
			t.Fatalf("mutant %d: %v\n%x", i, err, update)
		}
		if i%100 == 99 {
			loadsAgain(t, doc)
		}
		if t.Failed() {
			t.Fatalf("mutant %d", i)
		}
	}
	if refused == 0 || refused == mutantCount {
		t.Fatalf("%d of %d refused", refused, mutantCount)
	}
}

// loadsAgain checks that a document's own state is one that it accepts, and has the same units. Their order, and with
// it which value of a key wins, may differ, as in npm yjs, when a hostile struct stands where no client would put it,
// such as between one unit and itself.
func loadsAgain(t *testing.T, doc *yjs.Doc) {
	t.Helper()
	state, err := doc.EncodeState(nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := yjs.Validate(state, yjs.Limits{}); err != nil {
		t.Fatalf("own state is refused: %v\n%x", err, state)
	}
	fresh := yjs.NewDoc(yjs.Options{})
	if _, err := fresh.Apply(state, nil); err != nil {
		t.Fatalf("own state is refused: %v\n%x", err, state)
	}
	if err := yjs.CheckInvariants(fresh); err != nil {
		t.Fatal(err)
	}
	same(t, "state vector", stateText(doc.State()), stateText(fresh.State()))
}
