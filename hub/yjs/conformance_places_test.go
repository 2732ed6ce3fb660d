package yjs_test

import (
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/notebookhub/hub/hub/yjs"
)

// TestPlacesInLongTextsAreFound edits a text of thousands of pieces from two sides and compares every own edit with
// the same edit of a plain string. Long texts have a position index, which splitting, merging and collecting must keep.
func TestPlacesInLongTextsAreFound(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 3))
	docs := []*yjs.Doc{yjs.NewDoc(yjs.Options{ClientID: 1}), yjs.NewDoc(yjs.Options{ClientID: 2})}
	for i := range 6000 {
		doc, other := docs[i%2], docs[(i+1)%2]
		text := doc.Text("t")
		want, edit := nextEdit(rng, text.String(), i)
		c, err := doc.Transact(nil, func(tx *yjs.Txn) error {
			edit(tx, text)
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		if got := text.String(); got != want || text.Len() != len(want) {
			t.Fatalf("edit %d: %d characters, want %d; they differ at %d", i, len(got), len(want), firstByte(got, want))
		}
		if _, err := other.Apply(c.Update, nil); err != nil {
			t.Fatal(err)
		}
		if i%100 == 0 {
			mustHold(doc)
			mustHold(other)
			same(t, "text", text.String(), other.Text("t").String())
		}
	}
}

// nextEdit draws an edit and says what it makes of s. Runs of typing and large deletions come now and then, so that
// there is much to merge.
func nextEdit(rng *rand.Rand, s string, i int) (want string, edit func(*yjs.Txn, *yjs.Text)) {
	if len(s) > 2000 && rng.IntN(40) == 0 || len(s) > 0 && rng.IntN(4) == 0 {
		at := rng.IntN(len(s))
		n := min(1+rng.IntN(4), len(s)-at)
		if rng.IntN(20) == 0 {
			n = min(rng.IntN(600)+1, len(s)-at)
		}
		return s[:at] + s[at+n:], func(tx *yjs.Txn, t *yjs.Text) { t.Delete(tx, at, n) }
	}
	at := rng.IntN(len(s) + 1)
	piece := strings.Repeat(string(rune('a'+i%26)), 1+rng.IntN(3))
	return s[:at] + piece + s[at:], func(tx *yjs.Txn, t *yjs.Text) { t.Insert(tx, at, piece) }
}

func firstByte(a, b string) int {
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			return i
		}
	}
	return min(len(a), len(b))
}
