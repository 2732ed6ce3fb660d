package hub

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"

	"github.com/google/uuid"

	"github.com/notebookhub/hub/hub/store"
)

// Hub is the registry of rooms: which notebook is open, under which id, at
// which path, for how long. All methods may be called concurrently.
type Hub struct {
	// Static after New.
	files     Files
	store     *store.Store
	options   Options
	log       *slog.Logger
	ctx       context.Context // ends with Close
	cancel    context.CancelFunc
	wg        sync.WaitGroup // rooms, the reaper, operations that outlive their caller
	stats     counters
	blobs     blobs
	searching chan struct{} // capacity 1: full while the root is walked for files that moved

	mu      sync.Mutex
	rooms   map[uuid.UUID]*room // guarded by mu, as is all below
	index   pathIndex
	events  eventRing
	runs    results
	next    *search // what the next walk looks for, nil for nothing
	closing bool
}

// counters are only ever added to.
type counters struct {
	opened, evicted, evictionsKept         atomic.Uint64
	edits, deliveries, merged, resyncs     atomic.Uint64
	slowClosed, invalidClosed              atomic.Uint64
	saves, saveFailures, merges, conflicts atomic.Uint64
	journaled, journalFailures, panics     atomic.Uint64
	executions, kernels, kernelDeaths      atomic.Uint64
	kernelsRunning                         atomic.Int64
	peers, watchers                        atomic.Int64
}

// New returns a hub that serves o.Files. Rooms that an earlier hub left open
// when it died are opened again in the background, so that their files get the
// edits that only the journal has. Close must be called.
func New(ctx context.Context, o Options) (*Hub, error) {
	if o.Files == nil || o.Store == nil {
		return nil, errors.New("new hub: Files and Store are required")
	}
	o = o.withDefaults()
	ctx, cancel := context.WithCancel(ctx)
	h := &Hub{
		files: o.Files, store: o.Store, options: o, log: o.Logger, ctx: ctx, cancel: cancel,
		blobs: blobs{o.Store, o.Logger},
		rooms: make(map[uuid.UUID]*room), index: newPathIndex(), runs: newResults(),
		searching: make(chan struct{}, 1),
	}
	h.goWait(h.reap)
	h.goWait(h.recoverInterrupted)
	h.goWait(h.sweepBlobs)
	return h, nil
}

// goWait starts a goroutine that Close waits for.
func (h *Hub) goWait(f func()) { h.wg.Go(f) }

// Ready reports whether the hub can serve: it is open, its store works, and so
// does the journal of every open room. Without one no edit can be promised.
func (h *Hub) Ready(context.Context) error {
	if h.isClosing() {
		return errClosing()
	}
	if err := h.store.Check(); err != nil {
		return storeError(err)
	}
	for _, r := range h.openRooms() {
		if failure := r.news.failure.Load(); failure != nil {
			return storeError(*failure)
		}
	}
	return nil
}

func (h *Hub) isClosing() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.closing
}

// Stats returns counters and gauges.
func (h *Hub) Stats() Stats {
	c := &h.stats
	s := Stats{
		Peers: int(c.peers.Load()), Watchers: int(c.watchers.Load()),
		Opened: c.opened.Load(), Evicted: c.evicted.Load(), EvictionsKept: c.evictionsKept.Load(),
		Edits: c.edits.Load(), Deliveries: c.deliveries.Load(), Merged: c.merged.Load(), Resyncs: c.resyncs.Load(),
		SlowClosed: c.slowClosed.Load(), InvalidClosed: c.invalidClosed.Load(),
		Saves: c.saves.Load(), SaveFailures: c.saveFailures.Load(), Merges: c.merges.Load(), Conflicts: c.conflicts.Load(),
		Journaled: c.journaled.Load(), JournalFailures: c.journalFailures.Load(), Panics: c.panics.Load(),
		Executions: c.executions.Load(), KernelsStarted: c.kernels.Load(), KernelsDied: c.kernelDeaths.Load(),
		KernelsRunning: int(c.kernelsRunning.Load()),
	}
	h.mu.Lock()
	s.Rooms, s.Claims = len(h.rooms), h.index.size()
	s.ExecutionsQueued = h.runs.unfinished()
	h.mu.Unlock()
	return s
}

func errClosing() error {
	return fail(CodeClosing, nil, "the hub is going down; try again when it is back")
}

// storeError codes a failure of the store.
func storeError(err error) error {
	var coded *Error
	switch {
	case err == nil:
		return nil
	case errors.As(err, &coded):
		return err
	case errors.Is(err, store.ErrFull):
		return fail(CodeDiskFull, err, "no space is left on the disk of the hub's journal")
	}
	return fail(CodeStorage, err, "the hub's journal failed")
}
