package fetch

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// What stands behind a digest in the names of the files in a cache folder. A
// whole file has the digest as its name.
const (
	lockSuffix = ".lock" // empty; it stays, since removing a lock file is a race
	partSuffix = ".part" // after a random text: what is being written
)

// An entry is the place of one file in a cache folder.
type entry struct{ dir, sha256 string }

func (e entry) path() string { return filepath.Join(e.dir, e.sha256) }

// newPart returns the path of a part file that nobody else has, even where
// there are no locks.
func (e entry) newPart() string { return e.path() + "." + rand.Text() + partSuffix }

// digest hashes the cached file. One of another size than wanted is an error;
// 0 wants none.
func (e entry) digest(ctx context.Context, size int64) (string, error) {
	info, err := os.Stat(e.path())
	if err != nil {
		return "", err
	}
	if !info.Mode().IsRegular() { // opening a pipe would wait for ever
		return "", errors.New("it is not a regular file")
	}
	if size > 0 && info.Size() != size {
		return "", fmt.Errorf("it has %d bytes, wanted %d", info.Size(), size)
	}
	f, err := os.Open(e.path())
	if err != nil {
		return "", err
	}
	defer f.Close()
	hash := sha256.New()
	if _, err := io.CopyBuffer(hash, until(ctx, f), make([]byte, 1<<20)); err != nil {
		return "", err
	}
	return hex.EncodeToString(hash.Sum(nil)), nil
}

// until ends the reading of r with ctx.
func until(ctx context.Context, r io.Reader) io.Reader {
	return readerFunc(func(p []byte) (int, error) {
		if err := ctx.Err(); err != nil {
			return 0, err
		}
		return r.Read(p)
	})
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

var (
	errLocked  = errors.New("locked by another")
	errNoLocks = errors.New("locks are not supported here")
)

// lock waits for the entry's lock, which the operating system releases when its
// holder is killed. It calls waiting once if it has to wait. The error is that
// of ctx, a *cacheError, or errNoLocks.
func (e entry) lock(ctx context.Context, waiting func()) (unlock func(), err error) {
	f, err := openLock(e.path() + lockSuffix)
	if err != nil {
		return nil, &cacheError{e.dir, err}
	}
	const longest = 200 * time.Millisecond
	for pause := 5 * time.Millisecond; ; pause = min(2*pause, longest) {
		err := tryLock(f)
		if err == nil {
			return func() { unlockFile(f); f.Close() }, nil
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

// openLock opens a lock file, which may be another user's.
func openLock(name string) (*os.File, error) {
	f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE, 0o666)
	if errors.Is(err, os.ErrPermission) {
		if f, readErr := os.Open(name); readErr == nil {
			return f, nil
		}
	}
	return f, err
}

// removeLeftovers removes the part files of killed processes: those of this
// entry, whose lock the caller holds, and those whose lock is free. It returns
// what it removed.
func (e entry) removeLeftovers() []string {
	files, err := os.ReadDir(e.dir)
	if err != nil {
		return nil // a folder may be writable and not readable; then they stay
	}
	var removed []string
	for _, file := range files {
		digest, rest, _ := strings.Cut(file.Name(), ".")
		if !digestPattern.MatchString(digest) || !strings.HasSuffix(rest, partSuffix) || !file.Type().IsRegular() {
			continue
		}
		name := filepath.Join(e.dir, file.Name())
		if owner := (entry{e.dir, digest}); owner == e || owner.free() {
			if os.Remove(name) == nil {
				removed = append(removed, name)
			}
		}
	}
	return removed
}

// free reports whether nobody fetches the entry. Who begins right afterwards
// writes a part file of another name.
func (e entry) free() bool {
	f, err := openLock(e.path() + lockSuffix)
	if err != nil {
		return false
	}
	defer f.Close()
	if tryLock(f) != nil {
		return false
	}
	unlockFile(f)
	return true
}
