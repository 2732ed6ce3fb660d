package yjs

import (
	"encoding/binary"
	"strings"
	"unicode/utf8"
)

// replacement is U+FFFD in UTF-8: what each half of a character becomes when a pair of UTF-16 units is split.
const replacement = "\uFFFD"

// asciiPrefix returns how many bytes at the start of b are ASCII, in steps of eight except at the end.
func asciiPrefix(b []byte) int {
	i := 0
	for ; i+8 <= len(b); i += 8 {
		if binary.LittleEndian.Uint64(b[i:])&0x8080808080808080 != 0 {
			break
		}
	}
	for i < len(b) && b[i] < utf8.RuneSelf {
		i++
	}
	return i
}

// units returns the length of UTF-8 text in UTF-16 units: one for each character and one more for those of four bytes.
func units(b []byte) int {
	i := asciiPrefix(b)
	n := i
	for ; i < len(b); i++ {
		if b[i] < 0x80 || b[i] >= 0xc0 {
			n++
		}
		if b[i] >= 0xf0 {
			n++
		}
	}
	return n
}

// unitsOf is units for strings.
func unitsOf(s string) int {
	n := 0
	for i := 0; i < len(s); i++ {
		if s[i] < 0x80 || s[i] >= 0xc0 {
			n++
		}
		if s[i] >= 0xf0 {
			n++
		}
	}
	return n
}

// unitOffset returns the byte offset of the n-th UTF-16 unit of s, and whether that unit is the second half
// of a character, whose first byte is then at the offset. count is the length of s in units.
func unitOffset(s string, n, count int) (offset int, half bool) {
	if count == len(s) { // ASCII only
		return n, false
	}
	for n > 0 && offset < len(s) {
		size := runeSize(s[offset])
		if size == 4 {
			if n == 1 {
				return offset, true
			}
			n--
		}
		n--
		offset += size
	}
	return offset, false
}

// runeSize is the number of bytes of the character that starts with b, in valid UTF-8.
func runeSize(b byte) int {
	switch {
	case b < 0x80:
		return 1
	case b < 0xe0:
		return 2
	case b < 0xf0:
		return 3
	}
	return 4
}

// splitText cuts s before its n-th unit. Half characters become U+FFFD on both sides, as in Yjs.
func splitText(s string, n, count int) (left, right string) {
	at, half := unitOffset(s, n, count)
	if !half {
		return s[:at], s[at:]
	}
	return s[:at] + replacement, replacement + s[at+4:]
}

// tailText is the right side of splitText.
func tailText(s string, n, count int) string {
	at, half := unitOffset(s, n, count)
	if !half {
		return s[at:]
	}
	return replacement + s[at+4:]
}

// wellFormed returns s with invalid UTF-8 replaced, which is how JavaScript would send it.
func wellFormed(s string) string {
	if utf8.ValidString(s) {
		return s
	}
	return strings.ToValidUTF8(s, replacement)
}
