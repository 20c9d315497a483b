// Package stream is what goes into and comes out of a running command, the same
// for every machine: output is passed on in full and its last lines are kept,
// and an error of the caller's own reader or writer is told as such.
package stream

import (
	"io"
	"reflect"
	"strings"
	"sync"
)

// An Output passes on what a command prints, in full, and keeps the last lines.
type Output struct {
	Stdout, Stderr *Sink // the same one for one writer

	mutex sync.Mutex
	err   error // the first error of a writer
}

// NewOutput returns an output to the two writers, either of which may be nil.
// For one writer given twice it has one sink, so that os/exec makes one pipe
// and the command's own order stays.
func NewOutput(stdout, stderr io.Writer) *Output {
	o := &Output{}
	o.Stdout = &Sink{output: o, writer: stdout}
	o.Stderr = o.Stdout
	if !Same(stdout, stderr) {
		o.Stderr = &Sink{output: o, writer: stderr}
	}
	return o
}

// Same reports whether v and w are one writer. Comparing two values of a type
// that cannot be compared would panic.
func Same(v, w io.Writer) bool {
	if v == nil || w == nil {
		return v == nil && w == nil
	}
	return reflect.TypeOf(v) == reflect.TypeOf(w) && reflect.ValueOf(v).Comparable() && v == w
}

// A Sink is one of the two ways into an output.
type Sink struct {
	output *Output
	writer io.Writer // nil is discarded
	last   tail
}

// Write passes p on. Its error is the writer's.
func (s *Sink) Write(p []byte) (int, error) {
	s.last.keep(p)
	if s.writer == nil {
		return len(p), nil
	}
	n, err := s.writer.Write(p)
	if err == nil && n < len(p) {
		err = io.ErrShortWrite
	}
	if err != nil {
		s.output.fail(err)
	}
	return n, err
}

func (o *Output) fail(err error) {
	o.mutex.Lock()
	defer o.mutex.Unlock()
	if o.err == nil {
		o.err = err
	}
}

// Err returns the first error of the writers.
func (o *Output) Err() error {
	o.mutex.Lock()
	defer o.mutex.Unlock()
	return o.err
}

// Tail returns the last lines. Of two streams the order between them is not
// known, so what was written to standard error stands last and has priority.
func (o *Output) Tail() string {
	lines := o.Stderr.last.lines(tailLines, tailBytes)
	if o.Stdout != o.Stderr {
		room := tailBytes
		for _, line := range lines {
			room -= len(line)
		}
		lines = append(o.Stdout.last.lines(tailLines-len(lines), room), lines...)
	}
	return strings.ToValidUTF8(strings.TrimRight(strings.Join(lines, ""), "\r\n"), "\ufffd")
}
