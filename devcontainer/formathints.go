package devcontainer

import (
	"strings"

	"github.com/tailscale/hujson"
)

// hints are the conventions of a file, for places without neighbours.
type hints struct {
	unit          string // of indentation
	colon         string // between name and value
	objectPadding string // inside the brackets of an object on one line
	arrayPadding  string
	arrays        arrayHint
}

// An arrayHint is how the first array of a file is written.
type arrayHint int

const (
	noArray arrayHint = iota
	flatArrays
	tallArrays
)

// maxFlat is how long an array is that is written on one line where the file
// has no other.
const maxFlat = 80

// many reports whether a new value takes a line per member.
func (h *hints) many(v *hujson.Value) bool {
	array, ok := v.Value.(*hujson.Array)
	if !ok {
		return childCount(v) > 0
	}
	length := 0
	for i := range array.Elements {
		literal, ok := array.Elements[i].Value.(hujson.Literal)
		if !ok {
			return true
		}
		length += len(literal) + len(", ")
	}
	switch h.arrays {
	case flatArrays:
		return false
	case tallArrays:
		return true
	}
	return length > maxFlat
}

// conventions are found once for a text, with one walk over it.
func (f *File) conventions() *hints {
	if f.hints == nil {
		found := finder{file: f}
		found.walk(&f.root)
		f.hints = found.hints()
	}
	return f.hints
}

// A finder takes each convention from the first place that shows it.
type finder struct {
	file                          *File
	unit, colon                   string
	objectPadding, arrayPadding   string
	seenFlatObject, seenFlatArray bool
	arrays                        arrayHint
}

func (d *finder) hints() *hints {
	h := &hints{unit: d.unit, colon: d.colon, objectPadding: " ", arrayPadding: d.arrayPadding, arrays: d.arrays}
	if h.unit == "" {
		h.unit = "\t" // as the templates of the specification do
	}
	if h.colon == "" {
		h.colon = ": "
	}
	if d.seenFlatObject {
		h.objectPadding = d.objectPadding
	} else if h.colon == ":" {
		h.objectPadding = ""
	}
	return h
}

func (d *finder) walk(v *hujson.Value) {
	n := childCount(v)
	if n == 0 {
		return
	}
	f := d.file
	flat := f.lineAt(v.StartOffset) == f.lineAt(v.EndOffset)
	padding := ""
	if c := f.text[v.StartOffset+1]; c == ' ' {
		padding = " "
	}
	if name, value := child(v, 0); name != nil {
		if d.colon == "" {
			d.colon = f.colonOf(name, value)
		}
		if flat && !d.seenFlatObject {
			d.seenFlatObject, d.objectPadding = true, padding
		}
	} else {
		if flat && !d.seenFlatArray {
			d.seenFlatArray, d.arrayPadding = true, padding
		}
		if d.arrays == noArray {
			d.arrays = tallArrays
			if flat {
				d.arrays = flatArrays
			}
		}
	}
	for i := range n {
		name, value := child(v, i)
		if d.unit == "" {
			start := value
			if name != nil {
				start = name
			}
			d.unit = f.furtherThan(v.StartOffset, start.StartOffset)
		}
		d.walk(value)
	}
}

// furtherThan returns by what a line is indented further than one before it.
func (f *File) furtherThan(outer, inner int) string {
	indent := f.indentAt(inner)
	if rest, ok := strings.CutPrefix(indent, f.indentAt(outer)); ok && f.lineAt(inner) != f.lineAt(outer) {
		return rest
	}
	return ""
}

func (f *File) lineAt(offset int) int { return lineOf(f.lineStarts(), offset) }

// unitOf returns by what the members of an object or array are indented further
// than its own line, or its comments where it has no members.
func (f *File) unitOf(v *hujson.Value, tail string) string {
	unit := ""
	if n := childCount(v); n > 0 {
		name, value := child(v, n-1)
		if name != nil {
			value = name
		}
		unit = f.furtherThan(v.StartOffset, value.StartOffset)
	} else if _, rest, found := cutLine(tail); found && hasComment(rest) {
		unit = f.furtherThan(v.StartOffset, v.EndOffset-1-len(rest)+strings.Index(rest, "/"))
	}
	if unit == "" {
		unit = f.conventions().unit
	}
	return unit
}
