package devcontainer

import (
	"strings"

	"github.com/tailscale/hujson"
)

// A style tells how a new value is written: like those around it.
type style struct {
	file *File
	of   *hujson.Value // the object or array that it will be in; nil: it is the whole file
	near int           // the index near which it will be
}

func (f *File) styleOf(parent *hujson.Value, index int) *style {
	return &style{file: f, of: parent, near: index}
}

// fromPlan makes a value of the new members of a plan, of the kind of v.
func fromPlan(v *hujson.Value, plan []entry) *hujson.Value {
	if _, ok := v.Value.(*hujson.Array); ok {
		array := &hujson.Array{}
		for _, e := range plan {
			array.Elements = append(array.Elements, *e.value)
		}
		return &hujson.Value{Value: array}
	}
	object := &hujson.Object{}
	for _, e := range plan {
		name := hujson.Value{Value: hujson.Literal(e.name)}
		object.Members = append(object.Members, hujson.ObjectMember{Name: name, Value: *e.value})
	}
	return &hujson.Value{Value: object}
}

// member writes a new member or element, on a line with the indentation.
func (s *style) member(e entry, indent string) string {
	value := s.render(e.value, indent)
	if e.name == "" {
		return value
	}
	return e.name + s.colon() + value
}

// render writes a value that starts on a line with the indentation.
func (s *style) render(v *hujson.Value, indent string) string {
	if childCount(v) == 0 {
		return shortest(v)
	}
	w := writer{hints: *s.file.conventions(), newline: s.file.newlineNear(s.start())}
	w.colon = s.colon()
	switch {
	case s.oneLine():
		w.flat(v)
	case s.many(v, w.hints):
		w.tall(v, indent)
	default:
		w.flat(v)
	}
	return w.String()
}

func shortest(v *hujson.Value) string {
	if literal, ok := v.Value.(hujson.Literal); ok {
		return string(literal)
	}
	if _, ok := v.Value.(*hujson.Array); ok {
		return "[]"
	}
	return "{}"
}

func (s *style) start() int {
	if s.of == nil {
		return s.file.root.StartOffset
	}
	return s.of.StartOffset
}

// oneLine reports whether the object or array around is written on one line.
func (s *style) oneLine() bool {
	of := s.of
	if of == nil {
		of = &s.file.root
	}
	return childCount(of) > 0 && !hasNewline(s.file.text[of.StartOffset:of.EndOffset])
}

// many reports whether the value takes a line per member: as the nearest
// sibling of its kind does, or else as most people write it.
func (s *style) many(v *hujson.Value, h hints) bool {
	if s.of != nil {
		n := childCount(s.of)
		for distance := range n + 1 {
			for _, i := range []int{s.near - distance, s.near + distance} {
				if i < 0 || i >= n {
					continue
				}
				if _, sibling := child(s.of, i); childCount(sibling) > 0 && sibling.Value.Kind() == v.Value.Kind() {
					return hasNewline(s.file.text[sibling.StartOffset:sibling.EndOffset])
				}
			}
		}
	}
	return h.many(v)
}

// colon returns what stands between name and value in the nearest member.
func (s *style) colon() string {
	if s.of != nil && childCount(s.of) > 0 {
		name, value := child(s.of, min(s.near, childCount(s.of)-1))
		if name != nil {
			return s.file.colonOf(name, value)
		}
	}
	return s.file.conventions().colon
}

// colonOf does not copy comments, and takes columns of values to be chance.
func (f *File) colonOf(name, value *hujson.Value) string {
	colon := f.text[name.EndOffset:value.StartOffset]
	switch {
	case colon == ":" || colon == " : ":
		return colon
	default:
		return ": "
	}
}

// A writer writes new values.
type writer struct {
	strings.Builder
	hints
	newline string
}

// tall writes a line per member.
func (w *writer) tall(v *hujson.Value, indent string) {
	text := shortest(v)
	if childCount(v) == 0 {
		w.WriteString(text)
		return
	}
	w.WriteByte(text[0])
	for i := range childCount(v) {
		if i > 0 {
			w.WriteByte(',')
		}
		w.WriteString(w.newline + indent + w.unit)
		value := w.name(v, i)
		if w.many(value) {
			w.tall(value, indent+w.unit)
		} else {
			w.flat(value)
		}
	}
	w.WriteString(w.newline + indent + text[1:])
}

// flat writes all on one line.
func (w *writer) flat(v *hujson.Value) {
	text := shortest(v)
	if childCount(v) == 0 {
		w.WriteString(text)
		return
	}
	padding, separator := w.arrayPadding, ", "
	if text[0] == '{' {
		padding = w.objectPadding
	}
	if w.colon == ":" {
		separator = ","
	}
	w.WriteString(text[:1] + padding)
	for i := range childCount(v) {
		if i > 0 {
			w.WriteString(separator)
		}
		w.flat(w.name(v, i))
	}
	w.WriteString(padding + text[1:])
}

// name writes the name of a member, if it has one, and returns its value.
func (w *writer) name(v *hujson.Value, i int) *hujson.Value {
	name, value := child(v, i)
	if name != nil {
		w.WriteString(string(name.Value.(hujson.Literal)) + w.colon)
	}
	return value
}
