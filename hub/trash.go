package hub

import (
	"context"
	"errors"

	"github.com/google/uuid"

	"github.com/notebookhub/hub/hub/store"
)

// DeleteFile closes the room, if any, and moves the file to the trash: first a
// durable copy, then the file goes.
func (h *Hub) DeleteFile(ctx context.Context, p string, by Client) (TrashEntry, error) {
	if err := mayWrite(by); err != nil {
		return TrashEntry{}, err
	}
	for {
		canonical, file, err := h.resolve(p)
		if err != nil {
			return TrashEntry{}, err
		}
		l, err := h.whenOpen(ctx, canonical, file)
		if err != nil {
			return TrashEntry{}, err
		}
		if l.room != nil {
			_, err := h.closeRoom(ctx, l, by)
			l.release()
			if err != nil {
				return TrashEntry{}, err
			}
			continue
		}
		c, ok := h.claimOperation(canonical, file)
		if !ok {
			continue
		}
		entry, err := h.trashClaimed(canonical, by)
		h.drop(c)
		return entry, err
	}
}

func (h *Hub) trashClaimed(canonical string, by Client) (TrashEntry, error) {
	content, err := h.files.Read(canonical, h.options.MaxNotebook)
	if err != nil {
		return TrashEntry{}, err
	}
	t := store.Trashed{Path: canonical, By: by.Name, File: content.Data}
	if rec, err := h.store.ByPath(canonical); err == nil {
		t.Room = rec.Room
	}
	id, err := h.store.TrashAdd(t)
	if err != nil {
		return TrashEntry{}, storeError(err)
	}
	if err := h.files.Remove(canonical); err != nil {
		return TrashEntry{}, errors.Join(err, h.store.TrashRemove(id))
	}
	if err := h.endLineage(canonical); err != nil {
		return TrashEntry{}, err
	}
	h.publish("listing", uuid.Nil, map[string]any{"path": canonical})
	if t, err = h.store.TrashGet(id); err != nil {
		return TrashEntry{}, storeError(err)
	}
	return trashEntry(t), nil
}

// endLineage makes sure that another notebook at a deleted one's path is
// another room.
func (h *Hub) endLineage(canonical string) error {
	rec, err := h.store.ByPath(canonical)
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	if err == nil {
		rec.Status, rec.Path, rec.File = store.StatusReplaced, "", FileID{}
		err = h.store.PutRecord(rec)
	}
	return storeError(err)
}

func trashEntry(t store.Trashed) TrashEntry {
	return TrashEntry{ID: t.ID.String(), Path: t.Path, Deleted: t.Time, By: t.By, Size: t.Size}
}

// Trash lists deleted notebooks, newest first.
func (h *Hub) Trash(context.Context) ([]TrashEntry, error) {
	kept, err := h.store.TrashList()
	if err != nil {
		return nil, storeError(err)
	}
	list := make([]TrashEntry, len(kept))
	for i, t := range kept {
		list[i] = trashEntry(t)
	}
	return list, nil
}

// RestoreTrash puts a deleted notebook back, at to or where it was; an existing
// file is never replaced. It returns the path.
func (h *Hub) RestoreTrash(_ context.Context, id, to string, by Client) (string, error) {
	if err := mayWrite(by); err != nil {
		return "", err
	}
	entry, err := uuid.Parse(id)
	if err != nil {
		return "", noVersion(id)
	}
	kept, err := h.store.TrashGet(entry)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return "", noVersion(id)
	case err != nil:
		return "", storeError(err)
	}
	if to == "" {
		to = kept.Path
	}
	if err := h.createFile(to, kept.File); err != nil {
		return "", err
	}
	return to, storeError(h.store.TrashRemove(entry))
}
