//go:build e2e

package build_test

import (
	_ "embed"
	"os"
	"path/filepath"
	"testing"

	"github.com/2-coatl/cpython-prebuilt/cpython"
	"github.com/2-coatl/cpython-prebuilt/cpython/artifact"
	"github.com/2-coatl/cpython-prebuilt/cpython/machine"
	"github.com/2-coatl/cpython-prebuilt/cpython/machine/docker"
)

//go:embed testdata/use_tk.py
var useTkScript string

// TestE2ETkinter builds with Tcl and Tk, and opens windows where neither is
// installed: where there is nothing at all, with an X server that has no fonts,
// and with one font, by all ways to the interpreter that there are.
func TestE2ETkinter(t *testing.T) {
	images := lab(t, "CPYTHON_E2E_IMAGES")
	out, err := mage(t, "build", "-machine=docker:"+images+":bookworm", "-optimize=none", "-tkinter", "-build=3", "-out="+e2eOut+"-tkinter")
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join("../..", lastLine(out))
	for _, suite := range []string{"bookworm", "trixie"} {
		t.Run(suite, func(t *testing.T) {
			t.Parallel()
			m := docker.New(images + ":" + suite)
			m.Network = os.Getenv("CPYTHON_PREBUILT_NETWORK")
			t.Cleanup(func() { m.Close() })
			checkImports(t, m, file)
			pythons := tkPythons(t, m, file)
			use := func(has string, pythons ...string) {
				for _, python := range pythons {
					must(t, m, machine.Cmd{Args: []string{python, "-B", "/tmp/use/use_tk.py", "/opt/python-3.13.5/lib", has}, Env: bareEnv})
				}
			}
			use("bare", pythons...)
			install(t, m, "xvfb")
			use("fontless", pythons[0])
			install(t, m, "fonts-dejavu-core")
			use("display", pythons...)
		})
	}
}

// bareEnv has neither DISPLAY nor anything of Tcl's.
var bareEnv = []string{"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/tmp", "LC_ALL=C.UTF-8"}

// checkImports has Verify import every module of the artifact, _tkinter too.
func checkImports(t *testing.T, m machine.Machine, file string) {
	t.Helper()
	report, err := artifact.Verify(t.Context(), file, artifact.VerifyOptions{Machine: m})
	if err != nil {
		t.Fatal(err)
	}
	imported := false
	for _, f := range report.Findings {
		imported = imported || f.ID == "D04" && f.Status == cpython.Pass
		if f.Status == cpython.Fail {
			t.Errorf("%s %s %s: %s", f.ID, f.Status, f.Subject, f.Message)
		}
	}
	if !imported {
		t.Errorf("D04 did not pass")
	}
}

// tkPythons unpacks the artifact and returns all ways to its interpreter: as it
// is, through a link to the folder and one to the file, and of virtual
// environments, one of them made through a link.
func tkPythons(t *testing.T, m machine.Machine, file string) []string {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "use_tk.py"), []byte(useTkScript), 0o644); err != nil {
		t.Fatal(err)
	}
	copyTo(t, m, dir, "/tmp/use")
	copyTo(t, m, file, "/tmp/artifact")
	const python = "/opt/python-3.13.5/bin/python3"
	for _, args := range [][]string{
		{"tar", "xzf", "/tmp/artifact/" + filepath.Base(file), "-C", "/opt"},
		{"ln", "-s", "/opt/python-3.13.5", "/srv/python"},
		{"ln", "-s", python, "/usr/local/bin/python3"},
		{python, "-m", "venv", "--without-pip", "/srv/venv"},
		{python, "-m", "venv", "--without-pip", "--copies", "/srv/copies"},
		{"/usr/local/bin/python3", "-m", "venv", "--without-pip", "/srv/linked"},
	} {
		must(t, m, machine.Cmd{Args: args, Env: bareEnv, Root: true})
	}
	return []string{python, "/srv/python/bin/python3", "/usr/local/bin/python3", "/srv/venv/bin/python", "/srv/copies/bin/python", "/srv/linked/bin/python"}
}

func install(t *testing.T, m machine.Machine, packages ...string) {
	t.Helper()
	apt := []string{"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "DEBIAN_FRONTEND=noninteractive"}
	must(t, m, machine.Cmd{Args: []string{"apt-get", "update", "-q"}, Env: apt, Root: true})
	args := append([]string{"apt-get", "install", "-y", "-q", "--no-install-recommends"}, packages...)
	must(t, m, machine.Cmd{Args: args, Env: apt, Root: true})
}
