package hub

import (
	"context"
	"path"
	"time"

	"github.com/google/uuid"
)

// pathMove is a save or a rename to another path. Its claim was made before
// anything is written, and is the operation's own: it becomes the room's when
// the move succeeds, and is released otherwise.
type pathMove struct {
	path      string
	claim     *claim
	by        string
	rename    bool // the file moves along; else it stays where it was
	overwrite bool
}

// Save writes the room's file, saves it as another, or promotes an untitled
// notebook.
func (h *Hub) Save(ctx context.Context, id uuid.UUID, req SaveRequest) (SaveResult, error) {
	if err := mayWrite(req.By); err != nil {
		return SaveResult{}, err
	}
	l, err := h.leaseRoom(ctx, id)
	if err != nil {
		return SaveResult{}, err
	}
	defer l.release()
	if req.IfMatch != "" {
		if err := l.mustMatch(ctx, req.IfMatch); err != nil {
			return SaveResult{}, err
		}
	}
	if req.Path == "" {
		return l.save(ctx, &saveJob{req: req})
	}
	return h.moveRoom(ctx, l, req, false)
}

// Rename moves the file and the room together. Missing folders are made.
func (h *Hub) Rename(ctx context.Context, id uuid.UUID, to string, by Client) (SaveResult, error) {
	if err := mayWrite(by); err != nil {
		return SaveResult{}, err
	}
	l, err := h.leaseRoom(ctx, id)
	if err != nil {
		return SaveResult{}, err
	}
	defer l.release()
	return h.moveRoom(ctx, l, SaveRequest{Path: to, By: by}, true)
}

// moveRoom claims the target, then writes, then announces. A target that is
// the room's own file by whatever name is a plain save.
func (h *Hub) moveRoom(ctx context.Context, l lease, req SaveRequest, rename bool) (SaveResult, error) {
	to, err := notebookPath(req.Path)
	if err != nil {
		return SaveResult{}, err
	}
	for {
		canonical, file, err := h.locate(to)
		if err != nil {
			return SaveResult{}, err
		}
		mine, wait, err := h.claimFor(l.room, canonical, file)
		switch {
		case err != nil:
			return SaveResult{}, err
		case wait != nil:
			select {
			case <-wait:
				continue
			case <-ctx.Done():
				return SaveResult{}, ctx.Err()
			}
		case mine == nil:
			return l.save(ctx, &saveJob{req: SaveRequest{By: req.By, Recreate: req.Recreate}})
		}
		return h.moveClaimed(ctx, l, req, &pathMove{path: canonical, claim: mine, by: req.By.Name, rename: rename, overwrite: req.Overwrite})
	}
}

// claimFor claims a path for an operation on r. It returns no claim when r
// itself holds the path, and what to wait for when an operation does.
func (h *Hub) claimFor(r *room, canonical string, file FileID) (mine *claim, wait <-chan struct{}, err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	mine, held := h.index.claimPath(canonical, file)
	switch {
	case mine != nil:
		return mine, nil, nil
	case held.room == r:
		return nil, nil, nil
	case held.room != nil && h.rooms[held.room.id] == held.room:
		return nil, nil, &PathAlreadyOpenError{Path: canonical, Room: held.room.id}
	}
	return nil, held.settled, nil
}

// moveClaimed does the move. The claim changes hands while the move is carried
// out; if it never was, it is released here.
func (h *Hub) moveClaimed(ctx context.Context, l lease, req SaveRequest, move *pathMove) (SaveResult, error) {
	if err := h.files.MkdirAll(path.Dir(move.path)); err != nil {
		h.drop(move.claim)
		return SaveResult{}, err
	}
	// Once begun, a move is seen to its end: a caller who hangs up must not
	// leave the claim in doubt.
	result, err := l.save(context.WithoutCancel(ctx), &saveJob{req: req, move: move})
	h.mu.Lock()
	if l.pathClaim != move.claim {
		h.index.release(move.claim)
	}
	h.mu.Unlock()
	return result, err
}

func (h *Hub) drop(c *claim) {
	h.mu.Lock()
	h.index.release(c)
	h.mu.Unlock()
}

// writeElsewhere carries out a save-as or a promotion. It runs beside the room.
func (r *room) writeElsewhere(move *pathMove, out *written) {
	out.base.Path = move.path
	out.wrote = true
	r.writeCopy(move, out)
	if out.failed == nil {
		r.adopt(move.claim, out.stat.ID)
	}
}

// writeCopy writes the document to another path: a new file, or with consent
// over one that is kept as a version.
func (r *room) writeCopy(move *pathMove, out *written) {
	there, err := r.hub.files.Read(move.path, r.hub.options.MaxNotebook)
	switch {
	case CodeOf(err) == CodeNotFound:
		r.replace(move.path, false, WriteOptions{Create: true}, out)
	case err != nil:
		out.failed = err
	case !move.overwrite:
		out.failed = fileExists(move.path)
	default:
		if out.failed = r.keepVersion(versionOverwrite, move.by, there.Data); out.failed == nil {
			r.replace(move.path, false, WriteOptions{Expect: there.Hash}, out)
		}
	}
}

// renameFile moves the file and leaves its bytes alone; what is unsaved is
// saved at the new path as usual. It runs beside the room.
func (r *room) renameFile(snap *snapshot, move *pathMove) (out written) {
	switch {
	case snap.path == "":
		out.failed = fail(CodeInvalidPath, nil, "this notebook has no file yet; save it to a path")
	case snap.base == "" && snap.record.File == FileID{}:
		if _, err := r.hub.files.Stat(move.path); err == nil {
			out.failed = fileExists(move.path)
		}
	default:
		out.failed = r.hub.files.Rename(snap.path, move.path)
		if CodeOf(out.failed) == CodeNotFound {
			out.failed = fail(CodeMissing, nil, "%s is gone, so there is no file to rename; save the notebook as %s instead", snap.path, move.path)
		}
		if out.failed == nil {
			out.stat, out.failed = r.hub.files.Stat(move.path)
		}
	}
	if out.failed != nil {
		return out
	}
	r.adopt(move.claim, out.stat.ID)
	rec := snap.record
	rec.Path, rec.File, rec.Modified = move.path, out.stat.ID, time.Now()
	rec.Rev++
	r.hub.makeWay(rec.Path, r.id)
	r.putRecord(rec)
	return out
}

// renamed takes over a rename that was carried out, or was not.
func (s *state) renamed(job *saveJob, out written) {
	if out.failed != nil {
		s.finishSave(job, SaveResult{}, out.failed)
		return
	}
	former := s.path
	s.path, s.file = job.move.path, out.stat.ID
	s.rev++
	s.outside.again = true // what moved may be other bytes than we know
	s.pathChanged(former, job.req.By.Name)
	result := SaveResult{Path: s.path, Rev: s.rev, Time: out.stat.Modified}
	if s.saved != nil {
		result.SHA256 = s.saved.SHA256
	}
	s.finishSave(job, result, nil)
}

// adopt makes the operation's claim the room's and lets the former one go, in
// one step.
func (r *room) adopt(c *claim, file FileID) {
	h := r.hub
	h.mu.Lock()
	former := r.pathClaim
	r.pathClaim = c
	h.index.bind(c, r)
	h.index.refile(c, file)
	h.index.release(former)
	h.mu.Unlock()
}
