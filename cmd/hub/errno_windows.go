package main

import (
	"errors"
	"syscall"
)

// Errors of Windows' sockets, which package syscall does not name.
const (
	wsaAddressInUse      = syscall.Errno(10048)
	wsaConnectionRefused = syscall.Errno(10061)
)

func addressInUse(err error) bool { return errors.Is(err, wsaAddressInUse) }

func connectionRefused(err error) bool { return errors.Is(err, wsaConnectionRefused) }
