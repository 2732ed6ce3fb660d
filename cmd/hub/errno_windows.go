package main

import (
	"errors"
	"syscall"
)

const wsaAddressInUse = syscall.Errno(10048)

func addressInUse(err error) bool { return errors.Is(err, wsaAddressInUse) }
