package artifact

import (
	"bytes"
	"strings"
)

// checkLicences is S22: the tree holds the texts that have to go with it.
type checkLicences struct {
	*scene
	*reporter
	bundled map[string]bool // shared libraries of others in the tree, by soname
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
	if file, ok := strings.CutPrefix(path, "lib/"); ok && !strings.Contains(file, "/") &&
		strings.Contains(file, ".so") && !strings.HasPrefix(file, "libpython") {
		c.bundled[file] = true
	}
}

func (c *checkLicences) end() {
	if e := c.tree["LICENSE"]; e == nil || e.kind != regular {
		c.fail("LICENSE", "is missing: CPython may not be passed on without it")
	}
	for file := range sorted(c.bundled) {
		soname, _, _ := strings.Cut(file, ".so")
		if e := c.tree["licenses/"+soname]; e == nil {
			c.fail("lib/"+file, "the licence of the library is missing, wanted licenses/%s", soname)
		}
	}
}
