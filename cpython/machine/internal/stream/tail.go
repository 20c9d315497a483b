package stream

import (
	"bytes"
	"slices"
	"strings"
)

// What a tail has at most.
const (
	tailLines = 20
	tailBytes = 8 << 10
)

// A tail keeps the end of what one goroutine writes to it.
type tail struct {
	last []byte // at most twice what is asked for
	cut  bool   // something before last is gone
}

// keep adds p.
func (t *tail) keep(p []byte) {
	t.last = append(t.last, p[max(0, len(p)-tailBytes):]...)
	t.cut = t.cut || len(p) > tailBytes || len(t.last) > 2*tailBytes
	if len(t.last) > 2*tailBytes {
		t.last = append(t.last[:0], t.last[len(t.last)-tailBytes:]...)
	}
}

// lines returns the last lines, each with an end. They are whole where one
// whole line fits into the number of bytes.
func (t *tail) lines(most, size int) []string {
	last, cut := t.last, t.cut
	if len(last) > size {
		last, cut = last[len(last)-max(0, size):], true
	}
	if cut {
		if _, whole, ok := bytes.Cut(last, []byte("\n")); ok && len(whole) > 0 {
			last = whole
		}
	}
	lines := slices.Collect(strings.Lines(string(last)))
	lines = lines[max(0, len(lines)-max(0, most)):]
	if n := len(lines); n > 0 && !strings.HasSuffix(lines[n-1], "\n") {
		lines[n-1] += "\n"
	}
	return lines
}
