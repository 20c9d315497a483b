// Package lab sets up what the end-to-end tests of this repository need on the
// machine they run on: a container engine and images of Debian.
//
// [Engine] sees to a Docker daemon and [Image] to an image. Both do nothing
// where there is one already. Images are made from the mirror that the apt of
// this machine uses, so that no registry has to be reached; that takes root
// and a machine of the Debian family. [Network] says what containers here need
// to reach that mirror.
package lab

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/2-coatl/cpython-prebuilt/cpython/build"
	"github.com/2-coatl/cpython-prebuilt/cpython/machine"
)

// patience is how long a daemon may take until it answers.
const patience = time.Minute

// daemons are the arguments of dockerd that are tried in turn. Where the kernel
// has no netfilter the first fails, and containers share the host's network.
var daemons = [][]string{
	nil,
	{"--iptables=false", "--bridge=none"},
}

// Engine sees to it that a Docker daemon answers: it installs Docker with apt
// where there is none and starts the daemon, which then goes on by itself. What
// it does goes to out.
func Engine(ctx context.Context, out io.Writer) error {
	if answers(ctx) == nil {
		return nil
	}
	if err := need(ctx, out, map[string]string{"dockerd": "docker.io", "docker": "docker.io", "iptables": "iptables"}); err != nil {
		return err
	}
	if answers(ctx) == nil {
		return nil // where there is systemd, the package starts it
	}
	var errs []error
	for _, args := range daemons {
		err := startDaemon(ctx, out, args)
		if err == nil || ctx.Err() != nil {
			return err
		}
		errs = append(errs, err)
	}
	return fmt.Errorf("lab: no daemon can be started: %w", errors.Join(errs...))
}

// answers returns why the daemon does not answer.
func answers(ctx context.Context) error {
	_, err := output(ctx, "docker", "version", "--format", "{{.Server.Version}}")
	return err
}

// need installs the packages of those programs that are not there.
func need(ctx context.Context, out io.Writer, packages map[string]string) error {
	var missing []string
	for program, name := range packages {
		if _, err := exec.LookPath(program); err != nil {
			missing = append(missing, name)
		}
	}
	if runtime.GOOS != "linux" || os.Geteuid() != 0 {
		return fmt.Errorf("lab: only root of a Linux machine can set this up (missing: %q); start Docker Desktop or the docker service, or run this with sudo", missing)
	}
	if len(missing) == 0 {
		return nil
	}
	return build.InstallPackages(ctx, build.Builder{Output: out, ProxyEnv: proxies()}, missing...)
}

// proxies are those variables that name a proxy.
func proxies() []string {
	var env []string
	for _, assignment := range os.Environ() {
		if name, _, _ := strings.Cut(assignment, "="); strings.HasSuffix(strings.ToLower(name), "_proxy") {
			env = append(env, assignment)
		}
	}
	return env
}

// startDaemon starts a daemon in a session of its own and waits until it answers.
func startDaemon(ctx context.Context, out io.Writer, args []string) error {
	log, err := os.OpenFile(filepath.Join(os.TempDir(), "cpython-prebuilt-dockerd.log"), os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer log.Close()
	cmd := exec.Command("dockerd", args...)
	cmd.Stdout, cmd.Stderr = log, log
	ownSession(cmd)
	fmt.Fprintf(out, "lab: start dockerd %s, log in %s\n", strings.Join(args, " "), log.Name())
	if err := cmd.Start(); err != nil {
		return err
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	limit := time.After(patience)
	for {
		if answers(ctx) == nil {
			return nil
		}
		select {
		case err := <-ended:
			text, _ := os.ReadFile(log.Name())
			return fmt.Errorf("dockerd ended (%v):\n%s", err, lastLines(string(text)))
		case <-ctx.Done():
			return ctx.Err()
		case <-limit:
			return fmt.Errorf("dockerd does not answer after %s, see %s", patience, log.Name())
		case <-time.After(200 * time.Millisecond):
		}
	}
}

// lastLines returns the end of a log: of a daemon that ends early it says why.
func lastLines(text string) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return strings.Join(lines[max(0, len(lines)-3):], "\n")
}

// Network returns what the field Network of a docker.Machine needs here for a
// container to reach the mirror: nothing, or host where the daemon has no bridge.
func Network(ctx context.Context) (string, error) {
	names, err := output(ctx, "docker", "network", "ls", "--format", "{{.Name}}")
	if err != nil {
		return "", fmt.Errorf("lab: %w", err)
	}
	return network(names), nil
}

func network(names string) string {
	for line := range strings.Lines(names) {
		if strings.TrimSpace(line) == "bridge" {
			return ""
		}
	}
	return "host"
}

// output runs a command that must succeed and returns what it printed.
func output(ctx context.Context, args ...string) (string, error) {
	var out bytes.Buffer
	err := machine.Local().Run(ctx, machine.Cmd{Args: args, Stdout: &out})
	return out.String(), err
}
