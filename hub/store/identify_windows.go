package store

import (
	"os"
	"syscall"
)

// Identify is the identity of the file or folder at path, links followed.
func Identify(path string) (FileID, error) {
	f, err := os.Open(path)
	if err != nil {
		return FileID{}, wrap("identify file", err)
	}
	defer f.Close()
	return IdentifyFile(f)
}

// IdentifyFile is the identity of an open file.
func IdentifyFile(f *os.File) (FileID, error) {
	var info syscall.ByHandleFileInformation
	if err := syscall.GetFileInformationByHandle(syscall.Handle(f.Fd()), &info); err != nil {
		return FileID{}, wrap("identify file", err)
	}
	ino := uint64(info.FileIndexHigh)<<32 | uint64(info.FileIndexLow)
	return FileID{Dev: uint64(info.VolumeSerialNumber), Ino: ino}, nil
}
