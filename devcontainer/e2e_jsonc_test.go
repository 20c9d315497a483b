//go:build e2e

package devcontainer_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"testing"
	"unicode/utf8"
)

// jsoncParser is the module with which VS Code and the Dev Containers command
// line read the file.
const jsoncParser = "jsonc-parser@3.3.1"

// A reading is what testdata/read.js makes of a text.
type reading struct {
	Value    any
	Comments []string
	Errors   []string
}

// readAll has the parser of the command line read the texts.
func readAll(t *testing.T, texts []string) []reading {
	t.Helper()
	folder := t.TempDir()
	install := exec.CommandContext(t.Context(), "npm", "install", "--no-audit", "--no-fund", "--prefix", folder, jsoncParser)
	if out, err := install.CombinedOutput(); err != nil {
		t.Fatalf("npm: %v\n%s", err, out)
	}
	var in bytes.Buffer
	encoder := json.NewEncoder(&in)
	for _, text := range texts {
		if err := encoder.Encode(text); err != nil {
			t.Fatal(err)
		}
	}
	node := exec.CommandContext(t.Context(), "node", filepath.Join("testdata", "read.js"), filepath.Join(folder, "node_modules", "jsonc-parser"))
	node.Stdin, node.Stderr = &in, os.Stderr
	out, err := node.Output()
	if err != nil {
		t.Fatalf("node: %v", err)
	}
	var all []reading
	lines := bufio.NewScanner(bytes.NewReader(out))
	for lines.Buffer(nil, 1<<24); lines.Scan(); {
		var r reading
		if err := json.Unmarshal(lines.Bytes(), &r); err != nil {
			t.Fatal(err)
		}
		all = append(all, r)
	}
	if len(all) != len(texts) {
		t.Fatalf("node read %d of %d texts", len(all), len(texts))
	}
	return all
}

// A change is one edit of one sample: the text after it, and what it did to the
// value.
type change struct {
	what   string
	before int // index of the text before
	edit   func(value any) any
	loses  bool // comments
}

// TestE2EJSONCParser makes each kind of edit at each place of each sample, and
// has the parser of the command line read the outcome.
func TestE2EJSONCParser(t *testing.T) {
	var texts []string
	var changes []change
	for _, s := range samples(t) {
		if !utf8.Valid(s.text) || len(mustParse(t, s.text).Duplicates()) > 0 {
			continue // node has no bytes; and which of two goes is another test's question
		}
		changes = append(changes, change{what: s.name, before: -1})
		texts = append(texts, string(s.text))
		before := len(texts) - 1
		for _, pointer := range mustRead(t, s.text).pointers {
			for _, c := range editsAt(pointer, mustRead(t, s.text)) {
				f := mustParse(t, s.text)
				if err := c.run(f); err != nil {
					t.Fatalf("%s: %s: %v", s.name, c.what, err)
				}
				texts = append(texts, string(f.Bytes()))
				changes = append(changes, change{s.name + ": " + c.what, before, c.edit, c.loses})
			}
		}
	}
	readings := readAll(t, texts)
	for i, c := range changes {
		got := readings[i]
		if len(got.Errors) > 0 {
			t.Errorf("%s: %v in\n%s", c.what, got.Errors, texts[i])
		}
		if c.before < 0 {
			continue
		}
		before := readings[c.before]
		if want := c.edit(clone(before.Value)); !reflect.DeepEqual(got.Value, want) {
			t.Errorf("%s: value %v, want %v, in\n%s", c.what, got.Value, want, texts[i])
		}
		had, has := slices.Sorted(slices.Values(before.Comments)), slices.Sorted(slices.Values(got.Comments))
		if !c.loses && !slices.Equal(had, has) {
			t.Errorf("%s: comments %q, want %q", c.what, has, had)
		}
	}
	t.Logf("%d edits read", len(changes))
}

type editAt struct {
	what  string
	run   func(*file) error
	edit  func(value any) any
	loses bool
}

func editsAt(pointer string, d *document) []editAt {
	one := []any{"x", map[string]any{"y": true}}
	replace := func(value any) any {
		if pointer == "" {
			return one
		}
		return inParent(value, pointer, func(container map[string]any, name string) { container[name] = one }, func(array []any, i int) []any {
			array[i] = one
			return array
		})
	}
	_, isObject := d.order[pointer]
	isArray := d.of(d.values[pointer])[0] == '['
	all := []editAt{{"set " + pointer, set(pointer, one), replace, isObject || isArray}}
	if isObject {
		all = append(all, editAt{"add to " + pointer, set(pointer+"/brand new", one), func(value any) any {
			return edited(value, pointer, func(container any) any {
				container.(map[string]any)["brand new"] = one
				return container
			})
		}, false})
	}
	if pointer == "" {
		return all
	}
	all = append(all, editAt{"remove " + pointer, remove(pointer), func(value any) any {
		return inParent(value, pointer, func(container map[string]any, name string) { delete(container, name) }, func(array []any, i int) []any {
			return slices.Delete(array, i, i+1)
		})
	}, true})
	all = append(all, editAt{"move " + pointer, move(pointer, 0), func(value any) any {
		return inParent(value, pointer, func(map[string]any, string) {}, func(array []any, i int) []any {
			return slices.Insert(slices.Delete(slices.Clone(array), i, i+1), 0, array[i])
		})
	}, false})
	if _, ok := d.keys[pointer]; ok {
		all = append(all, editAt{"rename " + pointer, func(f *file) error { return f.Rename(pointer, "new\nname") }, func(value any) any {
			return inParent(value, pointer, func(container map[string]any, name string) {
				container["new\nname"] = container[name]
				delete(container, name)
			}, nil)
		}, false})
	}
	return all
}

func inParent(value any, pointer string, object func(map[string]any, string), array func([]any, int) []any) any {
	outer, name := parent(pointer)
	return edited(value, outer, func(container any) any {
		if a, ok := container.([]any); ok {
			i, _ := strconv.Atoi(name)
			return array(a, i)
		}
		object(container.(map[string]any), name)
		return container
	})
}
