package nbdoc

import (
	"github.com/notebookhub/hub/hub/notebook"
	"github.com/notebookhub/hub/hub/yjs"
)

// cloneForm returns a deep copy of the shared map of a cell, with every key,
// also those that the schema does not know. What does not fit the schema is
// mended on the way: the result is always valid.
func cloneForm(m *yjs.Map) yjs.Prelim {
	v, _ := m.Get(keyType)
	kind, _ := v.(string)
	if kind != knownType(kind) || kind == "" {
		kind = guessedType(m)
	}
	return retypedForm(m, kind)
}

// guessedType is what a cell of no known type most likely was: code when it
// has what only code has, else raw, which shows any text as it is.
func guessedType(m *yjs.Map) string {
	for _, key := range []string{keyOutputs, keyExecutionCount} {
		if v, ok := m.Get(key); ok && v != nil {
			return notebook.Code
		}
	}
	return notebook.Raw
}

// retypedForm is cloneForm for a cell that becomes the given type.
func retypedForm(m *yjs.Map, kind string) yjs.Prelim {
	source, _ := m.Get(keySource)
	metadata, _ := m.Get(keyMetadata)
	id, _ := m.Get(keyID)
	entries := []yjs.Entry{
		{Key: keySource, Value: yjs.TextOf(joinText(source))},
		{Key: keyMetadata, Value: mapForm(objectOf(metadata))},
		{Key: keyType, Value: kind},
		{Key: keyID, Value: id},
	}
	if s, ok := id.(string); !ok || s == "" {
		entries[len(entries)-1].Value = newID()
	}
	if kind == notebook.Code {
		entries = append(entries, codeEntries(m)...)
	}
	m.Range(func(key string, v any) bool {
		if entry, ok := restEntry(key, v, kind); ok {
			entries = append(entries, entry)
		}
		return true
	})
	return yjs.MapOf(entries...)
}

// codeEntries are the keys that only code cells have.
func codeEntries(m *yjs.Map) []yjs.Entry {
	outputs, _ := m.Get(keyOutputs)
	v, _ := m.Get(keyExecutionCount)
	var count any
	if n, ok := wholeNumber(v); ok {
		count = float64(n)
	}
	entries := []yjs.Entry{
		{Key: keyOutputs, Value: yjs.ArrayOf(outputClones(outputs)...)},
		{Key: keyExecutionCount, Value: count},
	}
	if v, _ := m.Get(keyExecutionState); v != nil {
		if state, ok := v.(string); ok {
			entries = append(entries, yjs.Entry{Key: keyExecutionState, Value: state})
		}
	}
	return entries
}

// restEntry copies a key that is not part of every cell.
func restEntry(key string, v any, kind string) (yjs.Entry, bool) {
	switch fieldOf(key) {
	case FieldAttachments:
		m := objectOf(v)
		return yjs.Entry{Key: key, Value: m}, kind != notebook.Code && len(m) > 0
	case FieldOther:
		form, ok := valueForm(v)
		return yjs.Entry{Key: key, Value: form}, ok
	}
	return yjs.Entry{}, false
}

// outputClones copies the outputs in a list of any form.
func outputClones(v any) []any {
	var forms []any
	add := func(v any) {
		if o := readOutput(v); o != nil {
			forms = append(forms, outputForm(o))
		}
	}
	switch v := v.(type) {
	case *yjs.Array:
		v.Range(func(_ int, o any) bool { add(o); return true })
	case []any:
		for _, o := range v {
			add(o)
		}
	}
	return forms
}

// valueForm copies a value of an unknown key, shared types as shared types.
// ok is false for the kinds that cannot be copied.
func valueForm(v any) (any, bool) {
	switch v := v.(type) {
	case *yjs.Map:
		var entries []yjs.Entry
		v.Range(func(key string, e any) bool {
			if form, ok := valueForm(e); ok {
				entries = append(entries, yjs.Entry{Key: key, Value: form})
			}
			return true
		})
		return yjs.MapOf(entries...), true
	case *yjs.Array:
		var forms []any
		v.Range(func(_ int, e any) bool {
			if form, ok := valueForm(e); ok {
				forms = append(forms, form)
			}
			return true
		})
		return yjs.ArrayOf(forms...), true
	case *yjs.Text:
		return yjs.TextOf(v.String()), true
	case *yjs.XML, *yjs.Subdoc:
		return nil, false
	case []byte:
		return v, true
	}
	return plain(v), true
}
