package yjs_test

import (
	"hash/fnv"
	"testing"
)

// The writing session of oracle/trace.mjs: 182,315 inserts and 77,463 deletes of one character each, as many as the
// automerge-paper trace has. Both generators draw from xorshift32 and make the same edits.
const (
	traceInserts = 182315
	traceDeletes = 77463
)

// traceHash is the FNV-1a hash of the text that oracle/trace.mjs leaves.
const traceHash = 0xa07c974e9ce00404

const traceLetters = "etaoin shrdlu cmfwyp vbgkqjxz ETAOIN\\{}$.,\n"

// xorshift32 is Marsaglia's generator ("Xorshift RNGs", 2003).
type xorshift32 uint32

func (x *xorshift32) next(n int) int {
	s := *x
	s ^= s << 13
	s ^= s >> 17
	s ^= s << 5
	*x = s
	return int(uint32(s) % uint32(n))
}

// writeTrace calls insert and remove for each edit.
func writeTrace(insert func(at int, c byte), remove func(at int)) {
	rng := xorshift32(2463534242)
	inserts, deletes, length, cursor := traceInserts, traceDeletes, 0, 0
	for inserts+deletes > 0 {
		switch jump := rng.next(100); {
		case jump < 6:
			cursor = rng.next(length + 1)
		case jump < 14:
			cursor = max(0, min(length, cursor+rng.next(400)-200))
		case jump < 18:
			cursor = length
		}
		longest := 12
		if rng.next(4) == 0 {
			longest = 60
		}
		burst := 1 + rng.next(longest)
		if rng.next(inserts+deletes) < inserts {
			for burst = min(burst, inserts); burst > 0; burst-- {
				insert(cursor, traceLetters[rng.next(len(traceLetters))])
				cursor++
				inserts--
				length++
			}
		} else if length > 0 {
			for burst = min(burst, deletes, length); burst > 0; burst-- {
				if cursor == 0 {
					cursor = length
				}
				cursor--
				remove(cursor)
				deletes--
				length--
			}
		}
	}
}

// traceText is what the trace leaves, computed without any document.
func traceText() string {
	var text []byte
	writeTrace(func(at int, c byte) {
		text = append(text, 0)
		copy(text[at+1:], text[at:])
		text[at] = c
	}, func(at int) {
		text = append(text[:at], text[at+1:]...)
	})
	return string(text)
}

func TestTraceIsTheOneThatNodeMakes(t *testing.T) {
	text := traceText()
	if len(text) != traceInserts-traceDeletes {
		t.Fatalf("the trace leaves %d characters", len(text))
	}
	h := fnv.New64a()
	h.Write([]byte(text))
	if got, want := h.Sum64(), uint64(traceHash); got != want {
		t.Fatalf("the trace leaves a text with hash %#x, oracle/trace.mjs one with %#x", got, want)
	}
}
