package watch

import "syscall"

// mntLocal is MNT_LOCAL of sys/mount.h: the file system is stored locally.
const mntLocal = 0x1000

// isRemote says that a folder lies on a file system of another machine.
func isRemote(dir string) bool {
	var fs syscall.Statfs_t
	return syscall.Statfs(dir, &fs) != nil || fs.Flags&mntLocal == 0
}
