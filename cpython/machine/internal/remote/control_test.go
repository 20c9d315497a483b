package remote

import (
	"bytes"
	"slices"
	"strings"
	"testing"
)

// take writes text to a control in pieces of a size and returns what it made of it.
func take(text string, mark [2]string, size int) (passed string, lines []string, said string) {
	var out bytes.Buffer
	c := &control{mark: mark, pass: func(p []byte) { out.Write(p) }, tell: func(line string) { lines = append(lines, line) }}
	for p := []byte(text); len(p) > 0; {
		n := min(size, len(p))
		_, _ = c.Write(p[:n])
		p = p[n:]
	}
	c.flush()
	return out.String(), lines, string(c.said)
}

func TestControl(t *testing.T) {
	mark := [2]string{"ma", "rk"}
	const text = "banner\nmark started 12\nerror: ma\nmar mamark exit 3\nmore"
	for size := 1; size <= len(text); size++ {
		passed, lines, said := take(text, mark, size)
		if passed != "error: ma\nmar ma" || !slices.Equal(lines, []string{"started 12", "exit 3"}) || said != "banner\nmore" {
			t.Fatalf("in pieces of %d: passed %q, lines %q, said %q", size, passed, lines, said)
		}
	}
}

func TestControlKeepsLittleOfOthers(t *testing.T) {
	_, _, said := take(strings.Repeat("banner", 10_000), newMark(), 100)
	if len(said) != saidBytes {
		t.Errorf("%d bytes are kept", len(said))
	}
}

// FuzzControl: what a command prints comes through whole, in whatever pieces.
func FuzzControl(f *testing.F) {
	f.Add("text", 1)
	f.Add("aab aabaabaa", 3)
	f.Fuzz(func(t *testing.T, text string, size int) {
		mark := [2]string{"aa", "baab"}
		if size < 1 || strings.Contains(text+"aabaab", "aabaab") && strings.Index(text+"aabaab", "aabaab") < len(text) {
			return
		}
		passed, lines, _ := take("aabaab started 1\n"+text+"aabaab exit 0\n", mark, size)
		if passed != text || !slices.Equal(lines, []string{"started 1", "exit 0"}) {
			t.Errorf("passed %q of %q, lines %q", passed, text, lines)
		}
	})
}
