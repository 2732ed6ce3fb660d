package main

import (
	"fmt"
	"io"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/notebookhub/hub/hub/notebook"
)

// printOutputs writes outputs as a terminal can show them: what went to stderr
// and errors to con.err, everything else to con.out.
func printOutputs(con *console, outputs []notebook.Output) {
	for _, o := range outputs {
		to := con.out
		if o["output_type"] == "error" || o["name"] == "stderr" {
			to = con.err
		}
		writeText(to, outputText(o))
	}
}

// outputText is an output as text: itself, or what it is.
func outputText(o notebook.Output) string {
	switch o["output_type"] {
	case "stream":
		return joined(o["text"])
	case "error":
		if trace := lines(o["traceback"]); len(trace) > 0 {
			return strings.Join(trace, "\n")
		}
		return fmt.Sprintf("%v: %v", o["ename"], o["evalue"])
	}
	data, _ := o["data"].(map[string]any)
	for _, mime := range []string{"text/plain", "text/markdown", "text/latex"} {
		if text := joined(data[mime]); text != "" {
			return text
		}
	}
	return "(" + strings.Join(slices.Sorted(maps.Keys(data)), ", ") + ")"
}

// joined is a text of nbformat, which may be a list of its lines.
func joined(v any) string {
	if text, ok := v.(string); ok {
		return text
	}
	return strings.Join(lines(v), "")
}

func lines(v any) []string {
	list, _ := v.([]any)
	var texts []string
	for _, item := range list {
		if text, ok := item.(string); ok {
			texts = append(texts, text)
		}
	}
	return texts
}

// writeText writes text and, unless it ends with one, a line end. Colours are for
// terminals alone.
func writeText(w io.Writer, text string) {
	if text == "" {
		return
	}
	if !terminal(w) {
		text = escapes.ReplaceAllString(text, "")
	}
	if !strings.HasSuffix(text, "\n") {
		text += "\n"
	}
	_, _ = io.WriteString(w, text)
}

var escapes = regexp.MustCompile("\x1b\\[[0-9;?]*[A-Za-z]")

// firstLine is the beginning of a source, for a line of progress.
func firstLine(source string, width int) string {
	for line := range strings.Lines(source) {
		line = strings.TrimSpace(escapes.ReplaceAllString(line, ""))
		if line == "" {
			continue
		}
		if runes := []rune(line); len(runes) > width {
			return string(runes[:width-1]) + "…"
		}
		return line
	}
	return "(empty)"
}
