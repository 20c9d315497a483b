package artifact

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"

	"github.com/2-coatl/cpython-prebuilt/cpython"
)

// VerifyInstalled compares the tree at prefix with what its build-info.json
// says of every file and every link, and reports what was changed, what is
// missing and what was added, as S06. It reads every file, several at a time.
//
// A file that everybody may write or that runs with the rights of its owner, and
// one in bin that cannot be executed, are failures too.
//
// What users do with a Python is no failure: files that were added in
// site-packages, bin, etc, share, include/site and in any __pycache__ are only
// counted; where a distribution that came with the tree was replaced (pip
// upgraded by pip), what is different in site-packages and bin is a warning.
//
// The prefix is the path that the tree is used by; files that hold another one
// are a warning. The build-info.json is believed: whoever could write the tree
// could change both, so this finds drift, and tampering by who did not know.
// The error is for a tree that cannot be read.
func VerifyInstalled(ctx context.Context, prefix string) (*cpython.Report, error) {
	prefix, err := filepath.Abs(prefix)
	if err != nil {
		return nil, fmt.Errorf("verify: %w", err)
	}
	root, err := os.OpenRoot(prefix)
	if err != nil {
		return nil, fmt.Errorf("verify: %w", err)
	}
	defer root.Close()
	report := &cpython.Report{Subject: prefix}
	t := &installedTree{prefix: prefix, root: root, reporter: reporter{id: "S06"}}
	readable, err := t.readInfo()
	if err == nil && readable {
		err = t.compare(ctx)
	}
	if err != nil {
		return nil, fmt.Errorf("verify %s: %w", prefix, err)
	}
	report.Add(t.result(t.passed())...)
	return report, nil
}

// An installedTree is one run of VerifyInstalled.
type installedTree struct {
	reporter
	prefix   string
	root     *os.Root
	info     BuildInfo
	replaced bool // a distribution in site-packages is not the one that came with the tree
	added    int  // files where users may add some
}

func (t *installedTree) passed() string {
	text := fmt.Sprintf("%s: %d files and %d links are as they were built", t.info.Ref, len(t.info.Files), len(t.info.Links))
	if t.added > 0 {
		text += fmt.Sprintf("; %d were added in site-packages and other places for that", t.added)
	}
	return text
}

// readInfo reads what the tree says about itself. That it says nothing is a
// finding.
func (t *installedTree) readInfo() (readable bool, err error) {
	f, err := t.root.Open(BuildInfoName)
	if errors.Is(err, fs.ErrNotExist) {
		t.fail(BuildInfoName, "is missing, so nothing can be compared")
		return false, nil
	}
	if err != nil {
		return false, err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxBuildInfo+1))
	if err != nil {
		return false, err
	}
	t.info, err = ParseBuildInfo(text)
	if err == nil {
		err = t.info.Validate()
	}
	if err != nil {
		t.fail(BuildInfoName, "%s", strings.ReplaceAll(err.Error(), "\n", "; "))
		return false, nil
	}
	return true, nil
}

// compare goes through the tree on disk and through the manifest.
func (t *installedTree) compare(ctx context.Context) error {
	there := map[string]fs.FileMode{}
	err := fs.WalkDir(t.root.FS(), ".", func(name string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if e.IsDir() {
			return ctx.Err()
		}
		there[name] = e.Type()
		return nil
	})
	if err != nil {
		return err
	}
	for name := range t.info.Files {
		if dir, file := path.Split(name); file == "RECORD" && strings.HasSuffix(dir, ".dist-info/") {
			_, found := there[name]
			t.replaced = t.replaced || !found
		}
	}
	var files []string
	for name := range sorted(t.info.Files) {
		mode, found := there[name]
		switch {
		case !found:
			t.differs(name, "is missing", "", "")
		case mode != 0:
			t.differs(name, "is not a file any more", mode.String(), "a file")
		default:
			files = append(files, name)
		}
	}
	if err := t.digests(ctx, files); err != nil {
		return err
	}
	if err := t.links(there); err != nil {
		return err
	}
	t.extra(there)
	return ctx.Err()
}

// differs adds a finding about what is not as it was built.
func (t *installedTree) differs(name, message, found, wanted string) {
	f := cpython.Finding{Status: cpython.Fail, Subject: name, Message: message, Found: found, Wanted: wanted, Fix: "install it again"}
	if t.replaced && (t.inSitePackages(name) || strings.HasPrefix(name, "bin/pip")) {
		f.Status, f.Fix = cpython.Warn, ""
		f.Message += "; a distribution that came with the tree was replaced"
	}
	t.reporter.add(f)
}

func (t *installedTree) inSitePackages(name string) bool {
	return strings.HasPrefix(name, "lib/python"+t.info.Ref.Version.LD()+"/site-packages/")
}

func (t *installedTree) links(there map[string]fs.FileMode) error {
	for name, want := range sorted(t.info.Links) {
		mode, found := there[name]
		if !found {
			t.differs(name, "the link is missing", "", want)
			continue
		}
		if mode != fs.ModeSymlink {
			t.differs(name, "is not a link any more", mode.String(), want)
			continue
		}
		got, err := t.root.Readlink(name)
		if err != nil {
			return err
		}
		if got != want {
			t.differs(name, "the link leads elsewhere", got, want)
		}
	}
	return nil
}

// extra reports what is in the tree and not in its manifest.
func (t *installedTree) extra(there map[string]fs.FileMode) {
	for name := range sorted(there) {
		_, file := t.info.Files[name]
		_, link := t.info.Links[name]
		if file || link || name == BuildInfoName {
			continue
		}
		top, _, _ := strings.Cut(name, "/")
		if t.inSitePackages(name) || oneOf(top, "bin", "etc", "share") || strings.HasPrefix(name, "include/site/") ||
			path.Base(path.Dir(name)) == "__pycache__" {
			t.added++
			continue
		}
		t.add(cpython.Finding{Status: cpython.Fail, Subject: name, Message: "was added to the tree", Fix: "remove it, or install the artifact again"})
	}
}

// A fileDigest is what a worker found out about one file.
type fileDigest struct {
	ok    bool
	other string // the prefix that the file holds, where it is another one
	found string
	mode  fs.FileMode
	err   error
}

// digests compares the files with their digests.
func (t *installedTree) digests(ctx context.Context, files []string) error {
	results := make([]fileDigest, len(files))
	next := make(chan int)
	var wait sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), maxWorkers) {
		wait.Go(func() {
			buffer := make([]byte, 128<<10)
			for n := range next {
				results[n] = t.digest(files[n], buffer)
			}
		})
	}
	for n := range files {
		if ctx.Err() != nil {
			break
		}
		next <- n
	}
	close(next)
	wait.Wait()
	if err := ctx.Err(); err != nil {
		return context.Cause(ctx)
	}
	var err error
	for n, name := range files {
		t.mode(name, results[n])
		switch r := results[n]; {
		case r.err != nil:
			err = errors.Join(err, r.err)
		case !r.ok:
			t.differs(name, "was changed", r.found, t.info.Files[name])
		case r.other != "":
			t.add(cpython.Finding{Status: cpython.Warn, Subject: name, Message: "is about another prefix than the tree is used by",
				Found: r.other, Wanted: t.prefix, Fix: "install it there, instead of unpacking or moving it"})
		}
	}
	return err
}

// mode reports rights that no installation gives, and those that are missing.
func (t *installedTree) mode(name string, r fileDigest) {
	switch {
	case r.err != nil:
	case r.mode&(fs.ModeSetuid|fs.ModeSetgid) != 0:
		t.differs(name, "runs with the rights of its owner or group", r.mode.String(), "no such right")
	case r.mode&0o002 != 0:
		t.differs(name, "may be written by everybody", r.mode.String(), "a file that only its owner, or a group, may write")
	case strings.HasPrefix(name, "bin/") && r.mode&0o111 == 0:
		t.differs(name, "cannot be executed", r.mode.String(), "an executable file")
	}
}

// digest reads one file.
func (t *installedTree) digest(name string, buffer []byte) fileDigest {
	f, err := t.root.Open(name)
	if err != nil {
		return fileDigest{err: err}
	}
	defer f.Close()
	stat, err := f.Stat()
	if err != nil {
		return fileDigest{err: err}
	}
	result := t.compareText(name, f, buffer)
	result.mode = stat.Mode()
	return result
}

// compareText compares the content of one file with its digest.
func (t *installedTree) compareText(name string, f io.Reader, buffer []byte) fileDigest {
	want := t.info.Files[name]
	if !slices.Contains(t.info.PrefixFiles, name) {
		h := sha256.New()
		if _, err := io.CopyBuffer(h, struct{ io.Reader }{f}, buffer); err != nil {
			return fileDigest{err: err}
		}
		got := hex.EncodeToString(h.Sum(nil))
		return fileDigest{ok: got == want, found: got}
	}
	text, err := io.ReadAll(io.LimitReader(f, 2*maxPrefixed))
	if err != nil {
		return fileDigest{err: err}
	}
	tree := t.prefix // a tree that is looked at by its own name, past the link
	if digits := filepath.Ext(tree); len(digits) == treeDigits+1 {
		tree = strings.TrimSuffix(tree, digits)
	}
	for _, prefix := range []string{t.prefix, tree, t.info.Prefix} {
		if !bytes.Contains(text, []byte(prefix)) {
			continue
		}
		if sum := prefixDigest(text, prefix); hex.EncodeToString(sum[:]) == want {
			if prefix == t.prefix || prefix == tree {
				return fileDigest{ok: true}
			}
			return fileDigest{ok: true, other: prefix}
		}
	}
	sum := prefixDigest(text, t.prefix)
	return fileDigest{found: hex.EncodeToString(sum[:])}
}
