package api

import (
	"math"
	"time"

	"github.com/google/uuid"

	"github.com/notebookhub/hub/hub"
	"github.com/notebookhub/hub/hub/notebook"
)

// The functions of this file turn the hub's values into those of the contract.

// each maps a list; the result is never nil, so that it is never null in JSON.
func each[T, U any](list []T, f func(T) U) []U {
	out := make([]U, 0, len(list))
	for _, v := range list {
		out = append(out, f(v))
	}
	return out
}

// moment returns a time in UTC, or nil for the zero time.
func moment(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC()
	return &t
}

func presentListing(l hub.Listing) Listing {
	return Listing{Dir: l.Dir, Entries: each(l.Entries, presentEntry), Truncated: l.Truncated}
}

func presentEntry(e hub.Entry) Entry {
	out := Entry{Type: EntryTypeNotebook, Path: e.Path, Size: e.Size, Modified: e.Modified.UTC()}
	if e.Dir {
		out.Type = EntryTypeFolder
	}
	if e.Room != nil {
		room := presentRoom(*e.Room)
		out.Room = &room
	}
	return out
}

func presentTrash(e hub.TrashEntry) TrashEntry {
	return TrashEntry{ID: e.ID, Path: e.Path, Deleted: e.Deleted.UTC(), By: e.By, Size: e.Size}
}

func presentRoom(i hub.RoomInfo) Room {
	out := Room{
		ID: i.ID, Lineage: i.Lineage, Path: optional(i.Path), Rev: int64(i.Rev), State: RoomState(i.State),
		Code: (*Code)(optional(i.Code)), Reason: optional(i.Reason), Unsaved: i.Unsaved,
		Peers: each(i.Peers, presentPeer), Kernel: presentKernel(i.Kernel), Queue: each(i.Queue, presentQueued),
		Cells: i.Cells, Open: i.Open, Since: moment(i.Since),
	}
	if i.Saved != nil {
		out.Saved = &Saved{Sha256: i.Saved.SHA256, Time: i.Saved.Time.UTC()}
	}
	return out
}

func presentPeer(p hub.PeerInfo) Peer {
	return Peer{ID: p.ID, Name: p.Name, ReadOnly: p.ReadOnly, Since: p.Since.UTC()}
}

func presentKernel(k hub.KernelInfo) Kernel {
	status := KernelStatus(k.Status)
	if status == "" {
		status = KernelStatusNone
	}
	return Kernel{Name: k.Name, DisplayName: k.DisplayName, Language: k.Language, Status: status, Reason: optional(k.Reason)}
}

func presentSpec(s hub.KernelSpec) KernelSpec {
	return KernelSpec{Name: s.Name, DisplayName: s.DisplayName, Language: s.Language, Problem: optional(s.Problem)}
}

func presentQueued(q hub.QueueItem) QueueItem {
	return QueueItem{ID: q.ID, Cell: q.Cell, By: q.By, State: QueueItemState(q.State), Started: moment(q.Started)}
}

func presentSave(r hub.SaveResult) SaveResult {
	out := SaveResult{
		Path: optional(r.Path), Rev: int64(r.Rev), Sha256: optional(r.SHA256), Time: moment(r.Time), Written: r.Written,
	}
	if r.Links > 0 {
		links := int64(r.Links)
		out.Links = &links
	}
	if len(r.Notes) > 0 {
		out.Notes = &r.Notes
	}
	return out
}

func presentVersion(v hub.Version) Version {
	return Version{ID: v.ID, Time: v.Time.UTC(), Reason: VersionReason(v.Reason), By: v.By, Size: v.Size, Cells: v.Cells}
}

func presentDifference(d hub.Difference) Difference {
	return Difference{
		Inserted: d.Inserted, Deleted: d.Deleted, Changed: d.Changed, Moved: d.Moved,
		Metadata: d.Metadata, Cells: each(d.Cells, presentCellDifference),
	}
}

func presentCellDifference(c hub.CellDifference) CellDifference {
	kind := CellDifferenceKind(c.Kind)
	out := CellDifference{ID: c.ID, Kind: kind, Type: CellType(c.Type), Fields: []CellDifferenceFields{}}
	for _, f := range c.Fields {
		out.Fields = append(out.Fields, CellDifferenceFields(f))
	}
	if kind != CellDifferenceKindInserted {
		out.Before = &c.Before
	}
	if kind != CellDifferenceKindDeleted {
		out.After = &c.After
	}
	return out
}

func presentCell(c hub.CellState) Cell {
	out := Cell{
		ID: c.ID, Index: c.Index, CellType: CellType(c.Type), Source: c.Source, Metadata: finite(c.Metadata),
		ExecutionCount: c.ExecutionCount, Etag: c.ETag,
	}
	if out.CellType == CellTypeCode {
		out.Outputs = presentOutputs(c.Outputs)
	}
	if c.Attachments != nil {
		attachments := finite(c.Attachments)
		out.Attachments = &attachments
	}
	return out
}

func presentOutputs(outputs []notebook.Output) *[]JSONObject {
	out := each(outputs, func(o notebook.Output) JSONObject { return finite(o) })
	return &out
}

// finite copies an object with null in place of the numbers that notebooks may
// hold and JSON has no word for: NaN and the infinities. It is never nil.
func finite(object map[string]any) JSONObject {
	out := make(JSONObject, len(object))
	for k, v := range object {
		out[k] = finiteValue(v)
	}
	return out
}

func finiteValue(v any) any {
	switch v := v.(type) {
	case float64:
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return nil
		}
	case map[string]any:
		return finite(v)
	case []any:
		out := make([]any, len(v))
		for i := range v {
			out[i] = finiteValue(v[i])
		}
		return out
	}
	return v
}

func presentExecution(e hub.Execution) Execution {
	out := Execution{
		ID: e.ID, Room: e.Room, Cell: e.Cell, By: e.By, State: ExecutionState(e.State), Reason: optional(e.Reason),
		ExecutionCount: e.Count, Queued: e.Queued.UTC(), Started: moment(e.Started), Finished: moment(e.Finished),
		OutputsDropped: optional(e.OutputsDropped),
	}
	if !e.Finished.IsZero() {
		out.Outputs = presentOutputs(e.Outputs)
	}
	return out
}

func presentEvent(e hub.Event) Event {
	out := Event{Seq: int64(e.Seq), Type: EventType(e.Type), Time: e.Time.UTC(), Data: finite(e.Data)}
	if e.Room != uuid.Nil {
		out.Room = &e.Room
	}
	return out
}
