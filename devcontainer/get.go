package devcontainer

import (
	"encoding/json"
	"fmt"

	"github.com/tailscale/hujson"
)

// Get decodes the value at the JSON pointer (RFC 6901) as [json.Unmarshal]
// does, and reports whether there is one. The empty pointer is the whole file.
// Where the value does not fit, the error is a [*PointerError] with its place.
func (f *File) Get(pointer string, into any) (found bool, err error) {
	parts, err := f.splitPointer(pointer)
	if err != nil {
		return false, err
	}
	at, rest := f.walk(parts)
	if len(rest) > 0 {
		return false, nil
	}
	if err := json.Unmarshal(standard(nil, at.value), into); err != nil {
		return true, f.misplaced(pointer, at.value, err)
	}
	return true, nil
}

// Has reports whether there is a value at the pointer, if only null.
func (f *File) Has(pointer string) bool {
	_, ok := f.lookup(pointer)
	return ok
}

// Members returns the names of the object at the pointer, in the order of the
// file, each once. What is no object is a [*PointerError].
func (f *File) Members(pointer string) ([]string, error) {
	parts, err := f.splitPointer(pointer)
	if err != nil {
		return nil, err
	}
	at, rest := f.walk(parts)
	if len(rest) > 0 {
		return nil, f.missing(pointer)
	}
	object, ok := at.value.Value.(*hujson.Object)
	if !ok {
		return nil, f.misplaced(pointer, at.value, fmt.Errorf("%s, not an object", kindOf(at.value)))
	}
	names, _ := lastMembers(object)
	return names, nil
}

// kindOf says for people what a value is.
func kindOf(v *hujson.Value) string {
	switch v.Value.Kind() {
	case '{':
		return "an object"
	case '[':
		return "an array"
	case '"':
		return "a string"
	case '0':
		return "a number"
	case 'n':
		return "null"
	}
	return "true or false"
}
