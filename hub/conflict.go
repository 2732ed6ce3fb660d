package hub

import (
	"context"

	"github.com/google/uuid"

	"github.com/notebookhub/hub/hub/nbdoc"
	"github.com/notebookhub/hub/hub/store"
)

// Disk returns the other side of a conflict: the file's bytes as they are.
func (h *Hub) Disk(ctx context.Context, id uuid.UUID) (Document, error) {
	l, err := h.leaseRoom(ctx, id)
	if err != nil {
		return Document{}, err
	}
	defer l.release()
	content, err := l.disk(ctx)
	if err != nil {
		return Document{}, err
	}
	return documentOf(content.Data), nil
}

// disk reads the room's file as it is.
func (r *room) disk(ctx context.Context) (FileContent, error) {
	var path string
	var limit int64
	if err := r.do(ctx, func(s *state) { path, limit = s.path, s.readLimit(nil) }); err != nil {
		return FileContent{}, err
	}
	if path == "" {
		return FileContent{}, fail(CodeNotFound, nil, "this notebook has no file yet")
	}
	return r.hub.files.Read(path, limit)
}

// Resolve ends a conflict: keep is "room" or "disk". The loser is kept as a
// version.
func (h *Hub) Resolve(ctx context.Context, id uuid.UUID, keep string, by Client) (RoomInfo, error) {
	if err := mayWrite(by); err != nil {
		return RoomInfo{}, err
	}
	l, err := h.leaseRoom(ctx, id)
	if err != nil {
		return RoomInfo{}, err
	}
	defer l.release()
	info := l.info.Load()
	if info.State != StateConflict {
		return RoomInfo{}, fail(CodeInvalid, nil, "this room has no conflict to resolve; it is %s", info.State)
	}
	content, err := l.disk(ctx)
	if err != nil {
		return RoomInfo{}, err
	}
	switch keep {
	case "room":
		err = l.keepRoom(ctx, content, by)
	case "disk":
		err = l.keepDisk(ctx, content, by)
	default:
		err = fail(CodeInvalid, nil, `keep is %q; it is "room" or "disk"`, keep)
	}
	return *l.info.Load(), err
}

// keepRoom writes the room over what the disk holds.
func (r *room) keepRoom(ctx context.Context, disk FileContent, by Client) error {
	if err := r.keepVersion(versionConflict, by.Name, disk.Data); err != nil {
		return err
	}
	err := r.do(ctx, func(s *state) {
		s.decided = disk.Hash
		if s.baseline != nil {
			settled := *s.baseline
			settled.Disputes = nil
			s.baseline = &settled
		}
		s.setStatus(StateLive, "", "")
	})
	if err != nil {
		return err
	}
	_, err = r.save(ctx, &saveJob{req: SaveRequest{By: by}})
	return err
}

// keepDisk brings the document to what the disk holds.
func (r *room) keepDisk(ctx context.Context, disk FileContent, by Client) error {
	v, err := r.view(ctx)
	if err != nil {
		return err
	}
	form, err := r.hub.parseAfter(disk.Data, v.content.Cells, len(disk.Data)) // its size was looked at when it was read
	if err != nil {
		return err
	}
	if err := r.keepView(versionConflict, by.Name, v); err != nil {
		return err
	}
	settled := make(chan error, 1)
	err = r.editQuiet(ctx, func(s *state) (nbdoc.Event, error) {
		ev, err := s.doc.Replace(form.Notebook())
		if err == nil {
			s.commit(ev, nil)
			s.settleOn(disk, func(_ *state, err error) { settled <- err })
			ev = nbdoc.Event{}
		}
		return ev, err
	})
	if err != nil {
		return err
	}
	select {
	case err := <-settled:
		return err
	case <-ctx.Done():
		return ctx.Err()
	case <-r.done:
		return r.goneError()
	}
}

// editQuiet is edit for what changes the baseline as well: it comes when nothing
// else is about to.
func (r *room) editQuiet(ctx context.Context, f func(*state) (nbdoc.Event, error)) error {
	for {
		var busy <-chan struct{}
		err := r.edit(ctx, func(s *state) (nbdoc.Event, error) {
			if busy = s.whenQuiet(); busy != nil {
				return nbdoc.Event{}, nil
			}
			return f(s)
		})
		if err != nil || busy == nil {
			return err
		}
		select {
		case <-busy:
		case <-ctx.Done():
			return ctx.Err()
		case <-r.done:
			return r.goneError()
		}
	}
}

// settleOn makes the disk's bytes what room and file agree on; the document was
// just brought to them.
func (s *state) settleOn(disk FileContent, then func(*state, error)) {
	form, err := s.h.parseOwn(disk.Data, s.doc.IDs())
	if err != nil {
		then(s, err)
		return
	}
	s.agree(disk, form, func(s *state, err error) {
		if err == nil {
			s.setStatus(StateLive, "", "")
			s.shareSaved()
		}
		then(s, err)
	})
}

// follow moves the room to where its file went, whether or not somebody told the
// room that it is gone, unless another room is there or the room went elsewhere
// meanwhile. It tells whether it did.
func (r *room) follow(from, to string, file FileID) (followed bool) {
	// The room's own claim holds the file's identity, so only the path is asked.
	mine, _, err := r.hub.claimFor(r, to, FileID{})
	if err != nil || mine == nil {
		return false
	}
	var rec store.Record
	_ = r.do(context.WithoutCancel(r.hub.ctx), func(s *state) {
		if s.path != from || s.status == StateConflict || s.fileBusy() {
			return
		}
		followed = true
		r.adopt(mine, file)
		s.path, s.file = to, file
		s.rev++
		s.setStatus(StateLive, "", "")
		s.pathChanged(from, "")
		rec, s.settling = s.record(), true
		if s.edits > s.covered {
			s.saver.auto.changed(s.editedAt)
		}
	})
	if !followed {
		r.hub.drop(mine)
		return false
	}
	r.hub.makeWay(rec.Path, r.id)
	r.putRecord(rec)
	r.post(func(s *state) {
		s.settling = false
		s.nextSave()
	})
	return true
}
