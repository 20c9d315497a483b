package machine

import (
	"io"
	"reflect"
	"strings"
	"sync"
	"time"
)

// An output passes on what a command prints, in full, and keeps the last lines.
type output struct {
	stdout, stderr *sink // the same one for one writer

	mutex sync.Mutex
	err   error // the first error of a writer
}

// newOutput returns an output to the two writers, either of which may be nil.
// For one writer given twice it has one sink, so that os/exec makes one pipe
// and the command's own order stays.
func newOutput(stdout, stderr io.Writer) *output {
	o := &output{}
	o.stdout = &sink{output: o, writer: stdout}
	o.stderr = o.stdout
	if !same(stdout, stderr) {
		o.stderr = &sink{output: o, writer: stderr}
	}
	return o
}

// same reports whether v and w are one writer. Comparing two values of a type
// that cannot be compared would panic.
func same(v, w io.Writer) bool {
	if v == nil || w == nil {
		return v == nil && w == nil
	}
	return reflect.TypeOf(v) == reflect.TypeOf(w) && reflect.ValueOf(v).Comparable() && v == w
}

// A sink is one of the two ways into an output.
type sink struct {
	output *output
	writer io.Writer // nil is discarded
	last   tail
}

func (s *sink) Write(p []byte) (int, error) {
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

func (o *output) fail(err error) {
	o.mutex.Lock()
	defer o.mutex.Unlock()
	if o.err == nil {
		o.err = err
	}
}

// failure returns the first error of the writers.
func (o *output) failure() error {
	o.mutex.Lock()
	defer o.mutex.Unlock()
	return o.err
}

// tail returns the last lines. Of two streams the order between them is not
// known, so what was written to standard error stands last and has priority.
func (o *output) tail() string {
	lines := o.stderr.last.lines(tailLines, tailBytes)
	if o.stdout != o.stderr {
		room := tailBytes
		for _, line := range lines {
			room -= len(line)
		}
		lines = append(o.stdout.last.lines(tailLines-len(lines), room), lines...)
	}
	return strings.ToValidUTF8(strings.TrimRight(strings.Join(lines, ""), "\r\n"), "\ufffd")
}

// An input is what feeds a command. A nil input feeds nothing.
type input struct {
	reader io.Reader
	done   chan struct{}

	mutex sync.Mutex
	err   error // what reader said, other than io.EOF
}

// feedInput copies r to w until either ends, and closes w.
func feedInput(r io.Reader, w io.WriteCloser) *input {
	in := &input{reader: r, done: make(chan struct{})}
	go func() {
		defer close(in.done)
		defer w.Close()
		// A write fails when the command does not want more: no error.
		_, _ = io.Copy(w, in)
	}()
	return in
}

// Read reads and remembers an error.
func (in *input) Read(p []byte) (int, error) {
	n, err := in.reader.Read(p)
	if err != nil && err != io.EOF {
		in.mutex.Lock()
		defer in.mutex.Unlock()
		in.err = err
	}
	return n, err
}

// finish waits until the reader is no longer used, but not for a Read that
// waits for something itself. The command has ended, so writes return at once.
func (in *input) finish() {
	if in == nil {
		return
	}
	select {
	case <-in.done:
	case <-time.After(100 * time.Millisecond):
	}
}

// failure returns the error of the reader.
func (in *input) failure() error {
	if in == nil {
		return nil
	}
	in.mutex.Lock()
	defer in.mutex.Unlock()
	return in.err
}
