package artifact_test

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/2-coatl/cpython-prebuilt/cpython"
	"github.com/2-coatl/cpython-prebuilt/cpython/artifact"
	"github.com/2-coatl/cpython-prebuilt/cpython/artifact/artifacttest"
)

func digestOf(content []byte) string {
	sum := sha256.Sum256(content)
	return hex.EncodeToString(sum[:])
}

func TestVerifyInstalled(t *testing.T) {
	path := artifacttest.Make(t)
	lib := "lib/python3.13/"
	for name, row := range map[string]struct {
		change  func(t *testing.T, tree string)
		status  cpython.Status
		subject string
		message string
	}{
		"as built":       {func(*testing.T, string) {}, cpython.Pass, "", "are as they were built"},
		"changed byte":   {func(t *testing.T, tree string) { edit(t, tree, lib+"os.py", "posix", "posiX") }, cpython.Fail, lib + "os.py", "was changed"},
		"changed prefix": {func(t *testing.T, tree string) { edit(t, tree, lib+"_sysconfigdata", "/opt/python-3", "/opt/other-3") }, cpython.Fail, "", "was changed"},
		"missing file":   {func(t *testing.T, tree string) { removeFile(t, tree, lib+"os.py") }, cpython.Fail, lib + "os.py", "is missing"},
		"missing link":   {func(t *testing.T, tree string) { removeFile(t, tree, "bin/python3") }, cpython.Fail, "bin/python3", "link is missing"},
		"changed link": {func(t *testing.T, tree string) {
			removeFile(t, tree, "bin/python3")
			artifacttest.Link(t, filepath.Join(tree, "bin/python3"), "pip3")
		}, cpython.Fail, "bin/python3", "leads elsewhere"},
		"link instead of a file": {func(t *testing.T, tree string) {
			removeFile(t, tree, "LICENSE")
			artifacttest.Link(t, filepath.Join(tree, "LICENSE"), "bin/pip3")
		}, cpython.Fail, "LICENSE", "not a file any more"},
		"added module":   {func(t *testing.T, tree string) { added(t, tree, lib+"evil.py") }, cpython.Fail, lib + "evil.py", "was added"},
		"added package":  {func(t *testing.T, tree string) { added(t, tree, lib+"site-packages/six.py") }, cpython.Pass, "", "1 were added"},
		"byte code":      {func(t *testing.T, tree string) { added(t, tree, lib+"__pycache__/os.pyc") }, cpython.Pass, "", "1 were added"},
		"world-writable": {func(t *testing.T, tree string) { chmod(t, tree, lib+"os.py", 0o666) }, cpython.Fail, lib + "os.py", "written by everybody"},
		"setuid":         {func(t *testing.T, tree string) { chmod(t, tree, "bin/pip3", 0o755|fs.ModeSetuid) }, cpython.Fail, "bin/pip3", "rights of its owner"},
		"not executable": {func(t *testing.T, tree string) { chmod(t, tree, "bin/pip3", 0o644) }, cpython.Fail, "bin/pip3", "cannot be executed"},
		"group-writable": {func(t *testing.T, tree string) { chmod(t, tree, lib+"os.py", 0o664) }, cpython.Pass, "", "are as they were built"},
		"no build-info":  {func(t *testing.T, tree string) { removeFile(t, tree, artifact.BuildInfoName) }, cpython.Fail, artifact.BuildInfoName, "is missing"},
		"moved": {func(t *testing.T, tree string) {
			edit(t, tree, lib+"_sysconfigdata", filepath.Dir(tree)+"/python-3", "/opt/python-3")
		}, cpython.Warn, "", "another prefix"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t)
			row.change(t, s.install(t, path).Tree)
			report, err := artifact.VerifyInstalled(t.Context(), s.prefix())
			if err != nil {
				t.Fatal(err)
			}
			f := report.Findings[0]
			if len(report.Findings) != 1 || f.Status != row.status || row.subject != "" && f.Subject != row.subject || !strings.Contains(f.Message, row.message) {
				t.Errorf("wanted %s of %q: %q\n%s", row.status, row.subject, row.message, text(t, report))
			}
		})
	}
	if _, err := artifact.VerifyInstalled(t.Context(), t.TempDir()+"/none"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no tree: %v, wanted fs.ErrNotExist", err)
	}
}

// pip that replaced itself is no tampering.
func TestVerifyInstalledUpgradedPip(t *testing.T) {
	ref := artifacttest.Ref(t, "3.13.5")
	dir := artifacttest.Tree(t, ref)
	const site = "lib/python3.13/site-packages/"
	added(t, dir, site+"pip-25.1.1.dist-info/RECORD")
	s := newSite(t)
	tree := s.install(t, artifacttest.Pack(t, dir, artifacttest.Info(ref))).Tree
	if err := os.Rename(filepath.Join(tree, site+"pip-25.1.1.dist-info"), filepath.Join(tree, site+"pip-26.0.dist-info")); err != nil {
		t.Fatal(err)
	}
	edit(t, tree, site+"pip/__init__.py", "25.1.1", "26.0")
	report, err := artifact.VerifyInstalled(t.Context(), s.prefix())
	if err != nil {
		t.Fatal(err)
	}
	if !report.OK() || report.Count(cpython.Warn) < 2 {
		t.Errorf("wanted warnings:\n%s", text(t, report))
	}
	edit(t, tree, "lib/python3.13/os.py", "posix", "evil")
	if report, err = artifact.VerifyInstalled(t.Context(), s.prefix()); err != nil || report.OK() {
		t.Errorf("wanted a failure as well, error %v:\n%s", err, text(t, report))
	}
}

// edit changes the text of the one file whose path begins with name.
func edit(t *testing.T, tree, name, old, new string) {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(tree, name) + "*")
	if err != nil || len(found) != 1 {
		t.Fatalf("%d files begin with %s", len(found), name)
	}
	data, err := os.ReadFile(found[0])
	if err != nil {
		t.Fatal(err)
	}
	changed := strings.ReplaceAll(string(data), old, new)
	if changed == string(data) {
		t.Fatalf("%s does not hold %q:\n%s", name, old, data)
	}
	artifacttest.Write(t, found[0], changed, 0o644)
}

func added(t *testing.T, tree, name string) {
	t.Helper()
	artifacttest.Write(t, filepath.Join(tree, name), "", 0o644)
}

func chmod(t *testing.T, tree, name string, mode fs.FileMode) {
	t.Helper()
	if err := os.Chmod(filepath.Join(tree, name), mode); err != nil {
		t.Fatal(err)
	}
}

func removeFile(t *testing.T, tree, name string) {
	t.Helper()
	if err := os.Remove(filepath.Join(tree, name)); err != nil {
		t.Fatal(err)
	}
}
