//go:build unix

package store

import "syscall"

// fullErrnos are what a full disk or an exhausted quota is called here.
var fullErrnos = [...]syscall.Errno{syscall.ENOSPC, syscall.EDQUOT}
