// Package machine says where commands run: on this host, in a container, in a
// virtual machine.
//
// A [Machine] runs commands and takes and gives files as tar streams; it needs
// no folder that both sides see. [Local] is this host. The packages docker and
// vagrant below this one are the others, so that their dependencies reach
// nobody who does not import them. A command is an argument list, never text
// for a shell. A command that fails is an [*ExitError] with the last lines of
// its output.
//
// When the context of a Run ends, the command and everything it started end
// with it.
package machine

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
)

// A Machine is somewhere commands run. Its methods may be called concurrently.
type Machine interface {
	// Run runs a command and waits for it. A command that exits with another
	// code than 0, or is ended by a signal, is an *ExitError.
	Run(ctx context.Context, c Cmd) error

	// CopyIn unpacks a tar stream into the folder dst, which is made when it
	// is not there. Modes, links and times are kept; owners are not.
	CopyIn(ctx context.Context, dst string, tar io.Reader) error

	// CopyOut packs the file or the content of the folder src as a tar
	// stream. Entries are named relative to src; a single file by its base
	// name. Errors of the machine come out of Read; the caller closes.
	CopyOut(ctx context.Context, src string) (io.ReadCloser, error)

	// Close releases the machine. What it started for itself is removed.
	Close() error
}

// A Cmd is one command.
type Cmd struct {
	Args []string // the program, found by PATH of Env when it has no slash, and its arguments
	Dir  string   // working folder; empty is the machine's own choice
	Env  []string // the whole environment, "NAME=value"; nil is the machine's own

	// Root runs it with the rights of root. Where the machine cannot do that
	// without asking somebody, Run returns an error that wraps ErrNoRoot and
	// runs nothing.
	Root bool

	Stdin  io.Reader // nil is empty
	Stdout io.Writer // nil is discarded
	Stderr io.Writer // nil is discarded; may be the same writer as Stdout
}

// ErrNoRoot says that a command wanted the rights of root and the machine has
// no way to them that asks nobody.
var ErrNoRoot = errors.New("no rights of root without asking for them")

// An ExitError says that a command ran and did not succeed.
type ExitError struct {
	Cmd  []string // the arguments of the command
	Code int      // exit code; 128 + number for a signal, as shells count
	Tail string   // the last lines of its output and errors
}

func (e *ExitError) Error() string {
	text := fmt.Sprintf("%s: exit code %d", strings.Join(e.Cmd, " "), e.Code)
	if e.Tail != "" {
		text += "\n" + e.Tail
	}
	return text
}
