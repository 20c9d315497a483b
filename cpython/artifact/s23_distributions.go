package artifact

import (
	"regexp"
	"strings"

	"github.com/2-coatl/cpython-prebuilt/cpython"
)

// checkDistributions is S23: what tools read about installed distributions is
// unambiguous.
type checkDistributions struct {
	*scene
	*reporter
	versions map[string][]string // of the installed distributions, by normalized name
	wheel    string              // version of the pip that ensurepip would install
}

// distInfo matches the folder that describes an installed distribution
// ("Recording installed projects" in the packaging specifications).
var distInfo = regexp.MustCompile(`^([A-Za-z0-9._]+)-([^-]+)\.dist-info$`)

// normalName separates the words of a normalized name (PEP 503).
var normalName = regexp.MustCompile(`[-_.]+`)

func (c *checkDistributions) entry(e *entry, _ []byte) {
	name, ok := e.below(c.root)
	if !ok {
		return
	}
	if folder, ok := strings.CutPrefix(name, c.lib()+"/site-packages/"); ok && e.kind == directory {
		if m := distInfo.FindStringSubmatch(folder); m != nil {
			key := strings.ToLower(normalName.ReplaceAllString(m[1], "-"))
			c.versions[key] = append(c.versions[key], m[2])
		}
	}
	if wheel, ok := strings.CutPrefix(name, c.lib()+"/ensurepip/_bundled/pip-"); ok && e.kind == regular {
		c.wheel, _, _ = strings.Cut(wheel, "-")
	}
}

func (c *checkDistributions) end() {
	site := c.lib() + "/site-packages"
	for name, versions := range sorted(c.versions) {
		if len(versions) > 1 {
			c.add(cpython.Finding{Status: cpython.Fail, Subject: site, Message: name + " is installed more than once", Found: strings.Join(versions, ", "),
				Wanted: "one version", Fix: "build it again, into an empty folder"})
		}
	}
	switch pip := c.versions["pip"]; {
	case len(pip) == 0:
		c.fail(site, "pip is not installed: there is no pip-*.dist-info")
	case len(pip) == 1 && pip[0] != c.wheel:
		c.add(cpython.Finding{Status: cpython.Fail, Subject: site, Message: "the installed pip is not the one that comes with this CPython", Found: pip[0], Wanted: c.wheel,
			Fix: "install it with ensurepip of the same tree"})
	}
}
