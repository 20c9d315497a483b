package artifact

import (
	"os"

	"golang.org/x/sys/unix"
)

// syncTree writes everything below the folder dir to the disk: with its whole
// file system, which is one call instead of one for each file (syncfs(2)).
func syncTree(dir string) error {
	f, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer f.Close()
	if err := unix.Syncfs(int(f.Fd())); err != nil {
		return &os.PathError{Op: "syncfs", Path: dir, Err: err}
	}
	return nil
}
