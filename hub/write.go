package hub

import (
	"fmt"
	pathpkg "path"
	"time"

	"github.com/google/uuid"

	"github.com/notebookhub/hub/hub/notebook"
	"github.com/notebookhub/hub/hub/store"
)

// write brings a snapshot to the disk. It runs beside the room.
func (r *room) write(snap *snapshot, job *saveJob) (out written) {
	// What is older than nbformat 4 is only written when somebody asks.
	data, err := snap.form.Standalone(snap.content)
	if err != nil {
		return written{failed: fail(CodeInternal, err, "the notebook could not be encoded")}
	}
	out.hash = hashOf(data)
	out.base = &store.Baseline{File: data, State: snap.encoded, IDs: cellIDs(snap.content), Path: snap.path}
	if out.form, err = r.hub.parseOwn(data, out.base.IDs); err != nil {
		out.failed = err
		return out
	}
	if job.move != nil {
		r.writeElsewhere(job.move, &out)
	} else {
		r.writeOwn(snap, &out)
	}
	if out.failed != nil || out.found != nil {
		return out
	}
	rec := snap.record
	rec.Path, rec.File, rec.Hash, rec.Modified = out.base.Path, out.stat.ID, out.hash, time.Now()
	rec.Standing, rec.Code, rec.Reason, rec.Unsaved = string(StateLive), "", "", false
	rec.Rev++
	r.refile(out.stat.ID)
	r.hub.makeWay(rec.Path, r.id)
	r.putRecord(rec)
	return out
}

// makeWay leaves a room at rest that waits at a path, with edits for a file that
// was gone, without one: another notebook takes the path, and its edits must stay
// within reach. The caller holds the path's claim.
func (h *Hub) makeWay(path string, id uuid.UUID) {
	rec, err := h.store.ByPath(path)
	if err != nil || rec.Room == id || rec.Status == store.StatusReplaced || !rec.Unsaved {
		return
	}
	rec.Path, rec.File, rec.Hash, rec.Title = "", FileID{}, "", path
	if err := h.store.PutRecord(rec); err != nil {
		h.log.Error("room at rest not made untitled", "room", rec.Room, "path", path, "error", err)
	}
}

// putRecord updates the index. When it cannot, the file is nevertheless
// written, and the index can be rebuilt from the room's folder.
func (r *room) putRecord(rec store.Record) {
	if err := r.hub.store.PutRecord(rec); err != nil {
		r.log.Error("index not updated", "path", rec.Path, "error", err)
	}
}

// writeOwn writes the room's own file, unless the disk holds anything but what
// the room last agreed with, or already what it would write.
func (r *room) writeOwn(snap *snapshot, out *written) {
	now, err := r.hub.files.Read(snap.path, snap.limit)
	switch {
	case err == nil && now.Hash == out.hash:
		out.stat, out.failed = now.FileStat, r.setBaseline(out.base)
		return
	case err == nil && now.Hash != snap.base:
		out.found = &now
		return
	case CodeOf(err) == CodeNotFound && snap.base != "":
		out.failed = fail(CodeMissing, nil, "%s was deleted outside", snap.path)
		return
	case err != nil && CodeOf(err) != CodeNotFound:
		out.failed = err
		return
	}
	out.wrote = true
	r.replace(snap.path, true, WriteOptions{Create: snap.base == "", Expect: snap.base}, out)
}

// replace does the write itself: first it is noted what will be written, so
// that after a crash our own bytes are recognised. At the room's own path this is
// noted when the temporary file is there, so that one which is gone tells that the
// file was replaced; elsewhere before, so that one is found there. Once the file is
// written the save has succeeded: a promotion that fails is made up for by the next
// one.
func (r *room) replace(path string, own bool, o WriteOptions, out *written) {
	ctx := r.hub.ctx
	o.Temp = r.writer()
	if o.Create {
		if out.failed = r.hub.files.MkdirAll(pathpkg.Dir(path)); out.failed != nil {
			return
		}
	}
	note := func() error { return storeError(r.state.log.SetPending(ctx, out.base)) }
	if own {
		o.Ready, o.Undo = note, func() error { return r.state.log.DropPending(ctx) }
	} else if out.failed = note(); out.failed != nil {
		return
	}
	file, err := r.hub.files.Write(path, out.base.File, o)
	if out.failed = err; err != nil {
		return
	}
	out.stat, out.links, out.notes = file.FileStat, file.OtherLinks, writeNotes(path, file)
	if err := r.state.log.PromotePending(ctx); err != nil {
		r.log.Warn("saved; the baseline moves with the next save", "error", err)
	}
}

// writer tells the room's temporary files from those of others.
func (r *room) writer() string { return r.id.String()[:8] }

// writeNotes says what a save could not keep.
func writeNotes(path string, file Written) (notes []string) {
	if file.OtherLinks > 0 {
		notes = append(notes, fmt.Sprintf("%s had %d other name(s), hard links, which keep the former bytes", path, file.OtherLinks))
	}
	if file.OwnerLost {
		notes = append(notes, path+" belonged to another user; the saved file belongs to the hub's")
	}
	return notes
}

func (r *room) setBaseline(b *store.Baseline) error {
	return storeError(r.state.log.SetBaseline(r.hub.ctx, b))
}

func cellIDs(nb *notebook.Notebook) []string {
	ids := make([]string, len(nb.Cells))
	for i := range nb.Cells {
		ids[i] = nb.Cells[i].ID
	}
	return ids
}
