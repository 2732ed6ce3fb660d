package notebook

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"math"
	"slices"
	"sync"
)

// DefaultMaxText is the MaxText that ParseOptions without one ask for.
const DefaultMaxText = 16 << 20

var byteOrderMark = []byte("\uFEFF")

// ParseOptions are optional; the zero value is fine.
type ParseOptions struct {
	// IDs are the ids that the cells had before, by position: a cell takes its
	// own when the file gives it none, a malformed one, or one that another
	// cell has too. Ids that do not fit are ignored.
	IDs []string
	// Prior are the cells that an earlier state of the file had. Cells that
	// still lack an id take the one of the prior cell that MatchCells finds.
	Prior []Cell
	// MintID makes a new id; nil: a random UUID.
	MintID func() string
	// MaxText bounds the bytes of everything beside outputs; 0 means
	// DefaultMaxText, a negative number no bound.
	MaxText int
}

// File is a parsed .ipynb file and the bytes it came from. It is immutable and
// safe for concurrent use.
type File struct {
	data    []byte
	root    container
	cells   container
	style   *style
	content *Notebook
	at      map[string]int // the position of each cell by id
	shadow  map[int]string // of cells that repeat an id: the one they hold, by position
	upgrade *File          // for formats 1 to 3: the same notebook in format 4.5
	hash    func() string
}

// Parse reads a notebook file. The File keeps data, which must not be changed
// any more. The error is a *FormatError. Parse takes time and memory linear in
// the length of data, whatever it holds.
func Parse(data []byte, opts ParseOptions) (*File, error) {
	if err := checkText(data); err != nil {
		return nil, err
	}
	p := newParser(data, opts)
	if err := p.file(); err != nil {
		return nil, p.explain(err)
	}
	f := &File{data: data, root: p.top, cells: p.cellParts, content: &p.content}
	f.hash = sync.OnceValue(func() string {
		sum := sha256.Sum256(data)
		return hex.EncodeToString(sum[:])
	})
	f.style = styleOf(data, &p.top, &p.seen, &p.lists)
	if p.content.Major < 4 {
		return f.upgraded(opts)
	}
	f.content.Major = 4
	p.assignIDs(opts)
	f.shadow = p.shadowed()
	f.at = make(map[string]int, len(f.content.Cells))
	for i := range f.content.Cells {
		f.at[f.content.Cells[i].ID] = i
	}
	return f, nil
}

// New is an empty notebook of format 4.5 as Jupyter writes it.
func New() *File {
	f, err := Parse([]byte("{\n \"cells\": [],\n \"metadata\": {},\n \"nbformat\": 4,\n \"nbformat_minor\": 5\n}\n"), ParseOptions{})
	if err != nil {
		panic(err) // the text above is a notebook
	}
	return f
}

// Notebook is the content. It is shared: do not change it.
func (f *File) Notebook() *Notebook { return f.content }

// Bytes is the file as it was parsed. It is shared: do not change it.
func (f *File) Bytes() []byte { return f.data }

// Hash is the SHA-256 of Bytes in hexadecimal.
func (f *File) Hash() string { return f.hash() }

// Upgraded reports whether the file is of format 1 to 3, its content read as
// format 4.5.
func (f *File) Upgraded() bool { return f.upgrade != nil }

// IDs are the ids of the cells by position, those that the file does not hold
// included.
func (f *File) IDs() []string {
	ids := make([]string, len(f.content.Cells))
	for i := range ids {
		ids[i] = f.content.Cells[i].ID
	}
	return ids
}

// parser builds the content of a notebook and the layout of its upper levels
// in one pass over the file.
type parser struct {
	scanner
	maxText   int
	text      int // bytes beside outputs so far
	lists     listCount
	top       container
	cellParts container
	ownIDs    []string // as the file has them, "" for none
	content   Notebook
	format    any // nbformat
	hasCells  bool
	cellFault error
}

func newParser(data []byte, opts ParseOptions) *parser {
	p := &parser{maxText: opts.MaxText}
	p.data, p.limit, p.names = data, maxValues, map[string]string{}
	switch {
	case p.maxText == 0:
		p.maxText = DefaultMaxText
	case p.maxText < 0:
		p.maxText = math.MaxInt
	}
	if bytes.HasPrefix(data, byteOrderMark) {
		p.pos = len(byteOrderMark)
	}
	return p
}

// file reads the whole file.
func (p *parser) file() error {
	p.space()
	start := p.pos
	p.top.start = start
	var err error
	if p.peek() == '{' {
		err = p.members(p.member)
	} else {
		err = p.skip()
	}
	if err != nil {
		return err
	}
	p.top.end = p.pos
	if p.space(); p.pos < len(p.data) {
		return p.fault(p.pos, CodeJSON, "the notebook has ended, yet more text follows; remove what stands from here on")
	}
	return p.check(start)
}

// member reads one of the notebook's own members.
func (p *parser) member(key token) error {
	start := p.pos
	name := p.name(key)
	err := p.part(&p.top, key, func() error { return p.field(name) })
	if err != nil || name == "cells" || name == "worksheets" {
		return err
	}
	return p.addText(p.top.items[len(p.top.items)-1].value.end - start)
}

func (p *parser) field(name string) (err error) {
	var v any
	switch name {
	case "nbformat":
		p.format, err = p.value()
	case "nbformat_minor":
		v, err = p.value()
		minor, _ := wholeNumber(v)
		p.content.Minor = int(min(max(minor, 0), math.MaxInt32))
	case "metadata":
		v, err = p.value()
		p.content.Metadata, _ = v.(map[string]any)
		delete(p.content.Metadata, "orig_nbformat")
	case "cells":
		err = p.cellList()
	default:
		err = p.skip()
	}
	return err
}

// addText charges n bytes beside outputs.
func (p *parser) addText(n int) error {
	if p.text += n; p.text > p.maxText {
		return p.fault(p.pos, CodeTooMuchText,
			"sources, metadata and attachments are too large to be edited together; move large texts or attachments to files of their own")
	}
	return nil
}

// check decides whether the JSON that was read is a notebook.
func (p *parser) check(start int) error {
	not := func(detail string) error { return p.fault(start, CodeNotNotebook, detail) }
	if len(p.top.items) == 0 {
		return not("this is JSON, but not a notebook: it lacks everything that makes one; restore the file or create a new notebook")
	}
	if p.content.Metadata == nil {
		p.content.Metadata = map[string]any{}
	}
	if p.format == nil {
		return not(`this is JSON, but not a notebook: the number "nbformat" is missing; if it is one, add "nbformat": 4 and "nbformat_minor": 5`)
	}
	major, ok := wholeNumber(p.format)
	switch {
	case !ok || major < 1:
		return not(`this is JSON, but not a notebook: "nbformat" should be a whole number such as 4; correct or restore the file`)
	case major > 4:
		return p.fault(p.top.items[p.top.find(p.data, "nbformat")].value.start, CodeUnsupported,
			"this notebook is of a later format than 4, the latest known here; save it as nbformat 4 with the program that wrote it")
	case major == 4 && !p.hasCells:
		return not(`this notebook has no list "cells"; add "cells": [] if it should be empty, or restore the file`)
	case major == 1 && !p.hasCells:
		return not(`this notebook of nbformat 1 has no list "cells"; restore the file from a copy`)
	case major == 4 && p.cellFault != nil:
		return p.cellFault
	}
	p.content.Major = int(major)
	return nil
}

// wholeNumber is v when it is a whole number that int64 holds exactly.
func wholeNumber(v any) (int64, bool) {
	f, ok := v.(float64)
	if !ok || f != math.Trunc(f) || math.Abs(f) > 1<<53 {
		return 0, false
	}
	return int64(f), true
}

// explain names an unresolved merge when that is why the file is not JSON.
func (p *parser) explain(err error) error {
	fault, ok := err.(*FormatError)
	if !ok || fault.Code != CodeJSON {
		return err
	}
	if at := mergeMarker(p.data); at >= 0 {
		return p.fault(at, CodeMergeMarkers, "version control left an unresolved conflict here; "+
			"choose one side (for instance git checkout --ours or --theirs, or nbdime) and remove the marker lines")
	}
	return err
}

// mergeMarker is the offset of the first line that version control put between
// the sides of a conflict, -1 without one. Such a line cannot be JSON, where
// text has no line breaks.
func mergeMarker(data []byte) int {
	markers := [][]byte{[]byte("<<<<<<<"), []byte("|||||||"), []byte("======="), []byte(">>>>>>>")}
	for at := 0; at < len(data); {
		line := data[at:]
		if slices.ContainsFunc(markers, func(m []byte) bool { return bytes.HasPrefix(line, m) }) {
			return at
		}
		next := bytes.IndexByte(line, '\n')
		if next < 0 {
			break
		}
		at += next + 1
	}
	return -1
}
