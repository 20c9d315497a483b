package artifact_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/2-coatl/cpython-prebuilt/cpython"
	"github.com/2-coatl/cpython-prebuilt/cpython/artifact"
	"github.com/2-coatl/cpython-prebuilt/cpython/artifact/artifacttest"
)

// A site is where a test installs.
type site struct {
	parent string
	opts   artifact.InstallOptions
}

func newSite(t *testing.T) site {
	t.Helper()
	parent := filepath.Join(t.TempDir(), "opt")
	return site{parent, artifact.InstallOptions{InstallPrefix: filepath.Join(parent, "python"), Root: artifact.InstallRoot(t)}}
}

func (s site) prefix() string { return filepath.Join(s.parent, "python-3.13.5") }

func (s site) install(t *testing.T, path string) *artifact.Installed {
	t.Helper()
	installed, err := artifact.InstallFile(t.Context(), path, s.opts)
	if err != nil {
		t.Fatal(err)
	}
	s.whole(t, installed.Tree)
	return installed
}

var (
	treeName = regexp.MustCompile(`^python-3\.13\.5\.[0-9a-f]{12}$`)
	ours     = regexp.MustCompile(`^(python-3\.13\.5(\.[0-9a-f]{12})?|\.python-3\.13\.5\.lock)$`)
)

// whole checks that the prefix leads to the tree, that the tree is whole, and
// that nothing else was left.
func (s site) whole(t *testing.T, tree string) {
	t.Helper()
	if target, err := os.Readlink(s.prefix()); err != nil || target != filepath.Base(tree) {
		t.Errorf("the prefix leads to %q, error %v, wanted %q", target, err, filepath.Base(tree))
	}
	report, err := artifact.VerifyInstalled(t.Context(), s.prefix())
	if err != nil {
		t.Fatal(err)
	}
	if !report.OK() || report.Count(cpython.Warn) > 0 {
		t.Errorf("installed:\n%s", text(t, report))
	}
	if left := s.others(t); len(left) > 0 {
		t.Errorf("left behind: %q", left)
	}
}

// others returns what is beside the prefix and is not to stay there.
func (s site) others(t *testing.T) []string {
	t.Helper()
	var list []string
	for _, name := range names(t, s.parent) {
		if !ours.MatchString(name) {
			list = append(list, name)
		}
	}
	return list
}

func (s site) trees(t *testing.T) int {
	t.Helper()
	return len(slices.DeleteFunc(names(t, s.parent), func(name string) bool { return !treeName.MatchString(name) }))
}

func names(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
	var list []string
	for _, e := range entries {
		list = append(list, e.Name())
	}
	return list
}

// another makes an artifact of 3.13.5 that differs from others in one file.
func another(t testing.TB, text string) string {
	t.Helper()
	ref := artifacttest.Ref(t, "3.13.5")
	dir := artifacttest.Tree(t, ref)
	artifacttest.Write(t, filepath.Join(dir, "share/which"), text, 0o644)
	for n := range 200 {
		artifacttest.Write(t, filepath.Join(dir, fmt.Sprintf("lib/python3.13/many/%d.py", n)), strings.Repeat(text, n), 0o644)
	}
	return artifacttest.Pack(t, dir, artifacttest.Info(ref))
}

func TestInstall(t *testing.T) {
	path := artifacttest.Make(t)
	s := newSite(t)
	first := s.install(t, path)
	if !first.Changed || first.Previous != "" || first.Prefix != s.prefix() || first.Ref.File() != filepath.Base(path) {
		t.Errorf("first: %+v", first)
	}
	data, err := os.ReadFile(filepath.Join(s.prefix(), "lib/python3.13/config-3.13-"+triplet(t, path)+"/Makefile"))
	if err != nil || !strings.Contains(string(data), "prefix=\t\t"+s.prefix()+"\n") {
		t.Errorf("the Makefile does not hold the prefix, error %v:\n%s", err, data)
	}
	for name, want := range map[string]os.FileMode{"bin/pip3": 0o755, "LICENSE": 0o644, "lib": 0o755, ".": 0o755} {
		if info, err := os.Stat(filepath.Join(s.prefix(), name)); err != nil || info.Mode().Perm() != want {
			t.Errorf("%s: %v, error %v, wanted mode %v", name, info.Mode(), err, want)
		}
	}
	// The archive is not needed any more, only what it is.
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	again := s.install(t, path)
	if again.Changed || again.Tree != first.Tree {
		t.Errorf("again: %+v", again)
	}
}

func triplet(t *testing.T, path string) string {
	ref, err := cpython.ParseFile(filepath.Base(path))
	if err != nil {
		t.Fatal(err)
	}
	return map[string]string{"amd64": "x86_64-linux-gnu", "arm64": "aarch64-linux-gnu"}[ref.Platform.Arch]
}

// A stream is installed like a file, and not read when it is there already.
func TestInstallStream(t *testing.T) {
	path := artifacttest.Make(t)
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	s := newSite(t)
	if _, err := artifact.Install(t.Context(), bytes.NewReader(content), s.opts); !refusedFor(err, "S01") {
		t.Errorf("without a digest: %v, wanted S01", err)
	}
	if s.opts.SHA256, err = artifact.ReadSidecar(path); err != nil {
		t.Fatal(err)
	}
	s.opts.Durable = true
	installed, err := artifact.Install(t.Context(), iotest.OneByteReader(bytes.NewReader(content)), s.opts)
	if err != nil || !installed.Changed {
		t.Fatal(installed, err)
	}
	s.whole(t, installed.Tree)
	if installed, err = artifact.Install(t.Context(), bytes.NewReader(content[:len(content)*9/10]), s.opts); err != nil || installed.Changed {
		t.Errorf("again: %+v, %v", installed, err)
	}
}

func TestInstallReplaces(t *testing.T) {
	s := newSite(t)
	a, b, c := another(t, "a"), another(t, "b"), another(t, "c")
	first := s.install(t, a)
	second := s.install(t, b)
	if second.Previous != first.Tree || s.trees(t) != 2 {
		t.Errorf("second: %+v, %d trees", second, s.trees(t))
	}
	back, err := artifact.Rollback(t.Context(), s.prefix())
	if err != nil || back.Tree != first.Tree || back.Ref != first.Ref {
		t.Errorf("rolled back to %+v, error %v", back, err)
	}
	s.whole(t, first.Tree)
	forth := s.install(t, b)
	if !forth.Changed || forth.Tree != second.Tree {
		t.Errorf("forth: %+v", forth)
	}
	s.install(t, c)
	if _, err := os.Stat(first.Tree); s.trees(t) != 2 || err == nil {
		t.Errorf("%d trees, wanted the last two", s.trees(t))
	}
	s.opts.Keep = -1
	s.install(t, a)
	if s.trees(t) != 1 {
		t.Errorf("%d trees, wanted one", s.trees(t))
	}
	var place *artifact.PlaceError
	if _, err := artifact.Rollback(t.Context(), s.prefix()); !errors.As(err, &place) {
		t.Errorf("nothing to go back to: %v", err)
	}
}

// What is at the prefix and is not ours stays.
func TestInstallRefusesPlace(t *testing.T) {
	path := artifacttest.Make(t)
	for name, prepare := range map[string]func(t *testing.T, prefix string){
		"folder":       func(t *testing.T, prefix string) { artifacttest.Write(t, filepath.Join(prefix, "mine"), "", 0o644) },
		"file":         func(t *testing.T, prefix string) { artifacttest.Write(t, prefix, "", 0o644) },
		"link":         func(t *testing.T, prefix string) { artifacttest.Link(t, prefix, "python-other") },
		"link to self": func(t *testing.T, prefix string) { artifacttest.Link(t, prefix, filepath.Base(prefix)) },
		"link to a folder with something": func(t *testing.T, prefix string) {
			other := filepath.Join(t.TempDir(), "other")
			artifacttest.Write(t, filepath.Join(other, "mine"), "", 0o644)
			artifacttest.Link(t, prefix, other)
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t)
			prepare(t, s.prefix())
			before, err := os.Lstat(s.prefix())
			if err != nil {
				t.Fatal(err)
			}
			_, err = artifact.InstallFile(t.Context(), path, s.opts)
			var place *artifact.PlaceError
			if !errors.As(err, &place) {
				t.Errorf("error %v, wanted a *PlaceError", err)
			}
			after, err := os.Lstat(s.prefix())
			if err != nil || !os.SameFile(before, after) || len(names(t, s.parent)) != 1 {
				t.Errorf("something was changed: %q, error %v", names(t, s.parent), err)
			}
		})
	}
}

// Who may not write beside the prefix can be given a link there.
func TestInstallThroughLink(t *testing.T) {
	path := artifacttest.Make(t)
	s := newSite(t)
	home := t.TempDir()
	artifacttest.Link(t, s.prefix(), filepath.Join(home, "py"))
	installed, err := artifact.InstallFile(t.Context(), path, s.opts)
	if err != nil {
		t.Fatal(err)
	}
	if filepath.Dir(installed.Tree) != home || installed.Prefix != s.prefix() || len(names(t, s.parent)) != 1 {
		t.Errorf("%+v, beside the prefix %q", installed, names(t, s.parent))
	}
	if report, err := artifact.VerifyInstalled(t.Context(), s.prefix()); err != nil || !report.OK() || report.Count(cpython.Warn) > 0 {
		t.Errorf("%v\n%s", err, text(t, report))
	}
	if again, err := artifact.InstallFile(t.Context(), path, s.opts); err != nil || again.Changed {
		t.Errorf("again: %+v, %v", again, err)
	}
}

// An empty folder, as a mkdir in a Dockerfile makes it, is nobody's loss.
func TestInstallOverEmptyFolder(t *testing.T) {
	s := newSite(t)
	if err := os.MkdirAll(s.prefix(), 0o755); err != nil {
		t.Fatal(err)
	}
	s.install(t, artifacttest.Make(t))
}

func TestInstallPreflight(t *testing.T) {
	s := newSite(t)
	s.opts.Root = artifact.MuslRoot(t)
	_, err := artifact.InstallFile(t.Context(), artifacttest.Make(t), s.opts)
	if !refusedFor(err, "libc") && !refusedFor(err, "architecture") {
		t.Errorf("musl: %v", err)
	}
	if found := names(t, s.parent); len(found) > 0 {
		t.Errorf("something was written: %q", found)
	}
}

func TestInstallBadPrefix(t *testing.T) {
	path := artifacttest.Make(t)
	for _, prefix := range []string{"opt/python", "/opt/../python", "/opt/a b/python", "/opt/it's", "/opt/$x", "/opt/a\nb"} {
		_, err := artifact.InstallFile(t.Context(), path, artifact.InstallOptions{InstallPrefix: prefix})
		var place *artifact.PlaceError
		if !errors.As(err, &place) {
			t.Errorf("%q: %v, wanted a *PlaceError", prefix, err)
		}
	}
}

// refusedFor reports whether err is a refusal for which the check failed.
func refusedFor(err error, id string) bool {
	var refused *artifact.RefusedError
	return errors.As(err, &refused) && slices.Contains(ids(refused.Report, cpython.Fail), id)
}

// What a killed installer left goes even where there is nothing else to do.
func TestInstallTidies(t *testing.T) {
	path := artifacttest.Make(t)
	s := newSite(t)
	tree := s.install(t, path).Tree
	half := filepath.Join(s.parent, "python-3.13.5.0123456789ab")
	partial := filepath.Join(s.parent, "."+filepath.Base(tree)+".SOMETEXT.partial")
	artifacttest.Write(t, filepath.Join(half, "LICENSE"), "", 0o644)
	artifacttest.Write(t, filepath.Join(partial, "LICENSE"), "", 0o644)
	artifacttest.Write(t, filepath.Join(s.parent, ".python-3.13.5.partial"), "another's", 0o644)
	if again, err := artifact.InstallFile(t.Context(), path, s.opts); err != nil || again.Changed {
		t.Errorf("again: %+v, %v", again, err)
	}
	if got := names(t, s.parent); len(got) != 4 || s.trees(t) != 1 || len(s.others(t)) != 1 {
		t.Errorf("there is %q", got)
	}
}

// A tree that was half removed does not count as installed.
func TestInstallMendsHalfTree(t *testing.T) {
	path := artifacttest.Make(t)
	s := newSite(t)
	first := s.install(t, path)
	if err := os.Remove(filepath.Join(first.Tree, artifact.BuildInfoName)); err != nil {
		t.Fatal(err)
	}
	if again := s.install(t, path); again.Tree != first.Tree {
		t.Errorf("again: %+v", again)
	}
}
