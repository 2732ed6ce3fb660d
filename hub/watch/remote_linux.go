package watch

import "syscall"

// isRemote says that a folder lies on a file system that others may change without
// our kernel knowing, by the magic numbers of statfs(2).
func isRemote(dir string) bool {
	var fs syscall.Statfs_t
	if err := syscall.Statfs(dir, &fs); err != nil {
		return true
	}
	switch uint32(fs.Type) {
	case 0x6969, // NFS
		0x517b, 0xff534d42, 0xfe534d42, // SMB, CIFS, SMB2
		0x01021997, // 9p: virtual machines, WSL's view of Windows
		0x65735546, // FUSE: sshfs and the like
		0x5346414f, // AFS
		0x00c36400, // Ceph
		0x786f4256, // VirtualBox shared folders
		0x0bd00bd0, // Lustre
		0x01161970, // GFS2
		0x7461636f: // OCFS2
		return true
	}
	return false
}
