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

// trashTries is how often a file is copied that is written meanwhile.
const trashTries = 10

func (h *Hub) trashClaimed(canonical string, by Client) (TrashEntry, error) {
	t, latest, err := h.trashCopy(canonical, by)
	for try := 1; err == nil && !latest && try < trashTries; try++ {
		if err = h.store.TrashRemove(t.ID); err == nil {
			t, latest, err = h.trashCopy(canonical, by)
		}
	}
	if err != nil {
		return TrashEntry{}, err
	}
	if err := h.files.Remove(canonical); err != nil {
		return TrashEntry{}, errors.Join(err, h.store.TrashRemove(t.ID))
	}
	if err := h.endLineage(canonical); err != nil {
		return TrashEntry{}, err
	}
	h.publish("listing", uuid.Nil, map[string]any{"path": canonical})
	return trashEntry(t), nil
}

// trashCopy makes a durable copy of a file. latest tells that nobody wrote the
// file meanwhile.
func (h *Hub) trashCopy(canonical string, by Client) (t store.Trashed, latest bool, err error) {
	content, err := h.files.Read(canonical, h.options.MaxNotebook)
	if err != nil {
		return t, false, err
	}
	t = store.Trashed{Path: canonical, By: by.Name, File: content.Data}
	if rec, err := h.store.ByPath(canonical); err == nil {
		t.Room = rec.Room
	}
	if t, err = h.trash(t); err != nil {
		return t, false, err
	}
	now, err := h.files.Stat(canonical)
	latest = err != nil || now.unchanged(content.FileStat)
	return t, latest, nil
}

// trash makes a durable copy and returns it as it is kept.
func (h *Hub) trash(t store.Trashed) (store.Trashed, error) {
	id, err := h.store.TrashAdd(t)
	if err == nil {
		t, err = h.store.TrashGet(id)
	}
	return t, storeError(err)
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

// revive gives a notebook that came back from the trash its room again, with its
// history and its former versions.
func (h *Hub) revive(room uuid.UUID, canonical string) error {
	if there, err := h.store.ByPath(canonical); err == nil && there.Room != room {
		return nil // a room at rest waits for a file at this path: it takes this one in
	}
	rec, err := h.store.Room(room)
	switch {
	case room == uuid.Nil, errors.Is(err, store.ErrNotFound):
		return nil
	case err != nil:
		return storeError(err)
	case rec.Status != store.StatusReplaced || rec.Replacement != uuid.Nil:
		return nil // it lives elsewhere by now
	}
	rec.Status, rec.Path = store.StatusOpen, canonical
	return storeError(h.store.PutRecord(rec))
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
	if to == "" {
		return "", fail(CodeInvalidPath, nil, "this notebook never had a file; give the path of one")
	}
	back := func(canonical string) error { return h.revive(kept.Room, canonical) }
	if err := h.createFile(to, kept.File, back); err != nil {
		return "", err
	}
	return to, storeError(h.store.TrashRemove(entry))
}
