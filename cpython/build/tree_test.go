package build

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/2-coatl/cpython-prebuilt/cpython"
)

const testWork = "/var/tmp/cpython-prebuilt-build-0123456789ab"

// installedTree makes a tree as "make install" and ensurepip leave it, with a
// stub for the interpreter, and returns it unfinished.
func installedTree(t *testing.T, text string) tree {
	t.Helper()
	v, err := cpython.ParseVersion(text)
	if err != nil {
		t.Fatal(err)
	}
	prefix := "/opt/python-" + text
	lib, ld := "lib/python"+v.LD(), v.LD()
	staged := testWork + "/dest" + prefix + "/bin/python" + ld
	tr := tree{root: filepath.Join(t.TempDir(), "a tree"), version: v, prefix: prefix, work: testWork}
	pip := "#!" + staged + "\nprint('pip')\n"
	sum := sha256.Sum256([]byte(pip))
	for name, content := range map[string]string{
		"bin/python" + ld:                    "#!/bin/sh\necho interpreter \"$@\"\n",
		"bin/idle" + v.Series():              "#!" + prefix + "/bin/python" + ld + "\nprint('idle')\n",
		"bin/pip":                            pip,
		"bin/pip3":                           "#!/bin/sh\n'''exec' " + staged + " \"$0\" \"$@\"\n' '''\nprint('pip')\n",
		"bin/python" + ld + "-config":        "#!/bin/sh\nprefix_real=$(installed_prefix \"$0\")\nprefix=\"" + prefix + "\"\n" + testWork + "/src\necho \"$prefix_real\"\n",
		"lib/pkgconfig/python-" + ld + ".pc": "prefix=" + prefix + "\nlibdir=" + prefix + "/lib\nLibs: -L${libdir}\n",
		lib + "/os.py":                       "",
		lib + "/_sysconfigdata__linux_x86_64-linux-gnu.py":           "build_time_vars = {'prefix': '" + prefix + "', 'abs_srcdir': '" + testWork + "/src'}\n",
		lib + "/config-" + ld + "-x86_64-linux-gnu/Makefile":         "prefix=" + prefix + "\nRUNSHARED=LD_LIBRARY_PATH=" + testWork + "/src\n",
		lib + "/config-" + ld + "-x86_64-linux-gnu/python-config.py": "#!" + prefix + "/bin/python\n",
		lib + "/test/test_os.py":                                     "",
		lib + "/unittest/test/x.py":                                  "",
		lib + "/site-packages/pip-25.dist-info/RECORD":               "../../../bin/pip,sha256=" + base64.RawURLEncoding.EncodeToString(sum[:]) + "," + fmt.Sprint(len(pip)) + "\npip/__init__.py,sha256=x,1\n",
	} {
		full := filepath.Join(tr.root, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(full), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(full, []byte(content), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return tr
}

func read(t *testing.T, tr tree, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(tr.root, filepath.FromSlash(name)))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestFinishTree(t *testing.T) {
	for _, text := range []string{"3.13.5", "3.13.5t"} {
		t.Run(text, func(t *testing.T) {
			tr := installedTree(t, text)
			if err := tr.finish([]byte("PSF\n"), false); err != nil {
				t.Fatal(err)
			}
			files, err := tr.prefixFiles()
			if err != nil {
				t.Fatal(err)
			}
			ld := tr.version.LD()
			want := []string{
				"lib/python" + ld + "/_sysconfigdata__linux_x86_64-linux-gnu.py",
				"lib/python" + ld + "/config-" + ld + "-x86_64-linux-gnu/Makefile",
			}
			if !slices.Equal(files, want) {
				t.Errorf("files that hold the prefix: %q, want %q", files, want)
			}
			for link, target := range map[string]string{"python": "python3", "python3": "python" + ld} {
				if got, err := os.Readlink(filepath.Join(tr.root, "bin", link)); err != nil || got != target {
					t.Errorf("bin/%s leads to %q (%v), want %q", link, got, err, target)
				}
			}
			for _, gone := range []string{"test", "unittest/test", "config-" + ld + "-x86_64-linux-gnu/python-config.py"} {
				if _, err := os.Lstat(filepath.Join(tr.lib(), filepath.FromSlash(gone))); !os.IsNotExist(err) {
					t.Errorf("%s is still there", gone)
				}
			}
			if got := read(t, tr, "lib/pkgconfig/python-"+ld+".pc"); got != "prefix=${pcfiledir}/../..\nlibdir=${prefix}/lib\nLibs: -L${libdir}\n" {
				t.Errorf("python.pc is %q", got)
			}
			if got := read(t, tr, "LICENSE"); got != "PSF\n" {
				t.Errorf("LICENSE is %q", got)
			}
			pip := read(t, tr, "bin/pip")
			sum := sha256.Sum256([]byte(pip))
			record := fmt.Sprintf("../../../bin/pip,sha256=%s,%d\n", base64.RawURLEncoding.EncodeToString(sum[:]), len(pip))
			if got := read(t, tr, "lib/python"+ld+"/site-packages/pip-25.dist-info/RECORD"); got != record+"pip/__init__.py,sha256=x,1\n" {
				t.Errorf("RECORD is %q", got)
			}
		})
	}
}

// TestScriptsFindTheInterpreter runs the rewritten scripts from a folder with a
// space in it, directly and through a link.
func TestScriptsFindTheInterpreter(t *testing.T) {
	if _, err := exec.LookPath("sh"); err != nil {
		t.Skip("no sh here")
	}
	tr := installedTree(t, "3.13.5")
	if err := tr.finish(nil, false); err != nil {
		t.Fatal(err)
	}
	link := filepath.Join(t.TempDir(), "linked")
	for _, script := range []string{"idle3.13", "pip", "pip3"} {
		real := filepath.Join(tr.root, "bin", script)
		if err := os.Symlink(real, link+script); err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{real, link + script} {
			out, err := exec.Command(name, "an argument").CombinedOutput()
			if want := "interpreter " + name + " an argument\n"; err != nil || string(out) != want {
				t.Errorf("%s: %q, %v; want %q", name, out, err, want)
			}
		}
	}
	config := filepath.Join(tr.root, "bin", "python3.13-config")
	if err := os.Symlink(config, link+"-config"); err != nil {
		t.Fatal(err)
	}
	want, err := filepath.EvalSymlinks(tr.root)
	if err != nil {
		t.Fatal(err)
	}
	if out, _ := exec.Command(link + "-config").Output(); strings.TrimSpace(string(out)) != want {
		t.Errorf("python3.13-config finds its prefix at %q, want %q", out, want)
	}
}

func TestTreeRefusesLeaks(t *testing.T) {
	for name, content := range map[string]string{
		"lib/python3.13/os.py":   "# " + testWork + "/src/Lib/os.py\n",
		"lib/python3.13/site.py": "prefix = '/opt/python-3.13.5'\n",
	} {
		t.Run(name, func(t *testing.T) {
			tr := installedTree(t, "3.13.5")
			if err := os.WriteFile(filepath.Join(tr.root, filepath.FromSlash(name)), []byte(content), 0o644); err != nil {
				t.Fatal(err)
			}
			if err := tr.finish(nil, false); err != nil {
				t.Fatal(err)
			}
			if _, err := tr.prefixFiles(); err == nil || !strings.Contains(err.Error(), name) {
				t.Errorf("prefixFiles() = %v, want it to name %s", err, name)
			}
		})
	}
}

func TestCachedLibrary(t *testing.T) {
	const cache = "212 libs found in cache `/etc/ld.so.cache'\n" +
		"\tlibz.so.1 (libc6,x86-64) => /lib/x86_64-linux-gnu/libz.so.1\n" +
		"\tlibz.so (libc6,x86-64) => /lib/x86_64-linux-gnu/libz.so\n"
	if got := cachedLibrary(cache, "libz.so.1"); got != "/lib/x86_64-linux-gnu/libz.so.1" {
		t.Errorf("libz.so.1 is %q", got)
	}
	if got := cachedLibrary(cache, "libz.so.2"); got != "" {
		t.Errorf("libz.so.2 is %q", got)
	}
}

// The flags that hide the build folder go wherever the text is cut.
func TestScrub(t *testing.T) {
	tr := tree{work: "/w"}
	flags := prefixMap("/w/src")
	first, second := strings.Fields(flags)[0], strings.Fields(flags)[1]
	for name, row := range map[string][2]string{
		"one line":      {"CFLAGS='-O2" + flags + "' CC=gcc", "CFLAGS='-O2' CC=gcc"},
		"cut before":    {"\"'-O2 \"\n    \"" + strings.TrimPrefix(flags, " ") + "' \"\n", "\"'-O2\"\n    \"' \"\n"},
		"cut between":   {"\"'-O2 " + first + " \"\n    '" + second + "' '\n", "\"'-O2\"\n    '' '\n"},
		"cut both ways": {"'-O2 '\n  \"" + first + " \"\n  '" + second + " -g'", "'-O2'\n  \"\"\n  ' -g'"},
		"another path":  {"/w/src/Include and /w/bin:/usr/bin", sourcePath + "/Include and /usr/bin"},
	} {
		if got := string(tr.scrub([]byte(row[0]))); got != row[1] {
			t.Errorf("%s: %q became %q, wanted %q", name, row[0], got, row[1])
		}
	}
}
