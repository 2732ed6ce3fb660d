// Package watch says "this path changed", once per burst of changes.
//
// Editors replace files, so it is the parent folders that are watched, each once
// however many paths lie in it. A path may be absent, come and go, and so may its
// folder. What the callback learns is only that it is worth looking: who needs to
// know whether the bytes differ compares them.
//
// # Goroutines
//
// One goroutine does nothing but drain the system's events into a set of paths, so
// that the system's queue never fills because of us. One calls the callbacks, when
// a path has been quiet for [Options.Quiet], or [Options.MaxDelay] after the first
// change when it never is. One looks after what the system does not report: paths
// in folders that cannot be watched (absent, on a network, beyond the system's
// limit) and paths that are links are compared with their last state every
// [Options.Poll], and every [Options.Check] it makes sure that the watched folders
// are still the ones at their paths. All three sleep while nothing happens, but
// for that check, and end with Close, which waits for them.
//
// An overflow of the system's queue counts as a change of every path.
//
// Callbacks run one at a time on a goroutine of the Watcher: they hand the news on
// and return. They may call Watch and stop functions, but not Close.
package watch
