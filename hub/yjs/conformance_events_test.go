//go:build oracle

package yjs_test

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/notebookhub/hub/hub/yjs"
)

// typeEvent is what one transaction did to one type, as npm yjs tells it (see observe in oracle/oracle.mjs).
type typeEvent struct {
	target  string
	keys    map[string]string // changed keys and their old value, "[]" for none
	touched []string          // keys that npm yjs looked at: every key that this engine reports must be one of them
	delta   string
}

func (e *typeEvent) UnmarshalJSON(b []byte) error {
	var keys map[string]json.RawMessage
	var delta json.RawMessage
	if err := json.Unmarshal(b, &[]any{&e.target, &keys, &e.touched, &delta}); err != nil {
		return err
	}
	e.delta = string(delta)
	e.keys = map[string]string{}
	for k, old := range keys {
		e.keys[k] = string(old)
	}
	return nil
}

// compareEvents compares the change record of the last transaction with npm yjs's events for the same bytes.
func compareEvents(npm string, c *yjs.Change) {
	theirs := map[string]typeEvent{}
	for line := range strings.Lines(npm) {
		var e typeEvent
		check(json.Unmarshal([]byte(line), &e), "read the event %s", line)
		theirs[e.target] = e
	}
	ours := map[string]yjs.TypeChange{}
	for _, t := range c.Types() {
		ours[targetName(t.Target)] = t
	}
	for target, e := range theirs {
		t, ok := ours[target]
		if !ok {
			if len(e.keys) > 0 || e.delta != "[]" {
				fail("npm yjs reports a change of %s that Go does not: %v %s", target, e.keys, e.delta)
			}
			continue
		}
		compareEvent(e, t)
	}
	for target, t := range ours {
		if _, ok := theirs[target]; !ok && (len(t.Keys) > 0 || t.Delta() != nil) {
			fail("Go reports a change of %s that npm yjs does not: %v %v", target, t.Keys, t.Delta())
		}
	}
}

func compareEvent(e typeEvent, t yjs.TypeChange) {
	for key, old := range e.keys {
		if !slices.Contains(t.Keys, key) {
			fail("Go does not report key %q of %s", key, e.target)
		}
		if old == "[]" {
			old = "[null]" // both are nil in Go
		}
		expect(fmt.Sprintf("old value of %q in %s", key, e.target), old, oldText(t, key))
	}
	for _, key := range t.Keys {
		if !slices.Contains(e.touched, key) {
			fail("Go reports key %q of %s, which was not touched", key, e.target)
		}
	}
	delta := joinSteps(t.Delta())
	var b strings.Builder
	writeDelta(&b, delta)
	if npm := e.delta; npm != b.String() && !onlyFormats(npm, delta) {
		expect("delta of "+e.target, npm, b.String())
	}
	if len(delta) == 0 {
		return
	}
	inserted, deleted := false, false
	for _, op := range delta {
		inserted = inserted || op.Insert != nil
		deleted = deleted || op.Delete > 0
	}
	if inserted && !t.Inserted || deleted && !t.Deleted {
		fail("%s: inserted %v, deleted %v, but its delta is %s", e.target, t.Inserted, t.Deleted, b.String())
	}
}

// joinSteps joins neighbouring deletes and retains, between which this engine may stop at a format and npm yjs not.
func joinSteps(ops []yjs.Op) (out []yjs.Op) {
	for _, op := range ops {
		if n := len(out); n > 0 && op.Insert == nil && out[n-1].Insert == nil && reflect.DeepEqual(op.Attributes, out[n-1].Attributes) &&
			(op.Delete > 0) == (out[n-1].Delete > 0) {
			out[n-1].Delete += op.Delete
			out[n-1].Retain += op.Retain
			continue
		}
		out = append(out, op)
	}
	return out
}

// onlyFormats reports whether two deltas insert and delete the same at the same places. Formats that change nothing for
// the reader are told differently: npm yjs names some of them.
func onlyFormats(npm string, ours []yjs.Op) bool {
	var theirs []yjs.Op
	check(json.Unmarshal([]byte(npm), &theirs), "read %s", npm)
	return bare(theirs) == bare(ours)
}

// bare writes a delta without formats.
func bare(ops []yjs.Op) string {
	var b strings.Builder
	kept := 0
	for _, op := range ops {
		kept += op.Retain
		if op.Insert != nil || op.Delete > 0 {
			fmt.Fprintf(&b, "%d then insert %v, delete %d;", kept, isText(op.Insert), op.Delete)
			kept = 0
		}
	}
	return b.String()
}

// isText returns a text, or true for something else that was inserted.
func isText(v any) any {
	if s, ok := v.(string); ok || v == nil {
		return s
	}
	return true
}

func oldText(t yjs.TypeChange, key string) string {
	old := t.Old(key)
	switch old.(type) {
	case nil:
		return "[null]"
	case yjs.Type:
		return `["type"]`
	}
	var b strings.Builder
	writeValue(&b, old)
	return "[" + b.String() + "]"
}

func targetName(t yjs.Type) string {
	if t.Parent() == nil {
		return t.Key()
	}
	return fmt.Sprintf("%d:%d", t.ID().Client, t.ID().Clock)
}
