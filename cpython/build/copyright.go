package build

import (
	"regexp"
	"slices"
	"strings"
)

// spdxOf returns the licence that a Debian copyright file gives for "Files: *"
// as an SPDX expression. It is empty where the file is not machine-readable
// (https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/), says
// nothing of all files, or says it in prose. A short name that SPDX does not
// have becomes a LicenseRef-.
func spdxOf(copyright string) string {
	stanzas := copyrightStanzas(copyright)
	if len(stanzas) == 0 || stanzas[0]["format"] == "" && stanzas[0]["format-specification"] == "" {
		return ""
	}
	licence := ""
	for _, stanza := range stanzas[1:] { // of several the last one counts
		if slices.Contains(strings.Fields(stanza["files"]), "*") {
			licence, _, _ = strings.Cut(stanza["license"], "\n")
		}
	}
	return spdxExpression(licence)
}

// copyrightStanzas reads the stanzas of a control file (deb822(5)), with the
// names of fields in lower case. It gives up at the first line that is of none.
func copyrightStanzas(text string) []map[string]string {
	var stanzas []map[string]string
	stanza, field := map[string]string{}, ""
	for line := range strings.Lines(text + "\n\n") {
		line = strings.TrimRight(line, " \t\r\n")
		switch name, value, ok := strings.Cut(line, ":"); {
		case line == "":
			if len(stanza) > 0 {
				stanzas = append(stanzas, stanza)
			}
			stanza, field = map[string]string{}, ""
		case line[0] == '#':
		case (line[0] == ' ' || line[0] == '\t') && field != "":
			stanza[field] += "\n" + strings.TrimSpace(line)
		case ok && !strings.ContainsAny(name, " \t"):
			field = strings.ToLower(name)
			stanza[field] = strings.TrimSpace(value)
		default:
			return nil
		}
	}
	return stanzas
}

// spdxExpression returns what the first line of a License field says (section
// 7.2 of the format): short names with "and", which binds more than "or", and
// groups with commas. It is empty where the line is none of that.
func spdxExpression(line string) string {
	groups := strings.Split(line, ",")
	var out strings.Builder
	for i, group := range groups {
		words := strings.Fields(group)
		if i > 0 {
			operator := "AND"
			if len(words) > 0 && joins(words[0]) {
				operator, words = strings.ToUpper(words[0]), words[1:]
			}
			out.WriteString(" " + operator + " ")
		}
		text := spdxGroup(words)
		if text == "" {
			return ""
		}
		if len(groups) > 1 && strings.Contains(text, " OR ") {
			text = "(" + text + ")"
		}
		out.WriteString(text)
	}
	return out.String()
}

func joins(word string) bool { return strings.EqualFold(word, "and") || strings.EqualFold(word, "or") }

// spdxGroup returns the expression of words between commas, empty where they
// are prose.
func spdxGroup(words []string) string {
	var parts []string
	for len(words) > 0 {
		end := slices.IndexFunc(words, joins)
		if end < 0 {
			end = len(words)
		}
		part := spdxLicence(words[:end])
		if part == "" || end == len(words)-1 {
			return ""
		}
		parts = append(parts, part)
		if end == len(words) {
			break
		}
		parts = append(parts, strings.ToUpper(words[end]))
		words = words[end+1:]
	}
	return strings.Join(parts, " ")
}

// spdxLicence returns the identifier of one licence with its exception. Of
// exceptions only GCC's is told; others only give rights beyond the licence, so
// that what is said without them is true as well.
func spdxLicence(words []string) string {
	if len(words) == 2 && strings.EqualFold(strings.Join(words, " "), "public domain") {
		words = []string{"public-domain"}
	}
	if len(words) == 0 || len(words) > 1 && !strings.EqualFold(words[1], "with") {
		return ""
	}
	id := spdxName(words[0])
	if strings.Contains(strings.ToLower(strings.Join(words[1:], " ")), "gcc") {
		switch {
		case strings.HasPrefix(id, "GPL-3.0-"):
			id += " WITH GCC-exception-3.1"
		case strings.HasPrefix(id, "GPL-2.0-"):
			id += " WITH GCC-exception-2.0"
		}
	}
	return id
}

var (
	gnuShort  = regexp.MustCompile(`^(a|l|)gpl(?:-?v?([1-3])(?:\.([0-9]))?(?:\.0)?)?(\+|-or-later|-only)?$`)
	gfdlShort = regexp.MustCompile(`^gfdl(-niv)?-([0-9]\.[0-9])(\+)?$`)
	notInRef  = regexp.MustCompile(`[^A-Za-z0-9.]+`)
)

// spdxName returns the SPDX identifier of a short name.
func spdxName(short string) string {
	lower := strings.ToLower(short)
	if m := gnuShort.FindStringSubmatch(lower); m != nil {
		return gnuName(strings.ToUpper(m[1])+"GPL", m[2], m[3], m[4])
	}
	if m := gfdlShort.FindStringSubmatch(lower); m != nil {
		id := "GFDL-" + m[2]
		if m[1] != "" {
			id += "-no-invariants"
		}
		return id + orLater(m[3])
	}
	if id := shortNames[lower]; id != "" {
		return id
	}
	if strings.HasPrefix(lower, "public-domain") {
		return "LicenseRef-public-domain"
	}
	return "LicenseRef-" + strings.Trim(notInRef.ReplaceAllString(short, "-"), "-")
}

// gnuName returns the identifier of a licence of GNU. Without a version, any
// may be chosen.
func gnuName(name, major, minor, later string) string {
	switch {
	case major == "" && name == "LGPL":
		return "LGPL-2.0-or-later"
	case major == "":
		return name + "-1.0-or-later"
	case minor == "":
		minor = "0"
	}
	return name + "-" + major + "." + minor + orLater(later)
}

func orLater(sign string) string {
	if sign == "+" || sign == "-or-later" {
		return "-or-later"
	}
	return "-only"
}

// shortNames maps the short names of section 7.1.1 of the format, and others
// that are in use, in lower case, to identifiers of SPDX.
var shortNames = map[string]string{
	"0bsd": "0BSD", "apache": "Apache-2.0", "apache-1.0": "Apache-1.0", "apache-1.1": "Apache-1.1", "apache-2": "Apache-2.0", "apache-2.0": "Apache-2.0",
	"artistic": "Artistic-1.0", "artistic-1": "Artistic-1.0", "artistic-1.0": "Artistic-1.0", "artistic-2": "Artistic-2.0", "artistic-2.0": "Artistic-2.0",
	"beerware": "Beerware", "blessing": "blessing", "bsd-2-clause": "BSD-2-Clause", "bsd-2-clause-netbsd": "BSD-2-Clause", "bsd-3-clause": "BSD-3-Clause",
	"bsd-3-clause-regents": "BSD-3-Clause", "bsd-4-clause": "BSD-4-Clause", "bsl-1.0": "BSL-1.0", "bzip2-1.0.6": "bzip2-1.0.6", "cc0": "CC0-1.0", "cc0-1.0": "CC0-1.0",
	"cddl-1.0": "CDDL-1.0", "expat": "MIT", "freebsd": "BSD-2-Clause", "ftl": "FTL", "isc": "ISC", "mit": "MIT", "mit/x11": "MIT",
	"mpl-1.1": "MPL-1.1", "mpl-2": "MPL-2.0", "mpl-2.0": "MPL-2.0", "openssl": "OpenSSL", "pd": "LicenseRef-public-domain", "perl": "(Artistic-1.0-Perl OR GPL-1.0-or-later)",
	"psf-2": "PSF-2.0", "python": "PSF-2.0", "python-2.0": "Python-2.0", "sleepycat": "Sleepycat", "tcl": "TCL", "unlicense": "Unlicense",
	"x11": "X11", "zlib": "Zlib", "zlib/libpng": "Zlib", "zpl-2.1": "ZPL-2.1",
}
