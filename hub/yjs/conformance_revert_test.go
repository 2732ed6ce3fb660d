package yjs_test

import (
	"math/rand/v2"
	"testing"

	"github.com/notebookhub/hub/hub/yjs"
)

// TestRevertTakesBackWhatOnePeerDid lets a peer edit everywhere in one update and takes back what it did to one root:
// that root shows what it showed before, the others keep the peer's edits.
func TestRevertTakesBackWhatOnePeerDid(t *testing.T) {
	for seed := range uint64(1500) {
		r := newRevertRound(seed)
		update := r.edit(r.peer, 1+r.rng.IntN(5))
		if update == nil {
			continue
		}
		root := []string{"m", "a", "t"}[r.rng.IntN(3)]
		r.check(t, seed, root, update)
		if t.Failed() {
			return
		}
	}
}

// revertRound is a server and a peer that have edited one document for a while.
type revertRound struct {
	rng          *rand.Rand
	keys         bool // the peer only sets two keys, again and again
	server, peer *yjs.Doc
}

func newRevertRound(seed uint64) *revertRound {
	rng := rand.New(rand.NewPCG(seed, 5))
	r := &revertRound{rng: rng, keys: rng.IntN(3) == 0,
		server: yjs.NewDoc(yjs.Options{ClientID: 50}), peer: yjs.NewDoc(yjs.Options{ClientID: 40 + rng.Uint64N(20)*3})}
	for range rng.IntN(12) {
		r.edit(r.server, 1)
		r.edit(r.peer, 1)
		if rng.IntN(2) == 0 {
			r.sync()
		}
	}
	r.sync()
	return r
}

// edit makes some edits in one transaction and returns its update.
func (r *revertRound) edit(doc *yjs.Doc, edits int) []byte {
	c, err := doc.Transact(nil, func(tx *yjs.Txn) error {
		for range edits {
			numbers := make([]uint64, 16)
			for i := range numbers {
				numbers[i] = uint64(r.rng.Uint32N(1 << 30))
			}
			if r.keys && doc == r.peer {
				r.setKeys(doc, tx, numbers)
			} else {
				randomEdit(doc, tx, numbers, numbers[0]%2)
			}
		}
		return nil
	})
	if err != nil {
		panic(err)
	}
	return c.Update
}

func (r *revertRound) setKeys(doc *yjs.Doc, tx *yjs.Txn, numbers []uint64) {
	for _, n := range numbers[:1+numbers[0]%3] {
		doc.Map("m").Set(tx, []string{"x", "y"}[n%2], int(n%100))
	}
}

func (r *revertRound) sync() {
	for range 2 {
		for from, to := range map[*yjs.Doc]*yjs.Doc{r.server: r.peer, r.peer: r.server} {
			update, err := from.EncodeState(to.StateVector())
			if err == nil {
				_, err = to.Apply(update, nil)
			}
			if err != nil {
				panic(err)
			}
		}
	}
}

func (r *revertRound) check(t *testing.T, seed uint64, root string, update []byte) {
	t.Helper()
	one, others := map[string]string{root: standardRoots[root]}, map[string]string{}
	for name, kind := range standardRoots {
		if name != root {
			others[name] = kind
		}
	}
	was := canonRoots(r.server, one)
	c, err := r.server.Apply(update, "peer")
	if err != nil {
		t.Fatal(err)
	}
	edited := canonRoots(r.server, others)
	back, err := r.server.Revert(c, root)
	if err != nil {
		t.Fatal(err)
	}
	mustHold(r.server)
	if now := canonRoots(r.server, one); now != was {
		t.Errorf("seed %d: root %s was\n%s\nand is after taking back\n%s", seed, root, was, now)
	}
	if now := canonRoots(r.server, others); now != edited {
		t.Errorf("seed %d: the other roots were\n%s\nand are after taking back\n%s", seed, edited, now)
	}
	r.told(t, back)
}

// told checks that the peer, which hears of it, shows the same.
func (r *revertRound) told(t *testing.T, back *yjs.Change) {
	t.Helper()
	if back == nil || back.Update == nil {
		return
	}
	if _, err := r.peer.Apply(back.Update, nil); err != nil {
		t.Fatal(err)
	}
	same(t, "what the peer shows", canonDoc(r.server), canonDoc(r.peer))
}
