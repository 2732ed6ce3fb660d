//go:build unix

package store

import (
	"errors"
	"os"
	"syscall"
)

// syncDir makes a folder's entries durable. File systems that cannot sync folders
// say EINVAL; there renames are as durable as they get.
func syncDir(name string) error {
	d, err := os.Open(name)
	if err != nil {
		return err
	}
	defer d.Close()
	if err := d.Sync(); err != nil && !errors.Is(err, syscall.EINVAL) && !errors.Is(err, syscall.ENOTSUP) {
		return err
	}
	return nil
}
