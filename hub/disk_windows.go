package hub

import (
	"errors"
	"io/fs"
	"os"
	"syscall"
)

// Windows tells identity and links by handle only; without them the canonical
// path alone keeps rooms apart.
func fileID(fs.FileInfo) FileID             { return FileID{} }
func linkCount(fs.FileInfo) uint64          { return 1 }
func ownerOf(fs.FileInfo) int               { return -1 }
func keepOwner(*os.File, fs.FileInfo) error { return nil }

const (
	errorHandleDiskFull = syscall.Errno(39)
	errorDiskFull       = syscall.Errno(112)
)

func isDiskFull(err error) bool {
	return errors.Is(err, errorHandleDiskFull) || errors.Is(err, errorDiskFull)
}
