package artifacttest

import (
	"encoding/binary"

	"github.com/2-coatl/cpython-prebuilt/cpython"
	"github.com/2-coatl/cpython-prebuilt/cpython/artifact/internal/elfspec"
	"github.com/2-coatl/cpython-prebuilt/cpython/artifact/internal/siphash"
)

// library returns a shared library that exports a symbol and that nothing is
// wrong with, but that it has no code.
func library(soname, export string) string {
	spec := elfspec.Spec{Arch: arch(), Soname: soname, Needed: []string{"libc.so.6"}, Exports: []string{export},
		Versions: map[string][]string{"libc.so.6": {"GLIBC_2.17", "GLIBC_2.34"}}}
	if arch() == "amd64" {
		spec.ISA = 1
	}
	return string(spec.Bytes())
}

// magicNumbers are those of the .pyc files of the series that tests use.
var magicNumbers = map[string]uint16{"3.11": 3495, "3.12": 3531, "3.13": 3571, "3.14": 3627}

// bytecode returns a .pyc that belongs to a source at a path of the tree, tied
// to it by an unchecked hash (PEP 552). It holds no code, only a file name.
func bytecode(ref cpython.Ref, source, path string) string {
	out := binary.LittleEndian.AppendUint16(nil, magicNumbers[ref.Version.Series()])
	out = append(out, "\r\n\x01\x00\x00\x00"...)
	magic := uint64(binary.LittleEndian.Uint32(out))
	out = binary.LittleEndian.AppendUint64(out, siphash.Sum(magic, []byte(source)))
	return string(out) + ref.Prefix("/opt/python") + "/" + path
}

// sysconfig returns a _sysconfigdata as CPython writes it, with little in it.
func sysconfig(prefix string) string {
	return "# system configuration generated and used by the sysconfig module\n" +
		"build_time_vars = {\n    'AR': 'ar',\n    'CC': 'gcc',\n    'CONFIG_ARGS': \"'--enable-shared' \"\n                   \"'CC=gcc'\",\n" +
		"    'LDSHARED': 'gcc -shared',\n    'MACHDEP': 'linux',\n    'Py_DEBUG': 0,\n    'prefix': '" + prefix + "',\n}\n"
}
