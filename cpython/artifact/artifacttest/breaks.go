package artifacttest

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/2-coatl/cpython-prebuilt/cpython/artifact"
)

// A Break is one way of breaking an artifact. Of its functions one is set, or
// Tree and Info.
type Break struct {
	Name string
	ID   string // of the check that has to fail

	Tree    func(t testing.TB, dir string)                   // changes the tree before it is packed
	Info    func(info *artifact.BuildInfo)                   // changes what is said about it
	Entries func(files []File) []File                        // changes the entries of the archive
	Stream  func(tar []byte) []byte                          // changes the tar stream
	Bytes   func(packed []byte) []byte                       // changes the packed file; the checksum file follows
	File    func(t testing.TB, path string) (newPath string) // changes the finished pair
}

// Make makes an artifact that is broken in this way and returns its path.
func (b Break) Make(t testing.TB) string {
	t.Helper()
	ref := Ref(t, "3.13.5")
	dir, info := Tree(t, ref), Info(ref)
	if b.Tree != nil {
		b.Tree(t, dir)
	}
	if b.Info != nil {
		b.Info(&info)
	}
	path := Pack(t, dir, info)
	if b.Entries != nil {
		Store(t, path, Archive(t, b.Entries(Load(t, path))))
	}
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if b.Stream != nil {
		Store(t, path, Compress(t, b.Stream(Decompress(t, content))))
	}
	if b.Bytes != nil {
		Store(t, path, b.Bytes(content))
	}
	if b.File != nil {
		return b.File(t, path)
	}
	return path
}

// Breaks returns every way of breaking an artifact that this package knows.
func Breaks() []Break {
	return slices.Concat(fileBreaks(), streamBreaks(), pathBreaks(), canonicalBreaks(), infoBreaks(), treeBreaks(), elfBreaks(), contentBreaks())
}

// replaced returns a Break of the tree that changes the text of one file.
func replaced(name, id, file, old, new string) Break {
	return Break{Name: name, ID: id, Tree: func(t testing.TB, dir string) {
		path := filepath.Join(dir, filepath.FromSlash(file))
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(string(text), old) {
			t.Fatalf("%s does not hold %q", file, old)
		}
		Write(t, path, strings.Replace(string(text), old, new, 1), 0o644)
	}}
}

// without returns a Break of the tree that removes what matches the pattern.
func without(pattern, id string) Break {
	return Break{Name: "without " + pattern, ID: id, Tree: func(t testing.TB, dir string) {
		found, err := filepath.Glob(filepath.Join(dir, filepath.FromSlash(pattern)))
		if err != nil || len(found) == 0 {
			t.Fatalf("nothing matches %s", pattern)
		}
		for _, name := range found {
			if err := os.RemoveAll(name); err != nil {
				t.Fatal(err)
			}
		}
	}}
}

// treeBreaks are trees that something is wrong with, packed as they should be.
func treeBreaks() []Break {
	const makefile = "lib/python3.13/config-3.13-*/Makefile"
	return []Break{
		without("bin/pip3", "S07"),
		without("lib/python3.13/os.py", "S07"),
		without("lib/python3.13/encodings", "S07"),
		without("lib/python3.13/ensurepip", "S07"),
		without("include/python3.13/Python.h", "S07"),
		without("include/python3.13/patchlevel.h", "S07"),
		{Name: "no libpython", ID: "S07", Tree: func(t testing.TB, dir string) {
			remove(t, dir, "lib/libpython3.13.so", "lib/libpython3.13.so.1.0")
		}},
		{Name: "interpreter cannot be executed", ID: "S07", Tree: func(t testing.TB, dir string) {
			if err := os.Chmod(filepath.Join(dir, "bin/python3.13"), 0o644); err != nil {
				t.Fatal(err)
			}
		}},
		{Name: "python3 leads elsewhere", ID: "S07", Tree: func(t testing.TB, dir string) {
			remove(t, dir, "bin/python3")
			Link(t, filepath.Join(dir, "bin/python3"), "pip3")
		}},
		replaced("headers of another version", "S08", "include/python3.13/patchlevel.h", "3.13.5", "3.13.4"),
		replaced("no version in the headers", "S08", "include/python3.13/patchlevel.h", "PY_VERSION", "PY_VERSIONS"),
		replaced("free-threaded headers", "S08", "include/python3.13/pyconfig.h", "Py_CONFIG 1", "Py_GIL_DISABLED 1"),
		without("lib/python3.13/lib-dynload/_ssl.*", "S09"),
		{Name: "a module failed to build", ID: "S09", Tree: func(t testing.TB, dir string) {
			found, err := filepath.Glob(filepath.Join(dir, filepath.FromSlash(makefile)))
			if err != nil || len(found) != 1 {
				t.Fatalf("%d files match %s", len(found), makefile)
			}
			text, err := os.ReadFile(found[0])
			if err != nil {
				t.Fatal(err)
			}
			Write(t, found[0], string(text)+"MODULE__CURSES_STATE=missing\n", 0o644)
		}},
		without("LICENSE", "S22"),
		replaced("another licence", "S22", "LICENSE", "PYTHON SOFTWARE FOUNDATION", "MIT"),
		{Name: "a library that build-info does not name", ID: "S22", Tree: func(t testing.TB, dir string) {
			Write(t, filepath.Join(dir, "lib/libffi.so.8"), library("libffi.so.8", "ffi_call"), 0o755)
			Write(t, filepath.Join(dir, "licenses/libffi8"), "A licence.\n", 0o644)
		}},
		bundled("a bundled library without its licence", func(l *artifact.Library, licence *string) { *licence = none }),
		bundled("a bundled library with an empty licence", func(l *artifact.Library, licence *string) { *licence = "" }),
		bundled("a bundled library with a blank licence", func(l *artifact.Library, licence *string) { *licence = " \n" }),
		bundled("a bundled library with another's licence", func(l *artifact.Library, licence *string) { l.Package = "libffi7" }),
		bundled("a bundled library of no package", func(l *artifact.Library, licence *string) { l.Package = "" }),
		bundled("a bundled library that is not there", func(l *artifact.Library, licence *string) { l.File += ".1" }),
	}
}

// none is the licence of a library that has none.
const none = "\x00"

// bundled returns a Break of the tree with a library of others, of which change
// changes what is said about it or its licence. A licence of none is left out.
func bundled(name string, change func(l *artifact.Library, licence *string)) Break {
	l, text, licence := Bundled()
	said, written := l, licence
	change(&said, &written)
	return Break{
		Name: name, ID: "S22",
		Tree: func(t testing.TB, dir string) {
			Write(t, filepath.Join(dir, filepath.FromSlash(l.File)), text, 0o755)
			if written != none {
				Write(t, filepath.Join(dir, "licenses", l.Package), written, 0o644)
			}
		},
		Info: func(info *artifact.BuildInfo) { info.Toolchain.Libraries = append(info.Toolchain.Libraries, said) },
	}
}

func remove(t testing.TB, dir string, names ...string) {
	t.Helper()
	for _, name := range names {
		if err := os.Remove(filepath.Join(dir, filepath.FromSlash(name))); err != nil {
			t.Fatal(err)
		}
	}
}
