package artifact

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/2-coatl/cpython-prebuilt/cpython/machine"
)

// A machineRoot is the system of a machine, asked by commands that every Linux
// system has; those of busybox will do.
type machineRoot struct {
	ctx     context.Context // of the one call
	machine machine.Machine
	err     error // the first trouble with reaching the machine
}

var _ systemRoot = (*machineRoot)(nil)

func (r *machineRoot) own() bool      { return true }
func (r *machineRoot) String() string { return "the machine" }

// run runs a command and returns the beginning of what it printed.
func (r *machineRoot) run(limit int64, args ...string) ([]byte, error) {
	var out bytes.Buffer
	w := &limited{w: &out, left: limit + 1}
	err := r.machine.Run(r.ctx, machine.Cmd{Args: args, Env: []string{"PATH=/usr/bin:/bin:/usr/sbin:/sbin", "LC_ALL=C"}, Stdout: w})
	if exit := (*machine.ExitError)(nil); err != nil && !errors.As(err, &exit) && r.err == nil {
		r.err = err
	}
	return out.Bytes(), err
}

func (r *machineRoot) exists(name string) bool {
	_, err := r.run(0, "test", "-e", name)
	return err == nil
}

func (r *machineRoot) read(name string, limit int64) ([]byte, error) {
	if _, err := r.run(0, "test", "-f", name); err != nil {
		return nil, err
	}
	text, err := r.run(limit, "cat", name)
	if err == nil && int64(len(text)) > limit {
		err = fmt.Errorf("%s: more than %d bytes", name, limit)
	}
	return text, err
}

func (r *machineRoot) head(name string, n int) ([]byte, error) {
	if _, err := r.run(0, "test", "-f", name); err != nil {
		return nil, err
	}
	return r.run(int64(n), "head", "-c", strconv.Itoa(n), name)
}

func (r *machineRoot) list(folder string) []string {
	names, _ := r.run(1<<20, "ls", folder) // what cannot be read has nothing to say
	return strings.Fields(string(names))
}

// limited passes on the beginning of what is written to it.
type limited struct {
	w    io.Writer
	left int64
}

func (l *limited) Write(p []byte) (int, error) {
	part := p[:min(int64(len(p)), l.left)]
	l.left -= int64(len(part))
	if _, err := l.w.Write(part); err != nil {
		return 0, err
	}
	return len(p), nil
}
