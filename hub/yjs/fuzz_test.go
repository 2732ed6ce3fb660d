package yjs

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"reflect"
	"testing"
	"time"
)

// seedUpdates adds updates that two replicas made of everything this engine can write, and odd ones by hand.
func seedUpdates(f *testing.F) {
	f.Helper()
	for seed := range uint64(6) {
		rnd := rand.New(rand.NewPCG(seed, 2))
		a, b := NewDoc(Options{ClientID: 1}), NewDoc(Options{ClientID: 2})
		for range 8 {
			if u := scribble(f, a, rnd); u != nil {
				f.Add(u)
				apply(f, b, u)
			}
			if u := scribble(f, b, rnd); u != nil {
				f.Add(u)
				apply(f, a, u)
			}
		}
		f.Add(encode(f, a, nil))
	}
	for _, s := range []string{
		"\x00\x00", "\x01\x01\x05\x00\x00\x03\x00", "\x01\x01\x05\x00\x0a\x03\x00", "\x01\x02\x05\x00\x0a\x03\x00\x02\x00",
		"\x01\x01\x05\x00\x06\x01\x01t\x04bold\x04true\x00", "\x01\x01\x05\x00\x05\x01\x01t\x07{\"a\":1}\x00",
		"\x01\x01\x05\x00\x09\x01\x01t\x01g\x76\x00\x00", "\x01\x01\x05\x00\x02\x01\x01t\x02\x011\x09undefined\x00",
		"\x01\x01\x05\x00\x07\x01\x01t\x03\x01p\x00", "\x00\x01\x05\x01\x00\x07",
	} {
		f.Add([]byte(s))
	}
}

// liveDoc is a document with something of every kind in it.
func liveDoc(t testing.TB) *Doc {
	d := NewDoc(Options{ClientID: 1})
	rnd := rand.New(rand.NewPCG(9, 9))
	for range 12 {
		scribble(t, d, rnd)
	}
	return d
}

// Whatever bytes arrive, the document holds together; when they are refused it is as it was; what it emits loads
// elsewhere and says the same.
func FuzzApply(f *testing.F) {
	seedUpdates(f)
	base := encode(f, liveDoc(f), nil)
	f.Fuzz(func(t *testing.T, update []byte) {
		if len(update) > 1<<14 {
			return
		}
		d, follower := NewDoc(Options{ClientID: 99}), NewDoc(Options{ClientID: 98})
		apply(t, d, base)
		apply(t, follower, base)
		before := encode(t, d, nil)
		c, err := d.Apply(bytes.Clone(update), nil)
		mustHold(t, d)
		if (err == nil) != (Validate(update, Limits{}) == nil) && !errors.Is(err, ErrBudget) {
			t.Fatalf("Apply and Validate disagree: %v", err)
		}
		if errors.Is(err, ErrBroken) {
			t.Fatal(err)
		}
		if c == nil {
			if !bytes.Equal(before, encode(t, d, nil)) {
				t.Fatal("a refused update changed the document")
			}
			return
		}
		for _, tc := range c.Types() {
			tc.Delta()
			for _, k := range tc.Keys {
				tc.Old(k)
			}
		}
		content(d)
		if c.Update != nil {
			apply(t, follower, c.Update)
			mustHold(t, follower)
			if !reflect.DeepEqual(follower.State(), d.State()) {
				t.Fatal("a follower of broadcasts has another state")
			}
		}
		rnd := rand.New(rand.NewPCG(uint64(len(update)), 3))
		scribble(t, d, rnd)
		mustHold(t, d)
		fresh := NewDoc(Options{})
		apply(t, fresh, encode(t, d, nil))
		mustHold(t, fresh)
		if !reflect.DeepEqual(fresh.State(), d.State()) {
			t.Fatal("a loaded document has another state")
		}
	})
}

// Functions on bytes accept and refuse the same updates, and merging changes nothing but the form.
func FuzzMerge(f *testing.F) {
	seedUpdates(f)
	base := encode(f, liveDoc(f), nil)
	f.Fuzz(func(t *testing.T, update []byte) {
		if len(update) > 1<<14 {
			return
		}
		ok := Validate(update, Limits{}) == nil
		merged, err := MergeUpdates(base, update)
		if (err == nil) != ok {
			t.Fatalf("MergeUpdates: %v", err)
		}
		sv, err := StateVectorOf(update)
		if (err == nil) != ok {
			t.Fatalf("StateVectorOf: %v", err)
		}
		if !ok {
			return
		}
		if err := Validate(merged, Limits{}); err != nil {
			t.Fatalf("merged: %v", err)
		}
		diff, err := DiffUpdate(update, sv)
		if err != nil {
			t.Fatal(err)
		}
		if err := Validate(diff, Limits{}); err != nil {
			t.Fatalf("diff: %v", err)
		}
		excerpt, err := Excerpt(merged, ID{1, 3}, ID{2, 5})
		if err != nil {
			t.Fatal(err)
		}
		if err := Validate(excerpt, Limits{}); err != nil {
			t.Fatalf("excerpt: %v", err)
		}
		again, err := MergeUpdates(merged)
		if err != nil || !bytes.Equal(again, merged) {
			t.Fatalf("merging twice differs (%v):\n%x\n%x", err, merged, again)
		}
	})
}

// Messages, state vectors and presence: decoders refuse or return what encodes to the same meaning.
func FuzzDecode(f *testing.F) {
	f.Add([]byte{0, 1, 0})
	f.Add([]byte{1, 7, 1, 4, 'n', 'u', 'l', 'l'})
	f.Add([]byte("\x01\x07\x01\x02{}"))
	f.Add([]byte{0, 3, 2, 1, 5})
	f.Fuzz(func(t *testing.T, b []byte) {
		if state, err := DecodeStateVector(b); err == nil {
			again, err := DecodeStateVector(EncodeStateVector(state))
			if err != nil || !reflect.DeepEqual(state, again) {
				t.Fatal("state vector changed")
			}
		}
		if entries, err := DecodeAwareness(b); err == nil {
			again, err := DecodeAwareness(EncodeAwareness(entries))
			if err != nil || len(again) != len(entries) {
				t.Fatal("awareness changed")
			}
			var a Awareness
			if _, err := a.Apply(b, time.Time{}); err != nil && !errors.Is(err, ErrLimit) {
				t.Fatal(err)
			}
			a.Encode(a.Clients())
		}
		if step, body, err := ReadSync(b); err == nil {
			s2, b2, err := ReadSync(appendSync(nil, byte(step), body)[1:])
			if err != nil || s2 != step || !bytes.Equal(b2, body) {
				t.Fatal("message changed")
			}
		}
		if s, _, err := ReadVarString(b); err == nil {
			if again, _, err := ReadVarString(AppendVarString(nil, s)); err != nil || again != s {
				t.Fatal("string changed")
			}
		}
		r := reader{buf: b, strict: true, depth: 8}
		r.skipAny(8)
		if !r.failed {
			v := (&reader{buf: b}).any()
			if _, err := appendAny(nil, v, 8); err != nil {
				t.Fatal(err)
			}
		}
	})
}
