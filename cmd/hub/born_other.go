//go:build !linux

package main

// born is not asked for here: device and inode have to do.
func born(string) int64 { return 0 }
