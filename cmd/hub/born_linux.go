package main

import "golang.org/x/sys/unix"

// born is when a file was made, in Unix nanoseconds; 0 where its file system does
// not know.
func born(path string) int64 {
	var info unix.Statx_t
	err := unix.Statx(unix.AT_FDCWD, path, unix.AT_STATX_SYNC_AS_STAT, unix.STATX_BTIME, &info)
	if err != nil || info.Mask&unix.STATX_BTIME == 0 {
		return 0
	}
	return info.Btime.Sec*1e9 + int64(info.Btime.Nsec)
}
