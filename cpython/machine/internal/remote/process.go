package remote

import (
	"context"
	"fmt"
	"io"
	"io/fs"
	"os/exec"
	"strconv"
	"strings"

	"github.com/2-coatl/cpython-prebuilt/cpython/machine"
	"github.com/2-coatl/cpython-prebuilt/cpython/machine/internal/stream"
)

// A process is a command that runs through runScript.
type process struct {
	cmd     machine.Cmd
	root    bool
	argv    []string
	input   *stream.Input
	output  *stream.Output
	gate    *gate
	stdout  io.Writer
	control *control

	started chan struct{} // closed when group is known
	exited  chan struct{} // closed when last is known
	group   string        // its leader's number
	last    string        // what runScript told last: exit and its code, folder, program and its PATH

	code int   // of what the transport ran
	err  error // of the transport
}

func newProcess(c machine.Cmd) (*process, error) {
	p := &process{
		cmd: c, root: c.Root,
		input: stream.NewInput(c.Stdin), output: stream.NewOutput(c.Stdout, c.Stderr),
		gate:    &gate{refused: make(chan struct{})},
		started: make(chan struct{}), exited: make(chan struct{}),
	}
	mark := newMark()
	var err error
	if p.argv, err = wrapped(c, mark, p.output.Stdout == p.output.Stderr); err != nil {
		return nil, err
	}
	p.stdout = gateWriter(p.gate.to(p.output.Stdout))
	p.control = &control{mark: mark, pass: p.gate.to(p.output.Stderr), tell: p.told}
	return p, nil
}

// stdin is nil without one, so that the transport can tell.
func (p *process) stdin() io.Reader {
	if p.input == nil {
		return nil
	}
	return p.input
}

// told takes a line of runScript.
func (p *process) told(line string) {
	if number, ok := strings.CutPrefix(line, "started "); ok && !p.hasStarted() {
		p.group = number
		close(p.started)
	} else if !p.hasExited() {
		p.last = line
		close(p.exited)
	}
}

func (p *process) hasStarted() bool { return closed(p.started) }
func (p *process) hasExited() bool  { return closed(p.exited) }

func closed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

// ended is the error of a command whose context has ended.
func (p *process) ended(ctx context.Context) error {
	if cause := context.Cause(ctx); cause != ctx.Err() {
		return fmt.Errorf("run %s: %w: %w", p.cmd.Args[0], ctx.Err(), cause)
	}
	return fmt.Errorf("run %s: %w", p.cmd.Args[0], ctx.Err())
}

// outcome is the error of a command whose context has not ended.
func (p *process) outcome() error {
	name := p.cmd.Args[0]
	if err := p.input.Err(); err != nil {
		return fmt.Errorf("run %s: read its input: %w", name, err)
	}
	if err := p.output.Err(); err != nil {
		return fmt.Errorf("run %s: pass on its output: %w", name, err)
	}
	kind, rest, _ := strings.Cut(p.last, " ")
	switch {
	case !p.hasExited() && p.err != nil:
		return fmt.Errorf("run %s: %w", name, p.err)
	case kind == "folder":
		return fmt.Errorf("run %s: working folder %s: %w", name, p.cmd.Dir, fs.ErrNotExist)
	case kind == "program":
		return p.notFound(rest)
	case kind == "exit":
		code, err := strconv.Atoi(rest)
		if err == nil && code != 0 {
			return &machine.ExitError{Cmd: append([]string(nil), p.cmd.Args...), Code: code, Tail: p.output.Tail()}
		}
		if err == nil {
			return nil
		}
	}
	return &LostError{Program: name, Started: p.hasStarted(), Code: p.code, Said: said(p.control.said)}
}

// notFound is the error of a program that is not there.
func (p *process) notFound(list string) error {
	name := p.cmd.Args[0]
	if strings.Contains(name, "/") {
		return fmt.Errorf("run %s: %w: %w", name, exec.ErrNotFound, fs.ErrNotExist)
	}
	if _, ok := searchPath(p.cmd.Env); p.cmd.Env != nil && !ok {
		return fmt.Errorf("run %s: %w: its environment has no PATH", name, exec.ErrNotFound)
	}
	return fmt.Errorf("run %s: %w: searched in %q", name, exec.ErrNotFound, list)
}
