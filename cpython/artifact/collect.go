package artifact

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/2-coatl/cpython-prebuilt/cpython"
)

// collect lists the tree in the folder dir as the entries of an artifact, in
// their order. It applies the check of paths, so that what Verify would refuse
// is not packed in the first place.
func collect(dir string, info BuildInfo) ([]*source, error) {
	var entries []*source
	var problems []error
	err := filepath.WalkDir(dir, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(dir, name)
		if err != nil {
			return err
		}
		if rel == BuildInfoName {
			return nil
		}
		stat, err := os.Lstat(name)
		if err != nil {
			return err
		}
		s, err := newSource(name, filepath.ToSlash(rel), stat, info)
		if err != nil {
			problems = append(problems, err)
			return nil
		}
		entries = append(entries, s)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("pack: %w", err)
	}
	slices.SortFunc(entries, func(a, b *source) int { return strings.Compare(a.name, b.name) })
	if len(entries) > maxEntries-1 {
		problems = append(problems, fmt.Errorf("pack: %d entries, wanted at most %d", len(entries)+1, maxEntries))
	}
	problems = append(problems, badPaths(info.Ref.Tree(), entries)...)
	return entries, errors.Join(problems...)
}

func newSource(name, below string, stat fs.FileInfo, info BuildInfo) (*source, error) {
	e := &entry{name: info.Ref.Tree() + "/" + below, kind: regular, mode: 0o644, time: info.Source.Date.Unix()}
	switch {
	case stat.IsDir():
		e.kind, e.mode, e.name = directory, 0o755, e.name+"/"
		if below == "." {
			e.name = info.Ref.Tree() + "/"
		}
	case stat.Mode().IsRegular():
		e.size = stat.Size()
		if stat.Mode()&0o111 != 0 {
			e.mode = 0o755
		}
	case stat.Mode()&fs.ModeSymlink != 0:
		target, err := os.Readlink(name)
		if err != nil {
			return nil, fmt.Errorf("pack: %w", err)
		}
		e.kind, e.mode, e.target = symlink, 0o777, filepath.ToSlash(target)
	default:
		return nil, fmt.Errorf("pack: %s is neither file, folder nor link: %s", below, stat.Mode())
	}
	return &source{entry: e, below: below}, nil
}

// badPaths is the check of paths on entries that are not packed yet.
func badPaths(root string, entries []*source) []error {
	s := &scene{root: root, tree: map[string]*entry{}}
	r := &reporter{id: "S04"}
	c := &checkPaths{s, r, map[string]string{}}
	for _, e := range entries {
		c.entry(e.entry, nil)
	}
	c.end()
	var problems []error
	for _, f := range r.result("") {
		if f.Status == cpython.Fail {
			problems = append(problems, fmt.Errorf("pack: %s %s", f.Subject, f.Message))
		}
	}
	return problems
}

// checkPrefixFile makes sure that the digest of a prefix file means something,
// and that installing elsewhere can rewrite it.
func checkPrefixFile(name string, text []byte, prefix string) error {
	switch {
	case len(text) > maxPrefixed:
		return fmt.Errorf("pack: prefix file %s has more than %d bytes", name, maxPrefixed)
	case !bytes.Contains(text, []byte(prefix)):
		return fmt.Errorf("pack: prefix file %s does not hold the prefix %s", name, prefix)
	case bytes.Contains(text, []byte(PrefixPlaceholder)):
		return fmt.Errorf("pack: prefix file %s holds the placeholder %s", name, PrefixPlaceholder)
	}
	return nil
}
