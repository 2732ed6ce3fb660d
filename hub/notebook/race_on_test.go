//go:build race

package notebook

// Under the race detector code is ten times slower, and single goroutines give
// it nothing to find: tests then try a sample of the cells of larger notebooks,
// fewer random edits and smaller hostile files.
const (
	thorough   = false
	sampleFrom = 8 << 10
)
