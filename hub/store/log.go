package store

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/google/uuid"
)

// Log is one room's durable bytes: its journal, snapshots and baselines. Made by
// [Store.OpenLog], ended by Close (the store's Close does it too). Safe for
// concurrent use.
type Log struct {
	// Static after construction.
	store   *Store
	id      uuid.UUID
	dir     string
	durable func(seq uint64, err error)
	closing chan struct{} // closed by Close
	kick    chan struct{} // capacity 1: try again now
	compact chan struct{} // capacity 1: held by the compaction under way
	bases   chan struct{} // capacity 1: held by whoever replaces baselines

	flushers sync.WaitGroup // the flusher, while there is one

	owed bool // a promotion failed; owned by whoever holds bases

	// Owned by the flusher; by whoever holds mu while flushing is false.
	journal journal

	mu       sync.Mutex // guards what follows; never held over I/O
	queue    [][]byte   // updates synced+1 to appended
	appended uint64     // the last sequence number given out
	synced   uint64     // the last one on the disk
	attempts uint64     // finished writes, failed ones included
	failure  error      // of the last attempt
	finished chan struct{}
	flushing bool
	rotate   bool // the next record begins a new journal file
	closed   bool
	segments []segment    // journal files, oldest first
	snapshot segment      // the present snapshot; its generation is never used again
	stored   []uint64     // generations of the snapshots in the folder
	broken   []brokenFile // what is still to be set aside
}

// segment is a file of the log. The sequence numbers of this life's records in it
// are first to last; records of former lives lie before them.
type segment struct {
	gen         uint64
	size        int64
	before      int // records of former lives
	first, last uint64
}

// Append queues an update and returns its sequence number, which begins at 1
// anew with every OpenLog. It never waits for the disk: when the update is
// durable, durable(seq, nil) is called with a number at least as large. The
// update must not be changed afterwards, empty ones are refused.
func (l *Log) Append(update []byte) (seq uint64, err error) {
	if len(update) == 0 || len(update) > maxRecord {
		return 0, fmt.Errorf("append: update of %d bytes: not allowed", len(update))
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return 0, wrap("append", ErrClosed)
	}
	l.appended++
	l.queue = append(l.queue, update)
	if !l.flushing {
		l.flushing = true
		l.flushers.Go(l.flush)
	}
	return l.appended, nil
}

// Sync waits until everything appended so far is on the disk. While the disk
// fails it asks for an attempt at once and returns that attempt's error; the
// updates stay queued.
func (l *Log) Sync(ctx context.Context) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	target, seen := l.appended, l.attempts
	for l.synced < target {
		if l.attempts > seen && l.failure != nil {
			return wrap("sync log", l.failure)
		}
		if l.closed && !l.flushing {
			return wrap("sync log", ErrClosed)
		}
		if err := l.awaitLocked(ctx); err != nil {
			return wrap("sync log", err)
		}
	}
	return nil
}

// awaitLocked waits for the end of an attempt to write, hurrying it on. mu must be
// held; it is let go meanwhile.
func (l *Log) awaitLocked(ctx context.Context) error {
	finished := l.finished
	l.mu.Unlock()
	defer l.mu.Lock()
	select {
	case l.kick <- struct{}{}:
	default:
	}
	select {
	case <-finished:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// Size is how many bytes the journal files and the snapshot take on the disk.
func (l *Log) Size() (journal, snapshot int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, s := range l.segments {
		journal += s.size
	}
	return journal, l.snapshot.size
}

// Backlog is how many updates wait for the disk, and why the last attempt to write
// failed, nil when it did not.
func (l *Log) Backlog() (updates int, failure error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.queue), l.failure
}

// Close makes a last attempt to write what is queued, waits for the flusher and
// for a compaction under way, and gives the room's log up. Its error says how many
// updates are not on the disk; those are lost, so a caller that can wait calls
// Sync first. A second Close does nothing.
func (l *Log) Close() error {
	l.mu.Lock()
	if l.closed {
		l.mu.Unlock()
		l.flushers.Wait()
		return nil
	}
	l.closed = true
	close(l.closing)
	l.mu.Unlock()
	l.flushers.Wait()
	l.compact <- struct{}{}
	l.bases <- struct{}{}
	defer l.store.unreserve(l.id)
	l.mu.Lock()
	defer l.mu.Unlock()
	var failed []error
	if len(l.queue) > 0 {
		failed = append(failed, fmt.Errorf("%d updates are not on the disk: %w", len(l.queue), l.failure))
	}
	failed = append(failed, l.journal.close())
	return wrap("close log", errors.Join(failed...))
}

// hold takes a one-slot channel; the result gives it back. A closed log is never
// held again.
func (l *Log) hold(ctx context.Context, slot chan struct{}) (release func(), err error) {
	select {
	case slot <- struct{}{}:
	case <-l.closing:
		return nil, ErrClosed
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
	select {
	case <-l.closing:
		<-slot
		return nil, ErrClosed
	default:
		return func() { <-slot }, nil
	}
}
