//go:build !race

package notebook

const (
	thorough   = true     // every cell of every notebook is tried
	sampleFrom = 64 << 10 // bytes from which a notebook is read back only now and then
)
