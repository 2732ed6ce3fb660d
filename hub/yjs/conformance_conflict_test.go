//go:build oracle

package yjs_test

import (
	"math/rand/v2"
	"testing"

	"github.com/notebookhub/hub/hub/yjs"
)

// TestOracleOrdersTinyTextsAlike lets three to eight clients edit a text of a few characters all at once, where every
// insert is a conflict, and delivers everything to everybody in another order each.
func TestOracleOrdersTinyTextsAlike(t *testing.T) {
	o := startOracle(t)
	rounds := *seedCount * 3
	for i := range rounds {
		seed := *firstSeed + uint64(i)
		func() {
			defer func() {
				if p := recover(); p != nil {
					t.Fatalf("seed %d (run it with -seed=%d -seeds=1): %v", seed, seed, p)
				}
			}()
			tinyRound(o, rand.New(rand.NewPCG(seed, 7)))
		}()
	}
	t.Logf("%d rounds", rounds)
}

func tinyRound(o *oracle, rng *rand.Rand) {
	o.reset()
	n := 3 + rng.IntN(6)
	ids := rng.Perm(50)
	docs := make([]uint64, n)
	var base []byte
	for i := range docs {
		docs[i] = o.newDoc(uint64(ids[i]+1), true)
		if i == 0 {
			base = o.insertText(docs[0], 0, "abcd")[0]
			continue
		}
		_, err := o.apply(docs[i], base)
		check(err, "apply")
	}
	updates := [][]byte{base}
	for _, doc := range docs {
		for range 1 + rng.IntN(4) {
			if rng.IntN(5) == 0 {
				updates = append(updates, o.deleteText(doc, rng.IntN(4), 1)...)
				continue
			}
			updates = append(updates, o.insertText(doc, rng.IntN(5), string(rune('A'+rng.IntN(26))))...)
		}
	}
	inAnyOrder(o, rng, docs[0], updates)
}

// inAnyOrder applies updates in random orders in both engines.
func inAnyOrder(o *oracle, rng *rand.Rand, doc uint64, updates [][]byte) {
	for _, u := range updates {
		_, err := o.apply(doc, u)
		check(err, "apply")
	}
	want, state := o.digest(doc), o.encode(doc, nil)
	for range 4 {
		rng.Shuffle(len(updates), func(i, j int) { updates[i], updates[j] = updates[j], updates[i] })
		ours := yjs.NewDoc(yjs.Options{})
		for _, u := range updates {
			_, err := ours.Apply(u, nil)
			check(err, "apply %x", u)
		}
		mustHold(ours)
		expect("json", part(want, "json"), canonDoc(ours))
		again, err := ours.EncodeState(nil)
		check(err, "encode")
		compareUpdates("states", state, again)
	}
}
