package artifact

import (
	"cmp"
	"slices"
	"strings"
)

// A packageManager is how a distribution installs packages, as far as
// Preflight gives advice.
type packageManager struct {
	names    []string // ID or ID_LIKE of os-release
	programs []string // of which the first that is there is used
	command  string   // what follows the program, before the package
	choose   func(soname string, p libraryPackage) string
}

var packageManagers = []packageManager{
	{[]string{"debian", "ubuntu"}, []string{"/usr/bin/apt-get"}, "install -y",
		func(_ string, p libraryPackage) string { return p.apt }},
	{[]string{"fedora", "rhel", "centos", "amzn"}, []string{"/usr/bin/dnf", "/usr/bin/microdnf", "/usr/bin/yum"}, "install -y",
		func(soname string, p libraryPackage) string {
			return cmp.Or(p.dnf, "'"+soname+"()(64bit)'") // what every RPM with the library provides
		}},
	{[]string{"alpine", "wolfi", "chainguard"}, []string{"/sbin/apk", "/usr/bin/apk"}, "add",
		func(soname string, _ libraryPackage) string { return "so:" + soname }}, // the same for apk
	{[]string{"suse", "opensuse", "sles"}, []string{"/usr/bin/zypper"}, "install -y",
		func(soname string, _ libraryPackage) string { return "'" + soname + "()(64bit)'" }},
}

// managerOf returns the package manager of the first distribution that is
// known; the zero packageManager where none is.
func managerOf(ids []string) packageManager {
	for _, id := range ids {
		for _, m := range packageManagers {
			if slices.Contains(m.names, id) {
				return m
			}
		}
	}
	return packageManager{}
}

// A libraryPackage says which packages bring a library.
type libraryPackage struct {
	soname   string
	apt, dnf string // empty where no package is known; "none" where there is none
	only     string // where the packages are to be found, if not everywhere
}

const noPackage = "none"

// libraryPackages are the libraries that CPython's extension modules link to.
// A Debian package that was renamed for 64-bit time stamps (libssl3t64) also
// goes by its old name.
var libraryPackages = []libraryPackage{
	{"libssl.so.3", "libssl3", "openssl-libs", "Debian 12, Ubuntu 22.04, RHEL 9 and newer"},
	{"libcrypto.so.3", "libssl3", "openssl-libs", "Debian 12, Ubuntu 22.04, RHEL 9 and newer"},
	{"libssl.so.1.1", "libssl1.1", "openssl1.1", "Debian 11, Ubuntu 20.04, Fedora 39 and older"},
	{"libcrypto.so.1.1", "libssl1.1", "openssl1.1", "Debian 11, Ubuntu 20.04, Fedora 39 and older"},
	{"libffi.so.6", "libffi6", "libffi", "Debian 10, Ubuntu 18.04, RHEL 8 and older"},
	{"libffi.so.7", "libffi7", noPackage, "Debian 11 and Ubuntu 20.04"},
	{"libffi.so.8", "libffi8", "libffi", "Debian 12, Ubuntu 22.04, RHEL 9 and newer"},
	{"libsqlite3.so.0", "libsqlite3-0", "sqlite-libs", ""},
	{"liblzma.so.5", "liblzma5", "xz-libs", ""},
	{"libbz2.so.1.0", "libbz2-1.0", noPackage, "Debian and Ubuntu; elsewhere the library is called libbz2.so.1"},
	{"libbz2.so.1", noPackage, "bzip2-libs", "Fedora, RHEL and openSUSE; on Debian and Ubuntu the library is called libbz2.so.1.0"},
	{"libz.so.1", "zlib1g", "zlib", ""},
	{"libuuid.so.1", "libuuid1", "libuuid", ""},
	{"libedit.so.2", "libedit2", noPackage, "Debian and Ubuntu; elsewhere the library is called libedit.so.0"},
	{"libedit.so.0", noPackage, "libedit", "Fedora and RHEL; on Debian and Ubuntu the library is called libedit.so.2"},
	{"libreadline.so.8", "libreadline8", "readline", ""},
	{"libncurses.so.6", "libncurses6", "ncurses-libs", ""},
	{"libncursesw.so.6", "libncursesw6", "ncurses-libs", ""},
	{"libpanel.so.6", "libncurses6", "ncurses-libs", ""},
	{"libpanelw.so.6", "libncursesw6", "ncurses-libs", ""},
	{"libtinfo.so.6", "libtinfo6", "ncurses-libs", ""},
	{"libzstd.so.1", "libzstd1", "libzstd", ""},
	{"libexpat.so.1", "libexpat1", "expat", ""},
	{"libmpdec.so.3", "libmpdec3", noPackage, "Debian 12, Ubuntu 22.04 and newer"},
	{"libgdbm.so.6", "libgdbm6", "gdbm-libs", ""},
	{"libdb-5.3.so", "libdb5.3", "libdb", ""},
	{"libnsl.so.1", "libc6", "libnsl", ""},
	{"libnsl.so.2", "libnsl2", "libnsl2", ""},
	{"libtirpc.so.3", "libtirpc3", "libtirpc", ""},
	{"libcrypt.so.1", "libcrypt1", "libxcrypt-compat", ""},
	{"libcrypt.so.2", noPackage, "libxcrypt", "Fedora and RHEL"},
	{"libtcl8.6.so", "libtcl8.6", "tcl", ""},
	{"libtk8.6.so", "libtk8.6", "tk", ""},
	{"libX11.so.6", "libx11-6", "libX11", ""},
	{"libstdc++.so.6", "libstdc++6", "libstdc++", ""},
	{"libgcc_s.so.1", "libgcc-s1", "libgcc", ""},
}

// remedy says what to do about a missing library.
func (s *system) remedy(soname string) string {
	const instead = "use an artifact that brings its libraries along, or one that was built for this platform"
	p := libraryPackage{soname: soname}
	if i := slices.IndexFunc(libraryPackages, func(p libraryPackage) bool { return p.soname == soname }); i >= 0 {
		p = libraryPackages[i]
	}
	where := ""
	if p.only != "" {
		where = " (" + p.only + ")"
	}
	if s.manager.choose == nil {
		if p.apt == "" {
			return "install the package with " + soname + ", or " + instead
		}
		return "install the package with " + soname + where + "; Debian calls it " + p.apt
	}
	name := s.manager.choose(soname, p)
	switch {
	case name == noPackage:
		return "no package here has it" + where + ": " + instead
	case name == "":
		return "find its package with: apt-file search " + soname + "; or " + instead
	}
	if p.only != "" {
		where = " (in " + p.only + "); where it is not, " + instead
	}
	for _, program := range s.manager.programs {
		if s.root.exists(program) {
			return strings.Join([]string{program[strings.LastIndexByte(program, '/')+1:], s.manager.command, name}, " ") + where
		}
	}
	return "put the package " + name + " into the image" + where
}
