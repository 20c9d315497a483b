package build

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/2-coatl/cpython-prebuilt/cpython/artifact"
)

const dep5 = "Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/\nUpstream-Name: x\n\n"

func TestSPDXOf(t *testing.T) {
	for _, tt := range []struct{ name, text, want string }{
		{"expat", dep5 + "Files: *\nCopyright: someone\nLicense: Expat\n Permission is hereby granted.\n .\n Files: no field\n", "MIT"},
		{"of all files, not of the packaging", dep5 + "Files: *\nLicense: Zlib\n\nFiles: debian/*\nLicense: GPL-2+\n\nLicense: GPL-2+\n text\n", "Zlib"},
		{"pattern on a line of its own", dep5 + "Files:\n *\nCopyright:\n someone\nLicense: BSD-3-clause\n text\n", "BSD-3-Clause"},
		{"comment and trailing blanks", "# a comment\n" + dep5 + "Files: * \nCopyright: x\n# another\nLicense:   BSD-3-Clause  \n", "BSD-3-Clause"},
		{"the last of several", dep5 + "Files: *\nLicense: Expat\n\nFiles: *\nLicense: ISC\n", "ISC"},
		{"older form", "Format-Specification: http://svn.debian.org/wsvn/dep/web/deps/dep5.mdwn?op=file&rev=59\n\nFiles: *\nLicense: GPL-3+\n", "GPL-3.0-or-later"},
		{"windows", strings.ReplaceAll(dep5+"Files: *\nLicense: ISC\n", "\n", "\r\n"), "ISC"},
		{"two", dep5 + "Files: *\nLicense: Sleepycat and BSD-3-clause\n", "Sleepycat AND BSD-3-Clause"},
		{"either", dep5 + "Files: *\nLicense: BSD-3-clause or GPL-2\n", "BSD-3-Clause OR GPL-2.0-only"},
		{"groups", dep5 + "Files: *\nLicense: GPL-2+ or Artistic-2.0, and BSD-3-clause\n", "(GPL-2.0-or-later OR Artistic-2.0) AND BSD-3-Clause"},
		{"perl", dep5 + "Files: *\nLicense: Perl and Expat\n", "(Artistic-1.0-Perl OR GPL-1.0-or-later) AND MIT"},
		{"exception of GCC", dep5 + "Files: *\nLicense: GPL-3+ with GCC-Runtime-3.1 exception\n", "GPL-3.0-or-later WITH GCC-exception-3.1"},
		{"another exception", dep5 + "Files: *\nLicense: GPL-2+ with OpenSSL exception\n", "GPL-2.0-or-later"},
		{"lesser", dep5 + "Files: *\nLicense: LGPL-2.1\n", "LGPL-2.1-only"},
		{"lesser of any version", dep5 + "Files: *\nLicense: LGPL\n", "LGPL-2.0-or-later"},
		{"manual", dep5 + "Files: *\nLicense: GFDL-NIV-1.3+\n", "GFDL-1.3-no-invariants-or-later"},
		{"public domain", dep5 + "Files: *\nLicense: public-domain-md5\n", "LicenseRef-public-domain"},
		{"public domain in two words", dep5 + "Files: *\nLicense: public domain\n", "LicenseRef-public-domain"},
		{"a name of its own", dep5 + "Files: *\nLicense: BSD_variant (mine)\n", ""},
		{"one that SPDX does not have", dep5 + "Files: *\nLicense: BSD_variant/mine\n", "LicenseRef-BSD-variant-mine"},
		{"prose", dep5 + "Files: *\nLicense: see the file COPYING\n", ""},
		{"nothing behind and", dep5 + "Files: *\nLicense: Expat and\n", ""},
		{"nothing between commas", dep5 + "Files: *\nLicense: Expat,, ISC\n", ""},
		{"empty name", dep5 + "Files: *\nLicense:\n The text.\n", ""},
		{"nothing of all files", dep5 + "Files: src/*\nLicense: Expat\n", ""},
		{"no stanza of files", dep5, ""},
		{"not machine-readable", "This package was debianized by someone.\n\nFiles: *\nLicense: Expat\n", ""},
		{"without a format", "Upstream-Name: x\n\nFiles: *\nLicense: Expat\n", ""},
		{"empty", "", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := spdxOf(tt.text); got != tt.want {
				t.Errorf("spdxOf = %q, want %q", got, tt.want)
			}
		})
	}
}

func TestLicenceOf(t *testing.T) {
	for _, tt := range []struct{ soname, version, copyright, want string }{
		{"libssl.so.3", "3.0.15-1", "", "Apache-2.0"},
		{"libcrypto.so.1.1", "1.1.1w-0+deb11u1", dep5 + "Files: *\nLicense: GPL-3+\n", "OpenSSL"},
		{"libssl.so.10", "1.0.2k", "", "OpenSSL"},
		{"liblzma.so.5", "5.4.1-1", "", "LicenseRef-public-domain"},
		{"liblzma.so.5", "5.8.1-1", "", "0BSD"},
		{"liblzma.so.5", "1:5.6.2-3.fc41", "", "0BSD"},
		{"liblzma.so.5", "5.6.1+really5.4.5-1ubuntu0.2", "", "LicenseRef-public-domain"},
		{"liblzma.so.5", "", "", ""},
		{"libuuid.so.1", "2.38", dep5 + "Files: *\nLicense: GPL-2+\n", "BSD-3-Clause"},
		{"libncursesw.so.6", "6.4", "", "X11-distribute-modifications-variant"},
		{"libtcl8.6.so", "8.6.13", "", "TCL"},
		{"libdb-5.3.so", "5.3.28", "", "Sleepycat"},
		{"libX11.so.6", "1.8.4", "", "MIT AND MIT-open-group AND X11 AND HPND AND HPND-sell-variant AND BSD-1-Clause AND LicenseRef-TekHVC"},
		{"libfreetype.so.6", "2.12.1", "", "(FTL OR GPL-2.0-or-later) AND MIT"},
		{"libxcb.so.1", "1.15", "", "X11"},
		{"libpng16.so.16", "1.6.39", "", "libpng-2.0"},
		{"libreadline.so.8", "8.2", "", "GPL-3.0-or-later"},
		{"libunheard.so.1", "1", dep5 + "Files: *\nLicense: Expat\n", "MIT"},
		{"libunheard.so.1", "1", "", ""},
	} {
		if got := licenceOf(artifact.Library{Soname: tt.soname, Version: tt.version}, tt.copyright); got != tt.want {
			t.Errorf("%s of %s: %q, want %q", tt.soname, tt.version, got, tt.want)
		}
	}
}

func TestForbidden(t *testing.T) {
	for licence, want := range map[string]bool{
		"":                               false,
		"MIT":                            false,
		"LGPL-2.1-or-later":              false,
		"LicenseRef-LGPL-own":            false,
		"GPL-3.0-or-later":               true,
		"AGPL-3.0-only":                  true,
		"Sleepycat AND BSD-3-Clause":     true,
		"LicenseRef-GPL-2-autoconf-exce": true,
		"GPL-3.0-or-later WITH GCC-exception-3.1":              false,
		"GPL-2.0-or-later WITH Classpath-exception-2.0":        true,
		"BSD-3-Clause OR GPL-2.0-only":                         false,
		"GPL-2.0-only OR GPL-3.0-only":                         true,
		"MIT AND GPL-2.0-only OR ISC":                          false,
		"MIT AND (GPL-2.0-only OR ISC)":                        false,
		"(MIT OR ISC) AND GPL-2.0-only":                        true,
		"GPL-3.0-only WITH GCC-exception-3.1 AND GPL-2.0-only": true,
		"MIT AND":                true,
		"(MIT":                   true,
		"MIT)":                   true,
		"MIT ISC":                true,
		"WITH GCC-exception-3.1": true,
		"X11-distribute-modifications-variant AND bzip2-1.0.6":       false,
		"BSD-3-Clause AND BSD-2-Clause AND LicenseRef-public-domain": false,
	} {
		if got := forbidden(licence); got != want {
			t.Errorf("forbidden(%q) = %v, want %v", licence, got, want)
		}
	}
}

// What this program says itself can be read by itself.
func TestLibraryLicences(t *testing.T) {
	expression := regexp.MustCompile(`^\(?[A-Za-z0-9.-]+( (AND|OR|WITH) [A-Za-z0-9.-]+\)?)*$`)
	refused := []string{"libdb", "libgdbm", "libgdbm_compat", "libhistory", "libreadline"}
	for name, licence := range libraryLicences {
		if !expression.MatchString(licence) {
			t.Errorf("%s: %q is no expression", name, licence)
		}
		if got := forbidden(licence); got != slices.Contains(refused, name) {
			t.Errorf("%s: forbidden is %v", name, got)
		}
	}
}

func TestCommonLicences(t *testing.T) {
	for licence, want := range map[string][]string{
		"Apache-2.0":                              {"Apache-2.0"},
		"MIT AND LGPL-2.1-or-later":               {"LGPL-2.1"},
		"LGPL-3.0-or-later OR Apache-2.0":         {"Apache-2.0", "GPL-3", "LGPL-3"},
		"GPL-3.0-or-later WITH GCC-exception-3.1": {"GPL-3"},
		"BSD-3-Clause":                            nil,
	} {
		if got := commonLicences(licence); !slices.Equal(got, want) {
			t.Errorf("commonLicences(%q) = %q, want %q", licence, got, want)
		}
	}
}

// The copyright files of this machine, where it is a Debian that has them.
func TestSPDXOfThisMachine(t *testing.T) {
	for name, want := range map[string]string{
		"libssl3": "Apache-2.0", "libsqlite3-0": "LicenseRef-public-domain", "libffi8": "MIT", "liblzma5": "LicenseRef-public-domain|0BSD",
		"libbz2-1.0": "LicenseRef-BSD-variant|bzip2-1.0.6", "zlib1g": "Zlib", "libuuid1": "GPL-2.0-or-later", "libedit2": "BSD-3-Clause",
		"libncursesw6": "MIT|MIT-X11|X11-distribute-modifications-variant", "libtinfo6": "MIT|MIT-X11|X11-distribute-modifications-variant",
		"libbsd0": "BSD-3-Clause", "libmd0": "BSD-3-Clause", "libexpat1": "MIT", "libreadline8": "GPL-3.0-or-later", "libgdbm6": "GPL-3.0-or-later",
		"libdb5.3": "Sleepycat AND BSD-3-Clause", "libzstd1": "BSD-3-Clause OR GPL-2.0-only", "libtirpc3": "BSD-3-Clause", "libnsl2": "", "libtcl8.6": "", "libcrypt1": "",
	} {
		text, err := os.ReadFile("/usr/share/doc/" + name + "/copyright")
		if err != nil {
			continue
		}
		if got := spdxOf(string(text)); !slices.Contains(strings.Split(want, "|"), got) {
			t.Errorf("%s: %q, want %s", name, got, want)
		}
	}
}

func FuzzSPDXOf(f *testing.F) {
	f.Add(dep5 + "Files: *\nLicense: GPL-2+ or Artistic-2.0, and BSD-3-clause\n")
	f.Add(dep5 + "Files: *\nLicense: Perl with a exception, Expat\n")
	f.Fuzz(func(t *testing.T, text string) {
		licence := spdxOf(text)
		if licence == "" {
			return
		}
		p := &licenceParser{tokens: strings.Fields(strings.NewReplacer("(", " ( ", ")", " ) ").Replace(licence))}
		if p.any(); p.bad || len(p.tokens) > 0 {
			t.Errorf("%q is no expression", licence)
		}
	})
}
