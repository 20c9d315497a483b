package devcontainer

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/2-coatl/cpython-prebuilt/cpython"
)

// duplicates finds names that an object has twice.
func (c *checker) duplicates() {
	for _, d := range c.f.Duplicates() {
		c.findings = append(c.findings, cpython.Finding{ID: CheckDuplicates, Status: cpython.Fail,
			Subject: fmt.Sprintf("%s:%d:%d", c.f.path, d.Line, d.Column),
			Message: fmt.Sprintf("%s is there already, in line %d, and that one does not count", d.Pointer, d.FirstLine), Fix: "remove one of them"})
	}
}

// names finds properties that the specification does not know.
func (c *checker) names() {
	c.visit("", c.document, vocabulary(), func(pointer, name string, _ any, p, parent *property) {
		if p == nil {
			c.unknown(pointer, name, sortedKeys(parent.members))
			return
		}
		other := withoutCompose
		if c.compose() {
			other = withCompose
		}
		if p.only != "" && p.only != other {
			c.add(pointer, cpython.Finding{ID: CheckNames, Status: cpython.Warn,
				Message: fmt.Sprintf("%q has no effect here: it belongs to a container that is made from %s", name, p.only), Found: "made from " + string(other)})
		}
	})
}

func (c *checker) unknown(pointer, name string, known []string) {
	finding := cpython.Finding{ID: CheckNames, Status: cpython.Warn, Message: fmt.Sprintf("the specification has no property %q here", name), Found: name}
	if near := nearest(name, known); near != "" {
		finding.Wanted, finding.Fix = near, fmt.Sprintf("write %q, if that is what is meant", near)
	}
	c.add(pointer, finding)
}

// types finds values of another type than the specification gives them.
func (c *checker) types() {
	c.visit("", c.document, vocabulary(), func(pointer, name string, value any, p, _ *property) {
		if p == nil || len(p.types) == 0 || value == nil {
			return // null is as good as nothing to the tools
		}
		finding := cpython.Finding{ID: CheckTypes, Status: cpython.Fail, Message: fmt.Sprintf("%q has the wrong type", name),
			Found: typeOf(value), Wanted: strings.Join(p.types, " or ")}
		text, isText := value.(string)
		switch {
		case p.lenient && isScalar(value) && !isText:
			finding.Status, finding.Message = cpython.Warn, fmt.Sprintf("%q is text, and should stand in quotes", name)
		case isText && len(p.enum) > 0 && !slices.Contains(p.enum, text) && !strings.Contains(text, "${"):
			finding.Status, finding.Message = cpython.Warn, fmt.Sprintf("%q has a value that the specification does not know", name)
			finding.Found, finding.Wanted = text, strings.Join(p.enum, ", ")
			if near := nearest(text, p.enum); near != "" {
				finding.Fix = fmt.Sprintf("write %q, if that is what is meant", near)
			}
		case slices.ContainsFunc(p.types, func(t string) bool { return hasType(value, t) }):
			return
		}
		c.add(pointer, finding)
	})
	c.portNumbers()
}

// portNumbers finds ports that are none.
func (c *checker) portNumbers() {
	ports, ok := c.document["forwardPorts"].([]any)
	if !ok {
		return
	}
	for i, port := range ports {
		text, isText := port.(string)
		if number, isNumber := port.(float64); isNumber {
			text = strconv.FormatFloat(number, 'f', -1, 64)
		} else if !isText || strings.Contains(text, "${") {
			continue
		}
		raw := text
		if isText {
			raw = quote(text)
		}
		if _, err := parsePort([]byte(raw)); err != nil {
			c.add(fmt.Sprintf("/forwardPorts/%d", i), cpython.Finding{ID: CheckTypes, Status: cpython.Fail, Message: "is no port",
				Found: text, Wanted: `a number from 0 to 65535, or "host:port"`})
		}
	}
}

// deprecated finds properties and Features that are spelled as years ago.
func (c *checker) deprecated() {
	c.visit("", c.document, vocabulary(), func(pointer, name string, _ any, p, _ *property) {
		if p != nil && p.instead != "" {
			c.add(pointer, cpython.Finding{ID: CheckDeprecated, Status: cpython.Warn, Message: fmt.Sprintf("%q is the old way", name), Wanted: p.instead})
		}
	})
	features, ok := c.document["features"].(map[string]any)
	if !ok {
		return
	}
	for _, id := range sortedKeys(features) {
		if !strings.Contains(id, "/") {
			c.add(pointerTo("features", id), cpython.Finding{ID: CheckDeprecated, Status: cpython.Warn,
				Message: fmt.Sprintf("the Feature %q has no registry in its name, as in old files", id), Wanted: "such as ghcr.io/devcontainers/features/" + featureBase(id) + ":1"})
		}
	}
}

// variables finds ${...} that cannot be resolved or is misspelt.
func (c *checker) variables() {
	known := []string{"containerEnv", "containerWorkspaceFolder", "containerWorkspaceFolderBasename", "devcontainerId", "localEnv",
		"localWorkspaceFolder", "localWorkspaceFolderBasename"}
	c.eachText("", c.document, func(pointer, text string) {
		for _, match := range variable.FindAllStringSubmatch(text, -1) {
			name, args, _ := strings.Cut(match[1], ":")
			switch {
			case (name == "localEnv" || name == "env" || name == "containerEnv") && args == "":
				c.add(pointer, cpython.Finding{ID: CheckVariables, Status: cpython.Fail, Message: "a variable of the environment has no name", Found: match[0], Wanted: "${" + name + ":NAME}"})
			case slices.Contains(known, name):
			case len(name) > 6 && nearest(name, known) != "":
				c.add(pointer, cpython.Finding{ID: CheckVariables, Status: cpython.Warn, Message: "is nearly a variable of the specification, and none",
					Found: match[0], Wanted: "${" + nearest(name, known) + "}"})
			}
		}
	})
}

// eachText calls do for each string in value, in the order of the file.
func (c *checker) eachText(pointer string, value any, do func(pointer, text string)) {
	switch value := value.(type) {
	case string:
		do(pointer, value)
	case []any:
		for i, element := range value {
			c.eachText(pointer+"/"+strconv.Itoa(i), element, do)
		}
	case map[string]any:
		for _, name := range c.memberNames(pointer) {
			c.eachText(pointer+pointerTo(name), value[name], do)
		}
	}
}

// visit calls do for each member and element that the table says something
// about, in the order of the file; p is nil for a name that it does not know.
func (c *checker) visit(pointer string, value any, p *property, do func(pointer, name string, value any, p, parent *property)) {
	switch value := value.(type) {
	case map[string]any:
		if p.members == nil && p.values == nil {
			return
		}
		for _, name := range c.memberNames(pointer) {
			own := p.values
			if p.members != nil {
				own = p.members[name]
			}
			do(pointer+pointerTo(name), name, value[name], own, p)
			if own != nil {
				c.visit(pointer+pointerTo(name), value[name], own, do)
			}
		}
	case []any:
		if p.items == nil {
			return
		}
		for i, element := range value {
			own := pointer + "/" + strconv.Itoa(i)
			do(own, own[1:], element, p.items, p)
			c.visit(own, element, p.items, do)
		}
	}
}

func (c *checker) memberNames(pointer string) []string {
	names, err := c.f.Members(pointer)
	if err != nil {
		return nil // it was an object when the document was decoded
	}
	return names
}

func isScalar(value any) bool {
	switch value.(type) {
	case bool, float64, string:
		return true
	}
	return false
}

func hasType(value any, name string) bool {
	number, isNumber := value.(float64)
	if name == "integer" {
		return isNumber && number == math.Trunc(number)
	}
	return typeOf(value) == name
}

// typeOf returns the JSON type of a decoded value.
func typeOf(value any) string {
	switch value.(type) {
	case nil:
		return "null"
	case bool:
		return "boolean"
	case float64:
		return "number"
	case string:
		return "string"
	case []any:
		return "array"
	}
	return "object"
}

// nearest returns the word that text most likely was meant to be, or "".
func nearest(text string, words []string) string {
	best, found := 1+min(3, (len(text)+1)/3), ""
	for _, word := range words {
		if d := distance(strings.ToLower(text), strings.ToLower(word)); d < best {
			best, found = d, word
		}
	}
	return found
}

// distance returns how many letters must be put in, taken out or replaced to
// make b from a (Levenshtein).
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		before := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := before
			if a[i] != b[j] {
				cost++
			}
			before = row[j+1]
			row[j+1] = min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
