package machine

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"
)

// A group is a command and all that it starts.
type group struct {
	cmd    *exec.Cmd   // its leader
	sudo   string      // of a group of root: what reaches it; empty where this program does by itself
	killer *time.Timer // kills a group of root that was asked to end
}

// throughSudo changes the command so that root runs it. It must not start
// before sudo is known to ask for nothing: afterwards nobody could tell the
// refusal of sudo from a failure of the command.
func (p *process) throughSudo(ctx context.Context, program string, c Cmd) error {
	if os.Geteuid() == 0 {
		return nil
	}
	sudo, err := findSudo(ctx)
	if err != nil {
		return err
	}
	if strings.Contains(program, "=") {
		return fmt.Errorf("%s: env would take that name for a variable", program)
	}
	env := c.Env
	if env == nil {
		env = os.Environ()
	}
	// sudo starts from an environment of its own, and env makes it the wanted one.
	p.cmd.Path, p.cmd.Env = sudo, nil
	p.cmd.Args = slices.Concat([]string{sudo, "-n", "--", "env", "-i"}, env, []string{program}, c.Args[1:])
	p.group.sudo = sudo
	return nil
}

// findSudo returns the path of a sudo that asks for no password.
func findSudo(ctx context.Context) (string, error) {
	if runtime.GOOS == "windows" {
		return "", fmt.Errorf("%w: Windows has no sudo", ErrNoRoot)
	}
	sudo, err := exec.LookPath("sudo")
	if err != nil || !filepath.IsAbs(sudo) {
		return "", fmt.Errorf("%w: not root, and there is no sudo", ErrNoRoot)
	}
	var said bytes.Buffer
	cmd := exec.CommandContext(ctx, sudo, "-n", "--", "true")
	cmd.Stderr = &said
	if err := cmd.Run(); err != nil {
		if ctx.Err() != nil {
			return "", ctx.Err()
		}
		return "", fmt.Errorf("%w: %s", ErrNoRoot, strings.TrimSpace(said.String()))
	}
	return sudo, nil
}
