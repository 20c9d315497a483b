package devcontainer

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io/fs"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/tailscale/hujson"
)

// A PointerError says why nothing can be done at a JSON pointer. Where nothing
// is there, it is [fs.ErrNotExist]; where a name is taken, [fs.ErrExist].
type PointerError struct {
	Path, Pointer string
	Line, Column  int // of the value that is there instead; 0 where none is
	Err           error
}

func (e *PointerError) Error() string {
	pointer := e.Pointer
	if pointer == "" {
		pointer = `""`
	}
	where := e.Path
	if e.Line > 0 {
		where = fmt.Sprintf("%s:%d:%d", e.Path, e.Line, e.Column)
	}
	return fmt.Sprintf("%s: at %s: %v", where, pointer, e.Err)
}

func (e *PointerError) Unwrap() error { return e.Err }

func (f *File) pointerError(pointer, format string, args ...any) error {
	return &PointerError{Path: f.path, Pointer: pointer, Err: fmt.Errorf(format, args...)}
}

// misplaced is the error for a value that is there, but of another kind.
func (f *File) misplaced(pointer string, v *hujson.Value, err error) error {
	line, column := f.locate(v.StartOffset)
	return &PointerError{Path: f.path, Pointer: pointer, Line: line, Column: column, Err: err}
}

func (f *File) missing(pointer string) error {
	return f.pointerError(pointer, "nothing is there: %w", fs.ErrNotExist)
}

// splitPointer returns the names and indexes of a JSON pointer (RFC 6901).
func (f *File) splitPointer(pointer string) ([]string, error) {
	if pointer == "" {
		return nil, nil
	}
	if pointer[0] != '/' {
		return nil, f.pointerError(pointer, "a JSON pointer is empty or starts with a slash")
	}
	parts := strings.Split(pointer[1:], "/")
	for i, part := range parts {
		rest := strings.NewReplacer("~0", "", "~1", "").Replace(part)
		if strings.Contains(rest, "~") {
			return nil, f.pointerError(pointer, "in a JSON pointer ~ is written ~0, and / in a name ~1")
		}
		parts[i] = strings.NewReplacer("~1", "/", "~0", "~").Replace(part)
	}
	return parts, nil
}

// escapePointer writes a name as part of a JSON pointer.
func escapePointer(name string) string {
	return strings.ReplaceAll(strings.ReplaceAll(name, "~", "~0"), "/", "~1")
}

// A place is a value in the file. The root has no parent, and an element of an
// array no name.
type place struct {
	parent, name, value *hujson.Value
	index               int
}

// walk follows the parts as far as they lead, and returns what is left.
func (f *File) walk(parts []string) (at place, rest []string) {
	at = place{value: &f.root}
	for i, part := range parts {
		index := indexOf(at.value, part)
		if index < 0 {
			return at, parts[i:]
		}
		next := place{parent: at.value, index: index}
		next.name, next.value = child(at.value, index)
		at = next
	}
	return at, nil
}

func (f *File) lookup(pointer string) (place, bool) {
	parts, err := f.splitPointer(pointer)
	if err != nil {
		return place{}, false
	}
	at, rest := f.walk(parts)
	return at, len(rest) == 0
}

// inside returns the place of something that has a parent.
func (f *File) inside(pointer string) (place, error) {
	parts, err := f.splitPointer(pointer)
	if err != nil {
		return place{}, err
	}
	if len(parts) == 0 {
		return place{}, f.pointerError(pointer, "the whole file is no member of anything")
	}
	at, rest := f.walk(parts)
	if len(rest) > 0 {
		return place{}, f.missing(pointer)
	}
	return at, nil
}

// indexOf returns which child of v the part of a pointer names, or -1. Of
// several members with the name the last one counts.
func indexOf(v *hujson.Value, part string) int {
	switch v := v.Value.(type) {
	case *hujson.Object:
		for i := len(v.Members) - 1; i >= 0; i-- {
			if isName(&v.Members[i].Name, part) {
				return i
			}
		}
	case *hujson.Array:
		// RFC 6901, section 4: digits without a leading zero.
		n, err := strconv.Atoi(part)
		if err == nil && n >= 0 && n < len(v.Elements) && strconv.Itoa(n) == part {
			return n
		}
	}
	return -1
}

// childCount returns how many members or elements v has.
func childCount(v *hujson.Value) int {
	switch v := v.Value.(type) {
	case *hujson.Object:
		return len(v.Members)
	case *hujson.Array:
		return len(v.Elements)
	}
	return 0
}

// child returns a member of an object, or an element of an array, whose name is nil.
func child(v *hujson.Value, i int) (name, value *hujson.Value) {
	if object, ok := v.Value.(*hujson.Object); ok {
		return &object.Members[i].Name, &object.Members[i].Value
	}
	return nil, &v.Value.(*hujson.Array).Elements[i]
}

func isName(v *hujson.Value, name string) bool {
	literal := v.Value.(hujson.Literal)
	if raw := literal[1 : len(literal)-1]; bytes.IndexByte(raw, '\\') < 0 && utf8.Valid(raw) {
		return string(raw) == name
	}
	return nameOf(v) == name
}

// nameOf returns the name of a member without quotes and escapes.
func nameOf(v *hujson.Value) string {
	var name string
	if err := json.Unmarshal(v.Value.(hujson.Literal), &name); err != nil {
		return string(v.Value.(hujson.Literal)) // hujson has seen that it is valid
	}
	return name
}
