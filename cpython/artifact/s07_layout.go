package artifact

import (
	"path"

	"github.com/2-coatl/cpython-prebuilt/cpython"
)

// checkLayout is S07: everything is where users, pip and those who build
// extensions look for it.
type checkLayout struct {
	*scene
	*reporter
}

func (c *checkLayout) entry(*entry, []byte) {}

func (c *checkLayout) end() {
	v := c.ref().Version
	if v.IsZero() {
		return
	}
	ld, lib := v.LD(), c.lib()
	c.file("bin/python"+ld, true)
	c.file("lib/libpython"+ld+".so.1.0", false)
	links := map[string]string{"bin/python3": "bin/python" + ld, "lib/libpython" + ld + ".so": "lib/libpython" + ld + ".so.1.0"}
	if v.FreeThreaded {
		links["bin/python"+v.Series()] = "bin/python" + ld
	}
	if c.tree["bin/python"] != nil {
		links["bin/python"] = "bin/python" + ld
	}
	for name, target := range sorted(links) {
		c.link(name, target)
	}
	c.file("bin/pip3", true)
	for _, name := range []string{
		"include/python" + ld + "/Python.h", "include/python" + ld + "/pyconfig.h", "include/python" + ld + "/patchlevel.h",
		lib + "/os.py", lib + "/encodings/__init__.py", lib + "/site-packages/pip/__init__.py",
	} {
		c.file(name, false)
	}
	if e := c.tree[lib+"/lib-dynload"]; e == nil || e.kind != directory {
		c.fail(lib+"/lib-dynload", "the folder of extension modules is missing")
	}
	c.one(lib + "/_sysconfigdata_*.py")
	c.one(lib + "/config-*/Makefile")
	c.one(lib + "/ensurepip/_bundled/pip-*.whl")
}

func (c *checkLayout) file(name string, executable bool) {
	end, problem := c.resolve(name)
	switch e := c.tree[end]; {
	case problem != "" || e == nil:
		c.fail(name, "is missing")
	case e.kind != regular:
		c.fail(name, "is not a file")
	case executable && e.mode&0o111 == 0:
		c.fail(name, "cannot be executed")
	}
}

func (c *checkLayout) link(name, target string) {
	end, problem := c.resolve(name)
	switch {
	case problem != "" && c.tree[name] == nil:
		c.fail(name, "is missing")
	case problem == "" && end != target:
		c.add(cpython.Finding{Status: cpython.Fail, Subject: name, Message: "does not lead to " + target, Found: end, Wanted: target})
	}
}

// one reports when not exactly one file matches the pattern.
func (c *checkLayout) one(pattern string) {
	n := 0
	for name, e := range c.tree {
		if e.kind == regular && matches(pattern, name) {
			n++
		}
	}
	if n != 1 {
		c.fail(pattern, "%d files match, wanted exactly 1", n)
	}
}

func matches(pattern, name string) bool {
	ok, err := path.Match(pattern, name)
	return ok && err == nil
}
