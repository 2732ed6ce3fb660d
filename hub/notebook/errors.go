package notebook

import (
	"bytes"
	"fmt"
	"unicode/utf8"
)

// The codes of a FormatError. They are stable: programs may match on them.
const (
	CodeEmpty         = "empty"                // no bytes, or white space alone
	CodeBinary        = "binary"               // not text at all
	CodeEncoding      = "invalid_utf8"         // text, but not UTF-8
	CodeJSON          = "invalid_json"         // not JSON, or cut short
	CodeMergeMarkers  = "merge_markers"        // an unresolved version control conflict
	CodeNotNotebook   = "not_a_notebook"       // JSON, but not a notebook
	CodeUnsupported   = "unsupported_nbformat" // a notebook of a format of the future
	CodeTooDeep       = "too_deep"             // nested deeper than 200 levels
	CodeTooMuchText   = "too_much_text"        // more text beside outputs than MaxText
	CodeTooManyValues = "too_many_values"      // more values than any real notebook holds
)

// FormatError says why a file cannot be read as a notebook and what to do.
type FormatError struct {
	Code   string // one of the Code constants
	Line   int    // where, counted from 1
	Column int    // in characters, counted from 1
	Detail string // for people: what was found, and what to do about it
}

// Error describes the fault with its position.
func (e *FormatError) Error() string {
	return fmt.Sprintf("parse notebook: line %d, column %d: %s", e.Line, e.Column, e.Detail)
}

// faultAt makes the error for what is wrong at an offset of data.
func faultAt(data []byte, offset int, code, detail string) *FormatError {
	offset = min(offset, len(data))
	before := data[:offset]
	column := utf8.RuneCount(before[bytes.LastIndexByte(before, '\n')+1:]) + 1
	if bytes.HasPrefix(before, byteOrderMark) && bytes.IndexByte(before, '\n') < 0 {
		column--
	}
	return &FormatError{
		Code:   code,
		Line:   bytes.Count(before, []byte{'\n'}) + 1,
		Column: column,
		Detail: detail,
	}
}
