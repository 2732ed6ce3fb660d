package hub

import (
	"context"
	"errors"
	"fmt"

	"github.com/google/uuid"

	"github.com/notebookhub/hub/hub/store"
)

// Close ends every room as eviction does: peers are told why, kernels stop,
// files are saved. It returns when nothing of the hub is left running. The
// error names the rooms whose file lacks edits; these are in the journal.
func (h *Hub) Close(ctx context.Context) error {
	h.mu.Lock()
	if h.closing {
		h.mu.Unlock()
		return nil
	}
	h.closing = true
	h.events.rouse()
	h.mu.Unlock()

	rooms := h.openRooms()
	results := make(chan error, len(rooms))
	for _, r := range rooms {
		h.goWait(func() { results <- h.closeWithHub(ctx, r) })
	}
	var failures []error
	for range rooms {
		failures = append(failures, <-results)
	}
	h.cancel()
	h.wg.Wait()
	return errors.Join(failures...)
}

func (h *Hub) closeWithHub(ctx context.Context, r *room) error {
	// Also when there is no time left: nothing ends before its goroutine does.
	if <-r.loaded; r.loadErr != nil {
		return nil // it never held anything
	}
	h.part(ctx, r, "shutdown")
	r.endKernel()
	_, err := r.flush(ctx)
	if !h.remove(r, func() bool { return true }) {
		<-r.done // the reaper was faster
		return nil
	}
	h.teardown(ctx, r, "shutdown")
	return r.unwritten(err)
}

// unwritten says what of a room's edits its file does not have, now that the room
// has ended: the save failed, or a person must decide, or ask.
func (r *room) unwritten(failed error) error {
	s := &r.state // nobody else has it any more
	switch {
	case failed != nil:
		return fmt.Errorf("save %s (room %s): %w", s.path, r.id, failed)
	case s.path == "" || s.edits <= s.covered:
		return nil
	case s.form.Upgraded():
		return fmt.Errorf("save %s (room %s): a file of an old format is only written when somebody asks for it", s.path, r.id)
	}
	return fmt.Errorf("save %s (room %s): its state is %s: %s", s.path, r.id, s.status, s.reason)
}

// CloseRoom saves, stops and closes a room on purpose: it is not reopened by
// its id until somebody opens its path. A failed save keeps the room and is the
// answer.
func (h *Hub) CloseRoom(ctx context.Context, id uuid.UUID, by Client) (SaveResult, error) {
	if err := mayWrite(by); err != nil {
		return SaveResult{}, err
	}
	l, err := h.leaseRoom(ctx, id)
	if err != nil {
		return SaveResult{}, err
	}
	result, err := h.closeRoom(ctx, l, by)
	l.release()
	return result, err
}

func (h *Hub) closeRoom(ctx context.Context, l lease, by Client) (SaveResult, error) {
	result, err := l.saveAll(ctx, by)
	if err != nil {
		return result, err
	}
	// Once begun, it is seen to its end: a caller who hangs up must not leave a
	// room without a kernel.
	ctx = context.WithoutCancel(ctx)
	h.part(ctx, l.room, "closed")
	l.endKernel()
	if _, err := l.flush(ctx); err != nil {
		return result, errors.Join(err, l.do(ctx, func(s *state) { s.exec.goOn(s) }))
	}
	if !h.remove(l.room, func() bool { return true }) {
		return result, l.goneError()
	}
	_ = l.do(ctx, func(s *state) { s.closed = true }) // in any case it ends now
	h.teardown(ctx, l.room, "closed")
	h.publish("evicted", l.id, map[string]any{"reason": "closed", "by": by.Name})
	return result, l.closeErr
}

// Discard puts an untitled notebook into the trash and ends its room: the one way
// in which it goes, as it has no file to delete.
func (h *Hub) Discard(ctx context.Context, id uuid.UUID, by Client) (TrashEntry, error) {
	if err := mayWrite(by); err != nil {
		return TrashEntry{}, err
	}
	l, err := h.leaseRoom(ctx, id)
	if err != nil {
		return TrashEntry{}, err
	}
	defer l.release()
	if path := l.info.Load().Path; path != "" {
		return TrashEntry{}, fail(CodeInvalid, nil, "this notebook is in the file %s; delete that", path)
	}
	changes := l.changes.Load()
	doc, err := l.notebook(ctx)
	if err != nil {
		return TrashEntry{}, err
	}
	kept, err := h.trash(store.Trashed{Room: id, By: by.Name, File: doc.Data})
	if err != nil {
		return TrashEntry{}, err
	}
	// Until here nobody was told anything: it may still stay.
	unchanged := func() bool { return l.changes.Load() == changes }
	if !h.remove(l.room, unchanged) {
		return TrashEntry{}, errors.Join(fail(CodeConflict, nil, "the notebook was edited meanwhile; look at it again"), h.store.TrashRemove(kept.ID))
	}
	ctx = context.WithoutCancel(ctx)
	_ = l.do(ctx, func(s *state) { s.discarded = true }) // in any case it ends now
	h.teardown(ctx, l.room, "deleted")
	h.publish("evicted", id, map[string]any{"reason": "deleted", "by": by.Name})
	return trashEntry(kept), l.closeErr
}

// recoverInterrupted opens the rooms that an earlier hub had open when it died,
// so that their files get what only the journal has, and lets them go idle.
func (h *Hub) recoverInterrupted() {
	interrupted, err := h.store.Interrupted()
	if err != nil {
		h.log.Warn("rooms of a former hub not found", "error", err)
	}
	for _, id := range interrupted {
		l, err := h.leaseRoom(h.ctx, id)
		if h.ctx.Err() != nil {
			return
		}
		if err != nil {
			h.log.Warn("room of a former hub could not be opened", "room", id, "error", err)
			continue
		}
		h.log.Info("room of a former hub recovered", "room", id)
		l.release()
	}
}
