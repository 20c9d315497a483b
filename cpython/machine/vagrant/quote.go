package vagrant

import "strings"

// quote returns arguments as a line that a POSIX shell takes apart into those
// arguments again. It is the only way from an argument list to the text that
// SSH wants. No argument may hold a NUL byte.
func quote(argv []string) string {
	var b strings.Builder
	for i, arg := range argv {
		if i > 0 {
			b.WriteByte(' ')
		}
		// Within single quotes everything stands for itself, but the quote.
		b.WriteString("'" + strings.ReplaceAll(arg, "'", `'\''`) + "'")
	}
	return b.String()
}
