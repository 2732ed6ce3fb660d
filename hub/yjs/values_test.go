package yjs

import (
	"encoding/hex"
	"errors"
	"math"
	"reflect"
	"testing"
	"time"
)

func TestNumbersAreWrittenAsJavaScriptClientsWriteThem(t *testing.T) {
	for _, c := range []struct {
		value any
		hex   string
	}{
		{0, "7d00"}, {math.Copysign(0, -1), "7d40"}, {63, "7d3f"}, {64, "7d8001"}, {-65, "7dc101"},
		{1<<31 - 1, "7dbfffffff0f"}, {1 << 31, "7c4f000000"}, {0.5, "7c3f000000"}, {0.1, "7b3fb999999999999a"},
		{1<<53 - 1, "7b433fffffffffffff"}, {int64(1) << 40, "7c53800000"}, {nil, "7e"}, {Undefined, "7f"}, {true, "78"},
		{false, "79"}, {"é", "7702c3a9"}, {"\xff", "7703efbfbd"}, {[]byte{1}, "740101"}, {[]any{1, nil}, "75027d017e"},
		{map[string]any{"b": 1, "a": 2}, "760201617d0201627d01"}, {uint32(7), "7d07"}, {float32(1.5), "7c3fc00000"},
	} {
		got, err := appendAny(nil, c.value, 8)
		if err != nil || hex.EncodeToString(got) != c.hex {
			t.Errorf("%v is written as %x (%v), want %s", c.value, got, err, c.hex)
		}
	}
	for _, bad := range []any{struct{}{}, make(chan int), map[int]any{}, []any{func() {}}} {
		if _, err := appendAny(nil, bad, 8); !errors.Is(err, ErrValue) {
			t.Errorf("%T: %v", bad, err)
		}
	}
	if _, err := appendAny(nil, []any{[]any{[]any{}}}, 2); !errors.Is(err, ErrValue) {
		t.Errorf("too deep a value: %v", err)
	}
}

func TestIntegersAreReadInAllOfTheirEncodings(t *testing.T) {
	for in, want := range map[string]any{
		"7d2a": 42.0, "7c42280000": 42.0, "7b4045000000000000": 42.0, "7a000000000000002a": int64(42), "7dc101": -65.0,
	} {
		b, _ := hex.DecodeString(in)
		r := reader{buf: b, strict: true, depth: 1}
		if got := r.any(); got != want || r.failed || r.rest() > 0 {
			t.Errorf("%s is read as %v", in, got)
		}
	}
	r := reader{buf: []byte{tagInteger, 0x40}}
	if v := r.any().(float64); v != 0 || !math.Signbit(v) {
		t.Errorf("-0 is read as %v", v)
	}
}

func TestLengthsAndSplitsAreThoseOfUTF16(t *testing.T) {
	for s, n := range map[string]int{"": 0, "abc": 3, "é": 1, "日本": 2, "😀": 2, "a😀b": 4, "12345678😀x": 11} {
		if units([]byte(s)) != n || unitsOf(s) != n {
			t.Errorf("%q has %d and %d units, want %d", s, units([]byte(s)), unitsOf(s), n)
		}
		for i := 0; i <= n; i++ {
			l, r := splitText(s, i, n)
			if unitsOf(l) != i || unitsOf(r) != n-i || tailText(s, i, n) != r {
				t.Errorf("%q at %d splits into %q and %q", s, i, l, r)
			}
		}
	}
	if l, r := splitText("a😀b", 2, 4); l != "a\uFFFD" || r != "\uFFFDb" {
		t.Errorf("a pair splits into %q and %q", l, r)
	}
}

// A peer inserts between the halves of a character and asks for the text from there.
func TestACutInsideOfACharacterLeavesReplacementsOnBothSides(t *testing.T) {
	d := NewDoc(Options{ClientID: 1})
	edit(t, d, func(tx *Txn) { d.Text("t").Insert(tx, 0, "a😀b") })
	tail := encode(t, d, EncodeStateVector(map[uint64]uint64{1: 2}))
	if want := "01010102840101" + "04efbfbd6200"; hex.EncodeToString(tail) != want {
		t.Fatalf("from the middle of a pair: %x, want %s", tail, want)
	}
	apply(t, d, update(section(2, 0, []byte("\xc4\x01\x01\x01\x02\x01x"))))
	mustHold(t, d)
	if s := d.Text("t").String(); s != "a\uFFFDx\uFFFDb" {
		t.Fatalf("text is %q", s)
	}
}

func TestOwnEditsNeverCutACharacter(t *testing.T) {
	d := NewDoc(Options{})
	text := d.Text("t")
	edit(t, d, func(tx *Txn) { text.Insert(tx, 0, "a😀b") })
	edit(t, d, func(tx *Txn) { text.Insert(tx, 2, "x") })
	if text.String() != "ax😀b" {
		t.Fatalf("text is %q", text)
	}
	edit(t, d, func(tx *Txn) { text.Delete(tx, 3, 1) })
	if text.String() != "axb" || text.Len() != 3 {
		t.Fatalf("text is %q", text)
	}
}

func TestEditsOutOfRangeOrElsewhereAreRefused(t *testing.T) {
	d, other := NewDoc(Options{}), NewDoc(Options{})
	var stale *Txn
	for name, f := range map[string]func(tx *Txn){
		"text insert":   func(tx *Txn) { d.Text("t").Insert(tx, 1, "x") },
		"text delete":   func(tx *Txn) { d.Text("t").Delete(tx, 0, 1) },
		"negative":      func(tx *Txn) { d.Text("t").Insert(tx, -1, "x") },
		"array insert":  func(tx *Txn) { d.Array("a").Insert(tx, 1, "x") },
		"array delete":  func(tx *Txn) { d.Array("a").Delete(tx, 0, 1) },
		"odd value":     func(tx *Txn) { d.Map("m").Set(tx, "k", struct{}{}) },
		"odd prelim":    func(tx *Txn) { d.Array("a").Push(tx, 1, ArrayOf(MapOf(Entry{"k", struct{}{}}))) },
		"another doc":   func(tx *Txn) { other.Map("m").Set(tx, "k", 1) },
		"another's end": func(tx *Txn) { d.Map("m").Set(stale, "k", 1); tx.err = stale.Err() },
	} {
		stale = &Txn{}
		c, err := d.Transact(nil, func(tx *Txn) error {
			f(tx)
			d.Map("m").Set(tx, "after", 1)
			return nil
		})
		if err == nil || c == nil || c.Update != nil {
			t.Errorf("%s: %v", name, err)
		}
		mustHold(t, d)
	}
	_, err := d.Transact(nil, func(*Txn) error {
		_, err := d.Apply([]byte{0, 0}, nil)
		return err
	})
	if !errors.Is(err, ErrTxn) {
		t.Errorf("an update inside of a transaction: %v", err)
	}
}

func TestADocumentWithAClaimedIdentityTakesAnother(t *testing.T) {
	d := NewDoc(Options{ClientID: 5})
	apply(t, d, update(section(5, 0, []byte("\x04\x01\x01t\x01x"))))
	if d.ClientID() == 5 {
		t.Fatal("two replicas write under one id")
	}
	d = NewDoc(Options{ClientID: 5})
	apply(t, d, []byte("\x00\x01\x05\x01\x00\x09")) // deletes what we have not written yet
	edit(t, d, func(tx *Txn) { d.Text("t").Insert(tx, 0, "mine") })
	if d.ClientID() == 5 || d.Text("t").Len() != 4 {
		t.Fatal("deleted before it was written")
	}
}

func TestPresenceFollowsTheClocksOfAwarenessUpdates(t *testing.T) {
	var a Awareness
	now := time.Unix(1000, 0)
	say := func(client, clock uint64, state string) AwarenessChange {
		t.Helper()
		e := AwarenessEntry{Client: client, Clock: clock}
		if state != "" {
			e.State = []byte(state)
		}
		c, err := a.Apply(EncodeAwareness([]AwarenessEntry{e}), now)
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	is := func(c AwarenessChange, added, updated, removed int) {
		t.Helper()
		if len(c.Added) != added || len(c.Updated) != updated || len(c.Removed) != removed {
			t.Fatalf("change is %+v", c)
		}
	}
	is(say(1, 0, `{}`), 0, 0, 0) // clock 0 of an unknown client says nothing
	is(say(1, 3, `{"a":1}`), 1, 0, 0)
	is(say(1, 3, `{"a":2}`), 0, 0, 0)
	is(say(1, 2, `{"a":2}`), 0, 0, 0)
	is(say(1, 4, `{"a":1}`), 0, 1, 0)
	is(say(1, 4, ""), 0, 0, 1)
	is(say(1, 4, `{"a":1}`), 0, 0, 0)
	is(say(1, 5, `{"a":1}`), 1, 0, 0)
	if u := a.Remove([]uint64{1, 9}); hex.EncodeToString(u) != "010105046e756c6c" {
		t.Fatalf("removal is %x", u)
	}
	if a.Remove([]uint64{1}) != nil || len(a.Clients()) != 0 {
		t.Fatal("removed twice")
	}
	if _, clock, ok := a.State(1); ok || clock != 5 {
		t.Fatal("the clock of a client that left is forgotten")
	}
	if err := a.Set(7, []byte(`{"hub":true}`), now); err != nil {
		t.Fatal(err)
	}
	if err := a.Set(7, []byte(`{`), now); !errors.Is(err, ErrMalformed) {
		t.Fatalf("set what is not JSON: %v", err)
	}
	if gone := a.Expire(now.Add(time.Minute), 30*time.Second); !reflect.DeepEqual(gone, []uint64{7}) {
		t.Fatalf("expired are %v", gone)
	}
	if _, clock, _ := a.State(1); clock != 0 {
		t.Fatal("a client that left long ago is remembered")
	}
	if _, err := a.Apply([]byte{1, 1, 1, 1, '{'}, now); !errors.Is(err, ErrMalformed) {
		t.Fatalf("got %v", err)
	}
	if hex.EncodeToString(a.Encode(a.Clients())) != "0107010c"+hex.EncodeToString([]byte(`{"hub":true}`)) {
		t.Fatalf("all is %x", a.Encode(a.Clients()))
	}
}

func TestMessagesHaveTheBytesOfTheProtocol(t *testing.T) {
	d := NewDoc(Options{})
	for want, got := range map[string][]byte{
		"00000100": AppendSyncStep1(nil, d.StateVector()), "0001020000": AppendSyncStep2(nil, encode(t, d, nil)),
		"00020101": AppendUpdate(nil, []byte{1}), "0108010701046e756c6c": AppendAwareness(nil, EncodeAwareness([]AwarenessEntry{{Client: 7, Clock: 1}})),
	} {
		if hex.EncodeToString(got) != want {
			t.Errorf("message is %x, want %s", got, want)
		}
	}
	for _, bad := range []string{"", "00", "0001", "030100", "000000ff"} {
		b, _ := hex.DecodeString(bad)
		if _, _, err := ReadSync(b); !errors.Is(err, ErrMalformed) {
			t.Errorf("%s: %v", bad, err)
		}
	}
}

func TestMergedAndDiffedUpdatesDoWhatTheLogDoes(t *testing.T) {
	log, d := trace(t, 2000)
	merged, err := MergeUpdates(log...)
	if err != nil {
		t.Fatal(err)
	}
	if len(merged) > 2*len(encode(t, d, nil)) {
		t.Errorf("2,000 updates merge into %d bytes, the state has %d", len(merged), len(encode(t, d, nil)))
	}
	half, err := MergeUpdates(log[:1000]...)
	if err != nil {
		t.Fatal(err)
	}
	sv, err := StateVectorOf(half)
	if err != nil {
		t.Fatal(err)
	}
	rest, err := DiffUpdate(merged, sv)
	if err != nil {
		t.Fatal(err)
	}
	for name, updates := range map[string][][]byte{"merged": {merged}, "half and rest": {half, rest}, "rest first": {rest, half}} {
		e := NewDoc(Options{})
		for _, u := range updates {
			apply(t, e, u)
			mustHold(t, e)
		}
		if e.Text("t").String() != d.Text("t").String() || e.Pending() {
			t.Errorf("%s differs", name)
		}
	}
}

func TestStateWithWhatWaitsIsSavedAndGoesOn(t *testing.T) {
	log, d := trace(t, 300)
	a, lost := NewDoc(Options{}), 100
	for log[lost][0] == 0 { // a deletion: nothing waits for it
		lost++
	}
	for i, u := range log {
		if i != lost {
			apply(t, a, u)
		}
	}
	if !a.Pending() {
		t.Fatal("nothing waits")
	}
	b := NewDoc(Options{})
	apply(t, b, encode(t, a, nil))
	apply(t, b, log[lost])
	mustHold(t, b)
	if b.Text("t").String() != d.Text("t").String() || b.Pending() {
		t.Fatal("what waited was lost")
	}
}
