package devcontainer_test

import (
	"errors"
	"io/fs"
	"strings"
	"testing"

	"github.com/2-coatl/cpython-prebuilt/devcontainer"
)

type file = devcontainer.File

func set(pointer string, value any) func(*file) error {
	return func(f *file) error { return f.Set(pointer, value) }
}

func remove(pointers ...string) func(*file) error {
	return func(f *file) error {
		for _, pointer := range pointers {
			if removed, err := f.Remove(pointer); err != nil || !removed {
				return errors.Join(err, errors.New("nothing at "+pointer))
			}
		}
		return nil
	}
}

func move(pointer string, index int) func(*file) error {
	return func(f *file) error { return f.Move(pointer, index) }
}

var options = devcontainer.Ordered{{Name: "version", Value: "3.12"}, {Name: "a", Value: []int{1, 2}}}

// looks has one row for each thing that is decided about the look of an edit.
var looks = []struct {
	name, text string
	edit       func(*file) error
	want       string
}{
	{"new member on its own line", "{\n  \"a\": 1\n}", set("/b", true), "{\n  \"a\": 1,\n  \"b\": true\n}"},
	{"new member where commas trail", "{\n  \"a\": 1,\n}", set("/b", true), "{\n  \"a\": 1,\n  \"b\": true,\n}"},
	{"new member behind a comment", "{\r\n\t\"a\": 1 // a\r\n}", set("/b", true), "{\r\n\t\"a\": 1, // a\r\n\t\"b\": true\r\n}"},
	{"new member before closing comments", "{\n  \"a\": 1 // a\n  // end\n}", set("/b", 2), "{\n  \"a\": 1, // a\n  \"b\": 2\n  // end\n}"},
	{"second member on a tight line", `{"a":1}`, set("/b", 2), `{"a":1,"b":2}`},
	{"second member on a line", `{"a": 1}`, set("/b", 2), `{"a": 1, "b": 2}`},
	{"new member on one line", `{ "a": 1 }`, set("/b", options), `{ "a": 1, "b": { "version": "3.12", "a": [1, 2] } }`},
	{"new member without spaces", `{"a":1}`, set("/b", options), `{"a":1,"b":{"version":"3.12","a":[1,2]}}`},
	{"new member where commas lead", "{ \"a\": 1\n, \"b\": 2\n}", set("/c", 3), "{ \"a\": 1\n, \"b\": 2\n, \"c\": 3\n}"},
	{"first member", "{\n  \"f\": {}\n}", set("/f/x", options), "{\n  \"f\": {\n    \"x\": {\n      \"version\": \"3.12\",\n      \"a\": [1, 2]\n    }\n  }\n}"},
	{"first member of the file", "{}\n", set("/a/b", 1), "{\n\t\"a\": {\n\t\t\"b\": 1\n\t}\n}\n"},
	{"first member among comments", "{\n   // x\n}", set("/a", 1), "{\n   \"a\": 1\n   // x\n}"},
	{"first member behind a comment", "{ // x\n}", set("/a", 1), "{ // x\n\t\"a\": 1\n}"},
	{"member as its sibling", "{\n  \"x\": { \"v\": 1 },\n  \"y\": {}\n}", set("/z", map[string]int{"v": 2}), "{\n  \"x\": { \"v\": 1 },\n  \"y\": {},\n  \"z\": { \"v\": 2 }\n}"},
	{"array as others", "{\n  \"x\": [\n    1\n  ]\n}", set("/z", []int{2}), "{\n  \"x\": [\n    1\n  ],\n  \"z\": [\n    2\n  ]\n}"},
	{"missing parents", "{\n  \"a\": 1\n}", set("/m/n/-", "x"), "{\n  \"a\": 1,\n  \"m\": {\n    \"n\": [\"x\"]\n  }\n}"},
	{"element", `{"a": [1, 2]}`, set("/a/-", 3), `{"a": [1, 2, 3]}`},
	{"element behind a line comment", "[1 // x\n]", set("/-", 2), "[1, // x\n\t2\n]"},
	{"value with comments", "{\n  // above\n  \"a\": /* x */ 1 /* y */, // behind\n}", set("/a", "z"), "{\n  // above\n  \"a\": /* x */ \"z\" /* y */, // behind\n}"},
	{"merged object", "{ \"a\": { // a\n  \"x\": 1, // x\n  \"y\": 2, // y\n  \"z\": 3 } }", set("/a", map[string]int{"x": 1, "z": 4, "b": 5}), "{ \"a\": { // a\n  \"x\": 1, // x\n  \"z\": 4,\n  \"b\": 5 } }"},
	{"merged array", "[\n  1, // one\n  2, // two\n  3 // three\n]", set("", []int{0, 1, 3, 5}), "[\n  0,\n  1, // one\n  3, // three\n  5\n]"},
	{"the last of two", `{"a": 1, "a": 2}`, set("/a", 3), `{"a": 1, "a": 3}`},
	{"remove first", "{\n  // a\n  \"a\": 1, // a\n  \"b\": 2\n}", remove("/a"), "{\n  \"b\": 2\n}"},
	{"remove last", "{\n  \"a\": 1, // a\n  // b\n  \"b\": 2 // b\n}", remove("/b"), "{\n  \"a\": 1 // a\n}"},
	{"remove last where commas trail", "{\n  \"a\": 1, // a\n  \"b\": 2, // b\n}", remove("/b"), "{\n  \"a\": 1, // a\n}"},
	{"remove all", "{\n  \"a\": 1,\n  \"b\": 2,\n}", remove("/a", "/b"), "{}"},
	{"remove all but comments", "{\n  // x\n\n  \"a\": 1,\n}", remove("/a"), "{\n  // x\n\n}"},
	{"remove keeps a paragraph's comment", "{\n  // x\n\n  \"a\": 1,\n  \"b\": 2\n}", remove("/a"), "{\n  // x\n\n  \"b\": 2\n}"},
	{"remove keeps what is commented out", "{\n  // \"x\": 1,\n  \"a\": 1,\n  \"b\": 2\n}", remove("/a"), "{\n  // \"x\": 1,\n  \"b\": 2\n}"},
	{"remove one of a line", "{\n  \"a\": 1, \"b\": 2 // both\n}", remove("/b"), "{\n  \"a\": 1 // both\n}"},
	{"remove the start of a line", "{\n  \"a\": 1, \"b\": 2 // both\n}", remove("/a"), "{\n  \"b\": 2 // both\n}"},
	{"remove between block comments", `{ /* a */ "a": 1 /* a */, /* b */ "b": 2 /* b */ }`, remove("/b"), `{ /* a */ "a": 1 /* a */ }`},
	{"remove both of a name", "{\n  \"a\": 1,\n  \"b\": 2,\n  \"a\": 3\n}", remove("/a"), "{\n  \"b\": 2\n}"},
	{"remove before a line comment", "[1, // x\n 2, 3]", remove("/1"), "[1, // x\n 3]"},
	{"remove after a line comment", "[1, // x\n 2]", remove("/1"), "[1 // x\n]"},
	{"move with comments", "{\n  // a\n  \"a\": 1, // a\n\n  \"b\": 2\n}", move("/a", 1), "{\n  \"b\": 2,\n\n  // a\n  \"a\": 1 // a\n}"},
	{"move on a line", `{"a": 1, "b": 2}`, move("/b", 0), `{"b": 2, "a": 1}`},
	{"rename", `{ /* a */ "a" /* b */ : 1 }`, func(f *file) error { return f.Rename("/a", "b") }, `{ /* a */ "b" /* b */ : 1 }`},
}

func TestEdit(t *testing.T) {
	for _, test := range looks {
		t.Run(test.name, func(t *testing.T) {
			f := mustParse(t, []byte(test.text))
			if err := test.edit(f); err != nil {
				t.Fatal(err)
			}
			if got := string(f.Bytes()); got != test.want {
				t.Errorf("got\n%s\nwant\n%s", got, test.want)
			}
		})
	}
}

func TestEditRefuses(t *testing.T) {
	const text = "{\n  \"s\": \"x\", \"a\": [1], \"o\": {}, \"d\": 1, \"d\": 2\n}"
	for _, test := range []struct {
		name string
		edit func(*file) error
		want string
		is   error
	}{
		{"no pointer", set("s", 1), `devcontainer.json: at s: a JSON pointer is empty or starts with a slash`, nil},
		{"bad escape", set("/~2", 1), `~ is written ~0`, nil},
		{"into a string", set("/s/x", 1), `devcontainer.json:2:8: at /s/x: a string, nothing can be set inside of it`, nil},
		{"beyond the end", set("/a/2", 1), `the array has 1 elements`, fs.ErrNotExist},
		{"leading zero", set("/a/00", 1), `the array has 1 elements`, fs.ErrNotExist},
		{"no JSON", set("/s", func() {}), `unsupported type`, nil},
		{"twice in Ordered", set("/s", devcontainer.Ordered{{Name: "x"}, {Name: "x"}}), `"x" occurs twice`, nil},
		{"too deep", set("/"+strings.Repeat("x/", 201), 1), `nested deeper than 200`, nil},
		{"remove the file", remove(""), `the whole file`, nil},
		{"rename nothing", func(f *file) error { return f.Rename("/x", "y") }, `nothing is there`, fs.ErrNotExist},
		{"rename to another", func(f *file) error { return f.Rename("/s", "a") }, `2:13: at /s: rename to "a"`, fs.ErrExist},
		{"rename one of two", func(f *file) error { return f.Rename("/d", "e") }, `one of several "d"`, fs.ErrExist},
		{"rename an element", func(f *file) error { return f.Rename("/a/0", "e") }, `has no name`, nil},
		{"move too far", move("/s", 5), `move to index 5 of 5`, nil},
		{"members of an array", func(f *file) error { _, err := f.Members("/a"); return err }, `an array, not an object`, nil},
		{"value of another kind", func(f *file) error { _, err := f.Get("/s", new(int)); return err }, `2:8: at /s: json: cannot unmarshal`, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			f := mustParse(t, []byte(text))
			err := test.edit(f)
			var where *devcontainer.PointerError
			if !errors.As(err, &where) || !strings.Contains(err.Error(), test.want) || test.is != nil && !errors.Is(err, test.is) {
				t.Errorf("error %v, want a PointerError with %q", err, test.want)
			}
			if f.Changed() {
				t.Errorf("an edit that is refused left\n%s", f.Bytes())
			}
		})
	}
}
