package artifact

import (
	"maps"
	"slices"
	"testing"
)

func TestSysconfigVars(t *testing.T) {
	const text = `# system configuration generated and used by the sysconfig module
build_time_vars = {'ABIFLAGS': '',
 'AC_APPLE_UNIVERSAL_BUILD': 0,
 'CC': 'gcc',
 'CONFIG_ARGS': "'--enable-shared' 'CFLAGS=-O2 "
                "-g' 'X=it'\\''s'",
 'PLUS': 'a\'b\\c',
 'prefix': '/opt/python-3.11.2'}
`
	want := map[string]string{"ABIFLAGS": "", "CC": "gcc", "CONFIG_ARGS": `'--enable-shared' 'CFLAGS=-O2 -g' 'X=it'\''s'`,
		"PLUS": `a'b\c`, "prefix": "/opt/python-3.11.2"}
	got := sysconfigVars(text)
	for name, value := range want {
		if got[name] != value {
			t.Errorf("%s: got %q, want %q", name, got[name], value)
		}
	}
	if _, ok := got["AC_APPLE_UNIVERSAL_BUILD"]; ok || len(got) != len(want) {
		t.Errorf("got the variables %v, want %v", slices.Sorted(maps.Keys(got)), slices.Sorted(maps.Keys(want)))
	}
	args := configureArgs(got["CONFIG_ARGS"])
	if want := []string{"--enable-shared", "CFLAGS=-O2 -g", "X=it's"}; !slices.Equal(args, want) {
		t.Errorf("arguments: got %q, want %q", args, want)
	}
}

func TestSourceOf(t *testing.T) {
	for name, want := range map[string]string{
		"lib/python3.13/__pycache__/os.cpython-313.pyc":                    "lib/python3.13/os.py",
		"lib/python3.14t/json/__pycache__/__init__.cpython-314t.opt-2.pyc": "lib/python3.14t/json/__init__.py",
		"lib/python3.13/os.pyc":                                            "",
		"lib/python3.13/__pycache__/os.pyc":                                "",
		"lib/python3.13/os.cpython-313.pyc":                                "",
		"lib/python3.13/__pycache__/a.b.cpython-313.pyc":                   "lib/python3.13/a.b.py",
		"lib/python3.13/__pycache__/os.cpython-313.opt-3.pyc":              "",
		"lib/python3.13/__pycache__/__pycache__/x.cpython-313.pyc":         "lib/python3.13/__pycache__/x.py",
		"python-3.13.5/__pycache__/not-relative-to-lib.cpython-313.pyc":    "python-3.13.5/not-relative-to-lib.py",
	} {
		if got, ok := sourceOf(name); got != want || ok != (want != "") {
			t.Errorf("%s: got %q, %v, want %q", name, got, ok, want)
		}
	}
}
