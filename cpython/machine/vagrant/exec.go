package vagrant

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/2-coatl/cpython-prebuilt/cpython/machine/internal/remote"
	"github.com/2-coatl/cpython-prebuilt/cpython/machine/internal/stream"
)

// A transport runs argument lists on the virtual machine over SSH.
type transport struct{ machine *Machine }

var _ remote.Transport = transport{}

const (
	// grace is how long output may stay silent after the command has ended,
	// where something it left behind holds the output open, and how long a
	// command may take to let go after the context ended.
	grace = 2 * time.Second

	// longest is what Linux takes as one argument (MAX_ARG_STRLEN), and so the
	// longest text that a server can hand to a shell.
	longest = 128<<10 - 1
)

// Exec runs argv, as remote.Transport says.
func (t transport) Exec(ctx context.Context, root bool, argv []string, stdin io.Reader, stdout, stderr io.Writer) (int, error) {
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	var asRoot []string
	if root {
		var err error
		if asRoot, err = t.asRoot(ctx); err != nil {
			return 0, err
		}
	}
	oneStream := stream.Same(stdout, stderr)
	text, err := commandText(asRoot, argv, oneStream)
	if err != nil {
		return 0, err
	}
	s := &session{stdin: stdin, stdout: &sink{to: stdout}, stderr: &sink{to: stderr}}
	if oneStream {
		s.stderr = &sink{}
	}
	return t.run(ctx, s, text)
}

// run runs a session until it ends or the context does.
func (t transport) run(ctx context.Context, s *session, text string) (int, error) {
	type outcome struct {
		code int
		err  error
	}
	done := make(chan outcome, 1)
	go func() {
		code, err := t.session(ctx, s, text)
		done <- outcome{code, err}
	}()
	select {
	case o := <-done:
		if o.err != nil && ctx.Err() != nil {
			return 0, ctx.Err()
		}
		return o.code, o.err
	case <-ctx.Done():
	}
	s.abandon()
	select { // it mostly ends at once; a dead connection, when that is noticed
	case <-done:
	case <-time.After(grace):
	}
	s.stdout.shut()
	s.stderr.shut()
	return 0, ctx.Err()
}

// session opens a session, runs the command in it and waits for its end.
func (t transport) session(ctx context.Context, s *session, text string) (int, error) {
	c, channel, requests, err := t.machine.open(ctx)
	if err != nil {
		return 0, err
	}
	defer t.machine.pool.release(c)
	if !s.begin(channel) {
		return 0, ctx.Err()
	}
	defer channel.Close()
	ok, err := channel.SendRequest("exec", true, ssh.Marshal(struct{ Command string }{text}))
	if err == nil && !ok {
		return 0, fmt.Errorf("the SSH server of the virtual machine of %s refuses to run commands", t.machine.name())
	}
	var code int
	if err == nil {
		code, err = s.wait(channel, requests)
	}
	if err != nil {
		return 0, t.whyLost(ctx, err)
	}
	return code, nil
}

// whyLost returns the error of a command whose connection ended. Mostly the
// virtual machine was halted.
func (t transport) whyLost(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if state, status := t.machine.Status(ctx); status == nil && state != Running {
		return fmt.Errorf("%w: %w", ErrLost, &StateError{Dir: t.machine.name(), State: state})
	}
	return fmt.Errorf("%w: the virtual machine of %s ended it: %w", ErrLost, t.machine.name(), err)
}

// commandText returns the line that the user's shell gets. The command is
// executed, so that it is no builtin of that shell, and a shell stays to tell
// its end by an exit code: SSH has no number for most signals (RFC 4254, section 6.10).
func commandText(asRoot, argv []string, oneStream bool) (string, error) {
	if len(argv) == 0 || argv[0] == "" {
		return "", errors.New("run: the command names no program")
	}
	for _, arg := range argv {
		if strings.ContainsRune(arg, 0) {
			return "", fmt.Errorf("run %s: an argument holds a NUL byte: %q", argv[0], arg)
		}
	}
	argv = slices.Concat(asRoot, argv)
	// The outer shell's own "Killed" is nobody's output.
	text := "exec 3>&2 2>/dev/null; " + watched("(exec "+quote(argv)+" 2>&3 3>&-)", asRoot)
	if oneStream { // over two streams the command's own order would be lost
		text = "exec 2>/dev/null; " + watched("(exec "+quote(argv)+" 2>&1)", asRoot)
	}
	if len(text) > longest {
		return "", fmt.Errorf("run %s: the command is %d bytes long, and an SSH server can start %d", argv[0], len(text), longest)
	}
	return text, nil
}
