//go:build unix

package main

import (
	"io/fs"
	"os"
	"syscall"
)

// ownedByUs tells whether a folder is ours and closed to others.
func ownedByUs(info fs.FileInfo) bool {
	s, ok := info.Sys().(*syscall.Stat_t)
	return ok && int(s.Uid) == os.Getuid() && info.Mode().Perm()&0o077 == 0
}
