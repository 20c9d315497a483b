package devcontainer_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/2-coatl/cpython-prebuilt/devcontainer"
)

// An editor makes random edits of a file, and the same of its value.
type editor struct {
	t    *testing.T
	file *devcontainer.File
	*rand.Rand
}

func (e *editor) edit() {
	before := mustRead(e.t, e.file.Bytes())
	old := e.file.Bytes()
	pointer := before.pointers[e.IntN(len(before.pointers))]
	duplicates := len(e.file.Duplicates()) > 0
	var what string
	var err error
	want, gone := before.value, false
	switch kind := e.IntN(5); {
	case kind == 0:
		what, want, err = e.set(before, pointer)
		gone = true
	case kind == 1:
		what, want, err = e.add(before, pointer)
	case pointer == "":
		return
	case kind == 2:
		what, gone = "remove "+pointer, true
		want = e.without(before, pointer)
		_, err = e.file.Remove(pointer)
	case kind == 3 && !duplicates:
		index := e.IntN(4)
		what = fmt.Sprintf("move %s to %d", pointer, index)
		want = e.moved(before, pointer, index)
		if err = e.file.Move(pointer, index); err != nil {
			err, want = nil, before.value // beyond the end
		}
	case kind == 4 && !duplicates:
		what = "rename " + pointer
		if err = e.file.Rename(pointer, "renamed"); err == nil {
			want = e.renamed(before, pointer, "renamed")
		}
		err = nil // an element, or the name is taken
	}
	if err != nil {
		if strings.Contains(err.Error(), "nested deeper") && bytes.Equal(old, e.file.Bytes()) {
			return
		}
		e.t.Fatalf("%s: %v\n%q", what, err, old)
	}
	e.compare(before, what, want, gone)
}

// compare requires the values, and that no comment is new, and unless something
// is gone, that all are there.
func (e *editor) compare(before *document, what string, want any, gone bool) {
	after := mustRead(e.t, e.file.Bytes())
	if !sameJSON(after.value, want) {
		e.t.Fatalf("%s: value %v, want %v:\n%q\nof\n%q", what, after.value, want, after.text, before.text)
	}
	samePlaces(e.t, e.file, after)
	had, has := before.commentTexts(), after.commentTexts()
	slices.Sort(had)
	slices.Sort(has)
	if !gone && !slices.Equal(had, has) {
		e.t.Fatalf("%s: comments %q, want %q:\n%q\nof\n%q", what, has, had, after.text, before.text)
	}
	for _, comment := range has {
		i, found := slices.BinarySearch(had, comment)
		if !found {
			e.t.Fatalf("%s: comment %q is new:\n%q\nof\n%q", what, comment, after.text, before.text)
		}
		had = slices.Delete(had, i, i+1)
	}
}

// samePlaces requires that an edited file knows where everything is, as if it
// had been parsed anew.
func samePlaces(t *testing.T, edited *devcontainer.File, d *document) {
	t.Helper()
	var raw json.RawMessage
	if _, err := edited.Get("", &raw); err != nil || !reflect.DeepEqual(mustRead(t, raw).value, d.value) {
		t.Fatalf("it believes to be\n%q\nbut is\n%q", raw, d.text)
	}
	fresh := mustParse(t, []byte(d.text))
	for _, pointer := range d.pointers {
		line, column, _ := edited.Position(pointer)
		keyLine, keyColumn, _ := edited.PositionOfKey(pointer)
		got := [4]int{line, column, keyLine, keyColumn}
		line, column, _ = fresh.Position(pointer)
		keyLine, keyColumn, _ = fresh.PositionOfKey(pointer)
		if want := [4]int{line, column, keyLine, keyColumn}; got != want {
			t.Fatalf("%s is at %v, want %v, in\n%q", pointer, got, want, d.text)
		}
	}
}

// sameJSON compares by what the package calls equal: an unchanged 1.0 may stay
// where 1 was set.
func sameJSON(a, b any) bool {
	x, _ := json.Marshal(a)
	y, _ := json.Marshal(b)
	f, err := devcontainer.Parse("x", x)
	if err != nil {
		return reflect.DeepEqual(a, b)
	}
	return f.Set("", json.RawMessage(y)) == nil && !f.Changed()
}

func (e *editor) value() any {
	return []any{
		nil, true, json.Number("7"), "text // no comment", map[string]any{}, []any{},
		map[string]any{"x": []any{json.Number("1"), "two"}, "a": map[string]any{"b": false}},
		[]any{json.Number("1"), json.Number("2"), map[string]any{"x": nil}},
	}[e.IntN(8)]
}

func (e *editor) set(before *document, pointer string) (what string, want any, err error) {
	value := e.value()
	if e.IntN(3) == 0 { // much like what is there
		value = clone(before.value)
		value = e.shaken(value)
		pointer = ""
	}
	want = value
	if pointer != "" {
		outer, name := parent(pointer)
		want = edited(clone(before.value), outer, func(container any) any {
			switch container := container.(type) {
			case map[string]any:
				container[name] = value
			case []any:
				i, _ := strconv.Atoi(name)
				container[i] = value
			}
			return container
		})
	}
	return fmt.Sprintf("set %s to %v", pointer, value), want, e.file.Set(pointer, value)
}

// shaken removes, adds and replaces here and there.
func (e *editor) shaken(value any) any {
	switch value := value.(type) {
	case map[string]any:
		for _, name := range sortedKeys(value) {
			switch e.IntN(6) {
			case 0:
				delete(value, name)
			case 1:
				value["shaken"] = e.value()
			default:
				value[name] = e.shaken(value[name])
			}
		}
		return value
	case []any:
		for i := len(value) - 1; i >= 0; i-- {
			switch e.IntN(6) {
			case 0:
				value = slices.Delete(value, i, i+1)
			case 1:
				value = slices.Insert(value, i, e.value())
			default:
				value[i] = e.shaken(value[i])
			}
		}
		return value
	}
	if e.IntN(4) == 0 {
		return e.value()
	}
	return value
}

func sortedKeys(object map[string]any) []string {
	var names []string
	for name := range object {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

func (e *editor) add(before *document, pointer string) (what string, want any, err error) {
	value := e.value()
	name := ""
	want = edited(clone(before.value), pointer, func(container any) any {
		switch container := container.(type) {
		case map[string]any:
			for name = "new"; container[name] != nil || e.file.Has(pointer+"/"+name); name += "er" {
			}
			container[name] = value
		case []any:
			name = "-"
			return append(container, value)
		}
		return container
	})
	if name == "" {
		return "nothing", before.value, nil
	}
	return fmt.Sprintf("add %v to %s", value, pointer), want, e.file.Set(pointer+"/"+name, value)
}

func (e *editor) without(before *document, pointer string) any {
	outer, name := parent(pointer)
	return edited(clone(before.value), outer, func(container any) any {
		if array, ok := container.([]any); ok {
			i, _ := strconv.Atoi(name)
			return slices.Delete(array, i, i+1)
		}
		delete(container.(map[string]any), name)
		return container
	})
}

func (e *editor) moved(before *document, pointer string, index int) any {
	outer, name := parent(pointer)
	return edited(clone(before.value), outer, func(container any) any {
		if array, ok := container.([]any); ok && index < len(array) {
			i, _ := strconv.Atoi(name)
			moved := array[i]
			return slices.Insert(slices.Delete(array, i, i+1), index, moved)
		}
		return container
	})
}

func (e *editor) renamed(before *document, pointer, to string) any {
	outer, name := parent(pointer)
	return edited(clone(before.value), outer, func(container any) any {
		object := container.(map[string]any)
		value := object[name]
		delete(object, name)
		object[to] = value
		return object
	})
}
