package main

import "io/fs"

// ownedByUs trusts the user's own temporary folder, which Windows guards.
func ownedByUs(fs.FileInfo) bool { return true }
