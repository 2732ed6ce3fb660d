package nbdoc

import (
	"fmt"

	"github.com/notebookhub/hub/hub/notebook"
	"github.com/notebookhub/hub/hub/yjs"
)

// SetCellMetadata makes metadata the metadata of a cell, key by key: equal
// values are not written. The mark of trust is left as it is.
func (e *Edit) SetCellMetadata(id string, metadata map[string]any) error {
	c, err := e.d.find(id)
	if err != nil {
		return err
	}
	v, _ := c.shared.Get(keyMetadata)
	m, ok := v.(*yjs.Map)
	if !ok {
		return fmt.Errorf("set metadata of cell %q: %w", id, ErrValue)
	}
	e.stale(c, FieldMetadata)
	return e.setKeys(m, metadata, keyTrusted)
}

// SetTrusted sets or removes Jupyter's mark that the outputs of a cell may run
// scripts. It is never saved.
func (e *Edit) SetTrusted(id string, trusted bool) error {
	c, err := e.d.find(id)
	if err != nil {
		return err
	}
	v, _ := c.shared.Get(keyMetadata)
	m, ok := v.(*yjs.Map)
	if !ok {
		return fmt.Errorf("set trust of cell %q: %w", id, ErrValue)
	}
	if !trusted {
		return e.unset(m, keyTrusted)
	}
	return e.set(m, keyTrusted, true)
}

// SetAttachments makes attachments the attachments of a markdown or raw cell;
// none removes the key.
func (e *Edit) SetAttachments(id string, attachments map[string]any) error {
	c, err := e.d.find(id)
	if err != nil {
		return err
	}
	if c.kind() == notebook.Code && len(attachments) > 0 {
		return fmt.Errorf("set attachments of code cell %q: %w", id, ErrValue)
	}
	e.stale(c, FieldAttachments)
	if len(attachments) == 0 {
		return e.unset(c.shared, keyAttachments)
	}
	return e.set(c.shared, keyAttachments, attachments)
}

// SetCellID gives a cell another id, which no other cell may have.
func (e *Edit) SetCellID(id, to string) error {
	c, err := e.d.find(id)
	if err != nil {
		return err
	}
	if to == id {
		return nil
	}
	if to == "" || e.d.byID[to] != nil {
		return fmt.Errorf("rename cell %q to %q: %w", id, to, ErrValue)
	}
	if err := e.set(c.shared, keyID, to); err != nil {
		return err
	}
	e.stale(c, contentFields)
	delete(e.d.byID, id)
	c.id, e.d.byID[to] = to, c
	if out := e.d.kernelOut[id]; out != nil {
		delete(e.d.kernelOut, id)
		e.d.kernelOut[to] = out
	}
	return nil
}

// SetNotebookMetadata makes metadata the notebook's own metadata, key by key:
// equal values are not written.
func (e *Edit) SetNotebookMetadata(metadata map[string]any) error {
	v, _ := e.d.meta.Get(keyMetadata)
	m, ok := v.(*yjs.Map)
	if !ok {
		return fmt.Errorf("set notebook metadata: %w", ErrValue)
	}
	e.d.metadata, e.d.notebook = nil, nil
	return e.setKeys(m, metadata)
}

// SetFormat sets the version of the notebook format, which clients use to
// decide whether ids are saved.
func (e *Edit) SetFormat(major, minor int) error {
	e.d.notebook = nil
	if err := e.set(e.d.meta, keyMajor, major); err != nil {
		return err
	}
	return e.set(e.d.meta, keyMinor, minor)
}

// SetState sets a key of the session's state, which clients read: dirty, path,
// hash. Equal values are not written; nil removes the key. State is no content.
func (e *Edit) SetState(key string, v any) error { return e.setOrUnset(e.d.state, key, v) }

// SetHub sets a key of the hub's own root, in the same way.
func (e *Edit) SetHub(key string, v any) error {
	if isTrailKey(key) {
		return fmt.Errorf("set hub key %q: it is kept by the document itself: %w", key, ErrValue)
	}
	return e.set(e.d.hub, key, v)
}

// State returns what a key of the session's state holds, nil when absent.
func (d *Document) State(key string) any {
	v, _ := d.state.Get(key)
	return plain(v)
}

// Hub returns what a key of the hub's own root holds, nil when absent.
func (d *Document) Hub(key string) any {
	v, _ := d.hub.Get(key)
	return plain(v)
}

func (e *Edit) setOrUnset(m *yjs.Map, key string, v any) error {
	if v == nil {
		return e.unset(m, key)
	}
	return e.set(m, key, v)
}

// setKeys makes the plain values of a shared map equal to values, except for
// the keys to keep.
func (e *Edit) setKeys(m *yjs.Map, values map[string]any, keep ...string) error {
	kept := func(key string) bool { return len(keep) > 0 && key == keep[0] }
	for key, v := range values {
		if _, ok := writable(v); !ok {
			return fmt.Errorf("set %q: %w", key, ErrValue)
		}
	}
	for _, key := range m.Keys() {
		if _, ok := values[key]; !ok && !kept(key) {
			m.Delete(e.tx, key)
		}
	}
	for _, key := range sortedKeys(values) {
		if kept(key) {
			continue
		}
		if err := e.set(m, key, values[key]); err != nil {
			return err
		}
	}
	return e.tx.Err()
}

// set writes a plain value unless the map holds an equal one.
func (e *Edit) set(m *yjs.Map, key string, v any) error {
	v, ok := writable(v)
	if !ok {
		return fmt.Errorf("set %q: %w", key, ErrValue)
	}
	if old, had := m.Get(key); had && isPlain(old) && notebook.EqualValues(old, v) {
		return nil
	}
	m.Set(e.tx, key, v)
	return e.tx.Err()
}

func (e *Edit) unset(m *yjs.Map, key string) error {
	if _, had := m.Get(key); had {
		m.Delete(e.tx, key)
	}
	return e.tx.Err()
}

// isPlain reports whether a value in the document is one that [plain] would
// leave alone, so that equal ones need not be written again.
func isPlain(v any) bool { return !odd(v) }
