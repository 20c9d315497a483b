//go:build linux || darwin

package devcontainer

import "golang.org/x/sys/unix"

// freeDisk returns the bytes that this user can still write where path lies.
func freeDisk(path string) (int64, error) {
	var fs unix.Statfs_t
	if err := unix.Statfs(path, &fs); err != nil {
		return 0, err
	}
	return int64(fs.Bavail) * int64(fs.Bsize), nil
}

// portTaken knows errors that only Windows has.
func portTaken(error) bool { return false }
