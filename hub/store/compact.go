package store

import (
	"bytes"
	"context"
	"fmt"
	"path/filepath"
	"slices"
)

// Compact replaces what the journal holds up to and including update number
// through by a snapshot. The state must contain all updates up to through and
// everything that OpenLog recovered; through is what the last Append before the
// encoding of state returned, 0 when nothing was appended before. Appends go on meanwhile, and
// what is later than through stays in the journal.
//
// The snapshot is written, read again, compared, handed to verify (when given),
// and only then takes its name; the older files go after that. When any step
// fails they stay, and the log goes on as before. One compaction runs at a time.
func (l *Log) Compact(ctx context.Context, through uint64, state []byte, verify func([]byte) error) error {
	release, err := l.hold(ctx, l.compact)
	if err != nil {
		return wrap("compact", err)
	}
	defer release()
	gen, err := l.beginCompaction(through)
	if err != nil {
		return wrap("compact", err)
	}
	if err := l.repair(); err != nil {
		return wrap("compact", err)
	}
	if err := makeDir(l.store.disk, l.dir); err != nil {
		return wrap("compact", err)
	}
	parts := seal(kindSnapshot, l.id, state)
	path := filepath.Join(l.dir, snapshotName(gen))
	check := func(tmp string) error { return l.checkSnapshot(ctx, tmp, state, verify) }
	if err := replaceFile(l.store.disk, path, check, parts...); err != nil {
		return wrap("compact", err)
	}
	old := l.adoptSnapshot(segment{gen: gen, size: partsSize(parts)})
	return wrap("compact", l.dropCovered(through, old))
}

// beginCompaction asks the flusher for a new journal file and chooses the
// snapshot's generation.
func (l *Log) beginCompaction(through uint64) (gen uint64, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if through > l.appended {
		return 0, fmt.Errorf("state through update %d of %d", through, l.appended)
	}
	l.rotate = true
	gen = l.snapshot.gen + 1
	if n := len(l.segments); n > 0 {
		gen = max(gen, l.segments[n-1].gen)
	}
	return gen, nil
}

// checkSnapshot reads back what was written.
func (l *Log) checkSnapshot(ctx context.Context, path string, state []byte, verify func([]byte) error) error {
	data, holes, err := readFile(l.store.disk, path)
	if err != nil {
		return err
	}
	parts, err := unseal(data, kindSnapshot, l.id)
	if err == nil && (holes || len(parts) != 1 || !bytes.Equal(parts[0], state)) {
		err = fmt.Errorf("%w: snapshot differs from what was written", ErrDamaged)
	}
	if err != nil {
		return err
	}
	if verify != nil {
		if err := verify(parts[0]); err != nil {
			return fmt.Errorf("verify snapshot: %w", err)
		}
	}
	return context.Cause(ctx)
}

func partsSize(parts [][]byte) (n int64) {
	for _, p := range parts {
		n += int64(len(p))
	}
	return n
}

// adoptSnapshot makes a durable snapshot the present one and returns the
// generations of the former.
func (l *Log) adoptSnapshot(snapshot segment) (former []uint64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	former, l.stored = l.stored, append(slices.Clone(l.stored), snapshot.gen)
	l.snapshot = snapshot
	return former
}

// dropSnapshots removes replaced snapshots.
func (l *Log) dropSnapshots(former []uint64) error {
	for _, gen := range former {
		if err := l.remove(snapshotName(gen)); err != nil {
			return err
		}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.stored = []uint64{l.snapshot.gen}
	return nil
}

// dropCovered removes the former snapshot and the journal files that the new one
// covers. A closed file that also holds later updates is replaced by those.
func (l *Log) dropCovered(through uint64, former []uint64) error {
	closed, err := l.closedSegments()
	if err != nil {
		return err
	}
	for _, seg := range closed {
		if seg.last > through {
			err = l.trim(seg, through)
		} else if err = l.remove(journalName(seg.gen)); err == nil {
			l.forget(seg.gen)
		}
		if err != nil {
			return err
		}
	}
	if err := l.dropSnapshots(former); err != nil {
		return err
	}
	return wrap("sync folder", l.store.disk.SyncDir(l.dir))
}

// closedSegments are the journal files that will not be written to again. An idle
// flusher cannot rotate, so its file is closed here.
func (l *Log) closedSegments() ([]segment, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	n := len(l.segments)
	var err error
	switch {
	case !l.rotate: // the flusher has begun a new file
		n--
	case l.flushing:
		n-- // it will: the active file may be in use
	default:
		err = l.journal.close()
	}
	if n <= 0 {
		return nil, err
	}
	return slices.Clone(l.segments[:n]), err
}

// remove removes a file of the log; one that is gone is fine.
func (l *Log) remove(name string) error {
	if err := l.store.disk.Remove(filepath.Join(l.dir, name)); err != nil && !missing(err) {
		return wrap("remove old log", err)
	}
	return nil
}

// forget drops a segment from the books.
func (l *Log) forget(gen uint64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for i, seg := range l.segments {
		if seg.gen == gen {
			l.segments = append(l.segments[:i:i], l.segments[i+1:]...)
			return
		}
	}
}

// trim replaces a closed journal file by its records later than through.
func (l *Log) trim(seg segment, through uint64) error {
	path := filepath.Join(l.dir, journalName(seg.gen))
	data, holes, err := readFile(l.store.disk, path)
	if err != nil {
		return err
	}
	found := scanJournal(data, l.id, seg.gen)
	skip := seg.before + int(through+1-seg.first)
	if holes || found.damaged || len(found.updates) != seg.before+int(seg.last+1-seg.first) {
		return fmt.Errorf("%w: journal %d is not what was written: it stays", ErrDamaged, seg.gen)
	}
	tail := encodeJournal(l.id, seg.gen, found.updates[skip:])
	if err := replaceFile(l.store.disk, path, nil, tail); err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	for i := range l.segments {
		if s := &l.segments[i]; s.gen == seg.gen {
			s.size, s.before, s.first = int64(len(tail)), 0, through+1
		}
	}
	return nil
}
