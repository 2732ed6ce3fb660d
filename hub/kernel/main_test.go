package kernel_test

import (
	"os"
	"testing"

	"github.com/notebookhub/hub/hub/kernel"
)

// TestMain lets the test's program be the shim, as the hub's own program is.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == "kernel-shim" {
		os.Exit(kernel.ShimMain(os.Args[2:]))
	}
	os.Exit(m.Run())
}
