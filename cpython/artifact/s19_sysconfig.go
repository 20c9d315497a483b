package artifact

import (
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/2-coatl/cpython-prebuilt/cpython"
)

// checkSysconfig is S19: what the tree remembers of its build, and gives to
// those who build extensions, is what the recipe says and holds on any machine.
type checkSysconfig struct {
	*scene
	*reporter
}

func (c *checkSysconfig) entry(e *entry, content []byte) {
	name, ok := e.below(c.root)
	if !ok || e.kind != regular || !matches(c.lib()+"/_sysconfigdata_*.py", name) {
		return
	}
	vars := sysconfigVars(string(content))
	if got := vars["prefix"]; got != c.info.Prefix {
		c.add(cpython.Finding{Status: cpython.Fail, Subject: name, Message: "has another prefix than build-info.json", Found: got, Wanted: c.info.Prefix})
	}
	if vars["CC"] == "" {
		c.fail(name, "names no compiler: CC is missing")
	}
	for _, tool := range []string{"CC", "CXX", "LDSHARED", "AR"} {
		if program, _, _ := strings.Cut(vars[tool], " "); program != path.Base(program) && program != "" {
			c.add(cpython.Finding{Status: cpython.Fail, Subject: name, Message: tool + " is the path of a program, which other machines may have elsewhere",
				Found: program, Wanted: path.Base(program), Fix: "configure with " + tool + "=" + path.Base(program)})
		}
	}
	given := configureArgs(vars["CONFIG_ARGS"])
	for _, arg := range c.info.Recipe.ConfigureArgs {
		if !slices.Contains(given, arg) {
			c.add(cpython.Finding{Status: cpython.Fail, Subject: name, Message: "was configured without an argument that build-info.json claims",
				Found: vars["CONFIG_ARGS"], Wanted: arg, Fix: "build it again"})
		}
	}
}

// end has nothing to do: that the file is there is part of S07.
func (c *checkSysconfig) end() {}

// configureArgs takes apart what configure calls its arguments: each stands in
// single quotes, and a quote of its own is escaped the way that sh wants it.
func configureArgs(text string) []string {
	var args []string
	text = strings.ReplaceAll(text, `'\''`, "\x00")
	for text != "" {
		_, rest, ok := strings.Cut(text, "'")
		if !ok {
			break
		}
		var arg string
		arg, text, _ = strings.Cut(rest, "'")
		args = append(args, strings.ReplaceAll(arg, "\x00", "'"))
	}
	return args
}

// sysconfigKey matches the key of an item of the dictionary that CPython prints
// into _sysconfigdata, and sysconfigPart the next literal of its value: a long
// text is many of them.
var (
	sysconfigKey  = regexp.MustCompile(`(?m)^(?:build_time_vars = \{| )[ ]*'([A-Za-z0-9_]+)':`)
	sysconfigPart = regexp.MustCompile(`^\s*('(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*")`)
)

// unescape undoes the escapes of Python's repr that occur in texts of make.
var unescape = strings.NewReplacer(`\\`, `\`, `\'`, `'`, `\"`, `"`, `\n`, "\n", `\t`, "\t")

// sysconfigVars returns the variables of _sysconfigdata whose values are texts.
func sysconfigVars(text string) map[string]string {
	vars := map[string]string{}
	for _, at := range sysconfigKey.FindAllStringSubmatchIndex(text, -1) {
		key, rest := text[at[2]:at[3]], text[at[1]:]
		var value strings.Builder
		for {
			m := sysconfigPart.FindStringSubmatch(rest)
			if m == nil {
				break
			}
			rest = rest[len(m[0]):]
			value.WriteString(unescape.Replace(m[1][1 : len(m[1])-1]))
		}
		if value.Len() > 0 || strings.HasPrefix(rest, ",") {
			vars[key] = value.String()
		}
	}
	return vars
}
