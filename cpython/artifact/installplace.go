package artifact

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"unicode"

	"github.com/2-coatl/cpython-prebuilt/cpython"
	"github.com/2-coatl/cpython-prebuilt/cpython/internal/filelock"
)

// A PlaceError says that a tree cannot be installed at a path because of what
// the path is or of what is there. What is there was left alone.
type PlaceError struct {
	Path   string
	Reason string
	Err    error // nil, or what the system said
}

func (e *PlaceError) Error() string {
	if e.Err != nil {
		return e.Path + ": " + e.Reason + ": " + e.Err.Error()
	}
	return e.Path + ": " + e.Reason
}

// Unwrap returns what the system said, or nil.
func (e *PlaceError) Unwrap() error { return e.Err }

// treeDigits is how many digits of an artifact's digest are in the name of its
// tree.
const treeDigits = 12

// Hidden names beside the prefix: what is being written or removed, a link that
// is about to become the prefix, and the lock of those who write.
const (
	partialSuffix = ".partial"
	linkSuffix    = ".link"
	lockSuffix    = ".lock"
)

// A place is where one version is installed.
type place struct {
	prefix string // what the user sees, and what is written into the files
	at     string // the link to the tree: prefix, or where a link there leads
	tree   string // the folder of the wanted artifact, beside at

	release func() // of the lock, nil while it is not held
}

// badPrefix returns why a path cannot be written into the files of a tree:
// a Makefile, Python and JSON.
func badPrefix(path string) string {
	switch {
	case !filepath.IsAbs(path):
		return "is not an absolute path"
	case filepath.Clean(path) != strings.TrimRight(path, "/"):
		return "is not the shortest way to say that"
	case strings.ContainsFunc(path, func(r rune) bool {
		return unicode.IsSpace(r) || unicode.IsControl(r) || r == unicode.ReplacementChar || strings.ContainsRune(`"'\$#%:;&|<>*?`+"`", r)
	}):
		return "holds a character that does not work in a Makefile"
	}
	return ""
}

// locate finds out where the tree of an artifact with the digest belongs. The
// error is a *PlaceError where something is in the way.
func locate(prefix, digest string) (*place, error) {
	p := &place{prefix: prefix, at: prefix}
	for range maxLinks {
		target, err := os.Readlink(p.at)
		if err != nil {
			break // it is no link, or not there
		}
		if !filepath.IsAbs(target) {
			target = filepath.Join(filepath.Dir(p.at), target)
		}
		if p.owns(filepath.Base(target)) && filepath.Dir(target) == filepath.Dir(p.at) {
			break
		}
		if filepath.Dir(target) == filepath.Dir(p.at) {
			return nil, &PlaceError{Path: p.at, Reason: fmt.Sprintf("is a link to %s, which is not a tree of ours; remove it, or install elsewhere", target)}
		}
		p.at = filepath.Clean(target)
	}
	p.tree = p.at + "." + digest[:treeDigits]
	info, err := os.Lstat(p.at)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return p, nil
	case err != nil:
		return nil, &PlaceError{Path: p.at, Reason: "cannot be looked at", Err: err}
	case info.Mode()&fs.ModeSymlink != 0:
		if target, err := os.Readlink(p.at); err != nil || !p.owns(filepath.Base(target)) {
			return nil, &PlaceError{Path: prefix, Reason: "is one of too many links that lead through each other"}
		}
		return p, nil
	case !info.IsDir():
		return nil, &PlaceError{Path: p.at, Reason: "is not a link to a tree of ours; remove it, or install elsewhere"}
	}
	entries, err := os.ReadDir(p.at)
	if err != nil {
		return nil, &PlaceError{Path: p.at, Reason: "is a folder that cannot be read", Err: err}
	}
	if len(entries) > 0 {
		return nil, &PlaceError{Path: p.at, Reason: "is a folder that was not installed by this program; remove it, or install elsewhere"}
	}
	return p, nil
}

// owns reports whether a name beside the prefix is that of a tree.
func (p *place) owns(name string) bool {
	digits, ok := strings.CutPrefix(name, filepath.Base(p.at)+".")
	return ok && len(digits) == treeDigits && strings.Trim(digits, "0123456789abcdef") == ""
}

// current returns the tree that the link leads to, empty where there is none.
func (p *place) current() string {
	target, err := os.Readlink(p.at)
	if err != nil {
		return ""
	}
	return filepath.Join(filepath.Dir(p.at), filepath.Base(target))
}

// leads reports whether the prefix is a link to the wanted tree.
func (p *place) leads() bool { return p.current() == p.tree }

// complete reports whether a tree is whole. It got its name when it was, and
// what removes one removes build-info.json first.
func (p *place) complete(tree string) bool {
	for _, name := range []string{BuildInfoName, "bin/python3"} {
		info, err := os.Stat(filepath.Join(tree, filepath.FromSlash(name)))
		if err != nil || !info.Mode().IsRegular() || info.Size() == 0 {
			return false
		}
	}
	return true
}

func (p *place) installed(ref cpython.Ref, digest string) *Installed {
	return &Installed{Ref: ref, SHA256: digest, Prefix: p.prefix, Tree: p.tree}
}

// hidden returns a new hidden name beside the prefix.
func (p *place) hidden(suffix string) string {
	return filepath.Join(filepath.Dir(p.at), "."+filepath.Base(p.tree)+"."+rand.Text()+suffix)
}

// lock waits until nobody else writes beside the prefix.
func (p *place) lock(ctx context.Context, log *slog.Logger) (release func(), err error) {
	name := filepath.Join(filepath.Dir(p.at), "."+filepath.Base(p.at)+lockSuffix)
	release, err = filelock.Acquire(ctx, name, func() { log.Info("waiting for another installer", "lock", name) })
	switch {
	case errors.Is(err, filelock.ErrUnsupported):
		log.Warn("the file system has no locks: nothing keeps two installers apart", "error", err)
		return func() {}, nil // names are random, and renames are atomic
	case errors.Is(err, fs.ErrPermission):
		return nil, p.denied(err)
	}
	return release, err
}

// denied says what to do where the folder of the tree cannot be written.
func (p *place) denied(err error) error {
	return &PlaceError{Path: filepath.Dir(p.at), Reason: "cannot be written; install with more rights, or have " + p.prefix +
		" made a link to a path in a folder that can be", Err: err}
}

// leftovers returns what killed installers left behind, and what others are
// writing just now.
func (p *place) leftovers() []string {
	parent, base := filepath.Dir(p.at), filepath.Base(p.at)
	entries, err := os.ReadDir(parent)
	if err != nil {
		return nil
	}
	var list []string
	for _, e := range entries {
		tree, rest, _ := strings.Cut(strings.TrimPrefix(e.Name(), "."+base+"."), ".")
		suffix := filepath.Ext(rest)
		hidden := strings.HasPrefix(e.Name(), "."+base+".") && p.owns(base+"."+tree) && (suffix == partialSuffix || suffix == linkSuffix)
		path := filepath.Join(parent, e.Name())
		if hidden || p.owns(e.Name()) && e.IsDir() && !p.complete(path) {
			list = append(list, path)
		}
	}
	return list
}

// removeLeftovers removes what killed installers left behind. The lock is held.
func (p *place) removeLeftovers(log *slog.Logger) {
	for _, path := range p.leftovers() {
		log.Info("removing what was left behind", "path", path)
		p.discard(path, log)
	}
}

// tidy removes what killed installers left behind, unless one is at work now or
// this one has no right to.
func (p *place) tidy(log *slog.Logger) {
	if len(p.leftovers()) == 0 {
		return
	}
	now, cancel := context.WithCancel(context.Background())
	cancel() // so that nobody is waited for
	name := filepath.Join(filepath.Dir(p.at), "."+filepath.Base(p.at)+lockSuffix)
	if release, err := filelock.Acquire(now, name, nil); err == nil {
		p.removeLeftovers(log)
		release()
	}
}

// discard removes a folder, or nothing where it is not there.
func (p *place) discard(dir string, log *slog.Logger) {
	if err := os.RemoveAll(dir); err != nil {
		log.Warn("cannot remove what is not needed", "path", dir, "error", err)
	}
}

// adopt gives a finished folder the name of the tree.
func (p *place) adopt(dir string) error {
	err := os.Rename(dir, p.tree)
	if errors.Is(err, fs.ErrNotExist) || err == nil {
		return err
	}
	if p.complete(p.tree) { // where there are no locks: another was quicker
		return nil
	}
	if err := os.RemoveAll(p.tree); err != nil {
		return err
	}
	return os.Rename(dir, p.tree)
}

// swap makes the prefix lead to the tree, by one rename.
func (p *place) swap(durable bool) error {
	if p.leads() {
		return nil
	}
	link := p.hidden(linkSuffix)
	if err := os.Symlink(filepath.Base(p.tree), link); err != nil {
		return err
	}
	if info, err := os.Lstat(p.at); err == nil && info.IsDir() {
		if err := os.Remove(p.at); err != nil { // never one with something in it
			return errors.Join(&PlaceError{Path: p.at, Reason: "is a folder in the way", Err: err}, os.Remove(link))
		}
	}
	if err := os.Rename(link, p.at); err != nil {
		return errors.Join(err, os.Remove(link))
	}
	if durable {
		return syncFolder(filepath.Dir(p.at))
	}
	return nil
}

// trees returns the complete trees but the wanted one, the newest first.
func (p *place) trees() []string {
	entries, err := os.ReadDir(filepath.Dir(p.at))
	if err != nil {
		return nil
	}
	age := map[string]int64{}
	var trees []string
	for _, e := range entries {
		tree := filepath.Join(filepath.Dir(p.at), e.Name())
		if info, err := e.Info(); err == nil && e.IsDir() && p.owns(e.Name()) && tree != p.tree && p.complete(tree) {
			age[tree] = info.ModTime().UnixNano()
			trees = append(trees, tree)
		}
	}
	slices.SortFunc(trees, func(a, b string) int { return cmp.Compare(age[b], age[a]) })
	return trees
}

// prune removes all trees but the wanted one and the last ones before it. The
// lock is held.
func (p *place) prune(previous string, keep int, log *slog.Logger) {
	trees := p.trees()
	slices.SortStableFunc(trees, func(a, b string) int {
		switch {
		case a == previous:
			return -1
		case b == previous:
			return 1
		}
		return 0
	})
	if keep == 0 {
		keep = 1
	}
	for _, tree := range trees[min(max(keep, 0), len(trees)):] {
		log.Info("removing an earlier tree", "path", tree)
		if err := os.Remove(filepath.Join(tree, BuildInfoName)); err != nil { // from here on it is incomplete
			log.Warn("cannot remove an earlier tree", "path", tree, "error", err)
			continue
		}
		p.discard(tree, log)
	}
}
