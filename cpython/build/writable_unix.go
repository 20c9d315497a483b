//go:build unix

package build

import "golang.org/x/sys/unix"

// writable returns why nothing can be made in the folder, or nil.
func writable(dir string) error { return unix.Access(dir, unix.W_OK|unix.X_OK) }
