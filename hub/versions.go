package hub

import (
	"context"
	"errors"

	"github.com/google/uuid"

	"github.com/notebookhub/hub/hub/nbdoc"
	"github.com/notebookhub/hub/hub/store"
)

// Reasons for which a former state is kept.
const (
	versionOutside   = "outside_change" // somebody else took cells or text out of the file
	versionDeleteAll = "delete_all"     // every cell was deleted
	versionConflict  = "conflict"       // the side that lost
	versionOverwrite = "overwrite"      // a whole notebook was put over it
	versionRequest   = "request"        // somebody asked
	versionRestore   = "restore"        // what a restored version took the place of
)

// keepVersion keeps bytes as a former state of the room's notebook. In an empty
// file there is nothing to keep.
func (r *room) keepVersion(reason, by string, data []byte) error {
	if len(data) == 0 {
		return nil
	}
	_, err := r.addVersion(reason, by, data)
	return err
}

// keepView is keepVersion for what was looked at in the room.
func (r *room) keepView(reason, by string, v view) error {
	doc, err := v.document()
	if err != nil {
		return err
	}
	return r.keepVersion(reason, by, doc.Data)
}

func (r *room) addVersion(reason, by string, data []byte) (Version, error) {
	v := store.Version{Reason: reason, By: by, File: data, Cells: r.hub.countCells(data)}
	id, err := r.hub.store.AddVersion(r.id, v)
	if err != nil {
		return Version{}, storeError(err)
	}
	if v, err = r.hub.store.Version(r.id, id); err != nil {
		return Version{}, storeError(err)
	}
	return versionOf(v), nil
}

// countCells is for lists of versions; bytes that are no notebook have none.
func (h *Hub) countCells(data []byte) int {
	form, err := h.parseOwn(data, nil)
	if err != nil {
		return 0
	}
	return len(form.IDs())
}

func versionOf(v store.Version) Version {
	return Version{ID: v.ID.String(), Time: v.Time, Reason: v.Reason, By: v.By, Size: v.Size, Cells: v.Cells}
}

// keepLater keeps a view that was taken before something drastic happened. It
// is encoded and written beside the room.
func (s *state) keepLater(reason string, v view) {
	s.r.work.Go(func() {
		if err := s.r.keepView(reason, "", v); err != nil {
			s.r.log.Warn("former version not kept", "reason", reason, "error", err)
		}
	})
}

// Versions lists former states, newest first.
func (h *Hub) Versions(_ context.Context, id uuid.UUID) ([]Version, error) {
	if _, err := h.store.Room(id); err != nil {
		return nil, unknownRoom(id, err)
	}
	kept, err := h.store.Versions(id)
	if err != nil {
		return nil, storeError(err)
	}
	list := make([]Version, len(kept))
	for i, v := range kept {
		list[i] = versionOf(v)
	}
	return list, nil
}

func unknownRoom(id uuid.UUID, err error) error {
	if errors.Is(err, store.ErrNotFound) {
		return fail(CodeRoomNotFound, nil, "no room has the id %s", id)
	}
	return storeError(err)
}

// Version returns one as .ipynb.
func (h *Hub) Version(_ context.Context, id uuid.UUID, version string) (Document, error) {
	v, err := uuid.Parse(version)
	if err != nil {
		return Document{}, noVersion(version)
	}
	kept, err := h.store.Version(id, v)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return Document{}, noVersion(version)
	case err != nil:
		return Document{}, storeError(err)
	}
	return documentOf(kept.File), nil
}

func noVersion(id string) error {
	return fail(CodeNoSuchVersion, nil, "nothing is kept under the id %q", id)
}

// KeepVersion keeps the present state as a version.
func (h *Hub) KeepVersion(ctx context.Context, id uuid.UUID, by Client) (Version, error) {
	if err := mayWrite(by); err != nil {
		return Version{}, err
	}
	l, err := h.leaseRoom(ctx, id)
	if err != nil {
		return Version{}, err
	}
	defer l.release()
	doc, err := l.notebook(ctx)
	if err != nil {
		return Version{}, err
	}
	return l.addVersion(versionRequest, by.Name, doc.Data)
}

// RestoreVersion brings the document back to a version, by edits that can be
// undone and beside which others go on typing. The present state is kept.
func (h *Hub) RestoreVersion(ctx context.Context, id uuid.UUID, version string, by Client) (RoomInfo, error) {
	if err := mayWrite(by); err != nil {
		return RoomInfo{}, err
	}
	doc, err := h.Version(ctx, id, version)
	if err != nil {
		return RoomInfo{}, err
	}
	l, err := h.leaseRoom(ctx, id)
	if err != nil {
		return RoomInfo{}, err
	}
	defer l.release()
	err = l.restoreTo(ctx, doc, by)
	return *l.info.Load(), err
}

// restoreTo keeps the present state and replaces it.
func (r *room) restoreTo(ctx context.Context, former Document, by Client) error {
	v, err := r.view(ctx)
	if err != nil {
		return err
	}
	form, err := r.hub.parseAfter(former.Data, v.content.Cells, len(former.Data))
	if err != nil {
		return fail(CodeOf(err), err, "this version is no notebook, and can only be read as it is: %s", DetailOf(err))
	}
	if err := r.keepView(versionRestore, by.Name, v); err != nil {
		return err
	}
	return r.edit(ctx, func(s *state) (nbdoc.Event, error) { return s.doc.Replace(form.Notebook()) })
}
