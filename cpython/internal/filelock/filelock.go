// Package filelock locks files between the processes of one host, and between
// the goroutines of one process.
//
// [Acquire] waits for the exclusive lock of a file. The operating system gives
// a lock back when its holder dies, so nothing has to be cleaned up; the file
// itself stays, empty, since removing a lock file is a race.
package filelock

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"time"
)

// ErrUnsupported says that the file system, or the operating system, has no locks.
var ErrUnsupported = errors.New("locks are not supported here")

var errLocked = errors.New("locked by another")

// Acquire waits for the lock of the file name, which is made, with its folder,
// when it is not there, and returns what gives it back. If it has to wait it
// calls waiting once; nil is not called. The error is that of ctx, that of
// opening the file, or wraps ErrUnsupported.
func Acquire(ctx context.Context, name string, waiting func()) (release func(), err error) {
	f, err := open(name)
	if err != nil {
		return nil, err
	}
	const longest = 200 * time.Millisecond
	for pause := 5 * time.Millisecond; ; pause = min(2*pause, longest) {
		err := try(f)
		if err == nil {
			return func() { unlock(f); f.Close() }, nil
		}
		if errors.Is(err, errLocked) {
			if waiting != nil {
				waiting()
				waiting = nil
			}
			err = sleep(ctx, pause) // polled: a call that waits for a lock cannot be cancelled
		}
		if err != nil {
			f.Close()
			return nil, err
		}
	}
}

// Free reports whether nobody holds the lock of the file name right now.
func Free(name string) bool {
	f, err := open(name)
	if err != nil {
		return false
	}
	defer f.Close()
	if try(f) != nil {
		return false
	}
	unlock(f)
	return true
}

// open opens a lock file, which may be another user's.
func open(name string) (*os.File, error) {
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		return nil, err
	}
	f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE, 0o666)
	if errors.Is(err, os.ErrPermission) {
		if f, readErr := os.Open(name); readErr == nil {
			return f, nil
		}
	}
	return f, err
}

func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}
