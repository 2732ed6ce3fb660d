package hub

import "time"

const (
	sweepEvery = 24 * time.Hour
	sweepGrace = 24 * time.Hour // a blob may be older than the first note of it in a journal
)

// sweepBlobs removes large outputs that nothing in the store mentions any more:
// no journal, no snapshot, no version, no trash. It runs at the start and then
// once a day.
func (h *Hub) sweepBlobs() {
	next := time.NewTicker(sweepEvery)
	defer next.Stop()
	for {
		removed, err := h.store.SweepBlobs(h.ctx, sweepGrace, func(func(string)) error { return nil })
		switch {
		case h.ctx.Err() != nil:
			return
		case err != nil:
			h.log.Warn("large outputs not swept", "error", err)
		case removed > 0:
			h.log.Info("large outputs removed that nothing shows any more", "count", removed)
		}
		select {
		case <-next.C:
		case <-h.ctx.Done():
			return
		}
	}
}
