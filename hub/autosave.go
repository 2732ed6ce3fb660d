package hub

import "time"

// autosaver decides when a room's file is to be written: after a quiet time
// without changes, and at the latest a maximum after the first unsaved one.
// After a failure it waits, doubling from a second to a minute. It is pure
// arithmetic; the room owns it and asks it with the time in hand.
type autosaver struct {
	quiet, max  time.Duration
	first, last time.Time // of the changes since the last save began; zero: none
	retry       time.Time // not before, after a failure
	backoff     time.Duration
}

const (
	minBackoff = time.Second
	maxBackoff = time.Minute
)

// changed notes a change of what the file holds.
func (a *autosaver) changed(now time.Time) {
	if a.first.IsZero() {
		a.first = now
	}
	a.last = now
}

// due returns when to save, zero when there is nothing to.
func (a *autosaver) due() time.Time {
	if a.first.IsZero() {
		return time.Time{}
	}
	at := a.last.Add(a.quiet)
	if latest := a.first.Add(a.max); latest.Before(at) {
		at = latest
	}
	if at.Before(a.retry) {
		return a.retry
	}
	return at
}

// begun notes that a save of everything so far is on its way; changes from now
// on are new ones.
func (a *autosaver) begun() { a.first, a.last = time.Time{}, time.Time{} }

// succeeded forgets former failures.
func (a *autosaver) succeeded() { a.retry, a.backoff = time.Time{}, 0 }

// failed keeps the change due, but not at once.
func (a *autosaver) failed(now time.Time) {
	a.changed(now)
	a.backoff = min(max(2*a.backoff, minBackoff), maxBackoff)
	a.retry = now.Add(a.backoff)
}
