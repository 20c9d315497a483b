package devcontainer

import (
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/tailscale/hujson"
)

// Position returns where the value at the pointer starts. Lines and columns
// count from 1; columns count characters, and a byte order mark is none.
func (f *File) Position(pointer string) (line, column int, ok bool) {
	at, ok := f.lookup(pointer)
	if !ok {
		return 0, 0, false
	}
	line, column = f.locate(at.value.StartOffset)
	return line, column, true
}

// PositionOfKey returns where the name of the member at the pointer starts, and
// for an element of an array, which has none, where its value does.
func (f *File) PositionOfKey(pointer string) (line, column int, ok bool) {
	at, ok := f.lookup(pointer)
	if !ok {
		return 0, 0, false
	}
	start := at.value.StartOffset
	if at.name != nil {
		start = at.name.StartOffset
	}
	line, column = f.locate(start)
	return line, column, true
}

// A Duplicate is a name that its object already had.
type Duplicate struct {
	Pointer      string
	Line, Column int // of the name, counted as by [File.Position]
	FirstLine    int // of the one that does not count because of it
}

// Duplicates returns the names that occur again in the same object, in the
// order of the file.
func (f *File) Duplicates() []Duplicate {
	var all []Duplicate
	f.duplicates(&f.root, "", &all)
	slices.SortStableFunc(all, func(a, b Duplicate) int {
		if a.Line != b.Line {
			return a.Line - b.Line
		}
		return a.Column - b.Column
	})
	return all
}

func (f *File) duplicates(v *hujson.Value, pointer string, all *[]Duplicate) {
	seen := map[string]int{}
	for i := range childCount(v) {
		name, value := child(v, i)
		if name == nil {
			f.duplicates(value, pointer+"/"+strconv.Itoa(i), all)
			continue
		}
		key := nameOf(name)
		own := pointer + "/" + escapePointer(key)
		if before, ok := seen[key]; ok {
			line, column := f.locate(name.StartOffset)
			firstLine, _ := f.locate(before)
			*all = append(*all, Duplicate{own, line, column, firstLine})
		}
		seen[key] = name.StartOffset
		f.duplicates(value, own, all)
	}
}

func (f *File) locate(offset int) (line, column int) {
	return locate(f.text, f.lineStarts(), offset)
}

func locate(text string, starts []int, offset int) (line, column int) {
	line = lineOf(starts, offset)
	return line + 1, 1 + utf8.RuneCountInString(text[starts[line]:offset])
}

// lineOf returns the line of the offset, from 0.
func lineOf(starts []int, offset int) int {
	line, found := slices.BinarySearch(starts, offset)
	if !found {
		line--
	}
	return line
}

// lineStarts is kept until the next edit: each of many positions of a file of
// one long line must not read it again.
func (f *File) lineStarts() []int {
	if f.lines == nil {
		f.lines = lineStarts(f.text)
	}
	return f.lines
}

func lineStarts(text string) []int {
	starts := []int{0}
	for i := 0; ; {
		n := strings.IndexAny(text[i:], "\r\n")
		if n < 0 {
			return starts
		}
		if i += n + 1; strings.HasPrefix(text[i-1:], "\r\n") {
			i++
		}
		starts = append(starts, i)
	}
}

// indentAt returns the white space that starts the line of the offset.
func (f *File) indentAt(offset int) string {
	starts := f.lineStarts()
	line := f.text[starts[lineOf(starts, offset)]:offset]
	return line[:len(line)-len(strings.TrimLeft(line, " \t"))]
}

// newlineNear returns the line ending that is used around the offset.
func (f *File) newlineNear(offset int) string {
	starts := f.lineStarts()
	next := lineOf(starts, offset) + 1
	if next == len(starts) {
		next--
	}
	switch before := f.text[:starts[next]]; {
	case strings.HasSuffix(before, "\r\n"):
		return "\r\n"
	case strings.HasSuffix(before, "\r"):
		return "\r"
	}
	return "\n"
}
