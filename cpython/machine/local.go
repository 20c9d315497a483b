package machine

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/2-coatl/cpython-prebuilt/cpython/machine/internal/stream"
)

// Local returns this host as a machine. Close does nothing.
//
// A command runs as a process group of its own, in a session without a
// terminal, so that nothing it starts can wait for an answer typed by a
// person. When the context ends, SIGTERM goes to the whole group and two
// seconds later SIGKILL to what is left of it; the error of Run then wraps the
// context's. What a command leaves running in its group when it exits is ended
// too: at once, or where it still holds the output open, after two seconds.
// On Windows there are no such groups and only the command itself is ended. A
// process of another user, as under a sudo of the caller's own, takes no signal
// from a program that is not root; Run then waits until it ends by itself.
//
// A command with Root runs as it is where this program is root, and otherwise
// through a sudo that asks for no password, with the environment it would have
// had without. On Windows that is ErrNoRoot.
//
// The program is searched in the absolute folders of the PATH that the command
// gets, the last PATH of Env, and a program that is not there is an error for
// which errors.Is(err, exec.ErrNotFound) holds. A Stdin that is an *os.File is
// handed to the command itself; of any other a Read that is still waiting when
// the command has ended is left behind.
func Local() Machine { return local{} }

type local struct{}

var _ Machine = local{}

// grace is how long a command may take to end after it was told to.
const grace = 2 * time.Second

// Close does nothing.
func (local) Close() error { return nil }

// Run runs a command on this host, as Local says.
func (local) Run(ctx context.Context, c Cmd) error {
	program, err := find(c)
	if err != nil {
		return err
	}
	p, err := start(ctx, program, c)
	if err != nil {
		return fmt.Errorf("run %s: %w", c.Args[0], err)
	}
	err = p.cmd.Wait()
	p.group.end(p.cancelled.Add(grace))
	p.input.Finish()
	return p.outcome(ctx, err)
}

// A process is a command that was started.
type process struct {
	args      []string // as the caller gave them
	cmd       *exec.Cmd
	group     group
	input     *stream.Input
	output    *stream.Output
	cancelled time.Time // when the context's end reached the command
}

// start starts the command. Another goroutine of this program may have forked
// while CopyIn had the program open for writing; that open file is gone as
// soon as the fork executes, so ETXTBSY is worth another try (go.dev/issue/22315).
func start(ctx context.Context, program string, c Cmd) (*process, error) {
	for attempt := 0; ; attempt++ {
		p, err := startOnce(ctx, program, c)
		if err == nil || attempt == 6 || !errors.Is(err, syscall.ETXTBSY) {
			return p, err
		}
		time.Sleep(5 * time.Millisecond << attempt)
	}
}

func startOnce(ctx context.Context, program string, c Cmd) (*process, error) {
	cmd := exec.CommandContext(ctx, program)
	p := &process{args: slices.Clone(c.Args), cmd: cmd, group: group{cmd: cmd}, output: stream.NewOutput(c.Stdout, c.Stderr)}
	cmd.Args, cmd.Dir, cmd.Env = p.args, c.Dir, c.Env
	if c.Root {
		if err := p.throughSudo(ctx, program, c); err != nil {
			return nil, err
		}
	}
	cmd.Stdout, cmd.Stderr = p.output.Stdout, p.output.Stderr
	cmd.WaitDelay = grace
	cmd.Cancel = func() error {
		p.cancelled = time.Now()
		return p.group.terminate()
	}
	ownGroup(cmd)
	var feed io.WriteCloser
	switch stdin := c.Stdin.(type) {
	case nil:
	case *os.File:
		cmd.Stdin = stdin
	default:
		// Not cmd.Stdin: Wait would wait for a Read that may never return.
		var err error
		if feed, err = cmd.StdinPipe(); err != nil {
			return nil, err
		}
	}
	if err := withInterrupt(cmd.Start); err != nil {
		return nil, err
	}
	if feed != nil {
		p.input = stream.NewInput(c.Stdin)
		p.input.Feed(feed)
	}
	return p, nil
}

// withInterrupt sees to it that what start starts can be interrupted. A program
// that was put in the background by a script ignores SIGINT, and all it starts
// inherits that: tests of signals, such as those of CPython's training run, then fail.
func withInterrupt(start func() error) error {
	if signal.Ignored(os.Interrupt) {
		handled := make(chan os.Signal, 1) // what is handled here is back at its default there
		signal.Notify(handled, os.Interrupt)
		defer signal.Stop(handled)
	}
	return start()
}

// outcome turns what Wait said into the error of Run.
func (p *process) outcome(ctx context.Context, err error) error {
	name := p.args[0]
	if !p.cancelled.IsZero() {
		if cause := context.Cause(ctx); cause != ctx.Err() {
			return fmt.Errorf("run %s: %w: %w", name, ctx.Err(), cause)
		}
		return fmt.Errorf("run %s: %w", name, ctx.Err())
	}
	if err := p.input.Err(); err != nil {
		return fmt.Errorf("run %s: read its input: %w", name, err)
	}
	if err := p.output.Err(); err != nil {
		return fmt.Errorf("run %s: pass on its output: %w", name, err)
	}
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
		return &ExitError{Cmd: p.args, Code: exitCode(exit.ProcessState), Tail: p.output.Tail()}
	}
	if err == nil || errors.Is(err, exec.ErrWaitDelay) { // the command succeeded; what it left behind is ended
		return nil
	}
	return fmt.Errorf("run %s: %w", name, err)
}

// find returns the path of the program that c names.
func find(c Cmd) (string, error) {
	if len(c.Args) == 0 || c.Args[0] == "" {
		return "", errors.New("run: the command names no program")
	}
	name := c.Args[0]
	if filepath.Base(name) != name {
		return findPath(name, c.Dir)
	}
	list, ok := searchPath(c.Env)
	for _, dir := range filepath.SplitList(list) {
		if !filepath.IsAbs(dir) {
			continue // what the working folder holds is nobody's choice
		}
		// With a folder in the name LookPath looks only there.
		if found, err := exec.LookPath(filepath.Join(dir, name)); err == nil {
			return found, nil
		}
	}
	if !ok {
		return "", fmt.Errorf("run %s: %w: its environment has no PATH", name, exec.ErrNotFound)
	}
	return "", fmt.Errorf("run %s: %w: searched in %q", name, exec.ErrNotFound, list)
}

// findPath returns the path of a program that is named with a folder, which
// is relative to the command's working folder.
func findPath(name, dir string) (string, error) {
	file := name
	if !filepath.IsAbs(file) && dir != "" {
		file = filepath.Join(dir, file)
	}
	if _, err := os.Stat(file); errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("run %s: %w: %w", name, exec.ErrNotFound, err)
	}
	if runtime.GOOS == "windows" {
		return filepath.Abs(file)
	}
	return name, nil
}

// searchPath returns the PATH of env, the last one as in os/exec, and whether
// there is any. A nil env is the environment of this program.
func searchPath(env []string) (list string, ok bool) {
	if env == nil {
		env = os.Environ()
	}
	for _, assignment := range env {
		name, value, _ := strings.Cut(assignment, "=")
		if name == "PATH" || runtime.GOOS == "windows" && strings.EqualFold(name, "PATH") {
			list, ok = value, true
		}
	}
	return list, ok
}
