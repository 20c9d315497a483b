package devcontainer

import (
	"fmt"
	"io/fs"
	"slices"
	"strconv"

	"github.com/tailscale/hujson"
)

// Set makes the value at the pointer equal to value, which is an [Ordered] or
// anything that [json.Marshal] takes. Where it already is, no byte changes; the
// order of members makes no difference. Objects that are missing on the way are
// created, and so is an array whose next part is "-", which stands for the
// element after the last one. Of several members of the same name the last one
// is set: it is the one that counts.
func (f *File) Set(pointer string, value any) error {
	parts, err := f.splitPointer(pointer)
	if err != nil {
		return err
	}
	at, rest := f.walk(parts)
	if len(rest) > 0 {
		return f.add(pointer, at, rest, value)
	}
	fresh, err := syntax(value)
	if err != nil {
		return f.pointerError(pointer, "%w", err)
	}
	s := f.styleOf(at.parent, at.index)
	return f.splice(at.value, f.rewrite(at.value, fresh, s))
}

// add makes a new member of the object, or element of the array, at the place.
func (f *File) add(pointer string, at place, rest []string, value any) error {
	for i := len(rest) - 1; i > 0; i-- {
		if rest[i] == "-" {
			value = []any{value}
		} else {
			value = Ordered{{rest[i], value}}
		}
	}
	fresh, err := syntax(value)
	if err != nil {
		return f.pointerError(pointer, "%w", err)
	}
	label := ""
	switch at.value.Value.(type) {
	case *hujson.Object:
		label = quote(rest[0])
	case *hujson.Array:
		if n := childCount(at.value); rest[0] != "-" && rest[0] != strconv.Itoa(n) {
			return f.misplaced(pointer, at.value, fmt.Errorf("the array has %d elements: %w", n, fs.ErrNotExist))
		}
	default:
		return f.misplaced(pointer, at.value, fmt.Errorf("%s, nothing can be set inside of it", kindOf(at.value)))
	}
	plan := keepAll(at.value)
	plan = append(plan, entry{old: -1, name: label, value: fresh})
	s := f.styleOf(at.parent, at.index)
	return f.splice(at.value, f.arrange(at.value, plan, s))
}

// Remove removes the member or element at the pointer with its own comments,
// and reports whether there was one. Of several members of the same name all
// are removed: otherwise one that did not count until now would.
func (f *File) Remove(pointer string) (removed bool, err error) {
	parts, err := f.splitPointer(pointer)
	if err != nil {
		return false, err
	}
	if len(parts) == 0 {
		return false, f.pointerError(pointer, "the whole file cannot be removed")
	}
	at, rest := f.walk(parts)
	if len(rest) > 0 {
		return false, nil
	}
	plan := slices.DeleteFunc(keepAll(at.parent), func(e entry) bool {
		name, _ := child(at.parent, e.old)
		return e.old == at.index || name != nil && isName(name, parts[len(parts)-1])
	})
	return true, f.splice(at.parent, f.arrange(at.parent, plan, nil))
}

// Rename gives the member at the pointer another name. Its value, place and
// comments stay. Where its object already has that name, the error is
// [fs.ErrExist].
func (f *File) Rename(pointer, name string) error {
	at, err := f.inside(pointer)
	if err != nil {
		return err
	}
	if at.name == nil {
		return f.misplaced(pointer, at.value, fmt.Errorf("an element of an array has no name"))
	}
	old := nameOf(at.name)
	if old == name {
		return nil
	}
	if i := indexOf(at.parent, name); i >= 0 {
		taken, _ := child(at.parent, i)
		return f.misplaced(pointer, taken, fmt.Errorf("rename to %q: %w", name, fs.ErrExist))
	}
	for i := range at.index {
		if other, _ := child(at.parent, i); isName(other, old) {
			return f.misplaced(pointer, other, fmt.Errorf("rename one of several %q: %w", old, fs.ErrExist))
		}
	}
	return f.splice(at.name, quote(name))
}

// Move gives the member or element at the pointer another index among those of
// its object or array. Its own comments travel with it.
func (f *File) Move(pointer string, index int) error {
	at, err := f.inside(pointer)
	if err != nil {
		return err
	}
	if n := childCount(at.parent); index < 0 || index >= n {
		return f.misplaced(pointer, at.value, fmt.Errorf("move to index %d of %d", index, n))
	}
	if index == at.index {
		return nil
	}
	l := f.layout(at.parent)
	l.move(at.index, index)
	return f.splice(at.parent, l.String())
}
