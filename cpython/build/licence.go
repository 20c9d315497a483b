package build

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/2-coatl/cpython-prebuilt/cpython/artifact"
)

// libraryLicences are the licences of libraries as SPDX expressions, by soname
// up to ".so" and with or without the version that some have there. They go
// before what a package says: its licence file speaks of the programs, tests
// and manuals of the same source too, or of nothing in a form that can be read.
var libraryLicences = map[string]string{
	"libffi":      "MIT",
	"libsqlite3":  "blessing",
	"libbz2":      "bzip2-1.0.6",
	"libz":        "Zlib",
	"libexpat":    "MIT",
	"libmpdec":    "BSD-2-Clause",
	"libzstd":     "BSD-3-Clause OR GPL-2.0-only",
	"libuuid":     "BSD-3-Clause", // libuuid/ of util-linux, whose programs are under the GPL
	"libedit":     "BSD-3-Clause",
	"libbsd":      "BSD-3-Clause AND BSD-2-Clause AND ISC AND MIT AND Beerware AND LicenseRef-public-domain",
	"libmd":       "BSD-3-Clause AND BSD-2-Clause AND Beerware AND LicenseRef-public-domain",
	"libtinfo":    ncurses,
	"libtinfow":   ncurses,
	"libncurses":  ncurses,
	"libncursesw": ncurses,
	"libpanel":    ncurses,
	"libpanelw":   ncurses,
	"libform":     ncurses,
	"libformw":    ncurses,
	"libmenu":     ncurses,
	"libmenuw":    ncurses,

	"libcrypt":  "LGPL-2.1-or-later",
	"libnsl":    "LGPL-2.1-or-later",
	"libtirpc":  "BSD-3-Clause",
	"libgcc_s":  "GPL-3.0-or-later WITH GCC-exception-3.1",
	"libstdc++": "GPL-3.0-or-later WITH GCC-exception-3.1",
	"libatomic": "GPL-3.0-or-later WITH GCC-exception-3.1",

	"libtcl":          "TCL",
	"libtk":           "TCL",
	"libtcl9tk":       "TCL", // Tk 9
	"libX11":          "MIT AND MIT-open-group AND X11 AND HPND AND HPND-sell-variant AND BSD-1-Clause AND LicenseRef-TekHVC",
	"libXau":          "MIT-open-group",
	"libXdmcp":        "MIT-open-group",
	"libXext":         "MIT AND MIT-open-group AND X11 AND HPND AND HPND-sell-variant",
	"libXft":          "HPND-sell-variant",
	"libXrender":      "HPND-sell-variant",
	"libXss":          "X11",
	"libxcb":          "X11",
	"libfontconfig":   "HPND-sell-variant AND Unicode-DFS-2016 AND LicenseRef-public-domain",
	"libfreetype":     "(FTL OR GPL-2.0-or-later) AND MIT", // its readers of X11's own fonts are under the latter
	"libpng":          "libpng-2.0",
	"libbrotlidec":    "MIT",
	"libbrotlicommon": "MIT",

	// What a recipe avoids, and no package of it may slip in unseen.
	"libreadline":    "GPL-3.0-or-later",
	"libhistory":     "GPL-3.0-or-later",
	"libgdbm":        "GPL-3.0-or-later",
	"libgdbm_compat": "GPL-3.0-or-later",
	"libdb":          "Sleepycat",
}

// The licence of ncurses is MIT with a right more and one less, which SPDX has
// an identifier of its own for.
const ncurses = "X11-distribute-modifications-variant"

// licenceOf returns the licence of a library as an SPDX expression: what is
// known of the library itself, or else what the copyright file of its package
// says; empty where neither tells.
func licenceOf(l artifact.Library, copyright string) string {
	name, number, _ := strings.Cut(l.Soname, ".so")
	switch name {
	case "libssl", "libcrypto":
		if strings.HasPrefix(number, ".1") { // 1.0.0, 1.1, and 10 of Red Hat
			return "OpenSSL"
		}
		return "Apache-2.0"
	case "liblzma":
		return xzLicence(l.Version)
	}
	if licence, ok := libraryLicences[name]; ok {
		return licence
	}
	if licence, ok := libraryLicences[strings.TrimRight(name, "-.0123456789")]; ok {
		return licence
	}
	return spdxOf(copyright)
}

// xzLicence returns the licence of liblzma by the version of its package: 5.6
// came under the 0BSD licence (its COPYING.0BSD), everything before is in the
// public domain. Debian calls some 5.4 "5.6.1+really5.4.5-1".
func xzLicence(version string) string {
	const publicDomain = "LicenseRef-public-domain"
	if _, really, ok := strings.Cut(version, "+really"); ok {
		version = really
	}
	if _, rest, ok := strings.Cut(version, ":"); ok {
		version = rest
	}
	parts := append(strings.FieldsFunc(version, func(r rune) bool { return r < '0' || r > '9' }), "", "")
	major, err := strconv.Atoi(parts[0])
	minor, err2 := strconv.Atoi(parts[1])
	switch {
	case err != nil || err2 != nil:
		return ""
	case major > 5 || major == 5 && minor >= 6:
		return "0BSD"
	}
	return publicDomain
}

// forbidden reports whether a licence, an SPDX expression, would bind the whole
// artifact: the GPL and AGPL without the exception that GCC's own libraries
// have, and the licence of Berkeley DB. The LGPL does not, since the libraries
// are files of their own. Of alternatives one that does not is enough. What is
// no expression is forbidden; the empty text, a licence that is not known, is not.
func forbidden(licence string) bool {
	if licence == "" {
		return false
	}
	p := &licenceParser{tokens: strings.Fields(strings.NewReplacer("(", " ( ", ")", " ) ").Replace(licence))}
	binds := p.any()
	return binds || p.bad || len(p.tokens) > 0
}

// A licenceParser reads an SPDX license expression, in which WITH binds more
// than AND, and AND more than OR
// (https://spdx.github.io/spdx-spec/v2.3/SPDX-license-expressions/, D.4.5).
type licenceParser struct {
	tokens []string
	bad    bool
}

func (p *licenceParser) accept(token string) bool {
	if len(p.tokens) == 0 || p.tokens[0] != token {
		return false
	}
	p.tokens = p.tokens[1:]
	return true
}

func (p *licenceParser) any() bool {
	binds := p.all()
	for p.accept("OR") {
		if !p.all() {
			binds = false
		}
	}
	return binds
}

func (p *licenceParser) all() bool {
	binds := p.one()
	for p.accept("AND") {
		if p.one() {
			binds = true
		}
	}
	return binds
}

func (p *licenceParser) one() bool {
	if p.accept("(") {
		binds := p.any()
		p.bad = p.bad || !p.accept(")")
		return binds
	}
	name := p.name()
	exception := ""
	if p.accept("WITH") {
		exception = p.name()
	}
	lower := strings.ReplaceAll(strings.ToLower(name), "lgpl", "")
	return (strings.Contains(lower, "gpl") || lower == "sleepycat") && !strings.HasPrefix(exception, "GCC-exception-")
}

func (p *licenceParser) name() string {
	if len(p.tokens) == 0 || slices.Contains([]string{"(", ")", "AND", "OR", "WITH"}, p.tokens[0]) {
		p.bad = true
		return ""
	}
	name := p.tokens[0]
	p.tokens = p.tokens[1:]
	return name
}

// commonLicences returns the files of /usr/share/common-licenses that hold what
// the copyright files of Debian only name of a licence, sorted. They have to go
// with the library, too.
func commonLicences(licence string) []string {
	var names []string
	for _, id := range regexp.MustCompile(`[A-Za-z0-9.+-]+`).FindAllString(licence, -1) {
		switch m := gnuID.FindStringSubmatch(id); {
		case id == "Apache-2.0", id == "MPL-1.1", id == "MPL-2.0":
			names = append(names, id)
		case m != nil:
			names = append(names, fmt.Sprintf("%s-%s", m[1], strings.TrimSuffix(m[2], ".0")))
			if m[1] == "LGPL" && m[2] == "3.0" { // it adds to the GPL, and is not whole without
				names = append(names, "GPL-3")
			}
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

var gnuID = regexp.MustCompile(`^(L?GPL)-([0-9]\.[0-9])-(?:only|or-later)$`)
