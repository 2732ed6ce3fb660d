package yjs

import (
	"maps"
	"testing"
)

func TestUnitsAreFoundInRuns(t *testing.T) {
	var u Units
	for _, at := range []uint64{30, 10, 12, 20, 11, 40} {
		u.Add(ID{7, at}, 2)
	}
	if got, want := maps.Collect(u.Among(ID{7, 11}, 21)), map[ID]int{{7, 11}: 3, {7, 20}: 2, {7, 30}: 2}; !maps.Equal(got, want) {
		t.Errorf("among 11 to 31 are %v", got)
	}
	if got, want := maps.Collect(u.All()), map[ID]int{{7, 10}: 4, {7, 20}: 2, {7, 30}: 2, {7, 40}: 2}; !maps.Equal(got, want) {
		t.Errorf("all are %v", got)
	}
	for at, want := range map[uint64]bool{9: false, 10: true, 13: true, 14: false, 19: false, 21: true, 22: false, 41: true, 42: false} {
		if u.Has(ID{7, at}) != want || u.Has(ID{8, at}) {
			t.Errorf("has unit %d: %v", at, !want)
		}
	}
}

// Who deletes a type names the units in it that it knows, and no others.
func TestDeletionsTellWhatTheirAuthorKnew(t *testing.T) {
	a, b := pair(t, func(d *Doc, tx *Txn) { d.Array("cells").Push(tx, MapOf(Entry{"source", TextOf("text")})) })
	v, _ := b.Array("cells").Get(0).(*Map).Get("source")
	typed := edit(t, b, func(tx *Txn) { v.(*Text).Insert(tx, 4, "!") })
	if none, err := DeletionsOf(typed.Update); err != nil || none.Has(ID{2, 0}) || len(maps.Collect(none.All())) > 0 {
		t.Fatalf("typing deletes %v, %v", none, err)
	}
	gone := edit(t, a, func(tx *Txn) { a.Array("cells").Delete(tx, 0, 1) })
	named, err := DeletionsOf(gone.Update)
	if err != nil {
		t.Fatal(err)
	}
	source := v.(*Text).ID()
	if !named.Has(source) || !named.Has(ID{source.Client, source.Clock + 4}) || named.Has(ID{2, 0}) {
		t.Errorf("named are %v", maps.Collect(named.All()))
	}
	if _, err := DeletionsOf([]byte{1, 2, 3}); err == nil {
		t.Error("no update, and no error")
	}
}
