package artifact

import (
	"strings"

	"github.com/2-coatl/cpython-prebuilt/cpython"
)

// checkModules is S09: the tree has the extension modules that build-info.json
// says, all required ones among them, and none failed to build.
type checkModules struct {
	*scene
	*reporter
	states map[string]string // of the Makefile
	shared map[string]bool   // files in lib-dynload
}

func (c *checkModules) entry(e *entry, content []byte) {
	path, ok := e.below(c.root)
	if !ok || e.kind != regular {
		return
	}
	if matches(c.lib()+"/config-*/Makefile", path) {
		c.states = ModuleStates(string(content))
	}
	if file, ok := strings.CutPrefix(path, c.lib()+"/lib-dynload/"); ok && strings.HasSuffix(file, ".so") {
		name, _, _ := strings.Cut(file, ".")
		c.shared[name] = true
	}
}

func (c *checkModules) end() {
	if c.states == nil {
		c.fail(c.lib()+"/config-*/Makefile", "is missing: without it the modules are not known")
		return
	}
	for name, state := range sorted(c.states) {
		if state == "missing" {
			c.add(cpython.Finding{Status: cpython.Fail, Subject: name, Message: "the module was not built: its library was not there",
				Fix: "install the library for building, or disable the module in the recipe"})
		}
	}
	for _, name := range c.info.Recipe.RequiredModules {
		if !c.has(name) {
			c.add(cpython.Finding{Status: cpython.Fail, Subject: name, Message: "the required module is not there",
				Found: "state " + or(c.states[name], "unknown"), Wanted: "an extension module, or one built in"})
		}
	}
	for name, state := range sorted(c.info.Modules) {
		switch {
		case state == "shared" && !c.shared[name]:
			c.fail(name, "is an extension module in build-info.json, but lib-dynload has no such file")
		case state != "shared" && c.shared[name]:
			c.fail(name, "is %q in build-info.json, but lib-dynload has such a file", state)
		case state == "builtin" && c.states[name] != "yes":
			c.fail(name, "is built in, says build-info.json, but the Makefile says %q", or(c.states[name], "nothing"))
		}
	}
	for name := range sorted(c.shared) {
		if _, ok := c.info.Modules[name]; !ok {
			c.warn(name, "is in lib-dynload and not in build-info.json")
		}
	}
}

// has reports whether the tree has the module: as a file, or built into the
// interpreter. A module that configure says yes to and that has no file is
// built in when build-info.json agrees.
func (c *checkModules) has(name string) bool {
	if c.shared[name] || c.info.Modules[name] == "builtin" && c.states[name] == "yes" {
		return true
	}
	for _, file := range []string{c.lib() + "/" + name + ".py", c.lib() + "/" + name + "/__init__.py"} {
		if e := c.tree[file]; e != nil && e.kind == regular {
			return true
		}
	}
	return false
}

func or(text, other string) string {
	if text == "" {
		return other
	}
	return text
}
