package notebook

import (
	"bytes"
	"strings"
	"unicode/utf8"
)

// checkText refuses what is not UTF-8 text with something in it.
func checkText(data []byte) error {
	text := bytes.TrimPrefix(data, byteOrderMark)
	switch {
	case bytes.HasPrefix(data, []byte{0xFF, 0xFE}), bytes.HasPrefix(data, []byte{0xFE, 0xFF}):
		return faultAt(data, 0, CodeEncoding, "the file is UTF-16; save it as UTF-8, which notebooks are written in")
	case len(bytes.TrimSpace(text)) == 0:
		return faultAt(data, 0, CodeEmpty, "the file is empty; restore it from a copy, or delete it and create a new notebook")
	}
	if at := bytes.IndexByte(data, 0); at >= 0 {
		return faultAt(data, at, CodeBinary, "the file is not text but binary data, so not a notebook; restore it from a copy")
	}
	if at := invalidUTF8(data); at >= 0 {
		return faultAt(data, at, CodeEncoding, "a byte here is not UTF-8; save the file as UTF-8, or restore it from a copy")
	}
	return nil
}

// invalidUTF8 is the offset of the first byte that is not UTF-8, -1 for none.
func invalidUTF8(data []byte) int {
	if utf8.Valid(data) {
		return -1
	}
	for at := 0; at < len(data); {
		r, n := utf8.DecodeRune(data[at:])
		if r == utf8.RuneError && n == 1 {
			return at
		}
		at += n
	}
	return -1
}

// lineRule says where the lines of a text end.
type lineRule bool

const (
	// anyLineEnd is every boundary that Python's str.splitlines knows, as
	// Jupyter's server splits the sources it writes.
	anyLineEnd lineRule = false
	// newlineOnly is the rule of writers that leave other boundaries alone.
	newlineOnly lineRule = true
)

// ruleOf is the rule that a list of lines was split by.
func ruleOf(lines []string) lineRule {
	for _, line := range lines {
		if n := len(line); n > 0 && strings.IndexByte(line[:n-1], '\n') < 0 && len(anyLineEnd.split(line)) > 1 {
			return newlineOnly
		}
	}
	return anyLineEnd
}

// split cuts a text behind its line ends.
func (l lineRule) split(s string) []string {
	var lines []string
	start := 0
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		i += n
		if !l.ends(r) {
			continue
		}
		if r == '\r' && strings.HasPrefix(s[i:], "\n") {
			i++
		}
		lines = append(lines, s[start:i])
		start = i
	}
	if start < len(s) {
		lines = append(lines, s[start:])
	}
	return lines
}

func (l lineRule) ends(r rune) bool {
	switch r {
	case '\n':
		return true
	case '\r', '\v', '\f', 0x1C, 0x1D, 0x1E, 0x85, 0x2028, 0x2029:
		return l == anyLineEnd
	}
	return false
}

// starts reports whether a line of s begins, or s ends, at offset i.
func (l lineRule) starts(s string, i int) bool {
	if i == 0 || i == len(s) {
		return true
	}
	r, _ := utf8.DecodeLastRuneInString(s[:i])
	return l.ends(r) && !(r == '\r' && s[i] == '\n')
}

// complete reports whether s is empty or ends with a line end.
func (l lineRule) complete(s string) bool {
	r, _ := utf8.DecodeLastRuneInString(s)
	return s == "" || l.ends(r)
}
