package docker

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"strings"

	"github.com/2-coatl/cpython-prebuilt/cpython/machine"
)

// An engine is a command line that runs containers.
type engine struct {
	name    string // docker or podman
	version string
}

// ask are the arguments by which an engine says its version, and that it
// works. podman has no daemon that could be asked.
var ask = map[string][]string{
	"docker": {"version", "--format", "{{.Server.Version}}"},
	"podman": {"info", "--format", "{{.Version.Version}}"},
}

// findEngine returns the wanted engine, or the first that answers.
func findEngine(ctx context.Context, wanted string) (engine, error) {
	names := []string{"docker", "podman"}
	if wanted != "" {
		if ask[wanted] == nil {
			return engine{}, fmt.Errorf("docker: engine %q is not known, wanted docker or podman", wanted)
		}
		names = []string{wanted}
	}
	var first error
	for _, name := range names {
		e := engine{name: name}
		err := e.answer(ctx)
		if err == nil || ctx.Err() != nil {
			return e, err
		}
		// That docker's daemon is down says more than that podman is not installed.
		if first == nil || errors.Is(first, ErrNoEngine) && !errors.Is(err, ErrNoEngine) {
			first = err
		}
	}
	if errors.Is(first, ErrNoEngine) {
		return engine{}, noEngine(names)
	}
	return engine{}, first
}

// answer asks the engine for its version.
func (e *engine) answer(ctx context.Context) error {
	ctx, cancel := context.WithTimeoutCause(ctx, limit, &Error{Kind: ErrUnreachable,
		Message: e.name + " does not answer; is its daemon stuck?"})
	defer cancel()
	version, err := e.output(ctx, subject{}, ask[e.name]...)
	e.version = strings.TrimSpace(version)
	return err
}

// output runs a command of the engine and returns what it printed. Its
// failure is an *Error about the subject.
func (e *engine) output(ctx context.Context, about subject, args ...string) (string, error) {
	var out, errs bytes.Buffer
	err := machine.Local().Run(ctx, machine.Cmd{Args: append([]string{e.name}, args...), Stdout: &out, Stderr: &errs})
	if exit := (*machine.ExitError)(nil); errors.As(err, &exit) {
		return "", explain(e.name, about, exit.Code, errs.String())
	}
	if errors.Is(err, exec.ErrNotFound) {
		return "", noEngine([]string{e.name})
	}
	return out.String(), err
}
