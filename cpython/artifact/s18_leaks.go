package artifact

import (
	"bytes"
	"path"
	"strings"

	"github.com/2-coatl/cpython-prebuilt/cpython"
)

// checkLeaked is S18: no path of the build machine is left where something
// would follow it. Sources of the standard library are no such place: their
// examples are full of home folders.
type checkLeaked struct {
	*scene
	*reporter
}

// buildMarker is in the name of every folder that the recipes of this project
// build in.
const buildMarker = "cpython-prebuilt-build"

func (c *checkLeaked) entry(e *entry, content []byte) {
	name, ok := e.below(c.root)
	if !ok || e.kind != regular || isELF(content) {
		return
	}
	if path.Ext(name) == ".pyc" {
		c.bytecode(name, content)
		return
	}
	if !c.followed(name) {
		return
	}
	if found := leaks(content); len(found) > 0 {
		c.add(cpython.Finding{Status: cpython.Fail, Subject: name, Message: "holds a path of the machine that it was built on",
			Found: strings.Join(found, ", "), Wanted: "no path below /home, /root or /vagrant and none of the build folder",
			Fix: "build it again: the recipe of this program cleans what is installed"})
	}
}

// followed reports whether the paths in a text file are used by programs.
func (c *checkLeaked) followed(name string) bool {
	for _, pattern := range []string{
		"bin/*", "lib/pkgconfig/*.pc", c.lib() + "/_sysconfigdata_*.py", c.lib() + "/_sysconfig_vars_*.json",
		c.lib() + "/build-details.json", c.lib() + "/config-*/*",
	} {
		if matches(pattern, name) {
			return true
		}
	}
	return false
}

// bytecode looks at the file name that tracebacks show: it is the one that the
// source has once the tree is installed.
func (c *checkLeaked) bytecode(name string, content []byte) {
	source, ok := sourceOf(name)
	if !ok || !strings.HasPrefix(name, c.lib()+"/") {
		return // S20 tells
	}
	want := c.info.Prefix + "/" + source
	if !bytes.Contains(content, []byte(want)) || bytes.Contains(content, []byte(buildMarker)) {
		c.add(cpython.Finding{Status: cpython.Fail, Subject: name, Message: "was compiled under another file name than that of its source", Wanted: want,
			Fix: "compile it with compileall -s and -p"})
	}
}

func (c *checkLeaked) end() {
	for _, name := range c.elf.names() {
		for _, f := range c.elf.checkLeaks(name) {
			c.add(f)
		}
	}
}
