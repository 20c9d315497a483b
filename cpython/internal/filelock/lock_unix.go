//go:build unix && !aix && !solaris

package filelock

import (
	"errors"
	"fmt"
	"os"
	"syscall"
)

// try takes the lock of an open file, or returns errLocked at once. The lock
// belongs to this opening of the file (flock(2)), so that it keeps out other
// goroutines as well as other processes.
func try(f *os.File) error {
	for {
		err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		switch {
		case err == nil:
			return nil
		case errors.Is(err, syscall.EINTR):
			continue
		case errors.Is(err, syscall.EWOULDBLOCK):
			return errLocked
		}
		// ENOLCK, ENOTSUP, ENOSYS; EBADF for a read-only opening on NFS.
		return fmt.Errorf("%w: %w", ErrUnsupported, &os.PathError{Op: "flock", Path: f.Name(), Err: err})
	}
}

// unlock does nothing: closing the file releases its lock.
func unlock(*os.File) {}
