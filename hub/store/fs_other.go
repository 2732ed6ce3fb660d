//go:build !linux

package store

import "os"

// syncData makes the file durable; on darwin the runtime asks the drive as well.
func syncData(f *os.File) error { return f.Sync() }
