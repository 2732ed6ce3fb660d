package store

// FileID names a file by what it is, not by how it is called: the device and the
// inode (on Windows the volume and the file index). The zero FileID is none.
// Devices may be renumbered by a restart of the machine, so it is a hint.
type FileID struct {
	Dev uint64 `json:"dev"`
	Ino uint64 `json:"ino"`
}

// Zero says that there is no identity.
func (f FileID) Zero() bool { return f == FileID{} }
