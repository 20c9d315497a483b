//go:build e2e

package build_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"
)

// The end-to-end checks use the command line, as people do, from the root of
// the repository. Later checks reuse the artifacts that these make in
// containers.
const (
	e2eOut   = "artifacts/e2e"
	e2eLocal = e2eOut + "-local"
)

// mage runs a target and returns what it printed on standard output.
func mage(t *testing.T, args ...string) (string, error) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", append([]string{"tool", "mage"}, args...)...)
	cmd.Dir = "../.."
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, t.Output()
	started := time.Now()
	err := cmd.Run()
	t.Logf("mage %s: %s, %v", strings.Join(args, " "), time.Since(started).Round(10*time.Millisecond), err)
	return out.String(), err
}

func lastLine(text string) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return lines[len(lines)-1]
}

// TestE2EBuild builds real CPython, plain and free-threaded, and proves it.
func TestE2EBuild(t *testing.T) {
	for _, version := range []string{"3.13.5", "3.13.5t"} {
		t.Run(version, func(t *testing.T) {
			build := []string{"build", "-machine=local", "-version=" + version, "-optimize=none", "-out=" + e2eLocal}
			out, err := mage(t, build...)
			if err != nil {
				t.Fatal(err)
			}
			file := filepath.Join("../..", lastLine(out))
			if _, err := os.Stat(file); err != nil {
				t.Fatal(err)
			}
			out, err = mage(t, "validate", "-artifact="+lastLine(out))
			if err != nil || !strings.HasPrefix(lastLine(out), "[SUCCESS]") {
				t.Fatalf("validate: %v\n%s", err, out)
			}
			checkSidecar(t, file)
			checkUnpacked(t, file, version)
			if version == "3.13.5" {
				checkReaders(t, file)
			}
			before, err := os.Stat(file)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := mage(t, build...); err != nil {
				t.Fatal(err)
			}
			if after, err := os.Stat(file); err != nil || !after.ModTime().Equal(before.ModTime()) {
				t.Errorf("building again with nothing changed replaced the artifact: %v", err)
			}
			if _, err := mage(t, append(slices.Clone(build), "-optimize=pgo")...); err == nil {
				t.Error("building the same Ref from other inputs is no error")
			}
		})
	}
	checkOutputFolder(t)
}

// checkSidecar has sha256sum itself read the checksum file.
func checkSidecar(t *testing.T, file string) {
	t.Helper()
	cmd := exec.Command("sha256sum", "-c", filepath.Base(file)+".sha256")
	cmd.Dir = filepath.Dir(file)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("sha256sum -c: %v\n%s", err, out)
	}
}

// checkUnpacked has tar itself unpack the artifact and runs what is in it.
func checkUnpacked(t *testing.T, file, version string) {
	t.Helper()
	dir := t.TempDir()
	if out, err := exec.Command("tar", "xzf", file, "-C", dir).CombinedOutput(); err != nil {
		t.Fatalf("tar: %v\n%s", err, out)
	}
	bin := filepath.Join(dir, "python-"+version, "bin")
	for _, args := range [][]string{
		{"python3", "-c", "import ssl, sqlite3, _uuid, lzma, bz2, zlib, ctypes, readline, curses; print('ok')"},
		{"python", "-m", "pip", "--version"},
		{"pip3", "--version"},
		{"pydoc3.13", "os"},
	} {
		cmd := exec.Command(filepath.Join(bin, args[0]), args[1:]...)
		cmd.Env = []string{"PATH=/usr/bin:/bin", "HOME=" + dir}
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("%s: %v\n%s", strings.Join(args, " "), err, out)
		}
	}
}

// checkReaders has other programs unpack the artifact, and compares with tar.
func checkReaders(t *testing.T, file string) {
	t.Helper()
	file, err := filepath.Abs(file)
	if err != nil {
		t.Fatal(err)
	}
	want := t.TempDir()
	if out, err := exec.Command("tar", "xzf", file, "-C", want).CombinedOutput(); err != nil {
		t.Fatalf("tar: %v\n%s", err, out)
	}
	python := filepath.Join(want, "python-3.13.5/bin/python3")
	for name, args := range map[string][]string{
		"bsdtar":  {"bsdtar", "xzf", file},
		"busybox": {"busybox", "tar", "xzf", file},
		"tarfile": {python, "-B", "-c", "import sys, tarfile; tarfile.open(sys.argv[1]).extractall(filter='data')", file},
		"node": {"node", "-e", `const r = require("child_process").spawnSync("tar", ["xf", "-"],
			{input: require("zlib").gunzipSync(require("fs").readFileSync(process.argv[1])), maxBuffer: 1e9}); process.exit(r.status)`, file},
	} {
		got := t.TempDir()
		cmd := exec.CommandContext(t.Context(), args[0], args[1:]...)
		cmd.Dir = got
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("%s: %v\n%s", name, err, out)
		} else if out, err := exec.Command("diff", "-r", "--no-dereference", want, got).CombinedOutput(); err != nil {
			t.Errorf("%s unpacks something else than tar: %v\n%.1000s", name, err, out)
		}
	}
	checkUV(t, python, file)
}

// checkUV has the real uv install the artifact from a list of downloads.
func checkUV(t *testing.T, python, file string) {
	t.Helper()
	dir := t.TempDir()
	digest, err := os.ReadFile(file + ".sha256")
	if err != nil {
		t.Fatal(err)
	}
	list := fmt.Sprintf(`{"x": {"name": "cpython", "arch": {"family": %q, "variant": null}, "os": "linux", "libc": "gnu", "major": 3, "minor": 13,
		"patch": 5, "prerelease": "", "url": "file://%s", "sha256": %q, "variant": null, "build": null}}`,
		map[string]string{"amd64": "x86_64", "arm64": "aarch64"}[runtime.GOARCH], file, digest[:64])
	if err := os.WriteFile(filepath.Join(dir, "downloads.json"), []byte(list), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{
		{python, "-B", "-m", "pip", "install", "-q", "--no-deps", "--target", dir + "/uv", "uv"},
		{dir + "/uv/bin/uv", "python", "install", "--no-bin", "--install-dir", dir + "/pythons", "3.13.5"},
		{"sh", "-c", `exec "$1"/pythons/cpython-3.13.5-*/bin/python3 -c 'import ssl, sqlite3'`, "sh", dir},
	} {
		cmd := exec.CommandContext(t.Context(), args[0], args[1:]...)
		cmd.Env = append(os.Environ(), "HOME="+dir, "UV_CACHE_DIR="+dir+"/cache", "UV_NO_CONFIG=1", "UV_PYTHON_DOWNLOADS_JSON_URL="+dir+"/downloads.json")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%q: %v\n%s", args, err, out)
		}
	}
}

// checkOutputFolder finds nothing but finished pairs, and the same in the list.
func checkOutputFolder(t *testing.T) {
	t.Helper()
	entries, err := os.ReadDir(filepath.Join("../..", e2eLocal))
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		if name := entry.Name(); !strings.HasSuffix(name, ".tgz") && !strings.HasSuffix(name, ".tgz.sha256") {
			t.Errorf("the output folder holds %s", name)
		}
	}
	out, err := mage(t, "list", "-out="+e2eLocal, "-json")
	if err != nil {
		t.Fatal(err)
	}
	var listed []struct{ State string }
	if err := json.Unmarshal([]byte(out), &listed); err != nil || len(listed)*2 != len(entries) {
		t.Errorf("list: %v, %d artifacts for %d files", err, len(listed), len(entries))
	}
}

// TestE2EBadInput gives the command line what people get wrong.
func TestE2EBadInput(t *testing.T) {
	for _, args := range [][]string{
		{"build", "-version=3.12"},
		{"build", "-version=v3.13.5"},
		{"build", "-version=3.99.0"},
		{"build", "-version=3.9.25"},
		{"build", "-version"},
		{"build", "-version="},
		{"build", "3.12.9"},
		{"build", "-build=0"},
		{"build", "-optimize=fast"},
		{"validate", "-artifact=" + filepath.Join(t.TempDir(), "missing.tgz")},
	} {
		if out, err := mage(t, args...); err == nil {
			t.Errorf("mage %s is no error: %s", strings.Join(args, " "), out)
		}
	}
}
