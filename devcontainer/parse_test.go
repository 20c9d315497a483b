package devcontainer_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/2-coatl/cpython-prebuilt/devcontainer"
)

func TestSyntaxErrors(t *testing.T) {
	for _, test := range []struct{ name, text, want string }{
		{"empty", "", "f:1:1: parsing value: unexpected EOF"},
		{"only a comment", "// x", "f:1:5: parsing value: unexpected EOF"},
		{"only a byte order mark", "\ufeff", "f:1:1: parsing value"},
		{"two values", "{}\n {}", "f:2:2: invalid character '{' after top-level value"},
		{"missing comma", "{\n  \"ä\": \"ö\" \"b\": 2 }", "f:2:12: invalid character '\"' after object value"},
		{"behind a byte order mark", "\ufeff{ x }", "f:1:3: invalid literal \"x\""},
		{"old Mac line endings", "{ // x\r  y }", "f:2:3: invalid literal \"y\""},
		{"single quotes", "{ 'a': 1 }", `f:1:3: invalid character '\'' at start of value`},
		{"line ending in a string", "[\"a\n\"]", `f:1:2: invalid literal "\"a\n\""`},
		{"open string", `{"a`, "f:1:4: parsing string: unexpected EOF"},
		{"open comment", "{} /* x", "f:1:4: parsing comment: unexpected EOF"},
		{"two commas", "[1,,]", "f:1:4: invalid character ','"},
		{"wrong bracket", "[1}", "f:1:3: invalid character '}'"},
		{"hexadecimal", "[0x10]", `f:1:2: invalid literal "0x10"`},
		{"too deep", strings.Repeat("[", 201), "f:1:201: nested deeper than 200 levels"},
		{"much too deep", strings.Repeat(`{"a":`, 1_000_000), "nested deeper than 200 levels"},
		{"long literal", "[" + strings.Repeat("x", 1_000_000), strings.Repeat("x", 59) + `"`},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := devcontainer.Parse("f", []byte(test.text))
			var syntax *devcontainer.SyntaxError
			if !errors.As(err, &syntax) || !strings.Contains(err.Error(), test.want) || len(err.Error()) > 200 {
				t.Errorf("error %.300v, want %s", err, test.want)
			}
		})
	}
	if _, err := devcontainer.Parse("f", []byte(strings.Repeat("[", 200)+strings.Repeat("]", 200))); err != nil {
		t.Errorf("200 levels: %v", err)
	}
}

func TestPositions(t *testing.T) {
	f := mustParse(t, []byte("\ufeff{ \"ü\": [1,\r\n  2],\r \"b\" /*\n*/ : { \"c\": 3,\n \"c\": 4, \"c\": 5 }\n}"))
	for _, test := range []struct{ pointer, value, key string }{
		{"", "1:1", "1:1"},
		{"/ü", "1:8", "1:3"},
		{"/ü/0", "1:9", "1:9"},
		{"/ü/1", "2:3", "2:3"},
		{"/b", "4:6", "3:2"},
		{"/b/c", "5:15", "5:10"},
	} {
		line, column, ok := f.Position(test.pointer)
		if got := fmt.Sprintf("%d:%d", line, column); !ok || got != test.value {
			t.Errorf("position of %s: %s, want %s", test.pointer, got, test.value)
		}
		line, column, ok = f.PositionOfKey(test.pointer)
		if got := fmt.Sprintf("%d:%d", line, column); !ok || got != test.key {
			t.Errorf("position of the key of %s: %s, want %s", test.pointer, got, test.key)
		}
	}
	if _, _, ok := f.Position("/x"); ok {
		t.Error("nothing has a position")
	}
	want := []devcontainer.Duplicate{
		{Pointer: "/b/c", Line: 5, Column: 2, FirstLine: 4},
		{Pointer: "/b/c", Line: 5, Column: 10, FirstLine: 5},
	}
	if got := f.Duplicates(); !slices.Equal(got, want) {
		t.Errorf("duplicates %v, want %v", got, want)
	}
}

func TestGet(t *testing.T) {
	f := mustParse(t, []byte(`{"b": 1, /* x */ "a~/": {"": [null, 1.0,],}, "b": "last"}`))
	var got any
	if found, err := f.Get("/b", &got); !found || err != nil || got != "last" {
		t.Errorf("%v, %v, %v", got, found, err)
	}
	if found, err := f.Get("/a~0~1/", &got); !found || err != nil || fmt.Sprint(got) != "[<nil> 1]" {
		t.Errorf("%v, %v, %v", got, found, err)
	}
	if found, err := f.Get("/a~0~1//2", &got); found || err != nil {
		t.Errorf("%v, %v", found, err)
	}
	if !f.Has("/a~0~1//0") || f.Has("/a~0~1//-") || f.Has("b") {
		t.Error("Has does not follow RFC 6901")
	}
	names, err := f.Members("")
	if want := []string{"b", "a~/"}; err != nil || !slices.Equal(names, want) {
		t.Errorf("members %q, %v, want %q", names, err, want)
	}
}

func TestEqualValuesChangeNothing(t *testing.T) {
	const text = `{"s": "\u0061\/", "n": 1.50e1, "big": 12345678901234567890, "o": {"x": 1, "y": [1e999999999999]}}`
	f := mustParse(t, []byte(text))
	for pointer, value := range map[string]any{
		"/s": "a/", "/n": 15, "/big": uint64(12345678901234567890),
		"/o/x": 1.0, "/o": devcontainer.Ordered{{Name: "y", Value: []any{json.Number("1e999999999999")}}, {Name: "x", Value: 1}},
	} {
		if err := f.Set(pointer, value); err != nil || f.Changed() {
			t.Fatalf("set %s: %v: %s", pointer, err, f.Bytes())
		}
	}
	if err := f.Set("/big", uint64(12345678901234567891)); err != nil || !f.Changed() {
		t.Errorf("numbers that are the same as float64 only: %v: %s", err, f.Bytes())
	}
}
