package devcontainer

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/tailscale/hujson"
)

// maxDepth is how deep objects and arrays may nest. Real files need about ten;
// without a limit a hostile one exhausts the stack.
const maxDepth = 200

// A SyntaxError says where a text stops being JSON with comments.
type SyntaxError struct {
	Path         string
	Line, Column int // from 1; columns count characters
	Problem      string
}

func (e *SyntaxError) Error() string {
	return fmt.Sprintf("%s:%d:%d: %s", e.Path, e.Line, e.Column, e.Problem)
}

// parse returns the syntax of text, which has no byte order mark.
func parse(path, text string) (hujson.Value, error) {
	fail := func(offset int, problem string) error { return syntaxError(path, text, offset, problem) }
	copied, tooDeep := plain(text)
	if tooDeep >= 0 {
		return hujson.Value{}, tooDeepError(path, text, tooDeep)
	}
	root, err := hujson.Parse(copied)
	if err == nil {
		return root, nil
	}
	// hujson tells the place in its message only. It counts bytes, and lines
	// that end in a line feed.
	line, column := 1, 1
	if _, scanErr := fmt.Sscanf(err.Error(), "hujson: line %d, column %d:", &line, &column); scanErr != nil {
		return hujson.Value{}, fail(0, err.Error())
	}
	_, problem, _ := strings.Cut(strings.TrimPrefix(err.Error(), "hujson: "), ": ")
	if literal, ok := strings.CutPrefix(problem, "invalid literal: "); ok {
		problem = fmt.Sprintf("invalid literal %.60q", literal) // it may be a whole file
	}
	offset := column - 1
	for rest := copied; line > 1; line-- {
		at := bytes.IndexByte(rest, '\n') + 1
		offset += at
		rest = rest[at:]
	}
	return hujson.Value{}, fail(min(offset, len(text)), problem)
}

func syntaxError(path, text string, offset int, problem string) error {
	line, column := locate(text, lineStarts(text[:offset]), offset)
	return &SyntaxError{Path: path, Line: line, Column: column, Problem: problem}
}

func tooDeepError(path, text string, offset int) error {
	return syntaxError(path, text, offset, fmt.Sprintf("nested deeper than %d levels", maxDepth))
}

// plain returns a copy of text for hujson, in which every value has the offset
// that it has in text. hujson wants a line feed after the last comment; it ends
// a comment at line feeds only, where VS Code also ends it at a lone carriage
// return; and it refuses comments that are not UTF-8, such as an old file's
// Latin-1. Where text nests too deep, that offset is returned, otherwise -1.
func plain(text string) (copied []byte, tooDeep int) {
	copied = make([]byte, len(text)+1)
	copy(copied, text)
	copied[len(text)] = '\n'
	depth := 0
	for i := 0; i < len(text); {
		switch c := text[i]; c {
		case '"':
			i = stringEnd(text, i)
			continue
		case '/':
			if kind, end := commentEnd(text, i); kind != 0 {
				blank(copied[i+2 : end])
				if kind == lineComment && end < len(text) {
					copied[end] = '\n'
				}
				i = end
				continue
			}
		case '{', '[':
			if depth++; depth > maxDepth {
				return nil, i
			}
		case '}', ']':
			depth--
		}
		i++
	}
	return copied, -1
}

// blank replaces what is not ASCII by spaces.
func blank(text []byte) {
	for i, c := range text {
		if c >= 0x80 {
			text[i] = ' '
		}
	}
}

// stringEnd returns the offset after the string that starts at i, or the end of
// the text where it is not closed.
func stringEnd(text string, i int) int {
	for i++; i < len(text); i++ {
		switch text[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
	return len(text)
}

// commentEnd returns the kind of the comment that starts at i, 0 if none does,
// and the offset after it: for a line comment, that of its line ending.
func commentEnd(text string, i int) (tokenKind, int) {
	switch {
	case strings.HasPrefix(text[i:], "//"):
		if n := strings.IndexAny(text[i:], "\r\n"); n >= 0 {
			return lineComment, i + n
		}
		return lineComment, len(text)
	case strings.HasPrefix(text[i:], "/*"):
		if n := strings.Index(text[i+2:], "*/"); n >= 0 {
			return blockComment, i + 2 + n + 2
		}
		return blockComment, len(text) // hujson reports it
	}
	return 0, i
}
