package build

import "regexp"

var moduleName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// extensions maps the modules that people import to the extension modules
// behind them. Some, such as uuid, import without theirs and only work less well.
var extensions = map[string][]string{
	"bz2":     {"_bz2"},
	"ctypes":  {"_ctypes"},
	"curses":  {"_curses", "_curses_panel"},
	"decimal": {"_decimal"},
	"hashlib": {"_hashlib"},
	"lzma":    {"_lzma"},
	"sqlite3": {"_sqlite3"},
	"ssl":     {"_ssl", "_hashlib"},
	"tkinter": {"_tkinter"},
	"uuid":    {"_uuid"},
	"zstd":    {"_zstd"},
}

func extensionsOf(name string) []string {
	if behind, ok := extensions[name]; ok {
		return behind
	}
	return []string{name}
}

// A dependency is the library from outside CPython that an extension module
// needs: the packages that provide it for compiling, and a program that
// compiles and links when it is there.
type dependency struct {
	apt, dnf, zypper string
	include, library string // header and linker flags of the probe
	symbol           string // something of the library, so that the link needs it
}

// dependencies are by extension module. What is not here comes with CPython.
var dependencies = map[string]dependency{
	"_bz2":          {"libbz2-dev", "bzip2-devel", "libbz2-devel", "bzlib.h", "-lbz2", "BZ2_bzlibVersion"},
	"_ctypes":       {"libffi-dev", "libffi-devel", "libffi-devel", "ffi.h", "-lffi", "ffi_call"},
	"_crypt":        {"libcrypt-dev", "libxcrypt-devel", "libxcrypt-devel", "crypt.h", "-lcrypt", "crypt"},
	"_curses":       {"libncurses-dev", "ncurses-devel", "ncurses-devel", "curses.h", "-lncursesw", "initscr"},
	"_curses_panel": {"libncurses-dev", "ncurses-devel", "ncurses-devel", "panel.h", "-lpanelw -lncursesw", "new_panel"},
	"_hashlib":      {"libssl-dev", "openssl-devel", "libopenssl-devel", "openssl/evp.h", "-lcrypto", "EVP_DigestInit_ex"},
	"_lzma":         {"liblzma-dev", "xz-devel", "xz-devel", "lzma.h", "-llzma", "lzma_version_string"},
	"_sqlite3":      {"libsqlite3-dev", "sqlite-devel", "sqlite3-devel", "sqlite3.h", "-lsqlite3", "sqlite3_libversion"},
	"_ssl":          {"libssl-dev", "openssl-devel", "libopenssl-devel", "openssl/ssl.h", "-lssl -lcrypto", "SSL_new"},
	"_tkinter":      {"tk-dev", "tk-devel", "tk-devel", "tcl.h", "-ltcl8.6", "Tcl_CreateInterp"},
	"_uuid":         {"uuid-dev", "libuuid-devel", "libuuid-devel", "uuid/uuid.h", "-luuid", "uuid_generate_time_safe"},
	"_zstd":         {"libzstd-dev", "libzstd-devel", "libzstd-devel", "zstd.h", "-lzstd", "ZSTD_versionString"},
	"readline":      {"libedit-dev", "libedit-devel", "libedit-devel", "editline/readline.h", "-ledit", "readline"},
	"zlib":          {"zlib1g-dev", "zlib-devel", "zlib-devel", "zlib.h", "-lz", "zlibVersion"},
}

// probe returns a C program that links when the dependency is there.
func (d dependency) probe() string {
	return "#include <stdio.h>\n#include <" + d.include + ">\nint main(void) { return (void *)" + d.symbol + " == NULL; }\n"
}

// unstatedModules returns the required modules that have to be probed for.
func (r Recipe) unstatedModules() []string {
	s, _ := seriesOf(r.Ref.Version)
	var unstated []string
	for _, name := range s.unstated {
		for _, required := range r.RequiredModules {
			if name == required {
				unstated = append(unstated, name)
			}
		}
	}
	return unstated
}

// linkedModules returns the extension modules of the recipe that need a
// library from outside: what the toolchain has to provide for.
func (r Recipe) linkedModules() []string {
	modules := DefaultModules(r.Ref.Version)
	if r.Tkinter {
		modules = append(modules, "_tkinter")
	}
	return modules
}
