package artifacttest

import (
	"encoding/binary"
	"path/filepath"
	"strings"
	"testing"

	"github.com/2-coatl/cpython-prebuilt/cpython/artifact/internal/elfspec"
	"github.com/2-coatl/cpython-prebuilt/cpython/artifact/internal/siphash"
)

// elfBreaks are trees with a shared library that something is wrong with.
func elfBreaks() []Break {
	extra := func(name, id string, spec elfspec.Spec) Break {
		return Break{Name: name, ID: id, Tree: func(t testing.TB, dir string) {
			if spec.Arch == "" {
				spec.Arch = arch()
			}
			if spec.ISA == 0 {
				spec.ISA = 1
			}
			Write(t, filepath.Join(dir, "lib/python3.13/lib-dynload/x.abi3.so"), string(spec.Bytes()), 0o755)
		}}
	}
	exports := []string{"PyInit_x"}
	breaks := []Break{
		extra("library for another architecture", "S10", elfspec.Spec{Arch: "s390x", Exports: exports}),
		extra("library with an absolute run path", "S13", elfspec.Spec{RPath: "/opt/lib", Exports: exports}),
		extra("library with a run path that the environment overrides", "S13", elfspec.Spec{RunPath: "$ORIGIN", Exports: exports}),
		extra("library that needs one of one build of glibc", "S12", elfspec.Spec{Needed: []string{"libc.so.6"},
			Versions: map[string][]string{"libc.so.6": {"GLIBC_PRIVATE"}}, Exports: exports}),
		extra("library by its path", "S11", elfspec.Spec{Needed: []string{"/usr/lib/libc.so.6"}, Exports: exports}),
		extra("module without its function", "S14", elfspec.Spec{}),
		extra("library with an executable stack", "S15", elfspec.Spec{ExecStack: true, Exports: exports}),
		extra("library that holds a home folder", "S18", elfspec.Spec{Tail: "/home/joe/src\x00", Exports: exports}),
		extra("library with debug information", "S21", elfspec.Spec{Sections: []string{".debug_info"}, Exports: exports}),
		{Name: "library that is none", ID: "S10", Tree: func(t testing.TB, dir string) {
			Write(t, filepath.Join(dir, "lib/python3.13/lib-dynload/x.abi3.so"), "\x7fELF and nothing more\n", 0o755)
		}},
	}
	if arch() == "amd64" {
		breaks = append(breaks, extra("library for newer processors", "S16", elfspec.Spec{ISA: 4, Exports: exports}))
	}
	return breaks
}

// contentBreaks are trees whose scripts, texts or bytecode are not as they
// should be.
func contentBreaks() []Break {
	file := func(name, id, path, content string) Break {
		return Break{Name: name, ID: id, Tree: func(t testing.TB, dir string) {
			Write(t, filepath.Join(dir, filepath.FromSlash(path)), content, 0o755)
		}}
	}
	bytes := func(name string, change func(pyc []byte) []byte) Break {
		ref := "lib/python3.13/"
		return Break{Name: name, ID: "S20", Tree: func(t testing.TB, dir string) {
			pyc := []byte(bytecode(Ref(t, "3.13.5"), "name = 'posix'\n", ref+"os.py"))
			Write(t, filepath.Join(dir, ref+"__pycache__/os.cpython-313.pyc"), string(change(pyc)), 0o644)
		}}
	}
	sysdata := func(name, old, new string) Break {
		return Break{Name: name, ID: "S19", Tree: func(t testing.TB, dir string) {
			ref := Ref(t, "3.13.5")
			text := strings.Replace(sysconfig(ref.Prefix("/opt/python")), old, new, 1)
			Write(t, filepath.Join(dir, "lib/python3.13", sysconfigdata(ref)), text, 0o644)
		}}
	}
	return []Break{
		file("shebang of the prefix", "S17", "bin/x", "#!/opt/python-3.13.5/bin/python3.13\n"),
		file("shebang of a build machine", "S17", "lib/python3.13/x.py", "#!/home/joe/bin/python3\n"),
		file("shebang of another program", "S17", "bin/x", "#!/usr/bin/perl\n"),
		file("trampoline to an absolute path", "S17", "bin/x", "#!/bin/sh\n'''exec' \"/usr/bin/python3\" \"$0\" \"$@\"\n' '''\n"),
		file("script that holds the prefix", "S17", "bin/x", "#!/bin/sh\nexec /opt/python-3.13.5/bin/python3\n"),
		file("text in bin", "S17", "bin/x", "python\n"),
		file("pkg-config file with the folder of the build", "S18", "lib/pkgconfig/x.pc", "prefix=/tmp/cpython-prebuilt-build/dest\n"),
		file("script with a home folder", "S18", "bin/x", "#!/bin/sh\nexec /home/joe/x\n"),
		file("bytecode of another file name", "S18", "lib/python3.13/encodings/__pycache__/__init__.cpython-313.pyc",
			bytecodeHeader(strings.Repeat("# The encodings of a very small Python.\n", 1000))+"/tmp/x/__init__.py"),
		sysdata("compiler by its path", "'CC': 'gcc'", "'CC': '/usr/bin/gcc'"),
		sysdata("no compiler", "'CC': 'gcc'", "'CC': ''"),
		sysdata("configured otherwise", "--enable-shared", "--disable-shared"),
		sysdata("another prefix", "'prefix': '", "'prefix': '/usr', 'base': '"),
		bytes("bytecode of another version", func(pyc []byte) []byte { pyc[0]++; return pyc }),
		bytes("bytecode with a time stamp", func(pyc []byte) []byte { pyc[4] = 0; return pyc }),
		bytes("bytecode that is checked at start-up", func(pyc []byte) []byte { pyc[4] = 3; return pyc }),
		bytes("bytecode of another source", func(pyc []byte) []byte { pyc[8] ^= 1; return pyc }),
		bytes("bytecode cut in the header", func(pyc []byte) []byte { return pyc[:15] }),
		file("bytecode without its source", "S20", "lib/python3.13/__pycache__/x.cpython-313.pyc", bytecodeHeader("")),
		file("bytecode beside its source", "S20", "lib/python3.13/os.pyc", bytecodeHeader("")),
		file("test package", "S21", "lib/python3.13/test/__init__.py", ""),
		file("static library", "S21", "lib/libpython3.13.a", "!<arch>\n"),
		file("two versions of pip", "S23", "lib/python3.13/site-packages/pip-24.0.dist-info/METADATA", "Name: pip\n"),
		without("lib/python3.13/site-packages/pip-25.1.1.dist-info", "S23"),
	}
}

// bytecodeHeader is the header of a .pyc of 3.13 for a source.
func bytecodeHeader(source string) string {
	header := binary.LittleEndian.AppendUint32(nil, uint32(magicNumbers["3.13"])|'\r'<<16|'\n'<<24)
	header = append(header, 1, 0, 0, 0)
	return string(binary.LittleEndian.AppendUint64(header, siphash.Sum(uint64(binary.LittleEndian.Uint32(header)), []byte(source))))
}
