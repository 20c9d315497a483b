package build

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/2-coatl/cpython-prebuilt/cpython/internal/filelock"
)

// A Leftover is something that builds on this host keep for later ones, or that
// an interrupted one left behind.
type Leftover struct {
	Kind string // sources, logs, work or ccache
	Path string
	Size int64 // bytes

	lock string // held by a build that uses it; empty where there is none
}

// workPrefix begins the name of every work folder.
const workPrefix = "cpython-prebuilt-build-"

// Leftovers returns what is in a cache folder and in work folders; see the
// fields of [Builder]. Nothing is changed.
func Leftovers(ctx context.Context, cache string, work ...string) ([]Leftover, error) {
	candidates := []Leftover{
		{Kind: "sources", Path: filepath.Join(cache, "sources")},
		{Kind: "logs", Path: filepath.Join(cache, "logs")},
	}
	for _, dir := range work {
		candidates = append(candidates, Leftover{Kind: "ccache", Path: filepath.Join(dir, "ccache")})
	}
	for _, pattern := range append([]string{filepath.Join(cache, "staging", "*")}, workPatterns(work)...) {
		found, err := filepath.Glob(pattern)
		if err != nil {
			return nil, fmt.Errorf("leftovers: %w", err)
		}
		for _, path := range found {
			key := strings.TrimPrefix(filepath.Base(path), workPrefix)
			candidates = append(candidates, Leftover{Kind: "work", Path: path, lock: filepath.Join(cache, "locks", key+".lock")})
		}
	}
	var list []Leftover
	for _, l := range candidates {
		size, err := sizeOf(ctx, l.Path)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("leftovers: %w", err)
		}
		l.Size = size
		list = append(list, l)
	}
	return list, nil
}

func workPatterns(work []string) []string {
	var patterns []string
	for _, dir := range work {
		patterns = append(patterns, filepath.Join(dir, workPrefix+"*"))
	}
	return patterns
}

// sizeOf returns the bytes of the files below a path. What goes away meanwhile
// does not count.
func sizeOf(ctx context.Context, path string) (int64, error) {
	var total int64
	err := filepath.WalkDir(path, func(name string, e fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) && name != path {
			return nil
		}
		if err := errors.Join(err, ctx.Err()); err != nil {
			return err
		}
		if info, err := e.Info(); err == nil && info.Mode().IsRegular() {
			total += info.Size()
		}
		return nil
	})
	return total, err
}

// Remove removes it, unless a build is using it now.
func (l Leftover) Remove() error {
	if l.lock != "" {
		now, cancel := context.WithCancel(context.Background())
		cancel() // nobody is waited for
		release, err := filelock.Acquire(now, l.lock, nil)
		if errors.Is(err, context.Canceled) {
			return fmt.Errorf("%s is in use by a build that is under way; it stays", l.Path)
		}
		if err == nil {
			defer release()
		}
	}
	if err := os.RemoveAll(l.Path); err != nil {
		return fmt.Errorf("leftovers: %w", err)
	}
	return nil
}
