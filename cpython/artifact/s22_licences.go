package artifact

import (
	"bytes"
	"strings"
)

// checkLicences is S22: the tree holds the texts that have to go with it, and
// build-info.json says of each library of others what it is and whose.
type checkLicences struct {
	*scene
	*reporter
	bundled  map[string]bool // shared libraries of others in the tree, by path
	licences map[string]bool // the texts in licenses/, and whether they say anything
}

// psf is in the licence of every CPython.
const psf = "PYTHON SOFTWARE FOUNDATION LICENSE"

func (c *checkLicences) entry(e *entry, content []byte) {
	path, ok := e.below(c.root)
	if !ok || e.kind != regular {
		return
	}
	if path == "LICENSE" && !bytes.Contains(content, []byte(psf)) {
		c.fail(path, "is not the licence of CPython")
	}
	if strings.HasPrefix(path, "licenses/") {
		c.licences[path] = e.size > maxHeld || len(bytes.TrimSpace(content)) > 0
	}
	if file, ok := strings.CutPrefix(path, "lib/"); ok && !strings.Contains(file, "/") &&
		strings.Contains(file, ".so") && !strings.HasPrefix(file, "libpython") {
		c.bundled[path] = true
	}
}

func (c *checkLicences) end() {
	if e := c.tree["LICENSE"]; e == nil || e.kind != regular {
		c.fail("LICENSE", "is missing: CPython may not be passed on without it")
	}
	for _, l := range c.info.Toolchain.Libraries {
		if l.File == "" {
			continue
		}
		if e := c.tree[l.File]; e == nil || e.kind != regular {
			c.fail(l.File, "is the library %s in build-info.json and not a file of the archive", l.Soname)
		}
		c.licence(l)
		delete(c.bundled, l.File)
	}
	for file := range sorted(c.bundled) {
		c.fail(file, "is a library of others that build-info.json does not name, so its licence is not known")
	}
}

// licence looks for the text that has to go with a library.
func (c *checkLicences) licence(l Library) {
	says, there := c.licences[l.licenceFile()]
	switch {
	case l.Package == "":
		c.fail(l.File, "build-info.json does not say which package the library is from, so its licence cannot be told")
	case !there:
		c.fail(l.File, "the licence of the library is missing, wanted %s", l.licenceFile())
	case !says:
		c.fail(l.File, "the licence of the library says nothing: %s is empty", l.licenceFile())
	}
}
