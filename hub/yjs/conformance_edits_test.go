package yjs_test

import (
	"math"

	"github.com/notebookhub/hub/hub/yjs"
)

// The flags of the random edits, the same bits as in oracle/edits.mjs.
const (
	flagEmoji  = 1
	flagFormat = 2
	flagXML    = 4
	flagSubdoc = 8
)

// draws hands out the numbers of a step, round and round.
type draws struct {
	numbers []uint64
	at      int
}

func (d *draws) next(n int) int {
	v := d.numbers[d.at%len(d.numbers)] % uint64(n)
	d.at++
	return int(v)
}

var (
	emojiStrings = []string{"a", "bc", " ", "\n", "é", "世界", "😀", "👩‍🚀", "z😀z", "𝒳", "x̂", "def", "0123456789"}
	asciiStrings = []string{"a", "bc", " ", "\n", "e", "ww", "xyz", "hello", "z", "\"", "\\", "def", "0123456789"}
)

func (d *draws) text(flags uint64) string {
	if flags&flagEmoji != 0 {
		return emojiStrings[d.next(len(emojiStrings))]
	}
	return asciiStrings[d.next(len(asciiStrings))]
}

func (d *draws) scalar(flags uint64) any {
	switch d.next(14) {
	case 0:
		return nil
	case 1:
		return yjs.Undefined
	case 2:
		return true
	case 3:
		return false
	case 4:
		return math.Copysign(0, -1)
	case 5:
		return d.next(200) - 100
	case 6:
		return 1<<31 + d.next(3) - 1
	case 7:
		return -1<<31 + d.next(3) - 1
	case 8:
		return 1<<53 - 1 - d.next(3)
	case 9:
		return float64(d.next(1000)) / 8
	case 10:
		return math.Pi * float64(d.next(1000))
	case 11:
		return []byte{byte(d.next(256)), 0, 255}
	case 12:
		return []any{d.next(9), d.text(flags), []any{nil}, map[string]any{"k": d.next(9), "s": d.text(flags)}}
	}
	return d.text(flags)
}

// value returns a scalar or a filled new shared type.
func (d *draws) value(flags uint64) any {
	switch d.next(8) {
	case 0:
		return yjs.TextOf(d.text(flags))
	case 1:
		return yjs.ArrayOf(d.scalar(flags), d.scalar(flags))
	case 2:
		return yjs.MapOf(yjs.Entry{Key: "n", Value: d.scalar(flags)}, yjs.Entry{Key: "t", Value: yjs.TextOf(d.text(flags))})
	}
	return d.scalar(flags)
}

func childTypes(t yjs.Type) []yjs.Type {
	var out []yjs.Type
	add := func(v any) {
		if c, ok := v.(yjs.Type); ok {
			out = append(out, c)
		}
	}
	switch t := t.(type) {
	case *yjs.Map:
		for _, k := range t.Keys() {
			v, _ := t.Get(k)
			add(v)
		}
	case *yjs.Array:
		t.Range(func(_ int, v any) bool {
			add(v)
			return true
		})
	}
	return out
}

// randomEdit is edit of oracle/edits.mjs for this engine.
func randomEdit(doc *yjs.Doc, tx *yjs.Txn, numbers []uint64, flags uint64) {
	d := &draws{numbers: numbers}
	n := 1
	if d.next(4) == 0 {
		n += d.next(3)
	}
	for ; n > 0; n-- {
		switch t := d.target(doc).(type) {
		case *yjs.Map:
			d.editMap(tx, t, flags)
		case *yjs.Array:
			d.editArray(tx, t, flags)
		case *yjs.Text:
			d.editText(tx, t, flags)
		}
	}
}

func (d *draws) target(doc *yjs.Doc) yjs.Type {
	var t yjs.Type
	switch n := d.next(6); {
	case n < 2:
		t = doc.Map("m")
	case n < 4:
		t = doc.Array("a")
	default:
		return doc.Text("t")
	}
	for range 5 {
		below := childTypes(t)
		if len(below) == 0 || d.next(3) == 0 {
			break
		}
		t = below[d.next(len(below))]
	}
	return t
}

func (d *draws) editMap(tx *yjs.Txn, t *yjs.Map, flags uint64) {
	key := "k" + string(rune('0'+d.next(5)))
	if d.next(5) == 0 {
		t.Delete(tx, key)
		return
	}
	t.Set(tx, key, d.value(flags))
}

func (d *draws) editArray(tx *yjs.Txn, t *yjs.Array, flags uint64) {
	if t.Len() > 0 && d.next(3) == 0 {
		at := d.next(t.Len())
		t.Delete(tx, at, min(1+d.next(3), t.Len()-at))
		return
	}
	var values []any
	for n := 1 + d.next(3); n > 0; n-- {
		values = append(values, d.value(flags))
	}
	t.Insert(tx, d.next(t.Len()+1), values...)
}

func (d *draws) editText(tx *yjs.Txn, t *yjs.Text, flags uint64) {
	if t.Len() > 0 && d.next(10) < 3 {
		at := d.next(t.Len())
		t.Delete(tx, at, min(1+d.next(5), t.Len()-at))
		return
	}
	t.Insert(tx, d.next(t.Len()+1), d.text(flags))
}
