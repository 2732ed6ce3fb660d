package hub

import (
	"context"
	"time"

	"github.com/notebookhub/hub/hub/notebook"
	"github.com/notebookhub/hub/hub/store"
)

// saver orders a room's saves: one at a time, each of the newest state. The
// room owns it.
type saver struct {
	auto    autosaver
	running bool
	queue   []*saveJob      // what was asked for meanwhile
	ending  bool            // the room ends: nothing begins any more
	quiet   []chan struct{} // closed when nothing is under way, for those who wait
}

// saveJob is one save that somebody asked for, or the timer.
type saveJob struct {
	req      SaveRequest
	explicit bool      // a person or a program asked
	move     *pathMove // to another path; nil: to the room's own
	attempts int
	done     func(*state, SaveResult, error) // called by the room; may be nil
}

// maxAttempts is how often a save starts over because the file changed under
// it.
const maxAttempts = 5

// snapshot is what a save writes: the document at one moment. It is read by the
// goroutine that writes.
type snapshot struct {
	content *notebook.Notebook
	form    *form
	encoded []byte
	edits   uint64
	path    string
	base    string // hash of the bytes that may be replaced; "" when there is no file
	limit   int64  // bytes of the file that are read for that
	record  store.Record
}

// written is what came of a save.
type written struct {
	base   *store.Baseline
	form   *form
	stat   FileStat
	links  uint64   // other names of the file that keep the former bytes
	notes  []string // what a person should know
	hash   string
	wrote  bool
	found  *FileContent // the disk holds something else; nothing was written
	failed error
}

// saveDue returns when the file is to be written without being asked.
func (s *state) saveDue() time.Time {
	switch {
	case s.path == "" || s.fileBusy() || s.form.Upgraded(),
		s.status != StateLive && s.status != StateDegraded && s.status != StateReadOnly,
		s.presence.refused:
		return time.Time{}
	}
	return s.saver.auto.due()
}

// startSave begins a save, or queues it behind what is under way.
func (s *state) startSave(job *saveJob) {
	if s.saver.ending {
		s.finishSave(job, SaveResult{}, s.r.goneError())
		return
	}
	if s.fileBusy() {
		if job.explicit {
			s.saver.queue = append(s.saver.queue, job)
		}
		return
	}
	if err := s.maySave(job); err != nil {
		s.finishSave(job, SaveResult{}, err)
		return
	}
	snap, err := s.snapshot()
	if err != nil {
		s.finishSave(job, SaveResult{}, err)
		return
	}
	s.saver.running = true
	if job.move != nil && job.move.rename {
		s.r.work.Go(func() {
			out := s.r.renameFile(snap, job.move)
			s.r.post(func(s *state) { s.renameEnded(job, out) })
		})
		return
	}
	s.saver.auto.begun()
	s.r.work.Go(func() {
		out := s.r.write(snap, job)
		s.r.post(func(s *state) { s.saveEnded(job, snap, out) })
	})
}

// maySave refuses what no write may happen for. A room that has not loaded
// never comes here.
func (s *state) maySave(job *saveJob) error {
	switch {
	case job.move != nil:
		return nil
	case s.path == "":
		return fail(CodeInvalidPath, nil, "this notebook has no file yet; save it to a path")
	case s.status == StateConflict:
		return fail(CodeConflict, nil, "room and file differ (%s); decide first which to keep, in the browser or by resolve, or save under another path", s.reason)
	case s.status == StateMissing && !job.req.Recreate:
		return fail(CodeMissing, nil, "%s was deleted; save with \"recreate\", or under another path", s.path)
	}
	return nil
}

func (s *state) snapshot() (*snapshot, error) {
	encoded, err := s.doc.Encode(nil)
	if err != nil {
		return nil, fail(CodeInternal, err, "the document could not be encoded")
	}
	snap := &snapshot{
		content: s.doc.Notebook(), form: s.form, encoded: encoded,
		edits: s.edits, path: s.path, record: s.record(), limit: s.readLimit(nil),
	}
	if s.baseline != nil && s.status != StateMissing {
		snap.base = s.saved.SHA256
	}
	if s.decided != "" {
		snap.base = s.decided
	}
	return snap, nil
}

// unlessEnded answers who asked for a save when a panic kept the room from doing
// it, and lets go whoever waits for the end of saves.
func (s *state) unlessEnded(job *saveJob, ended *bool) {
	s.tellQuiet()
	if !*ended && job.done != nil {
		job.done(s, SaveResult{}, fail(CodeInternal, nil, "something went wrong inside the room; look whether the file was written"))
	}
}

// saveEnded takes over what came of a save.
func (s *state) saveEnded(job *saveJob, snap *snapshot, out written) {
	ended := false
	defer s.unlessEnded(job, &ended)
	s.saver.running = false
	s.takeOver(job, snap, out)
	ended = true
	s.nextSave()
}

func (s *state) takeOver(job *saveJob, snap *snapshot, out written) {
	switch {
	case out.found != nil && job.attempts < maxAttempts:
		job.attempts++
		s.saver.auto.changed(time.Now())
		s.takeIn(*out.found, func(s *state, err error) {
			if err != nil {
				s.saveFailed(job, err)
				return
			}
			s.saver.queue = append([]*saveJob{job}, s.saver.queue...)
		})
		return
	case out.found != nil:
		out.failed = fail(CodeDiskChanged, nil, "%s keeps changing on disk", s.path)
	}
	if out.failed != nil {
		s.saveFailed(job, out.failed)
		return
	}
	s.saveSucceeded(job, snap, out)
}

func (s *state) renameEnded(job *saveJob, out written) {
	ended := false
	defer s.unlessEnded(job, &ended)
	s.saver.running = false
	s.renamed(job, out)
	ended = true
	s.nextSave()
}

// nextSave goes on with what was asked for meanwhile. A save that is refused
// ends at once, and must not keep the rest waiting. A change of the file that
// was told during a save is looked at when none runs any more.
func (s *state) nextSave() {
	for len(s.saver.queue) > 0 && !s.fileBusy() {
		next := s.saver.queue[0]
		s.saver.queue = s.saver.queue[1:]
		s.startSave(next)
	}
	s.tellQuiet()
	if !s.fileBusy() && s.outside.again {
		s.outside.again = false
		s.diskChanged()
	}
}

func (s *state) saveSucceeded(job *saveJob, snap *snapshot, out written) {
	s.h.stats.saves.Add(1)
	s.saver.auto.succeeded()
	former := s.path
	s.path, s.file, s.form, s.baseline, s.owed = out.base.Path, out.stat.ID, out.form, out.base, nil
	s.cut = nil
	s.covered, s.decided = snap.edits, ""
	s.rev++
	s.saved = &Saved{SHA256: out.hash, Time: out.stat.Modified}
	s.lastError = nil
	s.infoDue = true
	s.fileAgrees()
	s.shareSaved()
	result := SaveResult{Path: s.path, Rev: s.rev, SHA256: out.hash, Time: out.stat.Modified, Written: out.wrote, Links: out.links, Notes: out.notes}
	if former != s.path {
		s.pathChanged(former, job.req.By.Name)
	}
	s.tell("saved", map[string]any{"rev": s.rev, "sha256": out.hash, "time": out.stat.Modified.UTC(), "path": s.path})
	s.finishSave(job, result, nil)
}

// saveFailed says why, and tries again later where that can help.
func (s *state) saveFailed(job *saveJob, err error) {
	s.h.stats.saveFailures.Add(1)
	now := time.Now()
	s.saver.auto.failed(now)
	code, detail := CodeOf(err), DetailOf(err)
	if job.move == nil {
		switch code {
		case CodeMissing:
			s.setMissing()
		case CodePermission:
			s.setStatus(StateReadOnly, code, detail)
		default:
			s.degrade(err)
		}
		s.lastError = map[string]any{"code": string(code), "detail": detail, "time": now.UTC().Format(time.RFC3339)}
		s.setHub("error", s.lastError)
	}
	s.r.log.Warn("save failed", "path", s.path, "error", err)
	s.tell("save_failed", map[string]any{"code": string(code), "detail": detail, "path": orNull(s.path)})
	s.finishSave(job, SaveResult{}, err)
}

// tellQuiet says that nothing is under way to those who wait for that.
func (s *state) tellQuiet() {
	if s.fileBusy() {
		return
	}
	for _, quiet := range s.saver.quiet {
		close(quiet)
	}
	s.saver.quiet = nil
}

// whenQuiet returns what is closed when nothing is under way any more, nil when
// nothing is.
func (s *state) whenQuiet() <-chan struct{} {
	if !s.fileBusy() {
		return nil
	}
	quiet := make(chan struct{})
	s.saver.quiet = append(s.saver.quiet, quiet)
	return quiet
}

// finishSave answers who asked. What the answer is about can be looked up then.
func (s *state) finishSave(job *saveJob, result SaveResult, err error) {
	s.publishDue()
	if job.done != nil {
		job.done(s, result, err)
	}
}

// save runs a job and waits for its end.
func (r *room) save(ctx context.Context, job *saveJob) (SaveResult, error) {
	type outcome struct {
		result SaveResult
		err    error
	}
	ended := make(chan outcome, 1)
	job.explicit = true
	job.done = func(_ *state, result SaveResult, err error) { ended <- outcome{result, err} }
	if err := r.do(ctx, func(s *state) { s.startSave(job) }); err != nil {
		return SaveResult{}, err
	}
	select {
	case o := <-ended:
		return o.result, o.err
	case <-ctx.Done():
		return SaveResult{}, ctx.Err()
	case <-r.done:
		return SaveResult{}, r.goneError()
	}
}
