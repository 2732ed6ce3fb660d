//go:build unix

package store

import (
	"fmt"
	"os"
	"syscall"
)

// Identify is the identity of the file or folder at path, links followed.
func Identify(path string) (FileID, error) {
	info, err := os.Stat(path)
	return identityOf(info, err)
}

// IdentifyFile is the identity of an open file.
func IdentifyFile(f *os.File) (FileID, error) {
	info, err := f.Stat()
	return identityOf(info, err)
}

func identityOf(info os.FileInfo, err error) (FileID, error) {
	if err != nil {
		return FileID{}, wrap("identify file", err)
	}
	st, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return FileID{}, fmt.Errorf("identify file: no inode for %s", info.Name())
	}
	return FileID{Dev: uint64(st.Dev), Ino: uint64(st.Ino)}, nil
}
