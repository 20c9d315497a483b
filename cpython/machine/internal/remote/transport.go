// Package remote is what all machines share that are reached through another
// program: a container through its engine, a virtual machine through ssh.
//
// A [Transport] can do one thing: run an argument list over there. [New] makes
// of it the Run, CopyIn and CopyOut of a [machine.Machine].
package remote

import (
	"context"
	"io"
)

// A Transport runs argument lists on a machine. It is used concurrently.
type Transport interface {
	// Exec runs argv, as root or as the machine's ordinary user, and returns its exit code
	// (128+signal for a signal). err is for trouble with reaching the machine, never for a command that failed.
	// It returns when the command has ended and all its output has been passed on, or soon after ctx ended.
	// What it runs leads a session or a process group of its own over there.
	// A nil stdin is empty, a nil stdout or stderr is discarded. A Read of stdin that still waits when the
	// command has ended is left behind. The writers never fail and are never called after Exec has returned.
	Exec(ctx context.Context, root bool, argv []string, stdin io.Reader, stdout, stderr io.Writer) (code int, err error)
}
