package stream

import (
	"io"
	"sync"
	"time"
)

// An Input is what feeds a command. A nil Input feeds nothing.
type Input struct {
	reader io.Reader
	done   chan struct{} // closed when what Feed started has ended; nil without Feed

	mutex sync.Mutex
	err   error // what reader said, other than io.EOF
}

// NewInput returns an input from r, or nil without r.
func NewInput(r io.Reader) *Input {
	if r == nil {
		return nil
	}
	return &Input{reader: r}
}

// Feed copies the input to w until either ends, and closes w. It does not wait.
func (in *Input) Feed(w io.WriteCloser) {
	in.done = make(chan struct{})
	go func() {
		defer close(in.done)
		defer w.Close()
		// A write fails when the command does not want more: no error.
		_, _ = io.Copy(w, in)
	}()
}

// Read reads and remembers an error, which ends the input like any other end.
func (in *Input) Read(p []byte) (int, error) {
	n, err := in.reader.Read(p)
	if err != nil && err != io.EOF {
		in.mutex.Lock()
		defer in.mutex.Unlock()
		in.err = err
		err = io.EOF
	}
	return n, err
}

// Finish waits until the reader is no longer used, but not for a Read that
// waits for something itself. The command has ended, so writes return at once.
func (in *Input) Finish() {
	if in == nil || in.done == nil {
		return
	}
	select {
	case <-in.done:
	case <-time.After(100 * time.Millisecond):
	}
}

// Err returns the error of the reader.
func (in *Input) Err() error {
	if in == nil {
		return nil
	}
	in.mutex.Lock()
	defer in.mutex.Unlock()
	return in.err
}
