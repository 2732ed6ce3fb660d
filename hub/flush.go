package hub

import (
	"context"
	"fmt"

	"github.com/notebookhub/hub/hub/store"
)

// compactLive is how many bytes of journal a live room may gather. A room at
// rest leaves none: what has a journal was interrupted.
const compactLive = 4 << 20

// flush brings everything of the room to the disk: the file, and the journal
// behind it. It returns the count of changes that this covers. A file that a
// person must decide about, or that may not be written, is no failure: its
// edits are in the journal.
func (r *room) flush(ctx context.Context) (changes uint64, err error) {
	var needed bool
	if err := r.do(ctx, func(s *state) { needed = s.needsSave() }); err != nil {
		return 0, err
	}
	if needed {
		_, err := r.save(ctx, &saveJob{})
		switch CodeOf(err) {
		case "", CodeConflict, CodeMissing, CodePermission:
		default:
			return 0, err
		}
	}
	if err := r.do(ctx, func(*state) { changes = r.changes.Load() }); err != nil {
		return 0, err
	}
	if err := storeError(r.state.log.Sync(ctx)); err != nil {
		return 0, err
	}
	if journal, snapshot := r.state.log.Size(); journal > 0 || snapshot == 0 {
		if err := r.compact(ctx); err != nil {
			r.log.Warn("journal not compacted", "error", err)
		}
	}
	return changes, nil
}

// needsSave tells whether the file is behind and may be written unasked.
func (s *state) needsSave() bool {
	writable := s.status == StateLive || s.status == StateDegraded || s.status == StateReadOnly
	return s.path != "" && writable && s.edits > s.covered && !s.form.Upgraded() && (s.baseline != nil || s.edits > 0)
}

// saveAll is the save of a close on purpose: an untitled notebook goes to the
// journal, and so does one of an old format, whose file is only written when
// somebody asks; everything else to its file or not at all.
func (r *room) saveAll(ctx context.Context, by Client) (SaveResult, error) {
	var untitled, needed bool
	var result SaveResult
	err := r.do(ctx, func(s *state) {
		untitled, needed = s.path == "" || s.form.Upgraded(), s.edits > s.covered
		result = SaveResult{Path: s.path, Rev: s.rev}
		if s.saved != nil {
			result.SHA256, result.Time = s.saved.SHA256, s.saved.Time
		}
	})
	switch {
	case err != nil:
		return result, err
	case untitled:
		return result, storeError(r.state.log.Sync(ctx))
	case !needed:
		return result, nil
	}
	return r.save(ctx, &saveJob{req: SaveRequest{By: by}})
}

// compact replaces the journal by one snapshot, which is read back and loaded
// before the journal goes.
func (r *room) compact(ctx context.Context) error {
	var encoded, vector []byte
	var through uint64
	var failed error
	err := r.do(ctx, func(s *state) {
		encoded, failed = s.doc.Encode(nil)
		vector, through = s.vector(), s.durable.appended
	})
	if err != nil || failed != nil {
		return fmt.Errorf("encode for compaction: %w", firstError(err, failed))
	}
	return r.state.log.Compact(ctx, through, encoded, func(stored []byte) error {
		doc, err := loadDocument(store.Recovered{Snapshot: stored})
		if err != nil {
			return err
		}
		if got := doc.StateVector(); string(got) != string(vector) {
			return fmt.Errorf("verify snapshot: state vector is %x, not %x", got, vector)
		}
		return nil
	})
}

// maybeCompact keeps the journal of a busy room in bounds.
func (s *state) maybeCompact() {
	journal, snapshot := s.log.Size()
	if s.compacting || s.durable.failing || journal < max(compactLive, 2*snapshot) {
		return
	}
	s.compacting = true
	s.r.work.Go(func() {
		if err := s.r.compact(s.h.ctx); err != nil {
			s.r.log.Warn("journal not compacted", "error", err)
		}
		s.r.post(func(s *state) { s.compacting = false })
	})
}

func firstError(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
