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

	"github.com/2-coatl/cpython-prebuilt/cpython/internal/filelock"
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

// lock waits for the entry's lock. It calls waiting once if it has to wait. The
// error is that of ctx, a *cacheError, or wraps filelock.ErrUnsupported.
func (e entry) lock(ctx context.Context, waiting func()) (unlock func(), err error) {
	unlock, err = filelock.Acquire(ctx, e.path()+lockSuffix, waiting)
	if err != nil && ctx.Err() == nil && !errors.Is(err, filelock.ErrUnsupported) {
		err = &cacheError{e.dir, err}
	}
	return unlock, err
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
		// Who begins right after the lock was seen free writes a part file of another name.
		if owner := (entry{e.dir, digest}); owner == e || filelock.Free(owner.path()+lockSuffix) {
			if os.Remove(name) == nil {
				removed = append(removed, name)
			}
		}
	}
	return removed
}
