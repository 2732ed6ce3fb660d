package store

import "syscall"

// fullErrnos are what a full disk is called here: Windows' ERROR_DISK_FULL and
// ERROR_HANDLE_DISK_FULL, and the portable number that tests inject.
var fullErrnos = [...]syscall.Errno{112, 39, syscall.ENOSPC}
