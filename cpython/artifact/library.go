package artifact

import (
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/2-coatl/cpython-prebuilt/cpython"
)

// A Library is a shared library that the tree links to and where it, or the one
// that the tree was linked against, came from.
type Library struct {
	Soname  string `json:"soname"` // as the distribution calls it: "libssl.so.3"
	Package string `json:"package,omitempty"`
	Version string `json:"version,omitempty"` // of the package
	Source  string `json:"source,omitempty"`  // name of the source package: "openssl"

	// File is where the library lies in the tree: "lib/cpbssl.so.3".
	// It is empty for one that the system is to have. The licence of one in
	// the tree lies in licenses/, under the name of the package.
	File string `json:"file,omitempty"`

	License string `json:"license,omitempty"` // an SPDX expression; empty where it is not known
	PURL    string `json:"purl,omitempty"`    // package URL; see PackageURL
}

// licenceFile returns where the licence of a library lies in the tree.
func (l Library) licenceFile() string { return "licenses/" + l.Package }

var (
	packageName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9.+_~:-]*$`)
	// https://github.com/package-url/purl-spec: all but name and scheme may be
	// missing; here nothing but a name makes no sense.
	purlForm = regexp.MustCompile(`^pkg:[a-z][a-z0-9.-]*(/[A-Za-z0-9._~%:+-]+)+@[A-Za-z0-9._~%:+-]+(\?[a-z0-9._-]+=[^&#\s]+(&[a-z0-9._-]+=[^&#\s]+)*)?$`)
	// https://spdx.github.io/spdx-spec/v2.3/SPDX-license-expressions/, its characters.
	licenceForm = regexp.MustCompile(`^[A-Za-z0-9.+() -]*[A-Za-z0-9.+)]$`)
)

// validateLibraries returns what is wrong with what is said about libraries.
func validateLibraries(libraries []Library) []error {
	var problems []error
	files := map[string]bool{}
	for _, l := range libraries {
		report := func(format string, args ...any) {
			problems = append(problems, fmt.Errorf("toolchain.libraries: %s: %s", l.Soname, fmt.Sprintf(format, args...)))
		}
		switch {
		case l.File == "":
		case path.Clean(l.File) != l.File || !strings.HasPrefix(l.File, "lib/") || strings.ContainsAny(l.File, "\\\x00\n"):
			report("file is %q, wanted a path below lib/", l.File)
		case files[l.File]:
			report("file is %q, as that of another library", l.File)
		}
		files[l.File] = true
		if l.File != "" && l.Package != "" && !packageName.MatchString(l.Package) {
			report("package is %q, wanted a name that a file can have", l.Package)
		}
		if l.License != "" && !licenceForm.MatchString(l.License) {
			report("license is %q, wanted an SPDX expression", l.License)
		}
		if l.PURL != "" && !purlForm.MatchString(l.PURL) {
			report("purl is %q, wanted a package URL, as in pkg:deb/debian/libssl3@3.0.15-1", l.PURL)
		}
	}
	return problems
}

// A packaging is how a distribution names its packages in package URLs.
type packaging struct {
	kind, namespace, distro string
	distributions           []string // by the names of platforms
}

// The namespaces are those of the examples and of the tools that look such
// packages up; distro is ID of os-release(5), which platforms write without hyphens.
var packagings = []packaging{
	{"deb", "", "", []string{"debian", "ubuntu", "raspbian", "linuxmint", "pop", "kali", "devuan"}},
	{"rpm", "", "", []string{"fedora", "centos", "rocky", "almalinux"}},
	{"rpm", "redhat", "", []string{"rhel"}},
	{"rpm", "oracle", "", []string{"ol"}},
	{"rpm", "amazon", "", []string{"amzn"}},
	{"rpm", "opensuse", "opensuse-leap", []string{"opensuseleap"}},
	{"rpm", "opensuse", "opensuse-tumbleweed", []string{"opensusetumbleweed"}},
	{"rpm", "suse", "", []string{"sles", "sled"}},
}

// packageArch are the names of architectures that dpkg and rpm have of their own.
var packageArch = map[string]map[string]string{
	"deb": {"386": "i386", "arm": "armhf", "ppc64le": "ppc64el"},
	"rpm": {"amd64": "x86_64", "arm64": "aarch64", "386": "i686", "arm": "armv7hl"},
}

// PackageURL returns the package URL (https://github.com/package-url/purl-spec)
// of a package of the distribution of a platform: for Debian 12
// "pkg:deb/debian/libssl3@3.0.15-1?arch=amd64&distro=debian-12". It is empty
// where name or version is, and for distributions that are not known here.
func PackageURL(p cpython.Platform, name, version string) string {
	id := p.Distribution()
	at := slices.IndexFunc(packagings, func(k packaging) bool { return slices.Contains(k.distributions, id) })
	if at < 0 || name == "" || version == "" {
		return ""
	}
	k := packagings[at]
	arch := packageArch[k.kind][p.Arch]
	if arch == "" {
		arch = p.Arch
	}
	qualifiers := "?arch=" + purlEscape(arch) + "&distro=" + purlEscape(or(k.distro, id))
	if release := strings.TrimPrefix(p.OS, id); release != "" {
		qualifiers += "-" + purlEscape(release)
	}
	if k.kind == "rpm" { // the epoch is a qualifier, and they are sorted
		if epoch, rest, ok := strings.Cut(version, ":"); ok {
			version, qualifiers = rest, qualifiers+"&epoch="+purlEscape(epoch)
		}
	}
	return "pkg:" + k.kind + "/" + or(k.namespace, id) + "/" + purlEscape(name) + "@" + purlEscape(version) + qualifiers
}

// purlEscape escapes what is neither unreserved (RFC 3986, section 2.3) nor a
// colon, which package URLs leave as it is.
func purlEscape(text string) string {
	var b strings.Builder
	for _, c := range []byte(text) {
		if c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.IndexByte("-._~:", c) >= 0 {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String()
}
