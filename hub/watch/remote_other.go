//go:build !linux && !darwin

package watch

import "strings"

// isRemote says that a folder is named as one of another machine.
func isRemote(dir string) bool { return strings.HasPrefix(dir, `\\`) }
