package devcontainer

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// A shellWord needs no quotes in any shell.
var shellWord = regexp.MustCompile(`^[A-Za-z0-9_./:=@%+,-]+$`)

// changers are words that change the shell that runs them, or how what follows
// is read. Behind them stands a shell of its own, so that others do not notice.
var changers = []string{"!", ".", "[[", "alias", "break", "case", "cd", "continue", "do", "eval", "exec", "exit", "export", "for", "function", "if",
	"popd", "pushd", "readonly", "return", "select", "set", "shift", "shopt", "source", "time", "trap", "ulimit", "umask", "unalias", "unset", "until", "while"}

// sequential returns the command as text for a shell that can stand before or
// after "&&" and does there what it did alone.
func (c Command) sequential(stage Stage, before bool) (string, error) {
	if c.Args != nil {
		return quoteArgs(stage, c.Args)
	}
	words, ok := splitShell(c.Shell)
	if !ok {
		return "", &StageError{stage, fmt.Sprintf("%q has a quote without its other half", c.Shell)}
	}
	// POSIX has "set -e" without effect in all but the last part of a list of
	// "&&", and in shells of their own there too.
	if before && slices.ContainsFunc(words.commands, func(w []string) bool { return w[0] == "set" }) {
		return "", &StageError{stage, fmt.Sprintf("%q uses set, which does not work before another command: put it into a script", c.Shell)}
	}
	if !words.changes {
		return strings.TrimSpace(c.Shell), nil
	}
	text := strings.TrimSpace(c.Shell)
	if strings.HasPrefix(text, "(") {
		text = " " + text // "((" begins arithmetic
	}
	if words.lines || strings.HasSuffix(text, `\`) {
		text += "\n" // ends a comment, and the document of a <<
	}
	return "(" + text + ")", nil
}

// quoteArgs turns an argument list into text with which a shell starts the same
// program with the same arguments.
func quoteArgs(stage Stage, args []string) (string, error) {
	words := make([]string, len(args))
	for i, arg := range args {
		words[i] = arg
		if shellWord.MatchString(arg) && (i > 0 || !strings.Contains(arg, "=")) {
			continue
		}
		switch {
		case strings.Contains(arg, "${"):
			return "", &StageError{stage, fmt.Sprintf("%q holds a variable whose value may need quotes: write the command as text for a shell yourself", arg)}
		case stage == Initialize:
			return "", &StageError{stage, fmt.Sprintf("%q needs quotes, and on the host it is not known of which shell", arg)}
		}
		words[i] = "'" + strings.ReplaceAll(arg, "'", `'\''`) + "'"
	}
	if slices.Contains(changers, args[0]) {
		return "", &StageError{stage, fmt.Sprintf("%q names a program here, and something else in a shell", args[0])}
	}
	return strings.Join(words, " "), nil
}

// A shellText is what is known of text for a shell.
type shellText struct {
	commands [][]string // the words of each simple command; quotes are taken off
	changes  bool       // it must not share a shell with others, or not stand beside "&&"
	lines    bool       // it has comments or several lines
}

// A shellSplitter reads text for a shell as far as is needed to see the words
// of simple commands. What it does not know counts as a change.
type shellSplitter struct {
	out   shellText
	words []string
	word  strings.Builder
	open  bool // a word has begun
	bare  bool // and none of it is quoted
}

// splitShell reads text for a shell. It is not ok where a quote is left open.
func splitShell(text string) (shellText, bool) {
	s := &shellSplitter{bare: true}
	for i := 0; i < len(text); i++ {
		switch c := text[i]; c {
		case '\'', '"':
			end := closingQuote(text, i)
			if end < 0 {
				return s.out, false
			}
			s.word.WriteString(text[i+1 : end])
			s.open, s.bare, i = true, false, end
		case '\\':
			if i++; i < len(text) {
				s.word.WriteByte(text[i])
			}
			s.open, s.bare = true, false
			s.out.lines = s.out.lines || i < len(text) && text[i] == '\n'
			s.out.changes = s.out.changes || i >= len(text)
		case ' ', '\t':
			s.endWord()
		case '&', '|', ';', '\n':
			doubled := i+1 < len(text) && text[i+1] == c
			s.operator(c, doubled)
			if doubled {
				i++
			}
		case '(', ')', '{', '}', '`', '<', '>', '#':
			i += s.special(text, i)
		default:
			s.word.WriteByte(c)
			s.open = true
		}
	}
	s.endCommand()
	return s.out, true
}

// closingQuote returns where the quote that opens at i closes, or -1.
func closingQuote(text string, i int) int {
	for j := i + 1; j < len(text); j++ {
		if text[j] == '\\' && text[i] == '"' {
			j++
		} else if text[j] == text[i] {
			return j
		}
	}
	return -1
}

// operator ends a command. Pipes and "&&" bind as they do beside another "&&".
func (s *shellSplitter) operator(c byte, doubled bool) {
	s.endCommand()
	harmless := c == '&' && doubled || c == '|' && !doubled
	s.out.changes = s.out.changes || !harmless
	s.out.lines = s.out.lines || c == '\n'
}

// special reads a character that has a meaning of its own and returns how many
// more it took.
func (s *shellSplitter) special(text string, i int) int {
	switch c := text[i]; {
	case c == '{' && i > 0 && text[i-1] == '$', c == '}' && s.open:
		// ${name}: part of a word. Its end decides nothing either.
		s.word.WriteByte(c)
		s.open = true
	case c == '#' && s.open:
		s.word.WriteByte(c)
	case c == '#':
		s.out.changes, s.out.lines = true, true
		end := strings.IndexByte(text[i:], '\n')
		if end < 0 {
			return len(text) - i - 1
		}
		return end - 1
	case c == '>':
		s.endWord() // the file that follows is taken for an argument
		if i+1 < len(text) && (text[i+1] == '>' || text[i+1] == '&') {
			return 1
		}
	default:
		s.out.changes = true
		s.out.lines = s.out.lines || c == '<'
		s.endCommand()
	}
	return 0
}

func (s *shellSplitter) endWord() {
	if !s.open {
		return
	}
	word := s.word.String()
	if len(s.words) == 0 && s.bare && (slices.Contains(changers, word) || strings.Contains(word, "=")) {
		s.out.changes = true
	}
	s.words = append(s.words, word)
	s.word.Reset()
	s.open, s.bare = false, true
}

func (s *shellSplitter) endCommand() {
	s.endWord()
	if len(s.words) > 0 {
		s.out.commands = append(s.out.commands, s.words)
	}
	s.words = nil
}
