//go:build unix

package hub_test

import (
	"syscall"
	"testing"

	"github.com/notebookhub/hub/hub"
)

// makePipe puts a named pipe into the folder, and returns what opening it says:
// it must neither work nor hang.
func makePipe(t *testing.T, path string) hub.Code {
	t.Helper()
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	return hub.CodeNotAFile
}
