package build

import (
	"fmt"
	"slices"

	"github.com/2-coatl/cpython-prebuilt/cpython"
)

// A series is what building one feature series of CPython needs to differ in.
type series struct {
	name string

	// modules are extension modules of this series beyond commonModules
	// that need a library from outside CPython.
	modules []string

	// disabled are extension modules of this series, beyond
	// commonDisabled, that are never built.
	disabled []string

	// unstated are required modules whose state configure does not tell:
	// setup.py decides on them while compiling. They are probed for.
	unstated []string

	// scripts are the scripts of bin/ beyond idle, pydoc and pip.
	scripts []string
}

// supported are the series that CPython's own project still supports, oldest first.
var supported = []series{
	{name: "3.11", modules: []string{"_crypt"}, disabled: []string{"nis"}, scripts: []string{"2to3-3.11"},
		unstated: []string{"_ctypes", "_curses", "_curses_panel", "readline"}},
	{name: "3.12", modules: []string{"_crypt"}, disabled: []string{"nis"}, scripts: []string{"2to3-3.12"}},
	{name: "3.13"},
	{name: "3.14", modules: []string{"_zstd"}},
	{name: "3.15", modules: []string{"_zstd"}},
}

// commonModules are the extension modules that need a library from outside
// CPython, and _decimal and pyexpat, which can fail to build: every series has them.
var commonModules = []string{
	"_bz2", "_ctypes", "_curses", "_curses_panel", "_decimal", "_hashlib", "_lzma",
	"_sqlite3", "_ssl", "_uuid", "pyexpat", "readline", "zlib",
}

// commonDisabled are never built: the licences of gdbm and Berkeley DB would
// bind the whole artifact.
var commonDisabled = []string{"_dbm", "_gdbm"}

func seriesOf(v cpython.Version) (series, error) {
	for _, s := range supported {
		if s.name == v.Series() {
			return s, nil
		}
	}
	oldest, newest := supported[0].name, supported[len(supported)-1].name
	reason := fmt.Sprintf("series %s is not known here yet, wanted one of %s to %s", v.Series(), oldest, newest)
	if v.Minor < 11 {
		reason = fmt.Sprintf("CPython's own project no longer supports %s; wanted one of %s to %s", v.Series(), oldest, newest)
	}
	return series{}, &cpython.ParseError{Kind: "version", Text: v.String(), Reason: reason}
}

// DefaultModules returns the extension modules that a build of v requires when
// its recipe names none: all that need a library from outside CPython, but _tkinter.
func DefaultModules(v cpython.Version) []string {
	s, err := seriesOf(v)
	if err != nil {
		return nil
	}
	return slices.Sorted(slices.Values(slices.Concat(commonModules, s.modules)))
}

// disabledModules returns what Modules/Setup.local turns off.
func (r Recipe) disabledModules() []string {
	s, _ := seriesOf(r.Ref.Version)
	disabled := slices.Concat(commonDisabled, s.disabled)
	if !r.Tkinter {
		disabled = append(disabled, "_tkinter")
	}
	slices.Sort(disabled)
	return disabled
}
