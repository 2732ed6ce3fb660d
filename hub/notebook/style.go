package notebook

import (
	"bytes"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// evidence counts how the writer of a file escapes characters.
type evidence struct {
	slash        int      // written \/
	wide         int      // characters above ASCII written \uXXXX, see tellsWide
	upper, lower int      // hexadecimal letters
	ascii        [128]int // printable ASCII written \u00XX
}

// unicode notes the escape of r with the four digits hex.
func (e *evidence) unicode(r rune, hex []byte) {
	switch {
	case tellsWide(r):
		e.wide++
	case 0x20 <= r && r < 0x80:
		e.ascii[r]++
	}
	for _, c := range hex {
		switch {
		case c >= 'a':
			e.lower++
		case c >= 'A':
			e.upper++
		}
	}
}

// tellsWide reports whether the escape of a character tells that its writer
// escapes all characters above ASCII. Controls, line separators and lone
// surrogates are escaped by writers that leave the others alone.
func tellsWide(r rune) bool {
	return r >= 0xA0 && r != 0x2028 && r != 0x2029 && r != 0xFEFF && r != utf8.RuneError && !utf16.IsSurrogate(r)
}

// style is how a file writes what is new in it.
type style struct {
	lineBreak   string // between the members of the notebook; "" for one line
	indent      string // one level
	separator   string // white space after a comma within a line
	colon       string // between a key and its value
	listSource  bool   // sources are lists of lines
	listText    bool   // texts in outputs are lists of lines
	escapeWide  bool   // characters above ASCII are escaped
	upperHex    bool
	escapeASCII [128]byte // 0 plain, '/' backslash, 'u' hexadecimal
}

// styleOf reads the style off a file. The root's parts have been found before.
func styleOf(data []byte, root *container, e *evidence, n *listCount) *style {
	st := &style{
		colon:      ": ",
		indent:     " ",
		listSource: n.sourceLists >= n.sourceStrings,
		listText:   n.textLists >= n.textStrings,
		upperHex:   e.upper > e.lower,
	}
	if len(root.items) > 0 {
		first := root.items[0]
		st.colon = string(data[first.key.end:first.value.start])
		if br := lineBreak(leadOf(data, first)); br != "" {
			outer := lineBreak(data[root.items[len(root.items)-1].trail : root.end-1])
			st.lineBreak = br[:len(br)-len(strings.TrimLeft(br, "\r\n"))]
			st.indent = strings.TrimPrefix(br, outer)
			if outer == "" {
				st.indent = strings.TrimLeft(br, "\r\n")
			}
		}
	}
	st.separator = separatorOf(data, root, st.colon)
	st.escapes(data, e)
	return st
}

// separatorOf is the white space after a comma within a line: as between the
// notebook's own members, else as after a colon.
func separatorOf(data []byte, root *container, colon string) string {
	if len(root.items) > 1 {
		if lead := leadOf(data, root.items[1]); bytes.IndexByte(lead, '\n') < 0 {
			return string(lead)
		}
	}
	if strings.HasSuffix(colon, " ") {
		return " "
	}
	return ""
}

// escapes decides which characters the file's writer escapes: those that it
// escaped more often than not.
func (st *style) escapes(data []byte, e *evidence) {
	if e.wide > 0 {
		plain := 0
		for _, b := range data {
			if b >= 0xC0 {
				plain++
			}
		}
		st.escapeWide = e.wide > plain
	}
	if e.slash > 0 && 2*e.slash > bytes.Count(data, []byte{'/'}) {
		st.escapeASCII['/'] = '/'
	}
	for c, n := range e.ascii {
		if n > 0 && n > bytes.Count(data, []byte{byte(c)}) {
			st.escapeASCII[c] = 'u'
		}
	}
}

// listCount counts which of the two forms of a text a file uses.
type listCount struct {
	sourceLists, sourceStrings int
	textLists, textStrings     int
}

// count notes the form of the value that begins with b.
func (n *listCount) source(b byte) {
	switch b {
	case '[':
		n.sourceLists++
	case '"':
		n.sourceStrings++
	}
}

func (n *listCount) text(b byte) {
	switch b {
	case '[':
		n.textLists++
	case '"':
		n.textStrings++
	}
}
