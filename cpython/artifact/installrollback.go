package artifact

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"strings"
)

// Rollback makes prefix ("/opt/python-3.13.5") lead to the newest of the
// earlier trees that are still there, by one rename, and returns it. Another
// Rollback, or Install of the newer artifact, goes back the same way. Trees are
// neither written nor removed. The error is a [*PlaceError] where there is no
// other tree.
func Rollback(ctx context.Context, prefix string) (*Installed, error) {
	installed, err := rollback(ctx, prefix)
	if err != nil {
		return nil, fmt.Errorf("roll back: %w", err)
	}
	return installed, nil
}

func rollback(ctx context.Context, prefix string) (*Installed, error) {
	if problem := badPrefix(prefix); problem != "" {
		return nil, &PlaceError{Path: prefix, Reason: problem}
	}
	p, err := locate(strings.TrimRight(prefix, "/"), strings.Repeat("-", treeDigits)) // no tree is called that
	if err != nil {
		return nil, err
	}
	release, err := p.lock(ctx, slog.New(slog.DiscardHandler))
	if err != nil {
		return nil, err
	}
	defer release()
	previous := p.current()
	p.tree = previous
	earlier := p.trees()
	if len(earlier) == 0 || previous == "" {
		return nil, &PlaceError{Path: prefix, Reason: "has no earlier tree to go back to"}
	}
	p.tree = earlier[0]
	text, err := os.ReadFile(filepath.Join(p.tree, BuildInfoName))
	if err != nil {
		return nil, err
	}
	info, err := ParseBuildInfo(text)
	if err != nil {
		return nil, err
	}
	if err := p.swap(true); err != nil {
		return nil, err
	}
	installed := p.installed(info.Ref, strings.TrimPrefix(filepath.Ext(p.tree), "."))
	installed.Changed, installed.Previous = true, previous
	return installed, nil
}

// syncFolder writes the names in a folder to the disk.
func syncFolder(dir string) error {
	if runtime.GOOS == "windows" {
		return nil // which has no such call
	}
	f, err := os.Open(dir)
	if err != nil {
		return err
	}
	return cmp.Or(f.Sync(), f.Close())
}
