package remote

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/2-coatl/cpython-prebuilt/cpython/machine"
)

const (
	// grace is how long a command may take to end after it was told to.
	grace = 2 * time.Second

	// limit is how long the machine may take to do one thing for us when the
	// context of the caller has ended and waits no more.
	limit = 10 * time.Second
)

// A Machine is the Run, CopyIn and CopyOut of a machine over its transport. It
// needs a POSIX sh over there, env for commands with an environment, and tar
// and readlink for copies; util-linux's setsid, where it is there, keeps
// commands from a terminal. With the tar of busybox a folder in the way of a
// file is an error and a folder that holds links has the time of the copy.
//
// No file is left over there. A command runs in a session of its own. When
// the context ends, SIGTERM goes to its process group and two seconds later
// SIGKILL to what is left. What the command leaves running in its group when
// it exits has two seconds to end, too. The program is searched as Local does,
// except that its first argument, by which some programs tell what to do, is
// the path it was found at.
type Machine struct {
	transport Transport
}

// New returns a machine over a transport.
func New(t Transport) *Machine { return &Machine{t} }

// A LostError says that the machine went away or never began: the transport
// came back and nothing was heard of how the command ended.
type LostError struct {
	Program string
	Started bool
	Code    int    // exit code of what the transport ran
	Said    string // what that printed on its own account
}

func (e *LostError) Error() string {
	text := "did not start"
	if e.Started {
		text = "was running when the machine was lost"
	}
	text = fmt.Sprintf("run %s: it %s (exit code %d)", e.Program, text, e.Code)
	if e.Said != "" {
		text += "\n" + e.Said
	}
	return text
}

// Run runs a command, as machine.Machine says.
func (m *Machine) Run(ctx context.Context, c machine.Cmd) error {
	p, err := newProcess(c)
	if err != nil {
		return err
	}
	if ctx.Err() != nil {
		return p.ended(ctx)
	}
	running, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	done := make(chan struct{})
	go func() {
		defer close(done)
		p.code, p.err = m.transport.Exec(running, c.Root, p.argv, p.stdin(), p.stdout, p.control)
	}()
	cancelled := false
	select {
	case <-done:
	case <-p.exited:
	case <-p.gate.refused:
		m.end(ctx, p, done)
	case <-ctx.Done():
		cancelled = true
		m.end(ctx, p, done)
	}
	await(done, grace) // or whoever left the session and holds the output would hold us too
	stop()
	<-done
	p.control.flush()
	if !p.hasExited() && p.hasStarted() && !cancelled {
		m.end(ctx, p, nil)
	}
	if cancelled {
		return p.ended(ctx)
	}
	return p.outcome()
}

// end ends the command's process group. It may have been told to do so before
// the command had one.
func (m *Machine) end(ctx context.Context, p *process, done <-chan struct{}) {
	select {
	case <-p.started:
	case <-done:
		return
	case <-time.After(limit):
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), limit)
	defer cancel()
	// It has ended or the machine is out of reach: the outcome tells.
	_, _ = m.transport.Exec(ctx, p.root, []string{"sh", "-c", endScript, "sh", p.group}, nil, nil, nil)
}

// await waits for done, but not longer than the time.
func await(done <-chan struct{}, most time.Duration) {
	timer := time.NewTimer(most)
	defer timer.Stop()
	select {
	case <-done:
	case <-timer.C:
	}
}

// said is what others than the command printed, for an error.
func said(p []byte) string {
	return strings.ToValidUTF8(strings.TrimSpace(string(p)), "\ufffd")
}
