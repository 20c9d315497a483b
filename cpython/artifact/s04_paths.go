package artifact

import (
	"path"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/2-coatl/cpython-prebuilt/cpython"
)

// checkPaths is S04: every entry stays below the one root folder and is what
// may be unpacked without a thought. It fills in scene.tree for the others.
type checkPaths struct {
	*scene
	*reporter
	folded map[string]string // by case-folded path
}

func (c *checkPaths) entry(e *entry, _ []byte) {
	name := e.path()
	if problem := badName(name); problem != "" {
		c.fail(name, "the name %s", problem)
		return
	}
	below, ok := e.below(c.root)
	if !ok {
		c.add(cpython.Finding{Status: cpython.Fail, Subject: name, Message: "lies outside of the one root folder", Wanted: c.root + "/"})
		return
	}
	if e.kind == directory != strings.HasSuffix(e.name, "/") {
		c.fail(name, "the type and the final slash of the name disagree")
	}
	if below == "." && e.kind != directory {
		c.fail(name, "the root is not a folder")
	}
	fold := strings.ToLower(strings.ToUpper(below))
	switch other, found := c.folded[fold]; {
	case found && other == below:
		c.fail(name, "is there twice")
		return
	case found:
		c.add(cpython.Finding{Status: cpython.Fail, Subject: name, Message: "is the same name as another where case does not matter", Found: other})
	}
	c.folded[fold] = below
	for parent := path.Dir(below); parent != "."; parent = path.Dir(parent) {
		if p := c.tree[parent]; p != nil && p.kind != directory {
			c.fail(name, "lies below %s, which is not a folder", parent)
		}
	}
	c.mode(e, name)
	switch e.kind {
	case symlink:
		if problem := badTarget(below, e.target); problem != "" {
			c.add(cpython.Finding{Status: cpython.Fail, Subject: name, Message: "the link " + problem, Found: e.target})
			return
		}
	case hardLink:
		c.add(cpython.Finding{Status: cpython.Fail, Subject: name, Message: "is a hard link", Found: e.target, Wanted: "a file or a symbolic link"})
		return
	}
	c.tree[below] = e
}

func (c *checkPaths) mode(e *entry, name string) {
	switch {
	case e.mode&0o7000 != 0:
		c.fail(name, "has mode %04o: setuid, setgid or sticky", e.mode)
	case e.mode&0o002 != 0 && e.kind != symlink:
		c.fail(name, "has mode %04o: everybody may write it", e.mode)
	case e.mode&^0o777 != 0:
		c.fail(name, "has mode %o, which does not exist", e.mode)
	}
}

// badName returns what is wrong with the path of an entry.
func badName(name string) string {
	switch {
	case name == "":
		return "is empty"
	case len(name) > maxName:
		return "is too long"
	case !utf8.ValidString(name):
		return "is not UTF-8"
	case strings.HasPrefix(name, "/"):
		return "is absolute"
	case strings.ContainsFunc(name, unicode.IsControl):
		return "holds a control character"
	case strings.Contains(name, `\`):
		return "holds a backslash"
	}
	for part := range strings.SplitSeq(name, "/") {
		switch {
		case part == "..":
			return "leads upwards"
		case part == "" || part == ".":
			return "holds an empty part"
		case len(part) > maxPart:
			return "has a part that is too long"
		}
	}
	return ""
}

// badTarget returns what is wrong with the target of the link at the path
// below the root, as far as can be told without the tree.
func badTarget(below, target string) string {
	switch {
	case target == "":
		return "has no target"
	case len(target) > maxTarget:
		return "has a target that is too long"
	case strings.HasPrefix(target, "/"):
		return "is absolute"
	case !utf8.ValidString(target) || strings.ContainsFunc(target, unicode.IsControl) || strings.Contains(target, `\`):
		return "has a target with strange characters"
	}
	depth := strings.Count(below, "/")
	for part := range strings.SplitSeq(target, "/") {
		switch part {
		case "..":
			depth--
		case "", ".":
		default:
			depth++
		}
		if depth < 0 {
			return "leads out of the tree"
		}
	}
	return ""
}

func (c *checkPaths) end() {
	for below, e := range sorted(c.tree) {
		if e.kind != symlink {
			continue
		}
		if _, problem := c.resolve(below); problem != "" {
			c.add(cpython.Finding{Status: cpython.Fail, Subject: e.name, Message: "the link " + problem, Found: e.target})
		}
	}
}

// resolve follows a path below the root through the links of the tree, as the
// kernel does, and returns where it ends.
func (s *scene) resolve(below string) (end, problem string) {
	todo := strings.Split(below, "/")
	at, links := ".", 0
	for len(todo) > 0 {
		part := todo[0]
		todo = todo[1:]
		if s.steps++; s.steps > maxSteps {
			return "", "is one of too many that lead through each other"
		}
		switch {
		case part == "" || part == ".":
			continue
		case part == ".." && at == ".":
			return "", "leads out of the tree"
		case part == "..":
			at = path.Dir(at)
			continue
		}
		next := part
		if at != "." {
			next = at + "/" + part
		}
		e := s.tree[next]
		if e == nil {
			return "", "leads to nothing"
		}
		if e.kind != symlink {
			if e.kind == regular && len(todo) > 0 {
				return "", "leads through a file"
			}
			at = next
			continue
		}
		if links++; links > maxLinks {
			return "", "leads in a circle"
		}
		todo = append(strings.Split(e.target, "/"), todo...)
	}
	return at, ""
}
