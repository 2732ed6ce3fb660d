package nbdoc

import (
	"github.com/notebookhub/hub/hub/notebook"
	"github.com/notebookhub/hub/hub/yjs"
)

// Names of Jupyter's shared notebook schema (version 2.0.0), and of the root
// map that the hub adds to it.
const (
	rootCells = "cells"
	rootMeta  = "meta"
	rootState = "state"
	rootHub   = "hub"

	keyID             = "id"
	keyType           = "cell_type"
	keySource         = "source"
	keyMetadata       = "metadata"
	keyOutputs        = "outputs"
	keyExecutionCount = "execution_count"
	keyExecutionState = "execution_state"
	keyAttachments    = "attachments"
	keyTrusted        = "trusted"
	keyText           = "text"
	keyName           = "name"
	keyOutputType     = "output_type"
	keyTransient      = "transient"
	keyMajor          = "nbformat"
	keyMinor          = "nbformat_minor"
	keyDirty          = "dirty"

	stream  = "stream"
	idle    = "idle"
	running = "running"
)

// cellForm returns the shared map of a cell, with the keys and in the order in
// which @jupyter/ydoc creates them.
func cellForm(c notebook.Cell) yjs.Prelim {
	entries := []yjs.Entry{
		{Key: keySource, Value: yjs.TextOf(c.Source)},
		{Key: keyMetadata, Value: mapForm(c.Metadata)},
		{Key: keyType, Value: knownType(c.Type)},
		{Key: keyID, Value: c.ID},
	}
	if knownType(c.Type) != notebook.Code {
		if len(c.Attachments) > 0 {
			entries = append(entries, yjs.Entry{Key: keyAttachments, Value: c.Attachments})
		}
		return yjs.MapOf(entries...)
	}
	return yjs.MapOf(append(entries,
		yjs.Entry{Key: keyOutputs, Value: yjs.ArrayOf(outputForms(c.Outputs)...)},
		yjs.Entry{Key: keyExecutionCount, Value: countValue(c.ExecutionCount)},
	)...)
}

// outputForms returns the shared maps of a list of outputs. Neighbouring
// streams of one name become one output: with two of them JupyterLab doubles
// text in the document.
func outputForms(outputs []notebook.Output) []any {
	outputs = joinStreams(outputs)
	forms := make([]any, len(outputs))
	for i, o := range outputs {
		forms[i] = outputForm(o)
	}
	return forms
}

// outputForm returns the shared map of one output: plain values, but the text
// of a stream is a shared text.
func outputForm(o notebook.Output) yjs.Prelim {
	entries := make([]yjs.Entry, 0, len(o))
	for _, key := range sortedKeys(o) {
		v := o[key]
		if key == keyText && o.Kind() == stream {
			v = yjs.TextOf(joinText(v))
		}
		entries = append(entries, yjs.Entry{Key: key, Value: v})
	}
	return yjs.MapOf(entries...)
}

// joinStreams returns outputs with neighbouring streams of one name joined. The
// argument is not changed, and is the result when there is nothing to join.
func joinStreams(outputs []notebook.Output) []notebook.Output {
	for i := 1; i < len(outputs); i++ {
		if sameStream(outputs[i-1], outputs[i]) {
			return joinFrom(outputs, i)
		}
	}
	return outputs
}

// joinFrom is joinStreams when output i is the first to be joined to the one
// before it.
func joinFrom(outputs []notebook.Output, i int) []notebook.Output {
	joined := append(make([]notebook.Output, 0, len(outputs)), outputs[:i]...)
	for _, o := range outputs[i:] {
		last := len(joined) - 1
		if !sameStream(joined[last], o) {
			joined = append(joined, o)
			continue
		}
		both := make(notebook.Output, len(o))
		for k, v := range joined[last] {
			both[k] = v
		}
		both[keyText] = joinText(both[keyText]) + joinText(o[keyText])
		joined[last] = both
	}
	return joined
}

// sameStream reports whether a and b are streams of one name.
func sameStream(a, b notebook.Output) bool {
	return a.Kind() == stream && b.Kind() == stream && a[keyName] == b[keyName]
}

// mapForm returns a shared map of plain values, keys sorted so that equal
// values give equal documents.
func mapForm(values map[string]any) yjs.Prelim {
	entries := make([]yjs.Entry, 0, len(values))
	for _, key := range sortedKeys(values) {
		entries = append(entries, yjs.Entry{Key: key, Value: values[key]})
	}
	return yjs.MapOf(entries...)
}

// countValue is an execution count as the document holds it.
func countValue(count *int64) any {
	if count == nil {
		return nil
	}
	return float64(*count)
}

// knownType is the cell type itself when clients know it. They all throw on
// others, so the rest is raw.
func knownType(t string) string {
	switch t {
	case notebook.Code, notebook.Markdown:
		return t
	}
	return notebook.Raw
}
