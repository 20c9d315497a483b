package artifact

import (
	"regexp"
	"strings"
)

// CPython's configure leaves the state of each extension module in the
// Makefile: MODULE__SSL_STATE=yes.
var moduleState = regexp.MustCompile(`(?m)^MODULE_([A-Z0-9_]+)_STATE=[ \t]*([^\s#]*)`)

// ModuleStates returns the states of the extension modules that a Makefile of
// CPython holds, by module: "yes", "missing", "disabled" or "n/a". The names of
// all extension modules are lower-case.
func ModuleStates(makefile string) map[string]string {
	states := map[string]string{}
	for _, m := range moduleState.FindAllStringSubmatch(makefile, -1) {
		states[strings.ToLower(m[1])] = m[2]
	}
	return states
}
