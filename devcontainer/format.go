package devcontainer

import (
	"regexp"
	"strings"
)

// A tokenKind is what stands between values.
type tokenKind int

const (
	space tokenKind = iota + 1
	newline
	lineComment  // without its line ending
	blockComment // of any number of lines
	comma
	colon
)

type token struct {
	kind       tokenKind
	start, end int
}

// tokenAt returns the token that starts at i.
func tokenAt(text string, i int) token {
	t := token{kind: space, start: i, end: i + 1}
	switch text[i] {
	case '\n':
		t.kind = newline
	case '\r':
		t.kind = newline
		if strings.HasPrefix(text[i:], "\r\n") {
			t.end++
		}
	case ',':
		t.kind = comma
	case ':':
		t.kind = colon
	case '/':
		t.kind, t.end = commentEnd(text, i)
		t.end = max(t.end, i+1)
	default:
		for t.end < len(text) && (text[t.end] == ' ' || text[t.end] == '\t') {
			t.end++
		}
	}
	return t
}

// tokens splits what stands between two values.
func tokens(text string) []token {
	var all []token
	for i := 0; i < len(text); {
		t := tokenAt(text, i)
		all = append(all, t)
		i = t.end
	}
	return all
}

func (t token) comment() bool { return t.kind == lineComment || t.kind == blockComment }

// first returns the offset of the first token of a kind, or -1.
func first(text string, kind tokenKind) int {
	for i := 0; i < len(text); {
		t := tokenAt(text, i)
		if t.kind == kind {
			return i
		}
		i = t.end
	}
	return -1
}

func hasComment(text string) bool { return strings.Contains(text, "/") }

func isBlank(text string) bool { return strings.Trim(text, " \t\r\n") == "" }

func hasNewline(text string) bool { return strings.ContainsAny(text, "\r\n") }

// endsInLineComment reports whether what is written next would be comment.
func endsInLineComment(text string) bool {
	if !hasComment(text) {
		return false
	}
	last := token{}
	for last.end < len(text) {
		last = tokenAt(text, last.end)
	}
	return last.kind == lineComment
}

// cutLine cuts before the first line ending that is not inside a comment.
func cutLine(text string) (line, rest string, found bool) {
	if at := first(text, newline); at >= 0 {
		return text[:at], text[at:], true
	}
	return text, "", false
}

// cutComments cuts after the last comment, or after the last block comment
// before the first line comment.
func cutComments(text string, lines bool) (comments, rest string) {
	at := 0
	for _, t := range tokens(text) {
		if t.kind == lineComment && !lines {
			break
		}
		if t.comment() {
			at = t.end
		}
	}
	return text[:at], text[at:]
}

// cutLead splits what stands above a member, and starts with a line ending if
// it has one, into what is nobody's, the white space that sets the member off
// from the one before, and its own comments with the white space that follows.
func cutLead(text string) (loose, sep, own string) {
	all := tokens(text)
	at := len(all) // the token that starts the member's lead
	for i := len(all) - 1; i >= 0; i-- {
		if all[i].kind != newline {
			continue
		}
		at = i
		above := i
		for above > 0 && all[above-1].kind != newline {
			above--
		}
		if above == 0 || !ownComment(text, all[above:i]) {
			break
		}
	}
	if at == len(all) { // on the line of the one before
		at = 0
	}
	var start int
	if at < len(all) {
		start = all[at].start
	}
	end := len(text)
	for _, t := range all[at:] {
		if t.comment() {
			end = t.start
			break
		}
	}
	return text[:start], text[start:end], text[end:]
}

var commentedOut = regexp.MustCompile(`^/[/*][/*\s]*"(?:[^"\\]|\\.)*"\s*:`)

// ownComment reports whether a line above a member is its comment: not blank,
// and no member that is commented out, which may be meant for any place.
func ownComment(text string, line []token) bool {
	for _, t := range line {
		if t.comment() {
			return !commentedOut.MatchString(text[t.start:t.end])
		}
	}
	return false
}
