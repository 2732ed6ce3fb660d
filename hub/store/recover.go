package store

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/google/uuid"
)

// Recovered is what a room's folder held when its log was opened. The state is
// Snapshot with Updates applied in order; some may be contained already.
type Recovered struct {
	Snapshot []byte   // nil: none
	Updates  [][]byte // may alias each other's memory; not to be changed
	Baseline *Baseline
	Pending  *Baseline // what a save was about to write
	Merging  *Baseline // what a merge was about to bring in
	// Damaged says that something that may have been acknowledged is unreadable. It
	// was set aside below the room's damaged folder; Detail says what, for people.
	Damaged bool
	Detail  string
}

// Empty says that the folder held no history and no baseline.
func (r *Recovered) Empty() bool {
	return r.Snapshot == nil && len(r.Updates) == 0 && r.Baseline == nil && r.Pending == nil
}

// brokenFile is a damaged file that has not been set aside yet.
type brokenFile struct {
	name   string
	keep   []byte // what takes its place; nil: nothing
	litter bool   // never finished: it only goes
}

const (
	journalPrefix  = "journal-"
	snapshotPrefix = "snapshot-"
)

func journalName(gen uint64) string  { return fmt.Sprintf("%s%016x", journalPrefix, gen) }
func snapshotName(gen uint64) string { return fmt.Sprintf("%s%016x", snapshotPrefix, gen) }

// OpenLog opens a room's log and reads what its folder holds; a room that has
// none yet gets it with the first write. The callback, which may be nil, is told
// from the log's goroutine what is durable, and every failed attempt. Damage is no
// error; errors are ErrClosed, ErrBusy, and what a process runs out of (memory,
// descriptors), after which nothing has changed.
func (s *Store) OpenLog(id uuid.UUID, durable func(seq uint64, err error)) (*Log, Recovered, error) {
	l := &Log{
		store: s, id: id, dir: s.roomDir(id), durable: durable,
		closing: make(chan struct{}), kick: make(chan struct{}, 1),
		compact: make(chan struct{}, 1), bases: make(chan struct{}, 1),
		finished: make(chan struct{}),
	}
	if err := s.reserve(id, l); err != nil {
		return nil, Recovered{}, wrap("open log", err)
	}
	rec, err := l.recover()
	if err != nil {
		s.unreserve(id)
		return nil, Recovered{}, wrap("open log", err)
	}
	if err := l.repair(); err != nil {
		rec.Detail = join(rec.Detail, err.Error())
	}
	return l, rec, nil
}

// Reread reads what OpenLog would recover now, and what is queued besides, for
// a room that has to begin anew without giving its log up. Nothing may be
// appended meanwhile; a compaction under way is waited for.
func (l *Log) Reread(ctx context.Context) (Recovered, error) {
	for _, slot := range []chan struct{}{l.compact, l.bases} {
		release, err := l.hold(ctx, slot)
		if err != nil {
			return Recovered{}, wrap("read log again", err)
		}
		defer release()
	}
	l.mu.Lock()
	queued := slices.Clone(l.queue) // before the files: what leaves the queue meanwhile is in both
	l.mu.Unlock()
	fresh := &Log{store: l.store, id: l.id, dir: l.dir}
	rec, err := fresh.recover()
	if err != nil {
		return Recovered{}, wrap("read log again", err)
	}
	rec.Updates = append(rec.Updates, queued...)
	return rec, nil
}

// recover reads the folder. Nothing is written.
func (l *Log) recover() (rec Recovered, err error) {
	journals, snapshots, unfinished, err := l.files()
	if err != nil && transient(err) {
		return rec, err
	}
	if err != nil {
		rec.damage("folder", err)
		l.rotate = true
	}
	for _, name := range unfinished {
		l.broken = append(l.broken, brokenFile{name: name, litter: true})
	}
	if err := l.recoverSnapshot(snapshots, &rec); err != nil {
		return rec, err
	}
	for _, gen := range journals {
		if err := l.recoverJournal(gen, &rec); err != nil {
			return rec, err
		}
	}
	if rec.Baseline, err = l.recoverBaseline(baselineName, &rec); err != nil {
		return rec, err
	}
	if rec.Pending, err = l.recoverBaseline(pendingName, &rec); err != nil {
		return rec, err
	}
	rec.Merging, err = l.recoverBaseline(mergingName, &rec)
	return rec, err
}

// damage notes what is wrong with a part of the folder.
func (r *Recovered) damage(part string, err error) {
	r.Damaged = true
	r.Detail = join(r.Detail, part+": "+err.Error())
}

func join(a, b string) string {
	if a == "" {
		return b
	}
	return a + "; " + b
}

// files lists the generations of journals, oldest first, and of snapshots,
// youngest first, and what a crash left half-written.
func (l *Log) files() (journals, snapshots []uint64, unfinished []string, err error) {
	entries, err := readDir(l.store.disk, l.dir)
	for _, e := range entries {
		name := e.Name()
		if strings.HasSuffix(name, tmpExt) && name != recordName+tmpExt { // records are written by others too
			unfinished = append(unfinished, name)
		} else if gen, ok := generation(name, journalPrefix); ok {
			journals = append(journals, gen)
		} else if gen, ok := generation(name, snapshotPrefix); ok {
			snapshots = append(snapshots, gen)
		}
	}
	slices.Sort(journals)
	slices.Sort(snapshots)
	slices.Reverse(snapshots)
	return journals, snapshots, unfinished, err
}

// generation is the number in the name of a journal or snapshot.
func generation(name, prefix string) (uint64, bool) {
	digits, ok := strings.CutPrefix(name, prefix)
	if !ok || len(digits) != 16 {
		return 0, false
	}
	gen, err := strconv.ParseUint(digits, 16, 64)
	return gen, err == nil && gen != 0
}

// recoverSnapshot takes the youngest readable snapshot. An older one was already
// replaced, or is all there is.
func (l *Log) recoverSnapshot(gens []uint64, rec *Recovered) error {
	l.stored = gens
	for _, gen := range gens {
		name := snapshotName(gen)
		data, parts, err := l.readSealed(name, kindSnapshot, 1)
		if err != nil && transient(err) {
			return err
		}
		// A generation is never used twice, be its snapshot readable or not.
		l.snapshot.gen = max(l.snapshot.gen, gen)
		if err != nil {
			rec.damage(name, err)
			l.broken = append(l.broken, brokenFile{name: name})
			continue
		}
		rec.Snapshot = parts[0]
		l.snapshot.size = data
		return nil
	}
	return nil
}

// readSealed reads a sealed file of the folder and its size.
func (l *Log) readSealed(name string, kind byte, sections int) (size int64, parts [][]byte, err error) {
	data, _, err := readFile(l.store.disk, filepath.Join(l.dir, name))
	if err != nil {
		return 0, nil, err
	}
	parts, err = unseal(data, kind, l.id)
	if err == nil && len(parts) != sections {
		err = fmt.Errorf("%w: %d sections", ErrDamaged, len(parts))
	}
	return int64(len(data)), parts, err
}

// recoverJournal reads one journal file; the last one is appended to later,
// unless it is damaged.
func (l *Log) recoverJournal(gen uint64, rec *Recovered) error {
	name := journalName(gen)
	data, holes, err := readFile(l.store.disk, filepath.Join(l.dir, name))
	if err != nil && transient(err) {
		return err
	}
	found := scanJournal(data, l.id, gen)
	seg := segment{gen: gen, size: found.good, before: len(found.updates)}
	rec.Updates = append(rec.Updates, found.updates...)
	l.rotate = false
	if err == nil && (holes || found.damaged) {
		err = fmt.Errorf("%w: %d updates readable", ErrDamaged, len(found.updates))
	}
	if err != nil {
		rec.damage(name, err)
		keep := encodeJournal(l.id, gen, found.updates)
		seg.size = int64(len(keep))
		l.broken = append(l.broken, brokenFile{name: name, keep: keep})
		l.rotate = true
	}
	l.segments = append(l.segments, seg)
	return nil
}

// repair sets damaged files aside, keeping a copy of each before the readable
// rest takes its place. What fails is tried again before the next compaction,
// which would remove the damaged file.
func (l *Log) repair() error {
	l.mu.Lock()
	broken := l.broken
	l.broken = nil
	l.mu.Unlock()
	var failed []error
	for _, b := range broken {
		if b.litter {
			l.store.disk.Remove(filepath.Join(l.dir, b.name)) // best effort: it harms nobody
			continue
		}
		err := l.store.setAside(l.dir, b.name, b.keep == nil)
		if err != nil && !missing(err) && b.keep != nil {
			err = l.store.setAside(l.dir, b.name, true) // what cannot be copied is moved
		}
		if err == nil && b.keep != nil {
			err = replaceFile(l.store.disk, filepath.Join(l.dir, b.name), nil, b.keep)
		}
		if err != nil && !missing(err) {
			failed = append(failed, fmt.Errorf("set aside %s: %w", b.name, err))
			l.mu.Lock()
			l.broken = append(l.broken, b)
			l.mu.Unlock()
		}
	}
	return errors.Join(failed...)
}
