package store

import (
	"errors"
	"log/slog"
	"path/filepath"
	"sync"
	"time"

	"github.com/google/uuid"
)

// Options are the store's settings; the zero value of each field is its default.
type Options struct {
	// URL is what the lock file names at first; see Announce.
	URL string
	// Logger gets what was repaired or set aside while no caller was there to be
	// told. None: nothing is logged.
	Logger *slog.Logger
	// FS is the disk below the state directory, [OS] by default. Lock and index
	// are always on the real disk.
	FS FS
	// Now is the clock, time.Now by default.
	Now func() time.Time
	// RetryMin and RetryMax bound the pause before a failed journal write is
	// repeated, 50 ms and 5 s by default. It doubles in between.
	RetryMin, RetryMax time.Duration
	// VersionCount, VersionAge and VersionBytes bound the former versions kept for
	// one room: 200, 180 days and 256 MiB of files by default. The youngest
	// always stays.
	VersionCount int
	VersionAge   time.Duration
	VersionBytes int64
}

// Store is the owner of one state directory. Made by [Open], ended by Close.
type Store struct {
	// Static after construction.
	dir    string
	disk   FS
	opts   Options
	logger *slog.Logger
	lock   *lock
	index  *index

	stripes [64]sync.Mutex // serialise the writers of one room's record and versions
	blobMu  sync.Mutex     // a blob is renewed or swept, never both at once

	mu        sync.Mutex // guards what follows; map work only
	logs      map[uuid.UUID]*Log
	lastStamp int64
	closed    bool
}

// Open takes possession of a state directory, which is made when absent. It fails
// with a [*LockedError] while another process has it, and otherwise only when the
// directory cannot be used at all: damage is repaired or set aside.
func Open(dir string, o Options) (*Store, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, wrap("open store", err)
	}
	o.setDefaults()
	if err := makeDir(OS{}, dir); err != nil {
		return nil, wrap("open store", err)
	}
	l, err := acquire(filepath.Join(dir, "lock"), o.URL)
	if err != nil {
		return nil, wrap("open store", err)
	}
	s := &Store{dir: dir, disk: o.FS, opts: o, logger: o.Logger, lock: l, logs: map[uuid.UUID]*Log{}}
	s.index = &index{
		dir: dir, logger: o.Logger, records: s.records, seen: s.seenStamp,
		name: func(base string) (string, error) { return asideName(OS{}, dir, base) },
	}
	if err := s.index.open(); err != nil {
		return nil, errors.Join(wrap("open store", err), l.release())
	}
	s.trashShelf().tidy()
	return s, nil
}

func (o *Options) setDefaults() {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.FS == nil {
		o.FS = OS{}
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	orDefault(&o.RetryMin, 50*time.Millisecond)
	orDefault(&o.RetryMax, 5*time.Second)
	orDefault(&o.VersionCount, 200)
	orDefault(&o.VersionAge, 180*24*time.Hour)
	orDefault(&o.VersionBytes, 256<<20)
}

// orDefault fills in a setting that was left at its zero value.
func orDefault[T comparable](setting *T, value T) {
	var zero T
	if *setting == zero {
		*setting = value
	}
}

// Dir is the state directory, absolute.
func (s *Store) Dir() string { return s.dir }

// Announce makes the lock file name the URL at which this hub answers.
func (s *Store) Announce(url string) error { return s.lock.announce(url) }

// Close closes every open log, makes the index durable and gives the state
// directory up. Its error says what could not be made durable. A second Close
// does nothing.
func (s *Store) Close() error {
	s.mu.Lock()
	logs := make([]*Log, 0, len(s.logs))
	for _, l := range s.logs {
		if l != nil {
			logs = append(logs, l)
		}
	}
	was := s.closed
	s.closed = true
	s.mu.Unlock()
	if was {
		return nil
	}
	var failed []error
	for _, l := range logs {
		failed = append(failed, l.Close())
	}
	failed = append(failed, s.index.close(), s.lock.release())
	return wrap("close store", errors.Join(failed...))
}

// reserve marks the room's log as open; l is nil while it is being opened or
// forgotten.
func (s *Store) reserve(id uuid.UUID, l *Log) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return ErrClosed
	}
	if _, open := s.logs[id]; open {
		return ErrBusy
	}
	s.logs[id] = l
	return nil
}

func (s *Store) unreserve(id uuid.UUID) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.logs, id)
}

// stripe locks out other writers of the same room's record and versions; the
// result unlocks.
func (s *Store) stripe(id uuid.UUID) func() {
	mu := &s.stripes[int(id[15])%len(s.stripes)]
	mu.Lock()
	return mu.Unlock
}

// stamp is the present time, but later than every stamp before.
func (s *Store) stamp() int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lastStamp = max(s.lastStamp+1, s.opts.Now().UnixNano())
	return s.lastStamp
}

// seenStamp keeps later stamps later although the clock was set back.
func (s *Store) seenStamp(stamp int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lastStamp = max(s.lastStamp, stamp)
}
