package artifact

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/2-coatl/cpython-prebuilt/cpython"
)

// checkShebangs is S17: the scripts of the tree run wherever it stands.
type checkShebangs struct {
	*scene
	*reporter
}

// trampolineMark begins the second line of a script that is sh's and Python's at
// once: sh sees a command, Python a string.
const trampolineMark = "'''exec' "

func (c *checkShebangs) entry(e *entry, content []byte) {
	path, ok := e.below(c.root)
	if !ok || e.kind != regular || isELF(content) {
		return
	}
	script := bytes.HasPrefix(content, []byte("#!"))
	first, rest, _ := strings.Cut(string(content[:min(len(content), 1024)]), "\n")
	if script && (strings.Contains(first, c.info.Prefix+"/") || len(leaks([]byte(first))) > 0) {
		c.add(cpython.Finding{Status: cpython.Fail, Subject: path, Message: "starts an interpreter by a path that other machines do not have", Found: first,
			Wanted: "#!/bin/sh or #!/usr/bin/env", Fix: "build it again: the recipe of this program rewrites scripts"})
		return
	}
	if !strings.HasPrefix(path, "bin/") {
		return
	}
	second, _, _ := strings.Cut(rest, "\n")
	switch {
	case !script:
		c.fail(path, "is neither a program nor a script")
	case first != "#!/bin/sh" && !strings.HasPrefix(first, "#!/usr/bin/env "):
		c.add(cpython.Finding{Status: cpython.Fail, Subject: path, Message: "starts an interpreter that other machines may not have", Found: first,
			Wanted: "#!/bin/sh or #!/usr/bin/env"})
	case strings.HasPrefix(second, trampolineMark) && second != c.trampoline():
		c.add(cpython.Finding{Status: cpython.Fail, Subject: path, Message: "does not start the interpreter beside it", Found: second, Wanted: c.trampoline()})
	case bytes.Contains(content, []byte(c.info.Prefix+"/")):
		c.add(cpython.Finding{Status: cpython.Fail, Subject: path, Message: "holds the prefix, so it works in one place only", Found: c.info.Prefix})
	}
}

// trampoline is the line by which a script finds the interpreter beside itself.
func (c *checkShebangs) trampoline() string {
	return fmt.Sprintf(`%s"$(dirname -- "$(realpath -- "$0")")/python%s" "$0" "$@"`, trampolineMark, c.ref().Version.LD())
}

func (c *checkShebangs) end() {}
