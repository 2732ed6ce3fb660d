package yjs

import (
	"maps"
	"reflect"
	"testing"
)

// edit runs f in a transaction and returns its change.
func edit(t testing.TB, d *Doc, f func(tx *Txn)) *Change {
	t.Helper()
	c, err := d.Transact("test", func(tx *Txn) error { f(tx); return nil })
	if err != nil {
		t.Fatal(err)
	}
	mustHold(t, d)
	return c
}

// pair returns two documents with the same content, written by the first.
func pair(t testing.TB, f func(d *Doc, tx *Txn)) (a, b *Doc) {
	t.Helper()
	a, b = NewDoc(Options{ClientID: 1}), NewDoc(Options{ClientID: 2})
	apply(t, b, edit(t, a, func(tx *Txn) { f(a, tx) }).Update)
	return a, b
}

func TestDeltaTellsWhatAPeerDidToAText(t *testing.T) {
	a, b := pair(t, func(d *Doc, tx *Txn) { d.Text("t").Insert(tx, 0, "hello wörld") })
	c := edit(t, a, func(tx *Txn) {
		a.Text("t").Delete(tx, 0, 2)
		a.Text("t").Insert(tx, 3, "😀")
		a.Text("t").Insert(tx, a.Text("t").Len(), "!")
	})
	got := apply(t, b, c.Update)
	want := []Op{{Delete: 2}, {Retain: 3}, {Insert: "😀"}, {Retain: 6}, {Insert: "!"}}
	if d := got.Types()[0].Delta(); !reflect.DeepEqual(d, want) {
		t.Fatalf("delta is %v, want %v", d, want)
	}
	if d := c.Types()[0].Delta(); !reflect.DeepEqual(d, want) {
		t.Fatalf("own delta is %v, want %v", d, want)
	}
	encode(t, b, nil)
	if d := got.Types()[0].Delta(); d != nil {
		t.Fatalf("a delta was made after content had been collected: %v", d)
	}
}

func TestDeltaTellsWhatAPeerDidToAnArray(t *testing.T) {
	a, b := pair(t, func(d *Doc, tx *Txn) { d.Array("a").Push(tx, 1, 2, 3, "x") })
	c := apply(t, b, edit(t, a, func(tx *Txn) {
		a.Array("a").Delete(tx, 1, 2)
		a.Array("a").Insert(tx, 1, true, nil)
	}).Update)
	want := []Op{{Retain: 1}, {Insert: []any{true, nil}}, {Delete: 2}}
	if d := c.Types()[0].Delta(); !reflect.DeepEqual(d, want) {
		t.Fatalf("delta is %v, want %v", d, want)
	}
}

func TestOldIsTheValueBeforeTheTransactionEvenWhenAKeyWasSetTwice(t *testing.T) {
	a, b := pair(t, func(d *Doc, tx *Txn) { d.Map("m").Set(tx, "k", "old") })
	own := edit(t, a, func(tx *Txn) {
		a.Map("m").Set(tx, "k", "between")
		a.Map("m").Set(tx, "k", "new")
		a.Map("m").Set(tx, "fresh", 1)
	})
	for _, c := range []*Change{own, apply(t, b, own.Update)} {
		tc := c.Types()[0]
		if !reflect.DeepEqual(tc.Keys, []string{"k", "fresh"}) || tc.Old("k") != "old" || tc.Old("fresh") != nil {
			t.Fatalf("changed %v, old are %v and %v", tc.Keys, tc.Old("k"), tc.Old("fresh"))
		}
	}
	undone, err := b.Revert(apply(t, b, edit(t, a, func(tx *Txn) {
		a.Map("m").Set(tx, "k", "once")
		a.Map("m").Set(tx, "k", "twice")
	}).Update), "m")
	if err != nil {
		t.Fatal(err)
	}
	apply(t, a, undone.Update)
	for _, d := range []*Doc{a, b} {
		mustHold(t, d)
		if v, _ := d.Map("m").Get("k"); v != "new" {
			t.Fatalf("reverted to %v", v)
		}
	}
}

func TestRevertTakesBackOneRootAndLeavesTheOthers(t *testing.T) {
	a, b := pair(t, func(d *Doc, tx *Txn) {
		d.Map("hub").Set(tx, "plain", map[string]any{"a": 1.0})
		d.Map("hub").Set(tx, "nested", MapOf(Entry{"list", ArrayOf(1, TextOf("deep"), 3)}))
		d.Map("hub").Set(tx, "gone", "bye")
		d.Array("cells").Push(tx, "one", "two")
		d.Text("log").Insert(tx, 0, "abc")
	})
	before := a.Map("hub").JSON()
	c := apply(t, b, edit(t, a, func(tx *Txn) {
		list := a.Map("hub").node().get("nested").lastValue().(*Map).node().get("list").lastValue().(*Array)
		list.Delete(tx, 0, 2)
		list.Push(tx, "forged")
		a.Map("hub").Set(tx, "plain", 2)
		a.Map("hub").Delete(tx, "gone")
		a.Map("hub").Set(tx, "new", ArrayOf(1))
		a.Array("cells").Delete(tx, 0, 1)
	}).Update)
	undone, err := b.Revert(c, "hub")
	if err != nil {
		t.Fatal(err)
	}
	mustHold(t, b)
	apply(t, a, undone.Update)
	mustHold(t, a)
	for _, d := range []*Doc{a, b} {
		if got := d.Map("hub").JSON(); !reflect.DeepEqual(got, before) {
			t.Fatalf("hub is %v, was %v", got, before)
		}
		if got := d.Array("cells").JSON(); !reflect.DeepEqual(got, []any{"two"}) {
			t.Fatalf("cells were touched: %v", got)
		}
	}
	if _, err := b.Revert(c, "hub"); err == nil {
		t.Fatal("an outdated change was reverted")
	}
}

func TestRevertBringsBackADeletedType(t *testing.T) {
	a, b := pair(t, func(d *Doc, tx *Txn) { d.Map("hub").Set(tx, "s", MapOf(Entry{"t", TextOf("a😀b")}, Entry{"n", 1})) })
	edit(t, b, func(tx *Txn) {
		s, _ := b.Map("hub").Get("s")
		s.(*Map).Set(tx, "n", 2)
	})
	apply(t, a, encode(t, b, nil))
	before := b.Map("hub").JSON()
	c := apply(t, b, edit(t, a, func(tx *Txn) { a.Map("hub").Delete(tx, "s") }).Update)
	if _, err := b.Revert(c, "hub"); err != nil {
		t.Fatal(err)
	}
	mustHold(t, b)
	if got := b.Map("hub").JSON(); !reflect.DeepEqual(got, before) {
		t.Fatalf("hub is %v, was %v", got, before)
	}
}

func TestTypingIntoADeletedCellIsReportedAsAnOrphan(t *testing.T) {
	for _, settle := range []bool{false, true} {
		a, b := pair(t, func(d *Doc, tx *Txn) {
			d.Array("cells").Push(tx, MapOf(Entry{"id", "c1"}, Entry{"source", TextOf("print()")}))
		})
		cell := a.Array("cells").Get(0).(*Map)
		v, _ := cell.Get("source")
		source := v.(*Text)
		first := edit(t, a, func(tx *Txn) { source.Insert(tx, 6, "4") })
		second := edit(t, a, func(tx *Txn) { source.Insert(tx, 7, "2") })
		edit(t, b, func(tx *Txn) { b.Array("cells").Delete(tx, 0, 1) })
		if settle {
			encode(t, b, nil)
		}
		for i, u := range []*Change{first, second} {
			c := apply(t, b, u.Update)
			mustHold(t, b)
			if len(c.Orphans()) != 1 {
				t.Fatalf("%d orphans", len(c.Orphans()))
			}
			o := c.Orphans()[0]
			if o.Value != []string{"4", "2"}[i] || o.Parent != source.ID() || len(o.Path) != 3 || o.Index < 6 {
				t.Fatalf("orphan is %+v", o)
			}
			if o.Path[0].Key != "source" || o.Path[1].ID != cell.ID() || o.Path[2].Key != "cells" {
				t.Fatalf("path is %+v", o.Path)
			}
		}
	}
}

// What was typed and deleted again where the type is gone tells its place still: others stand beside it.
func TestDeletedTextUnderADeletedTypeIsAnOrphanWithoutValue(t *testing.T) {
	for _, settle := range []bool{false, true} {
		a, b := pair(t, func(d *Doc, tx *Txn) { d.Array("cells").Push(tx, MapOf(Entry{"source", TextOf("")})) })
		v, _ := a.Array("cells").Get(0).(*Map).Get("source")
		before := a.StateVector()
		edit(t, a, func(tx *Txn) { v.(*Text).Insert(tx, 0, "ab") })
		edit(t, a, func(tx *Txn) { v.(*Text).Insert(tx, 1, "X") })
		edit(t, a, func(tx *Txn) { v.(*Text).Delete(tx, 0, 1) })
		edit(t, b, func(tx *Txn) { b.Array("cells").Delete(tx, 0, 1) })
		if settle {
			encode(t, b, nil)
		}
		values := map[any]int{}
		for _, o := range apply(t, b, encode(t, a, before)).Orphans() {
			values[o.Value] += o.Length
		}
		mustHold(t, b)
		if !maps.Equal(values, map[any]int{nil: 1, "b": 1, "X": 1}) {
			t.Fatalf("orphans are %v", values)
		}
	}
}

func TestAChangeListsAliveTypesOnly(t *testing.T) {
	d := NewDoc(Options{})
	edit(t, d, func(tx *Txn) { d.Array("a").Push(tx, TextOf("x"), TextOf("y")) })
	x, y := d.Array("a").Get(0).(*Text), d.Array("a").Get(1).(*Text)
	c := edit(t, d, func(tx *Txn) {
		x.Insert(tx, 0, "1")
		y.Insert(tx, 0, "2")
		d.Array("a").Delete(tx, 0, 1)
		d.Array("a").Push(tx, TextOf("new"))
	})
	var got []Type
	for _, tc := range c.Types() {
		got = append(got, tc.Target)
	}
	if !reflect.DeepEqual(got, []Type{y, d.Array("a")}) {
		t.Fatalf("changed types are %v", got)
	}
	if x.Alive() || !y.Alive() || x.Parent() == nil {
		t.Fatal("alive is wrong before collecting")
	}
	encode(t, d, nil)
	if x.Alive() || x.Len() != 0 || x.String() != "" || x.Parent() != nil {
		t.Fatal("a collected type is not empty")
	}
	if _, err := d.Transact(nil, func(tx *Txn) error { x.Insert(tx, 0, "z"); return nil }); err == nil {
		t.Fatal("a dead type was edited")
	}
}

func TestTextThatTheDeleterHadNotSeenIsReportedAsAnOrphan(t *testing.T) {
	a, b := pair(t, func(d *Doc, tx *Txn) {
		d.Array("cells").Push(tx, MapOf(Entry{"source", TextOf("print()")}))
	})
	v, _ := b.Array("cells").Get(0).(*Map).Get("source")
	source := v.(*Text)
	edit(t, b, func(tx *Txn) { source.Insert(tx, 6, "42") })
	c := apply(t, b, edit(t, a, func(tx *Txn) { a.Array("cells").Delete(tx, 0, 1) }).Update)
	want := Orphan{
		ID: ID{2, 0}, Origin: ID{1, 7}, Right: ID{1, 8}, Value: "42", Length: 2, Parent: source.ID(), Index: 6,
		Path: []Step{{source.ID(), "source"}, {ID{1, 0}, ""}, {ID{}, "cells"}},
	}
	if got := c.Orphans(); !reflect.DeepEqual(got, []Orphan{want}) {
		t.Fatalf("orphans are %+v, want %+v", got, want)
	}
	if again := c.Orphans(); len(again) != 1 {
		t.Fatalf("asking again finds %d", len(again))
	}
	own := edit(t, a, func(tx *Txn) { a.Array("cells").Push(tx, TextOf("x")) })
	apply(t, b, own.Update)
	if c := edit(t, b, func(tx *Txn) { b.Array("cells").Delete(tx, 0, 1) }); len(c.Orphans()) != 0 {
		t.Fatalf("an own deletion has orphans: %+v", c.Orphans())
	}
}

func TestRunsOfATextCountWhatIsDeleted(t *testing.T) {
	_, b := pair(t, func(d *Doc, tx *Txn) { d.Text("t").Insert(tx, 0, "abcdef") })
	edit(t, b, func(tx *Txn) {
		b.Text("t").Delete(tx, 1, 2)
		b.Text("t").Insert(tx, 3, "X")
	})
	type run struct {
		id      ID
		length  int
		deleted bool
	}
	var got []run
	b.Text("t").Runs(func(id ID, n int, deleted bool) bool { got = append(got, run{id, n, deleted}); return true })
	want := []run{{ID{1, 0}, 1, false}, {ID{1, 1}, 2, true}, {ID{1, 3}, 2, false}, {ID{2, 0}, 1, false}, {ID{1, 5}, 1, false}}
	if !reflect.DeepEqual(got, want) {
		t.Fatalf("runs are %v", got)
	}
}
