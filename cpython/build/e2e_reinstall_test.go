//go:build e2e

package build_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/2-coatl/cpython-prebuilt/cpython/artifact"
)

// TestE2EReinstall installs one build over another of the same version: what
// the first said of its prefix is true, and a venv made from it through a link
// works on.
func TestE2EReinstall(t *testing.T) {
	dir := t.TempDir()
	install := func(name string) *artifact.Installed {
		t.Helper()
		installed, err := artifact.InstallFile(t.Context(), filepath.Join("../..", e2eOut, name), artifact.InstallOptions{InstallPrefix: filepath.Join(dir, "python")})
		if err != nil {
			t.Fatal(err)
		}
		return installed
	}
	run := func(args ...string) string {
		t.Helper()
		out, err := exec.CommandContext(t.Context(), args[0], args[1:]...).CombinedOutput()
		if err != nil {
			t.Fatalf("%q: %v\n%s", args, err, out)
		}
		return strings.TrimSpace(string(out))
	}
	first := install("cpython-3.13.5-debian11-build1.tgz")
	bin := filepath.Join(first.Prefix, "bin")
	for want, args := range map[string][]string{
		first.Prefix:                              {bin + "/python3.13-config", "--prefix"},
		first.Prefix + "/include/python3.13":      {bin + "/python3", "-c", "import sysconfig; print(sysconfig.get_config_var('INCLUDEPY'))"},
		first.Prefix + "/share/zoneinfo":          {bin + "/python3", "-c", "import sysconfig; print(sysconfig.get_config_var('TZPATH').split(':')[-1])"},
		first.Prefix + "/lib/pkgconfig/../../lib": {"sh", "-c", `sed -n 's|^prefix=||p' "$1" | sed "s|\${pcfiledir}|${1%/*}|; s|$|/lib|"`, "sh", first.Prefix + "/lib/pkgconfig/python3.pc"},
	} {
		got := run(args...)
		if real, err := filepath.EvalSymlinks(got); got != want && (err != nil || real != mustEval(t, want)) {
			t.Errorf("%q says %s, wanted %s", args, got, want)
		}
	}
	link, venv := filepath.Join(dir, "python3"), filepath.Join(dir, "venv")
	if err := os.Symlink(bin+"/python3", link); err != nil {
		t.Fatal(err)
	}
	run(link, "-m", "venv", venv)
	second := install("cpython-3.13.5-debian12-build1.tgz")
	if !second.Changed || second.Tree == first.Tree || second.Prefix != first.Prefix {
		t.Errorf("first %+v, second %+v", first, second)
	}
	if err := os.RemoveAll(first.Tree); err != nil {
		t.Fatal(err)
	}
	if got := run(venv+"/bin/python", "-c", "import ssl, sys; print(sys.base_prefix)"); got != first.Prefix {
		t.Errorf("the venv is based on %s, wanted %s", got, first.Prefix)
	}
	run(venv+"/bin/pip", "--version")
}

func mustEval(t *testing.T, path string) string {
	t.Helper()
	real, err := filepath.EvalSymlinks(path)
	if err != nil {
		t.Fatal(err)
	}
	return real
}
