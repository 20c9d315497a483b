package artifact

import (
	"regexp"

	"github.com/2-coatl/cpython-prebuilt/cpython"
)

// checkVersion is S08: the headers in the tree are those of the claimed
// version. Nothing is executed for that.
type checkVersion struct {
	*scene
	*reporter
}

var (
	versionMacro = regexp.MustCompile(`(?m)^[ \t]*#[ \t]*define[ \t]+PY_VERSION[ \t]+"([^"]*)"`)
	noGILMacro   = regexp.MustCompile(`(?m)^[ \t]*#[ \t]*define[ \t]+Py_GIL_DISABLED[ \t]+1`)
)

func (c *checkVersion) entry(e *entry, content []byte) {
	path, ok := e.below(c.root)
	if !ok || e.kind != regular {
		return
	}
	v := c.ref().Version
	switch path {
	case "include/python" + v.LD() + "/patchlevel.h":
		m := versionMacro.FindSubmatch(content)
		if m == nil {
			c.fail(path, "does not define PY_VERSION")
		} else if got := string(m[1]); got != v.Source() {
			c.add(cpython.Finding{Status: cpython.Fail, Subject: path, Message: "is of another version than the artifact claims to be", Found: got, Wanted: v.Source()})
		}
	case "include/python" + v.LD() + "/pyconfig.h":
		if got := noGILMacro.Match(content); got != v.FreeThreaded {
			c.add(cpython.Finding{Status: cpython.Fail, Subject: path, Message: "free-threaded or not: the headers and the version disagree",
				Found: threading(got), Wanted: threading(v.FreeThreaded)})
		}
	}
}

// end has nothing to do: that both headers are there is part of S07.
func (c *checkVersion) end() {}

func threading(free bool) string {
	if free {
		return "free-threaded (Py_GIL_DISABLED is 1)"
	}
	return "with the GIL (Py_GIL_DISABLED is not set)"
}
