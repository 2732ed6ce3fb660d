package nbdoc

import "github.com/notebookhub/hub/hub/notebook"

// The methods below are single edits: each is an [Document.Update] of its own,
// without an origin.

// InsertCell is [Edit.InsertCell] alone; the Event names the new cell.
func (d *Document) InsertCell(i int, c notebook.Cell) (Event, error) {
	return d.Update(nil, func(e *Edit) error { _, err := e.InsertCell(i, c); return err })
}

// DeleteCell is [Edit.DeleteCell] alone.
func (d *Document) DeleteCell(id string) (Event, error) {
	return d.Update(nil, func(e *Edit) error { return e.DeleteCell(id) })
}

// MoveCell is [Edit.MoveCell] alone.
func (d *Document) MoveCell(id string, i int) (Event, error) {
	return d.Update(nil, func(e *Edit) error { return e.MoveCell(id, i) })
}

// SetSource is [Edit.SetSource] alone.
func (d *Document) SetSource(id, text string) (Event, error) {
	return d.Update(nil, func(e *Edit) error { return e.SetSource(id, text) })
}

// SpliceSource is [Edit.SpliceSource] alone.
func (d *Document) SpliceSource(id string, edits []notebook.TextEdit) (Event, error) {
	return d.Update(nil, func(e *Edit) error { return e.SpliceSource(id, edits) })
}

// SetCellType is [Edit.SetCellType] alone.
func (d *Document) SetCellType(id, kind string) (Event, error) {
	return d.Update(nil, func(e *Edit) error { return e.SetCellType(id, kind) })
}

// SetCellMetadata is [Edit.SetCellMetadata] alone.
func (d *Document) SetCellMetadata(id string, metadata map[string]any) (Event, error) {
	return d.Update(nil, func(e *Edit) error { return e.SetCellMetadata(id, metadata) })
}

// SetAttachments is [Edit.SetAttachments] alone.
func (d *Document) SetAttachments(id string, attachments map[string]any) (Event, error) {
	return d.Update(nil, func(e *Edit) error { return e.SetAttachments(id, attachments) })
}

// SetNotebookMetadata is [Edit.SetNotebookMetadata] alone.
func (d *Document) SetNotebookMetadata(metadata map[string]any) (Event, error) {
	return d.Update(nil, func(e *Edit) error { return e.SetNotebookMetadata(metadata) })
}

// SetState is [Edit.SetState] alone.
func (d *Document) SetState(key string, v any) (Event, error) {
	return d.Update(nil, func(e *Edit) error { return e.SetState(key, v) })
}

// SetHub is [Edit.SetHub] alone.
func (d *Document) SetHub(key string, v any) (Event, error) {
	return d.Update(nil, func(e *Edit) error { return e.SetHub(key, v) })
}

// Replace is [Edit.Replace] alone.
func (d *Document) Replace(nb *notebook.Notebook) (Event, error) {
	return d.Update(nil, func(e *Edit) error { return e.Replace(nb) })
}
