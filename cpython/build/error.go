package build

import (
	"fmt"
	"strings"
)

// A ModuleError says which required modules would be missing from the build.
type ModuleError struct {
	Missing []string // extension modules
	States  map[string]string
	Command string // installs what provides them; empty where the package manager is not known
}

func (e *ModuleError) Error() string {
	var b strings.Builder
	b.WriteString("required modules would be missing:")
	for _, name := range e.Missing {
		fmt.Fprintf(&b, "\n  %s (%s)", name, e.States[name])
		if d, ok := dependencies[name]; ok {
			fmt.Fprintf(&b, ": needs %s on apt systems, %s with dnf, %s with zypper", d.apt, d.dnf, d.zypper)
		}
	}
	if e.Command != "" {
		b.WriteString("\nrun this, then build again: " + e.Command)
	}
	return b.String()
}
