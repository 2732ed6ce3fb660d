package yjs

import (
	"errors"
	"math/rand/v2"
	"runtime"
	"strings"
	"testing"
)

// section is the part of an update that holds the given structs of one client.
func section(client, clock uint64, structs ...[]byte) []byte {
	u := AppendVarUint(nil, uint64(len(structs)))
	u = AppendVarUint(AppendVarUint(u, client), clock)
	for _, s := range structs {
		u = append(u, s...)
	}
	return u
}

// update puts sections together.
func update(sections ...[]byte) []byte {
	u := AppendVarUint(nil, uint64(len(sections)))
	for _, s := range sections {
		u = append(u, s...)
	}
	return append(u, 0)
}

func TestOneRemoteCharacterAllocatesAtMostThreeTimes(t *testing.T) {
	writer := notebook(t, 5)
	reader := load(t, encode(t, writer, nil))
	text, rnd := someSource(writer, rand.New(rand.NewPCG(1, 2))), rand.New(rand.NewPCG(1, 3))
	next := 100
	for name, write := range map[string]func() []byte{
		"typing": func() []byte {
			c := edit(t, writer, func(tx *Txn) { text.Insert(tx, next, "x"); next++ })
			return c.Update
		},
		"random place": func() []byte { return scatter(t, writer, rnd) },
	} {
		var updates [][]byte
		for range 400 {
			updates = append(updates, write())
		}
		i := 0
		got := testing.AllocsPerRun(300, func() {
			c, err := reader.Apply(updates[i], nil)
			if err != nil || c.Update == nil || len(c.Types()) != 1 {
				t.Fatal("nothing changed")
			}
			i++
		})
		if got > 3 {
			t.Errorf("%s: %v allocations a character", name, got)
		}
		for _, u := range updates[i:] {
			apply(t, reader, u)
		}
	}
	mustHold(t, reader)
}

// Thousands of clients write at one place, each before another unit: ordering them is quadratic work, which the budget
// stops. What was integrated until then is whole and loads elsewhere; a document with a budget for it goes on.
func TestOrderingTooManySiblingsStopsWithAValidPrefix(t *testing.T) {
	const clients = 1500
	var sections [][]byte
	for id := uint64(clients + 1); id > 1; id-- {
		s := AppendVarUint([]byte("\x44\x01"), clients+1-id) // a string written before that unit of client 1
		sections = append(sections, section(id, 0, append(s, 1, 'x')))
	}
	base := append(AppendVarUint([]byte("\x04\x01\x01t"), clients), strings.Repeat("-", clients)...)
	all := update(append(sections, section(1, 0, base))...)

	d := NewDoc(Options{})
	d.limits.Work = 200_000 - len(all)*workPerByte
	c, err := d.Apply(all, nil)
	if !errors.Is(err, ErrBudget) || c == nil || c.Update == nil {
		t.Fatalf("got %v", err)
	}
	mustHold(t, d)
	n := d.Text("t").Len()
	if n <= clients || n == 2*clients {
		t.Fatalf("%d of %d were integrated", n, 2*clients)
	}
	follower := NewDoc(Options{})
	apply(t, follower, c.Update)
	if follower.Text("t").Len() != n {
		t.Fatal("the prefix was not reported whole")
	}
	d.limits.Work = 1 << 30
	if apply(t, d, all); d.Text("t").Len() != 2*clients {
		t.Fatal("a document with a greater budget does not go on")
	}
	mustHold(t, d)
}

func TestLimitsRefuseAndLeaveTheDocumentAsItWas(t *testing.T) {
	deep := []byte("\x08\x01\x01t\x01")
	for range 300 {
		deep = append(deep, tagArray, 1)
	}
	deep = append(deep, tagNull)
	for name, c := range map[string]struct {
		limits Limits
		update []byte
		want   error
	}{
		"too many bytes":   {Limits{UpdateBytes: 8}, update(section(1, 0, []byte("\x04\x01\x01t\x05hello"))), ErrLimit},
		"too many structs": {Limits{Structs: 1}, update(section(1, 0, []byte("\x00\x01"), []byte("\x00\x01"))), ErrLimit},
		"too many clients": {Limits{Clients: 1}, update(section(2, 0, []byte("\x00\x01")), section(1, 0, []byte("\x00\x01"))), ErrLimit},
		"too many ranges":  {Limits{DeleteRanges: 1}, []byte("\x00\x01\x01\x02\x00\x01\x05\x01"), ErrLimit},
		"too deep a value": {Limits{}, update(section(1, 0, deep)), ErrMalformed},
		"zero length":      {Limits{}, update(section(1, 0, []byte("\x00\x00"))), ErrMalformed},
		"empty deletion":   {Limits{}, []byte("\x00\x01\x01\x01\x00\x00"), ErrMalformed},
		"client twice":     {Limits{}, update(section(1, 0, []byte("\x00\x01")), section(1, 1, []byte("\x00\x01"))), ErrMalformed},
		"own future":       {Limits{}, update(section(1, 0, []byte("\x84\x01\x00\x01x"))), ErrMalformed},
		"one neighbour":    {Limits{}, update(section(1, 0, []byte("\x04\x01\x01t\x01x"), []byte("\xc4\x01\x00\x01\x00\x01y"))), ErrMalformed},
		"not UTF-8":        {Limits{}, update(section(1, 0, []byte("\x04\x01\x01t\x01\xff"))), ErrMalformed},
		"not JSON":         {Limits{}, update(section(1, 0, []byte("\x05\x01\x01t\x01{"))), ErrMalformed},
		"odd options":      {Limits{}, update(section(1, 0, []byte("\x09\x01\x01t\x01g\x7e"))), ErrMalformed},
		"unknown type":     {Limits{}, update(section(1, 0, []byte("\x07\x01\x01t\x07"))), ErrMalformed},
		"unknown content":  {Limits{}, update(section(1, 0, []byte("\x0b\x01\x01t\x07"))), ErrMalformed},
		"huge count":       {Limits{}, []byte("\xff\xff\xff\xff\xff\xff\xff\x0f"), ErrMalformed},
		"huge clock":       {Limits{}, update(section(1, 1<<40, []byte("\x00\x01"))), ErrMalformed},
		"trailing bytes":   {Limits{}, []byte("\x00\x00\x00"), ErrMalformed},
		"nothing":          {Limits{}, nil, ErrMalformed},
	} {
		d := NewDoc(Options{Limits: c.limits})
		if ch, err := d.Apply(c.update, nil); !errors.Is(err, c.want) || ch != nil {
			t.Errorf("%s: got %v", name, err)
		}
		if err := Validate(c.update, c.limits); !errors.Is(err, c.want) && name != "too many clients" {
			t.Errorf("%s: Validate says %v", name, err)
		}
		mustHold(t, d)
		if len(d.State()) > 0 || len(d.Roots()) > 0 {
			t.Errorf("%s: the document changed", name)
		}
	}
}

func TestTypesNestedTooDeepStopTheUpdate(t *testing.T) {
	structs := [][]byte{[]byte("\x07\x01\x01t\x00")}
	for clock := uint64(0); clock < 1000; clock++ {
		structs = append(structs, append(AppendVarUint([]byte{7, 0, 1}, clock), 0))
	}
	d := NewDoc(Options{})
	c, err := d.Apply(update(section(1, 0, structs...)), nil)
	if !errors.Is(err, ErrBudget) || d.State()[1] != 200 {
		t.Fatalf("got %v at %v", err, d.State())
	}
	mustHold(t, d)
	apply(t, NewDoc(Options{}), c.Update)
	d.Array("t").JSON()
}

func TestWhatWaitsIsBounded(t *testing.T) {
	d := NewDoc(Options{Limits: Limits{PendingBytes: 1000, PendingRanges: 100}})
	var stopped error
	for clock := uint64(1); clock < 1000 && stopped == nil; clock += 2 {
		_, stopped = d.Apply(update(section(5, clock, []byte("\x04\x01\x01t\x01x"))), nil)
		mustHold(t, d)
	}
	if !errors.Is(stopped, ErrBudget) || d.pending.bytes > 1000 {
		t.Fatalf("%d bytes wait: %v", d.pending.bytes, stopped)
	}
	stopped = nil
	for clock := uint64(1); clock < 1000 && stopped == nil; clock += 2 {
		_, stopped = d.Apply(append([]byte{0, 1, 9, 1}, append(AppendVarUint(nil, clock), 1)...), nil)
		mustHold(t, d)
	}
	if !errors.Is(stopped, ErrBudget) || d.pending.ranges > 100 {
		t.Fatalf("%d deletions wait: %v", d.pending.ranges, stopped)
	}
}

func TestRepeatedWaitingCostsNoMemory(t *testing.T) {
	d := NewDoc(Options{})
	u := update(section(5, 3, []byte("\x04\x01\x01t\x01x")))
	for range 5000 {
		apply(t, d, u)
		apply(t, d, []byte("\x00\x01\x06\x01\x05\x02"))
	}
	if len(d.pending.all) != 1 || d.pending.entries > 600 || d.pending.ranges > 40 {
		t.Fatalf("%d streams, %d entries, %d deletions wait", len(d.pending.all), d.pending.entries, d.pending.ranges)
	}
	mustHold(t, d)
	apply(t, d, update(section(5, 0, []byte("\x04\x01\x01t\x03abc"))))
	if d.Text("t").String() != "xabc" && d.Text("t").String() != "abcx" || len(d.pending.all) > 0 {
		t.Fatalf("text is %q", d.Text("t"))
	}
	mustHold(t, d)
}

func TestAPanicInsideBreaksTheDocumentAndNothingElse(t *testing.T) {
	d := NewDoc(Options{})
	edit(t, d, func(tx *Txn) { d.Text("t").Insert(tx, 0, "abc") })
	if _, err := d.Transact(nil, func(*Txn) error { panic("boom") }); !errors.Is(err, ErrBroken) {
		t.Fatalf("got %v", err)
	}
	if _, err := d.Apply([]byte{0, 0}, nil); !errors.Is(err, ErrBroken) {
		t.Fatalf("got %v", err)
	}
	if _, err := d.EncodeState(nil); !errors.Is(err, ErrBroken) {
		t.Fatalf("got %v", err)
	}
	if c, err := d.Transact(nil, func(*Txn) error { return nil }); !errors.Is(err, ErrBroken) || c != nil {
		t.Fatalf("got %v", err)
	}
}

// Structs that split a long text and are then refused a place, or that cut its characters in two, are a few bytes each.
func TestSplittingALongTextCopiesNothing(t *testing.T) {
	for name, letter := range map[string]string{"joined again": "x", "cut characters": "😀"} {
		d := NewDoc(Options{})
		const letters = 1 << 20
		base := append(AppendVarUint([]byte("\x04\x01\x01t"), uint64(letters*len(letter))), strings.Repeat(letter, letters)...)
		apply(t, d, update(section(1, 0, base), section(0, 0, []byte("\x00\x01"))))
		structs := make([][]byte, 0, 64)
		for i := uint64(0); i < 64; i++ {
			s := []byte{0x84, 1}
			if letter == "x" {
				s = []byte{0xc4, 1} // the right neighbour is collected: only the ids are kept
			}
			s = AppendVarUint(s, 10_000*i+1000)
			if letter == "x" {
				s = append(s, 0, 0)
			}
			structs = append(structs, append(s, 1, 'y'))
		}
		u := update(section(9, 0, structs...))
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		apply(t, d, u)
		runtime.ReadMemStats(&after)
		if grown := after.TotalAlloc - before.TotalAlloc; grown > 1<<18 {
			t.Errorf("%s: an update of %d bytes allocates %d", name, len(u), grown)
		}
		mustHold(t, d)
	}
}
