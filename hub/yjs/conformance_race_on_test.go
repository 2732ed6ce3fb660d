//go:build race

package yjs_test

// Under the race detector everything takes several times as long, and what it looks for does not hide in the last
// mutant: a part of them, and of the clocks, is enough. Without it all are tried.
const (
	mutantCount = 4_000
	stride      = 5 // of the clocks at which fixtures are cut
)
