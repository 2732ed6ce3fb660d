package yjs

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
)

// scribbled is a document that three replicas wrote at the same time, and their updates.
func scribbled(t testing.TB, seed uint64) (*Doc, [][]byte) {
	rnd := rand.New(rand.NewPCG(seed, 21))
	var docs []*Doc
	for id := range uint64(3) {
		docs = append(docs, NewDoc(Options{ClientID: 1 + (id+seed)%3, KeepDeleted: seed%2 > 0}))
	}
	var log [][]byte
	for range 40 {
		var round [][]byte
		for _, d := range docs {
			if u := scribble(t, d, rnd); u != nil {
				round = append(round, u)
			}
		}
		for _, d := range docs {
			for _, u := range round {
				apply(t, d, u)
			}
		}
		log = append(log, round...)
	}
	return docs[0], log
}

// nested returns the ids of all types of d but its roots.
func nested(d *Doc) (ids []ID) {
	for _, c := range d.clients[1:] {
		for _, b := range c.blocks {
			for _, it := range b.items {
				if it.node != nil && !it.deleted() {
					ids = append(ids, it.node.publicID())
				}
			}
		}
	}
	return ids
}

// at returns the type that an item of d holds.
func at(d *Doc, id ID) *node {
	if r, ok := d.lookup(id); ok {
		return d.itemAt(r).node
	}
	return nil
}

// change edits a type, without deleting types in it: a deletion names what is in them, of which an excerpt knows nothing.
func change(t testing.TB, d *Doc, n *node) []byte {
	return edit(t, d, func(tx *Txn) {
		switch x := n.facade().(type) {
		case *Text:
			x.Insert(tx, x.Len()/2, "new")
			x.Delete(tx, x.Len()/3, x.Len()/4)
		case *Array:
			x.Insert(tx, x.Len()/2, "new", MapOf())
		case *Map:
			x.Set(tx, "new", TextOf("new"))
			if v, _ := x.Get("k1"); v == "str" {
				x.Delete(tx, "k1")
			}
		}
	}).Update
}

// values is what a type holds, but for what stands in types inside of it.
func values(n *node) any {
	hollow := func(v any) any {
		if v, ok := v.(Type); ok {
			return v.ID()
		}
		return v
	}
	switch x := n.facade().(type) {
	case *Map:
		m := map[string]any{}
		for _, k := range x.Keys() {
			v, _ := x.Get(k)
			m[k] = hollow(v)
		}
		return m
	case *Array:
		var l []any
		x.Range(func(_ int, v any) bool { l = append(l, hollow(v)); return true })
		return l
	}
	return n.facade().JSON()
}

func TestAForkOfAnExcerptWritesWhatAForkOfTheWholeWrites(t *testing.T) {
	edits, left := 0, 0
	for seed := range uint64(8) {
		d, _ := scribbled(t, seed)
		state := encode(t, d, nil)
		for _, id := range nested(d) {
			excerpt, err := Excerpt(state, id)
			if err != nil {
				t.Fatal(err)
			}
			whole, part := NewDoc(Options{ClientID: 77}), NewDoc(Options{ClientID: 77})
			apply(t, whole, state)
			apply(t, part, excerpt)
			mustHold(t, part)
			if !bytes.Equal(whole.StateVector(), part.StateVector()) {
				t.Fatalf("seed %d, type %v: another state vector", seed, id)
			}
			for w, p := at(whole, id), at(part, id); w != nil; w, p = w.parent(), p.parent() {
				if got, want := values(p), values(w); !reflect.DeepEqual(got, want) {
					t.Fatalf("seed %d, type %v: holds %v, not %v", seed, id, got, want)
				}
			}
			want := change(t, whole, at(whole, id))
			if got := change(t, part, at(part, id)); !bytes.Equal(got, want) {
				t.Fatalf("seed %d, type %v: writes\n%x, not\n%x", seed, id, got, want)
			}
			edits += len(want)
			left += len(excerpt) - len(state)
		}
	}
	if edits == 0 || left > 0 {
		t.Fatalf("%d bytes were written, the excerpts are %d bytes longer than the states", edits, left)
	}
}

func TestAnExcerptLeavesOthersEmpty(t *testing.T) {
	d := NewDoc(Options{ClientID: 1})
	edit(t, d, func(tx *Txn) {
		d.Array("a").Push(tx, TextOf("kept"), TextOf("left"), "beside")
		d.Text("t").Insert(tx, 0, "elsewhere")
	})
	kept, left := d.Array("a").Get(0).(*Text), d.Array("a").Get(1).(*Text)
	excerpt, err := Excerpt(encode(t, d, nil), kept.ID(), ID{5, 5})
	if err != nil {
		t.Fatal(err)
	}
	part := load(t, excerpt)
	if got := part.Array("a").JSON(); !reflect.DeepEqual(got, []any{"kept", "", "beside"}) || part.Text("t").Len() > 0 {
		t.Fatalf("%v and %q", got, part.Text("t"))
	}
	if !at(part, left.ID()).alive() {
		t.Fatal("the place of a type is gone")
	}
	odd := update(section(1, 0, []byte("\x84\x00\x00\x01x"))) // behind the first unit of client 0, who is unknown
	if same, err := Excerpt(odd); err != nil || !bytes.Equal(same, odd) {
		t.Fatalf("%x, %v", same, err)
	}
	if _, err := Excerpt(excerpt[1:], kept.ID()); !errors.Is(err, ErrMalformed) {
		t.Fatalf("damaged bytes: %v", err)
	}
}

// Nothing is left out of a state where parts wait: what they wait for might be among it.
func TestAnExcerptOfAPartialStateIsTheState(t *testing.T) {
	waiting := 0
	for seed := range uint64(9) {
		d, log := scribbled(t, seed)
		missing := int(seed) * len(log) / 9
		partial, err := MergeUpdates(append(slices.Clone(log[:missing]), log[missing+1:]...)...)
		if err != nil {
			t.Fatal(err)
		}
		excerpt, err := Excerpt(partial, nested(d)[:seed%3]...)
		if err != nil {
			t.Fatal(err)
		}
		whole, part := load(t, partial), load(t, excerpt)
		mustHold(t, part)
		if whole.Pending() != part.Pending() || !bytes.Equal(whole.StateVector(), part.StateVector()) {
			t.Fatalf("seed %d: the whole waits %v at %v, the excerpt %v at %v",
				seed, whole.Pending(), whole.State(), part.Pending(), part.State())
		}
		if part.Pending() {
			waiting++
		}
	}
	if waiting == 0 {
		t.Fatal("nothing waited")
	}
}
