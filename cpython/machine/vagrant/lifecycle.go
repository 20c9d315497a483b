package vagrant

import (
	"context"
	"errors"
	"io"
	"os/exec"

	"github.com/2-coatl/cpython-prebuilt/cpython/machine"
)

// Up writes the Vagrantfile, when there is none or when it is ours and out of
// date, and starts the virtual machine, which is made when it is not there.
// When it runs already nothing happens to it. What Vagrant prints goes to out,
// which may be nil.
func (m *Machine) Up(ctx context.Context, out io.Writer) error {
	if err := m.validate(); err != nil {
		return err
	}
	if err := m.writeVagrantfile(); err != nil {
		return err
	}
	args := []string{"up"}
	if m.Provider != "" {
		args = append(args, "--provider="+m.Provider)
	}
	return m.vagrant(ctx, out, out, args...)
}

// Halt shuts the virtual machine down. One that does not run is no error.
func (m *Machine) Halt(ctx context.Context, out io.Writer) error {
	if state, err := m.Status(ctx); err != nil || state == NotCreated {
		return err
	}
	m.pool.closeAll()
	return m.vagrant(ctx, out, out, "halt")
}

// Destroy removes the virtual machine and all that is on it, without asking,
// and forgets its host key. One that is not there is no error. The Vagrantfile
// stays.
func (m *Machine) Destroy(ctx context.Context, out io.Writer) error {
	if state, err := m.Status(ctx); err != nil {
		return err
	} else if state != NotCreated {
		m.pool.closeAll()
		if err := m.vagrant(ctx, out, out, "destroy", "-f"); err != nil {
			return err
		}
	}
	return m.forgetHostKey()
}

// Shell is for a person: vagrant ssh, with this terminal. The three are the
// terminal's, usually those of package os. What the person's own shell ended
// with is no error.
func (m *Machine) Shell(ctx context.Context, stdin io.Reader, stdout, stderr io.Writer) error {
	if state, err := m.Status(ctx); err != nil {
		return err
	} else if state != Running {
		return &StateError{Dir: m.name(), State: state}
	}
	// Not machine.Local, which takes the terminal away from what it runs.
	cmd := exec.CommandContext(ctx, "vagrant", "ssh")
	cmd.Dir, cmd.Stdin, cmd.Stdout, cmd.Stderr = m.dir(), stdin, stdout, stderr
	err := cmd.Run()
	// 255 is ssh's own trouble, of which it has told (ssh(1), EXIT STATUS).
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) && exit.ExitCode() != 255 && ctx.Err() == nil {
		return nil
	}
	return m.explain(err, "ssh")
}

// vagrant runs the program in the folder of the Vagrantfile.
func (m *Machine) vagrant(ctx context.Context, stdout, stderr io.Writer, args ...string) error {
	m.logger().Debug("run vagrant", "args", args, "dir", m.dir())
	c := machine.Cmd{Args: append([]string{"vagrant"}, args...), Dir: m.dir(), Stdout: stdout, Stderr: stderr}
	return m.explain(machine.Local().Run(ctx, c), args[0])
}
