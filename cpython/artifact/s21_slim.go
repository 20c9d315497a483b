package artifact

import (
	"fmt"
	"strings"

	"github.com/2-coatl/cpython-prebuilt/cpython"
)

// checkSlimness is S21: nothing is in the tree that only makes images larger,
// unless the recipe keeps it.
type checkSlimness struct {
	*scene
	*reporter
	size int64
}

// sizeBudget is what the files of a slim tree may have in bytes; those of 3.13
// have 55 MB, and every library bundled another 20.
const sizeBudget = 128 << 20

func (c *checkSlimness) entry(e *entry, _ []byte) {
	c.size += e.size
	name, ok := e.below(c.root)
	if !ok || e.kind != directory || c.info.Recipe.KeepTests {
		return
	}
	below, _ := strings.CutPrefix(name, c.lib()+"/")
	if below == "test" || below == "idlelib/idle_test" || matches("*/test", below) || matches("*/tests", below) {
		c.add(cpython.Finding{Status: cpython.Fail, Subject: name, Message: "is a test package", Wanted: "none, or a recipe that keeps them",
			Fix: "leave it out, or set KeepTests in the recipe"})
	}
}

func (c *checkSlimness) end() {
	for _, f := range c.elf.checkSlim() {
		c.add(f)
	}
	recipe := c.info.Recipe
	if c.size > sizeBudget && !recipe.KeepTests && !recipe.KeepDebug && !recipe.KeepStatic {
		c.add(cpython.Finding{Status: cpython.Fail, Message: "the tree is too large for one that is slim", Found: fmt.Sprintf("%d bytes", c.size),
			Wanted: fmt.Sprintf("at most %d", sizeBudget), Fix: "look for what does not belong into it"})
	}
}
