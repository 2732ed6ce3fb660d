//go:build !race

package yjs_test

// How much is tried without the race detector.
const (
	mutantCount = 20_000
	stride      = 1 // of the clocks at which fixtures are cut
)
