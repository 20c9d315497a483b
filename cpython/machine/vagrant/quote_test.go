package vagrant

import (
	"os/exec"
	"slices"
	"strings"
	"testing"
)

func TestQuote(t *testing.T) {
	for _, row := range []struct {
		name string
		argv []string
		want string
	}{
		{"plain", []string{"ls", "-l"}, `'ls' '-l'`},
		{"empty argument", []string{"printf", ""}, `'printf' ''`},
		{"quote", []string{"it's"}, `'it'\''s'`},
		{"only quotes", []string{"''"}, `''\'''\'''`},
		{"expansions", []string{"$HOME `id` *"}, "'$HOME `id` *'"},
		{"new line", []string{"a\nb"}, "'a\nb'"},
		{"none", nil, ``},
	} {
		if got := quote(row.argv); got != row.want {
			t.Errorf("%s: quote(%q) = %s, want %s", row.name, row.argv, got, row.want)
		}
	}
}

func FuzzQuote(f *testing.F) {
	if _, err := exec.LookPath("sh"); err != nil {
		f.Skip("needs sh: ", err)
	}
	for _, seed := range []string{"", "'", "\\", "a b", "$(exit 9)", "\n", "-n", "\xff", "!x", "''\\''", "~", "\"'\"'"} {
		f.Add(seed, "second")
	}
	f.Fuzz(func(t *testing.T, first, second string) {
		if strings.ContainsRune(first+second, 0) {
			t.Skip("no argument can hold a NUL byte")
		}
		want := []string{first, second}
		out, err := exec.Command("sh", "-c", "printf '%s\\0' "+quote(want)).Output()
		if err != nil {
			t.Fatalf("sh: %v", err)
		}
		if got := strings.Split(strings.TrimSuffix(string(out), "\x00"), "\x00"); !slices.Equal(got, want) {
			t.Errorf("%q arrived as %q", want, got)
		}
	})
}
