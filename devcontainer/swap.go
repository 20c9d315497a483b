package devcontainer

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"
)

// disabledMember is a line that holds a commented-out member with a string for
// its value, and nothing before it.
var disabledMember = regexp.MustCompile(`^([ \t]*//[ \t]*)("(?:[^"\\]|\\.)*")[ \t]*:[ \t]*("(?:[^"\\]|\\.)*")[ \t]*,?[ \t]*(?://.*|/\*[^*]*\*/[ \t]*)?$`)

// A span is a part of the text of a file.
type span struct{ start, end int }

// A rawMember is a member of an object as it stands in the text.
type rawMember struct {
	name         span // with its quotes
	end          int  // of the value
	comma        int  // offset, or -1
	commentsFrom int  // the gap before it starts here
}

// rawMembers reads the members of the object that starts at offset i. Commas
// may be missing: that is what it is for. It also returns where the object ends,
// at its brace, and where the gap before that starts.
func rawMembers(text string, i int) (members []rawMember, gap, end int) {
	i++
	gap = i
	for i = skipGap(text, i, true); i < len(text) && text[i] == '"'; i = skipGap(text, i, true) {
		m := rawMember{name: span{i, stringEnd(text, i)}, comma: -1, commentsFrom: gap}
		i = skipGap(text, m.name.end, false) + 1 // the colon
		m.end = valueEnd(text, skipGap(text, i, false))
		gap, i = m.end, m.end
		if at := skipGap(text, i, false); at < len(text) && text[at] == ',' {
			m.comma = at
			gap, i = at+1, at+1
		}
		members = append(members, m)
	}
	return members, gap, i
}

// skipGap returns the offset after white space and comments, and commas.
func skipGap(text string, i int, commas bool) int {
	for i < len(text) {
		if kind, end := commentEnd(text, i); kind != 0 {
			i = end
		} else if strings.IndexByte(" \t\r\n", text[i]) >= 0 || commas && text[i] == ',' {
			i++
		} else {
			break
		}
	}
	return i
}

// valueEnd returns the offset after the value that starts at i.
func valueEnd(text string, i int) int {
	depth := 0
	for i < len(text) {
		kind, end := commentEnd(text, i)
		switch c := text[i]; {
		case kind != 0:
			i = end
			continue
		case c == '"':
			i = stringEnd(text, i)
		case c == '{' || c == '[':
			depth++
			i++
		case c == '}' || c == ']':
			depth--
			i++
		case strings.IndexByte(" \t\r\n,:", c) >= 0:
			i++
			continue
		default: // true, false, null, a number
			for i++; i < len(text) && strings.IndexByte(" \t\r\n,]}/", text[i]) < 0; i++ {
			}
		}
		if depth == 0 {
			return i
		}
	}
	return i
}

// swapSources has the commented-out lines of options change places with the
// live ones, where the live value comes from the other kind of source than the
// wanted one, and a commented-out one from the same. Each line keeps its place:
// what changes is what stands before the name. Commas are put right at the end.
func (f *File) swapSources(pointer string, wanted Options) error {
	at, ok := f.lookup(pointer)
	if !ok || f.text[at.value.StartOffset] != '{' {
		return nil
	}
	object := at.value.StartOffset
	members, gap, end := rawMembers(f.text, object)
	var edits []edit
	for _, option := range sortedKeys(wanted) {
		want := wanted[option].(string)
		disabled, ok := f.disabledLine(members, gap, end, option, want)
		live := slices.IndexFunc(members, func(m rawMember) bool { return unquote(f.text[m.name.start:m.name.end]) == option })
		if !ok {
			continue
		}
		if live < 0 {
			edits = append(edits, edit{disabled, indentOf(f.text[disabled.start:disabled.end])})
			continue
		}
		have, err := get[string](f, pointer+pointerTo(option))
		if err != nil {
			return err
		}
		if line, alone := f.ownLine(members, live, end); alone && isRemote(have) != isRemote(want) {
			edits = append(edits, edit{disabled, f.text[line.start:line.end]}, edit{line, f.text[disabled.start:disabled.end]})
		}
	}
	if edits == nil {
		return nil
	}
	trailing := len(members) > 0 && members[len(members)-1].comma >= 0
	text := applyEdits(f.text, edits)
	return f.become(applyEdits(text, commaEdits(text, object, trailing)))
}

// disabledLine finds the commented-out member among the comments of an object
// whose value comes from the same kind of source as the wanted one, best the
// same value. The span is what stands before its name on its line.
func (f *File) disabledLine(members []rawMember, gap, end int, option, want string) (span, bool) {
	gaps := []span{}
	for _, m := range members {
		gaps = append(gaps, span{m.commentsFrom, m.name.start})
	}
	var found span
	ok := false
	for _, g := range append(gaps, span{gap, end}) {
		for _, t := range tokens(f.text[g.start:g.end]) {
			if t.kind != lineComment {
				continue
			}
			line := f.lineStarts()[lineOf(f.lineStarts(), g.start+t.start)]
			match := disabledMember.FindStringSubmatch(f.text[line : g.start+t.end])
			if match == nil || line+len(match[1]) < g.start+t.start || unquote(match[2]) != option || isRemote(unquote(match[3])) != isRemote(want) {
				continue
			}
			if !ok || unquote(match[3]) == want {
				found, ok = span{line, line + len(match[1])}, true
			}
		}
	}
	return found, ok
}

// ownLine returns what stands before a member on its line, if the line holds
// nothing else but comments.
func (f *File) ownLine(members []rawMember, i, end int) (span, bool) {
	starts, m := f.lineStarts(), members[i]
	line := lineOf(starts, m.name.start)
	next := end
	if i+1 < len(members) {
		next = members[i+1].name.start
	}
	alone := isBlank(f.text[starts[line]:m.name.start]) && lineOf(starts, next) > line && lineOf(starts, max(m.end, m.comma+1)) == line
	return span{starts[line], m.name.start}, alone
}

// An edit replaces a part of a text.
type edit struct {
	span
	with string
}

func applyEdits(text string, edits []edit) string {
	slices.SortFunc(edits, func(a, b edit) int { return b.start - a.start })
	for _, e := range edits {
		text = text[:e.start] + e.with + text[e.end:]
	}
	return text
}

// commaEdits puts a comma after every member of the object, and after the last
// one only if there was one before.
func commaEdits(text string, object int, trailing bool) []edit {
	var edits []edit
	members, _, _ := rawMembers(text, object)
	for i, m := range members {
		wanted := i < len(members)-1 || trailing
		switch {
		case wanted && m.comma < 0:
			edits = append(edits, edit{span{m.end, m.end}, ","})
		case !wanted && m.comma >= 0:
			edits = append(edits, edit{span{m.comma, m.comma + 1}, ""})
		}
	}
	return edits
}

// indentOf returns the white space before a comment.
func indentOf(prefix string) string { return prefix[:strings.Index(prefix, "//")] }

func unquote(literal string) string {
	var text string
	if json.Unmarshal([]byte(literal), &text) != nil {
		return literal
	}
	return text
}
