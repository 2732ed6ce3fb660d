package yjs

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"testing"
)

// replica is a document with its own random schedule.
type replica struct {
	*Doc
	in [][]byte
}

var words = []string{"a", "b", "hello", "😀", "x😀y", "é", "日本", "\n", "long text here "}

// scribble does a random edit somewhere in d and returns the update.
func scribble(t testing.TB, d *Doc, rnd *rand.Rand) []byte {
	t.Helper()
	c, err := d.Transact(nil, func(tx *Txn) error {
		for range 1 + rnd.IntN(3) {
			switch target := pick(d, rnd).(type) {
			case *Map:
				key := fmt.Sprint("k", rnd.IntN(4))
				if rnd.IntN(3) > 0 {
					target.Set(tx, key, someValue(rnd))
				} else {
					target.Delete(tx, key)
				}
			case *Array:
				i := rnd.IntN(target.Len() + 1)
				if rnd.IntN(3) > 0 {
					target.Insert(tx, i, someValue(rnd), someValue(rnd))
				} else {
					target.Delete(tx, i, min(2, target.Len()-i))
				}
			case *Text:
				i := rnd.IntN(target.Len() + 1)
				if rnd.IntN(3) > 0 {
					target.Insert(tx, i, words[rnd.IntN(len(words))])
				} else {
					target.Delete(tx, i, min(1+rnd.IntN(4), target.Len()-i))
				}
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return c.Update
}

// pick returns a random type of d.
func pick(d *Doc, rnd *rand.Rand) Type {
	all := []Type{d.Map("m"), d.Array("a"), d.Text("t")}
	for i := 0; i < len(all); i++ {
		add := func(v any) {
			if v, ok := v.(Type); ok && len(all) < 40 {
				all = append(all, v)
			}
		}
		switch x := all[i].(type) {
		case *Map:
			for _, k := range x.Keys() {
				v, _ := x.Get(k)
				add(v)
			}
		case *Array:
			x.Range(func(_ int, v any) bool { add(v); return true })
		}
	}
	return all[rnd.IntN(len(all))]
}

func someValue(rnd *rand.Rand) any {
	return []any{1, -1.5, "str", nil, true, 1 << 40, map[string]any{"a": []any{1.0}}, []byte{1, 2},
		MapOf(Entry{"k", 1}, Entry{"t", TextOf("hi😀")}), ArrayOf(1, "x", MapOf()), TextOf("text")}[rnd.IntN(11)]
}

func mustHold(t testing.TB, d *Doc) {
	t.Helper()
	if err := d.checkInvariants(); err != nil {
		t.Fatal(err)
	}
}

func content(d *Doc) any {
	return []any{d.Map("m").JSON(), d.Array("a").JSON(), d.Text("t").JSON()}
}

func TestReplicasAgreeWhateverTheOrderOfDelivery(t *testing.T) {
	for seed := range uint64(40) {
		rnd := rand.New(rand.NewPCG(seed, 1))
		var all []*replica
		for i := range 4 {
			all = append(all, &replica{Doc: NewDoc(Options{ClientID: uint64(10 + i), KeepDeleted: seed%5 == 0})})
		}
		follower := NewDoc(Options{KeepDeleted: seed%5 == 0})
		for range 300 {
			i := rnd.IntN(len(all))
			r := all[i]
			if rnd.IntN(2) == 0 {
				u := scribble(t, r.Doc, rnd)
				for j, o := range all {
					if j != i && u != nil {
						o.in = append(o.in, u)
					}
				}
				if i == 0 && u != nil {
					apply(t, follower, u)
				}
			} else if len(r.in) > 0 {
				k := rnd.IntN(len(r.in))
				c := apply(t, r.Doc, r.in[k])
				if i == 0 && c.Update != nil {
					apply(t, follower, c.Update)
				}
				if rnd.IntN(5) > 0 {
					r.in = append(r.in[:k], r.in[k+1:]...)
				}
			}
			mustHold(t, r.Doc)
			if follower.Pending() {
				t.Fatalf("seed %d: a follower of broadcasts misses something", seed)
			}
			if !all[0].Pending() && i == 0 && !reflect.DeepEqual(content(follower), content(all[0].Doc)) {
				t.Fatalf("seed %d: a follower of broadcasts differs", seed)
			}
		}
		for range 2 {
			for _, a := range all {
				for _, b := range all {
					apply(t, b.Doc, encode(t, a.Doc, b.StateVector()))
					mustHold(t, b.Doc)
				}
			}
		}
		fresh := NewDoc(Options{})
		apply(t, fresh, encode(t, all[0].Doc, nil))
		for _, r := range all[1:] {
			if !reflect.DeepEqual(content(r.Doc), content(all[0].Doc)) || !reflect.DeepEqual(r.State(), all[0].State()) {
				t.Fatalf("seed %d: replicas differ:\n%v\n%v", seed, content(r.Doc), content(all[0].Doc))
			}
		}
		if !reflect.DeepEqual(content(fresh), content(all[0].Doc)) {
			t.Fatalf("seed %d: a loaded document differs", seed)
		}
	}
}

func apply(t testing.TB, d *Doc, u []byte) *Change {
	t.Helper()
	c, err := d.Apply(u, nil)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func encode(t testing.TB, d *Doc, sv []byte) []byte {
	t.Helper()
	u, err := d.EncodeState(sv)
	if err != nil {
		t.Fatal(err)
	}
	return u
}
