package notebook

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"
)

type badFile struct {
	name, data   string
	code         string
	line, column int
	detail       string // part of it
}

// badFiles are files that no notebook is to be made of.
func badFiles() []badFile {
	deep := strings.Repeat("[", 201) + strings.Repeat("]", 201)
	conflict := "{\n \"cells\": [\n<<<<<<< HEAD\n  {}\n=======\n  []\n>>>>>>> theirs\n ],\n \"nbformat\": 4\n}\n"
	return []badFile{
		{"no bytes", "", CodeEmpty, 1, 1, "empty"},
		{"white space", " \n\t\r\n", CodeEmpty, 1, 1, "empty"},
		{"a byte order mark alone", "\uFEFF", CodeEmpty, 1, 1, "empty"},
		{"PNG", "\x89PNG\r\n\x1a\n\x00\x00", CodeBinary, 3, 1, "binary"},
		{"NUL in the middle", "{\"a\": \"\x00\"}", CodeBinary, 1, 8, "binary"},
		{"UTF-16 little endian", "\xFF\xFE{\x00}\x00", CodeEncoding, 1, 1, "UTF-16"},
		{"UTF-16 big endian", "\xFE\xFF\x00{\x00}", CodeEncoding, 1, 1, "UTF-16"},
		{"Latin-1", "{\n \"é\": \"\xE9\"}", CodeEncoding, 2, 8, "UTF-8"},
		{"empty object", "{}", CodeNotNotebook, 1, 1, "not a notebook"},
		{"empty list", "[]", CodeNotNotebook, 1, 1, "not a notebook"},
		{"number", "4", CodeNotNotebook, 1, 1, "not a notebook"},
		{"string", `"notebook"`, CodeNotNotebook, 1, 1, "not a notebook"},
		{"null", "\n null", CodeNotNotebook, 2, 2, "not a notebook"},
		{"other JSON", `{"name": "x"}`, CodeNotNotebook, 1, 1, `"nbformat" is missing`},
		{"no nbformat", `{"cells": []}`, CodeNotNotebook, 1, 1, `"nbformat" is missing`},
		{"nbformat is text", `{"cells": [], "nbformat": "4"}`, CodeNotNotebook, 1, 1, "whole number"},
		{"nbformat is a fraction", `{"cells": [], "nbformat": 4.5}`, CodeNotNotebook, 1, 1, "whole number"},
		{"nbformat 0", `{"cells": [], "nbformat": 0}`, CodeNotNotebook, 1, 1, "whole number"},
		{"nbformat 5", "{\"cells\": [],\n \"nbformat\": 5}", CodeUnsupported, 2, 14, "nbformat 4"},
		{"nbformat 1e300", `{"cells": [], "nbformat": 1e300}`, CodeNotNotebook, 1, 1, "whole number"},
		{"no cells", `{"nbformat": 4, "nbformat_minor": 5, "metadata": {}}`, CodeNotNotebook, 1, 1, `no list "cells"`},
		{"cells is an object", `{"nbformat": 4, "cells": {}}`, CodeNotNotebook, 1, 1, `no list "cells"`},
		{"cells is null", `{"nbformat": 4, "cells": null}`, CodeNotNotebook, 1, 1, `no list "cells"`},
		{"a cell is null", "{\"nbformat\": 4, \"cells\": [{},\n null]}", CodeNotNotebook, 2, 2, "not a cell"},
		{"format 1 without cells", `{"nbformat": 1}`, CodeNotNotebook, 1, 1, "cells"},
		{"an old cell is text", `{"nbformat": 3, "worksheets": [{"cells": ["x"]}]}`, CodeNotNotebook, 1, 1, "not a cell"},
		{"git conflict", conflict, CodeMergeMarkers, 3, 1, "conflict"},
		{"git conflict with base", strings.Replace(conflict, "=======", "||||||| base\n=======", 1), CodeMergeMarkers, 3, 1, "conflict"},
		{"rest of a git conflict", strings.Replace(conflict, "<<<<<<< HEAD\n", "", 1), CodeMergeMarkers, 4, 1, "conflict"},
		{"git conflict with CRLF", strings.ReplaceAll(conflict, "\n", "\r\n"), CodeMergeMarkers, 3, 1, "conflict"},
		{"cut within a string", `{"nbformat": 4, "cells": [{"source": "ab`, CodeJSON, 1, 38, "no closing quote"},
		{"cut after an escape", `{"a": "b\`, CodeJSON, 1, 9, "escape"},
		{"cut within an escape", `{"a": "b\u12`, CodeJSON, 1, 9, "escape"},
		{"cut within a list", `{"cells": [`, CodeJSON, 1, 12, "cut short"},
		{"cut after a key", `{"cells"`, CodeJSON, 1, 9, "cut short"},
		{"cut after a colon", `{"cells":`, CodeJSON, 1, 10, "cut short"},
		{"cut after a value", `{"cells": []`, CodeJSON, 1, 13, "cut short"},
		{"cut within a word", `{"a": tru`, CodeJSON, 1, 7, "a value"},
		{"comma before the end of an object", "{\n \"a\": 1,\n}", CodeJSON, 3, 1, "key"},
		{"comma before the end of a list", `{"a": [1,]}`, CodeJSON, 1, 10, "a value"},
		{"no comma", `{"a": 1 "b": 2}`, CodeJSON, 1, 9, "comma"},
		{"no comma in a list", `[1 2]`, CodeJSON, 1, 4, "comma"},
		{"no colon", `{"a" 1}`, CodeJSON, 1, 6, "colon"},
		{"single quotes", `{'a': 1}`, CodeJSON, 1, 2, "key"},
		{"bare key", `{a: 1}`, CodeJSON, 1, 2, "key"},
		{"comment", "{// x\n}", CodeJSON, 1, 2, "key"},
		{"bad escape", "{\"é\": \"\\x\"}", CodeJSON, 1, 8, "backslash"},
		{"line break in a string", "{\"a\": \"b\nc\"}", CodeJSON, 1, 9, "line break"},
		{"tab in a string", "{\"a\": \"b\tc\"}", CodeJSON, 1, 9, "line break"},
		{"leading zero", `{"a": 01}`, CodeJSON, 1, 8, "comma"},
		{"no digit after the point", `{"a": 1.}`, CodeJSON, 1, 9, "digit"},
		{"no exponent", `{"a": 1e}`, CodeJSON, 1, 9, "digit"},
		{"plus", `{"a": +1}`, CodeJSON, 1, 7, "a value"},
		{"minus alone", `{"a": -}`, CodeJSON, 1, 7, "a value"},
		{"minus nan", `{"a": -NaN}`, CodeJSON, 1, 7, "a value"},
		{"two notebooks", "{\"nbformat\": 4, \"cells\": []}\n{}", CodeJSON, 2, 1, "more text follows"},
		{"HTML", "<!DOCTYPE html>\n<html>", CodeJSON, 1, 1, "a value"},
		{"deep lists", deep, CodeTooDeep, 1, 201, "200 levels"},
		{"deep objects", strings.Repeat(`{"a":`, 100_000), CodeTooDeep, 1, 1001, "200 levels"},
		{"deep outputs", `{"nbformat": 4, "cells": [{"outputs": [{"data": ` + deep + `}]}]}`, CodeTooDeep, 1, 244, "200 levels"},
		{"deep embedded JSON", fmt.Sprintf(`{"nbformat": 3, "worksheets": [{"cells": [{"cell_type": "code", "outputs": [{"output_type": "pyout", "json": %q}]}]}]}`,
			strings.Repeat("[", 198)+strings.Repeat("]", 198)), CodeTooDeep, 1, 1, "200 levels"},
	}
}

func TestParse_BadFilesAreRefusedWithCodePositionAndAdvice(t *testing.T) {
	for _, bad := range badFiles() {
		t.Run(bad.name, func(t *testing.T) {
			f, err := Parse([]byte(bad.data), ParseOptions{})
			var fault *FormatError
			if !errors.As(err, &fault) {
				t.Fatalf("Parse = %v, %v", f, err)
			}
			if fault.Code != bad.code || !strings.Contains(fault.Detail, bad.detail) {
				t.Errorf("got %+v\nwant code %s, detail with %q", fault, bad.code, bad.detail)
			}
			old := strings.Contains(bad.data, `"nbformat": 3`) // positions are of the upgraded text
			if !old && (fault.Line != bad.line || fault.Column != bad.column) {
				t.Errorf("%s at %d:%d, want %d:%d", fault.Code, fault.Line, fault.Column, bad.line, bad.column)
			}
			if !strings.HasPrefix(err.Error(), "parse notebook: line ") {
				t.Errorf("error %q", err)
			}
		})
	}
}

func TestParse_EveryCutOfANotebookIsRefused(t *testing.T) {
	data := corpus(t)["testdata/edge/unknown.ipynb"]
	end := strings.LastIndexByte(string(data), '}')
	for n := range end {
		if _, err := Parse(data[:n], ParseOptions{}); err == nil {
			t.Fatalf("Parse took the first %d bytes", n)
		}
	}
}

func TestParse_TextBesideOutputsIsBounded(t *testing.T) {
	big := strings.Repeat("x", 1000)
	wrap := func(cell string) []byte {
		return []byte(`{"nbformat": 4, "metadata": {}, "cells": [` + cell + `]}`)
	}
	for name, c := range map[string]struct {
		cell string
		ok   bool
	}{
		"source":      {`{"cell_type": "code", "source": "` + big + `"}`, false},
		"attachments": {`{"cell_type": "raw", "attachments": {"a": {"image/png": "` + big + `"}}}`, false},
		"unknown":     {`{"cell_type": "raw", "x": "` + big + `"}`, false},
		"outputs":     {`{"cell_type": "code", "outputs": [{"output_type": "stream", "text": "` + big + `"}]}`, true},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Parse(wrap(c.cell), ParseOptions{MaxText: 500})
			var fault *FormatError
			if c.ok && err != nil || !c.ok && (!errors.As(err, &fault) || fault.Code != CodeTooMuchText) {
				t.Errorf("Parse = %v", err)
			}
			for _, limit := range []int{0, -1, 2000} {
				if _, err := Parse(wrap(c.cell), ParseOptions{MaxText: limit}); err != nil {
					t.Errorf("with MaxText %d: %v", limit, err)
				}
			}
		})
	}
}

// tooLong is what no bounded work takes, also on a busy machine; what is quadratic
// takes minutes.
const tooLong = time.Minute

// TestParse_HostileFilesTakeLinearTime reads, edits and writes files of some
// megabytes that are all of one kind; quadratic work on them takes minutes.
func TestParse_HostileFilesTakeLinearTime(t *testing.T) {
	wrap := func(cells string) string { return `{"nbformat": 4, "nbformat_minor": 5, "cells": [` + cells + `]}` }
	scale := 1
	if !thorough {
		scale = 10
	}
	repeat := func(s string, n int) string { return strings.TrimSuffix(strings.Repeat(s, n/scale), ",") }
	numbered := func(s string, n int) string { return numbered(s, n/scale) }
	files := map[string]string{
		"empty cells":      wrap(repeat("{},", 100_000)),
		"equal ids":        wrap(repeat(`{"cell_type":"raw","id":"a","source":"x"},`, 50_000)),
		"duplicate keys":   wrap(`{` + repeat(`"source":"x",`, 100_000) + `}`),
		"unknown keys":     `{"nbformat":4,"cells":[],` + numbered(`"k%d":1,`, 100_000) + `}`,
		"keys of a cell":   wrap(`{` + numbered(`"k%d":1,`, 100_000) + `}`),
		"keys of metadata": wrap(`{"metadata":{` + numbered(`"k%d":1,`, 100_000) + `}}`),
		"streams":          wrap(`{"cell_type":"code","outputs":[` + repeat(`{"output_type":"stream","name":"stdout","text":"abc\n"},`, 50_000) + `]}`),
		"lists":            wrap(`{"cell_type":"code","outputs":[{"data":{"x":[` + repeat("[],", 1_000_000) + `]}}]}`),
		"escapes":          wrap(`{"source":"` + repeat(`\ud83d\u0000`, 200_000) + `"}`),
		"lines":            wrap(`{"source":[` + repeat(`"\n",`, 200_000) + `]}`),
		"old cells":        `{"nbformat":3,"worksheets":[{"cells":[` + repeat(`{"cell_type":"code","input":"x"},`, 30_000) + `]}]}`,
		"old keys":         `{"nbformat":3,"worksheets":[],"metadata":{` + numbered(`"k%d":1,`, 50_000) + `}}`,
		"digits":           wrap(`{"metadata":{"n":` + strings.Repeat("9", 2_000_000) + `}}`),
	}
	for name, data := range files {
		t.Run(name, func(t *testing.T) {
			start := time.Now()
			f, err := Parse([]byte(data), ParseOptions{MaxText: -1, MintID: mint()})
			if err != nil {
				t.Fatal(err)
			}
			editAndReadBack(t, f)
			if took := time.Since(start); took > tooLong {
				t.Errorf("took %v", took)
			}
		})
	}
}

// numbered repeats a member with a different number each time.
func numbered(format string, n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, format, i)
	}
	return strings.TrimSuffix(b.String(), ",")
}

func TestParse_ValuesAreBounded(t *testing.T) {
	data := `{"nbformat": 4, "cells": [` + strings.TrimSuffix(strings.Repeat("{},", maxValues/cellCost+1), ",") + `]}`
	_, err := Parse([]byte(data), ParseOptions{})
	var fault *FormatError
	if !errors.As(err, &fault) || fault.Code != CodeTooManyValues {
		t.Errorf("Parse = %v", err)
	}
}
