// Package artifacttest makes small valid artifacts for tests, and broken ones.
//
// [Tree] is a folder with everything that an installed CPython has and next to
// nothing in it; its interpreter is a shell script that answers the questions
// of artifact.Verify. [Make] packs one, with its checksum file. [Breaks] lists
// the ways of breaking an artifact, each with the ID of the check that notices.
package artifacttest

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/2-coatl/cpython-prebuilt/cpython"
	"github.com/2-coatl/cpython-prebuilt/cpython/artifact"
)

// Ref returns the identity of the artifacts of this package: version, for a
// platform of this host's architecture, so that the interpreter can run here.
func Ref(t testing.TB, version string) cpython.Ref {
	t.Helper()
	v, err := cpython.ParseVersion(version)
	if err != nil {
		t.Fatal(err)
	}
	return cpython.Ref{Version: v, Platform: cpython.Platform{OS: "debian12", Arch: arch()}, Build: 1}
}

func arch() string {
	for _, known := range []string{"amd64", "arm64"} {
		if runtime.GOARCH == known {
			return known
		}
	}
	return "amd64"
}

func triplet() string {
	return map[string]string{"amd64": "x86_64", "arm64": "aarch64"}[arch()] + "-linux-gnu"
}

// date is the time stamp of the source of all artifacts here.
var date = time.Date(2025, 6, 11, 15, 36, 57, 0, time.UTC)

// Info returns the build-info of ref that goes with what Tree makes.
func Info(ref cpython.Ref) artifact.BuildInfo {
	lib := "lib/python" + ref.Version.LD()
	modules := map[string]string{"_ctypes": "builtin", "_tkinter": "disabled", "_winapi": "n/a"}
	for _, name := range shared {
		modules[name] = "shared"
	}
	return artifact.BuildInfo{
		Schema: artifact.Schema,
		Ref:    ref,
		Source: artifact.Source{Archive: "Python-" + ref.Version.Source() + ".tar.xz", SHA256: strings.Repeat("5", 64), Date: date},
		Recipe: artifact.Recipe{Optimize: "full", Link: "system", ConfigureArgs: []string{"--enable-shared"},
			RequiredModules: []string{"_bz2", "_ctypes", "_ssl"}},
		Inputs:      strings.Repeat("1", 64),
		Toolchain:   artifact.Toolchain{Compiler: "gcc (Debian 12.2.0-14) 12.2.0", Linker: "GNU ld (GNU Binutils for Debian) 2.40", Libc: "glibc 2.36"},
		Prefix:      ref.Prefix("/opt/python"),
		PrefixFiles: []string{lib + "/" + sysconfigdata(ref), lib + "/config-" + ref.Version.LD() + "-" + triplet() + "/Makefile"},
		Modules:     modules,
	}
}

// shared are the extension modules of the tree.
var shared = []string{"_bz2", "_lzma", "_sqlite3", "_ssl", "_uuid", "zlib"}

func sysconfigdata(ref cpython.Ref) string {
	flags := strings.TrimPrefix(ref.Version.LD(), ref.Version.Series())
	return "_sysconfigdata_" + flags + "_linux_" + triplet() + ".py"
}

// Tree makes the tree of ref in a temporary folder of the test. On Windows the
// test is skipped.
func Tree(t testing.TB, ref cpython.Ref) string {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("a tree has links and executable files, which cannot be made on Windows as they are")
	}
	dir := filepath.Join(t.TempDir(), ref.Tree())
	for name, content := range files(ref) {
		mode := os.FileMode(0o644)
		if strings.HasPrefix(name, "bin/") || strings.Contains(name, ".so") {
			mode = 0o755
		}
		Write(t, filepath.Join(dir, name), content, mode)
	}
	v := ref.Version
	links := map[string]string{
		"bin/python3":                    "python" + v.LD(),
		"bin/python":                     "python3",
		"lib/libpython" + v.LD() + ".so": "libpython" + v.LD() + ".so.1.0",
	}
	if v.FreeThreaded {
		links["bin/python"+v.Series()] = "python" + v.LD()
	}
	for name, target := range links {
		Link(t, filepath.Join(dir, name), target)
	}
	return dir
}

// Bundled returns a shared library of a distribution as it lies in a tree that
// bundles it: what build-info.json says about it, its content and its licence.
func Bundled() (l artifact.Library, content, licence string) {
	const soname, file = "libffi.so.8", "cpbffi.so.8"
	p := cpython.Platform{OS: "debian12", Arch: arch()}
	l = artifact.Library{Soname: soname, Package: "libffi8", Version: "3.4.4-1", Source: "libffi", File: "lib/" + file,
		License: "MIT", PURL: artifact.PackageURL(p, "libffi8", "3.4.4-1")}
	return l, library(file, "ffi_call"), "Permission is hereby granted, free of charge, to any person.\n"
}

// Bundle puts the library that Bundled returns into the tree in the folder dir,
// and into what is said about the tree.
func Bundle(t testing.TB, dir string, info *artifact.BuildInfo) {
	t.Helper()
	l, content, licence := Bundled()
	Write(t, filepath.Join(dir, filepath.FromSlash(l.File)), content, 0o755)
	Write(t, filepath.Join(dir, "licenses", l.Package), licence, 0o644)
	info.Recipe.Link = "bundled"
	info.Toolchain.Libraries = append(info.Toolchain.Libraries, l)
}

func files(ref cpython.Ref) map[string]string {
	v := ref.Version
	ld := v.LD()
	lib, include, prefix := "lib/python"+ld, "include/python"+ld, ref.Prefix("/opt/python")
	pyconfig := "#define Py_CONFIG 1\n"
	if v.FreeThreaded {
		pyconfig += "#define Py_GIL_DISABLED 1\n"
	}
	makefile := "prefix=\t\t" + prefix + "\nMODULE__CTYPES_STATE=yes\nMODULE__TKINTER_STATE=disabled\nMODULE__WINAPI_STATE=n/a\n"
	for _, name := range shared {
		makefile += "MODULE_" + strings.ToUpper(name) + "_STATE=yes\n"
	}
	const source = "name = 'posix'\n"
	all := map[string]string{
		"LICENSE":                        "PYTHON SOFTWARE FOUNDATION LICENSE VERSION 2\n",
		"bin/python" + ld:                interpreter(ref),
		"bin/pip3":                       "#!/bin/sh\nexec \"${0%/*}/python" + ld + "\" -m pip \"$@\"\n",
		"lib/libpython" + ld + ".so.1.0": library("libpython"+ld+".so.1.0", "Py_Initialize"),
		include + "/Python.h":            "#include \"patchlevel.h\"\n",
		include + "/patchlevel.h":        "/* Version as a string */\n#define PY_VERSION      \t\"" + v.Source() + "\"\n",
		include + "/pyconfig.h":          pyconfig,
		lib + "/os.py":                   source,
		lib + "/__pycache__/os.cpython-" + strings.ReplaceAll(v.Series(), ".", "") + ".pyc": bytecode(ref, source, lib+"/os.py"),
		lib + "/encodings/__init__.py":                          strings.Repeat("# The encodings of a very small Python.\n", 1000),
		lib + "/" + sysconfigdata(ref):                          sysconfig(prefix),
		lib + "/config-" + ld + "-" + triplet() + "/Makefile":   makefile,
		lib + "/ensurepip/_bundled/pip-25.1.1-py3-none-any.whl": "a wheel\n",
		lib + "/site-packages/pip/__init__.py":                  "__version__ = '25.1.1'\n",
		lib + "/site-packages/pip-25.1.1.dist-info/METADATA":    "Name: pip\nVersion: 25.1.1\n",
	}
	for _, name := range shared {
		all[lib+"/lib-dynload/"+name+".cpython-"+strings.TrimPrefix(v.ABITag(), "cp")+"-"+triplet()+".so"] = library("", "PyInit_"+name)
	}
	if v.Series() == "3.14" {
		all[include+"/internal/pycore_magic_number.h"] = "#define PYC_MAGIC_NUMBER 3627\n"
	}
	return all
}

// interpreter returns a script that answers as the interpreter of ref would.
// Modules that are named in the file share/broken cannot be imported.
func interpreter(ref cpython.Ref) string {
	machine, _, _ := strings.Cut(triplet(), "-")
	v := ref.Version
	return fmt.Sprintf(`#!/bin/sh
here=${0%%/bin/*}
case "$*" in
*"-m pip --version"*) echo "pip 25.1.1 from $here/lib/python%[1]s/site-packages/pip (python %[2]s)" ;;
*platform.python_version*) echo "{\"version\": \"%[3]s\", \"machine\": \"%[4]s\", \"soabi\": \"cpython-%[5]s-%[6]s\", \"debug\": false, \"prefix\": \"$here\"}" ;;
*importlib.import_module*)
	shift 4
	for module; do
		if [ -e "$here/share/broken" ] && grep -qx "$module" "$here/share/broken"; then
			echo "$module ImportError: it is broken"
		fi
	done ;;
*/probes/*) echo done ;;
*) exit 2 ;;
esac
`, v.LD(), v.Series(), v.Source(), machine, strings.TrimPrefix(v.ABITag(), "cp"), triplet())
}

// Write writes a file of a tree and the folders above it.
func Write(t testing.TB, name, content string, mode os.FileMode) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(content), mode); err != nil {
		t.Fatal(err)
	}
}

// Link makes a symbolic link of a tree and the folders above it.
func Link(t testing.TB, name, target string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(target, name); err != nil {
		t.Fatal(err)
	}
}

// Make makes a valid artifact of 3.13.5 with its checksum file, in a temporary
// folder of the test, and returns its path.
func Make(t testing.TB) string {
	t.Helper()
	ref := Ref(t, "3.13.5")
	return Pack(t, Tree(t, ref), Info(ref))
}

// Pack packs the tree in the folder dir, with its checksum file, into a
// temporary folder of the test, and returns the path of the artifact.
func Pack(t testing.TB, dir string, info artifact.BuildInfo) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), info.Ref.File())
	f, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	packed, err := artifact.Pack(t.Context(), f, dir, info)
	if err != nil {
		t.Fatal(err)
	}
	if err := artifact.WriteSidecar(name, packed.SHA256); err != nil {
		t.Fatal(err)
	}
	return name
}
