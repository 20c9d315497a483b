package targets

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/magefile/mage/mg"

	"github.com/2-coatl/cpython-prebuilt/cpython/machine/vagrant"
)

// Vagrant has the targets of the virtual machine of a folder, by default the
// working one.
type Vagrant mg.Namespace

// Up writes a Vagrantfile unless there is one and starts the virtual machine.
func (Vagrant) Up(ctx context.Context,
	dir *string, // folder of the Vagrantfile (default: this one)
	box *string, // Vagrant's box (environment VAGRANT_BOX; default ubuntu/focal64)
	memory *int, // MB (default 4096)
	cpus *int, // processors (default 4)
	provider *string, // virtualbox, libvirt or docker (environment VAGRANT_DEFAULT_PROVIDER; default: Vagrant's choice)
	image *string, // image with an SSH server, for the docker provider (environment VAGRANT_IMAGE)
) error {
	return withVagrant(dir, func(c *console, m *vagrant.Machine) error {
		m.Box = c.value("box", box, "VAGRANT_BOX", m.Box)
		m.Provider, m.Image = c.value("provider", provider, "", m.Provider), c.value("image", image, "", m.Image)
		if memory != nil {
			m.Memory = *memory
		}
		if cpus != nil {
			m.CPUs = *cpus
		}
		return m.Up(ctx, os.Stderr)
	})
}

// SSH opens a shell on the virtual machine.
func (Vagrant) SSH(ctx context.Context,
	dir *string, // folder of the Vagrantfile (default: this one)
) error {
	return withVagrant(dir, func(_ *console, m *vagrant.Machine) error { return m.Shell(ctx, os.Stdin, os.Stdout, os.Stderr) })
}

// Halt shuts the virtual machine down.
func (Vagrant) Halt(ctx context.Context,
	dir *string, // folder of the Vagrantfile (default: this one)
) error {
	return withVagrant(dir, func(_ *console, m *vagrant.Machine) error { return m.Halt(ctx, os.Stderr) })
}

// Status prints what the virtual machine does.
func (Vagrant) Status(ctx context.Context,
	dir *string, // folder of the Vagrantfile (default: this one)
) error {
	return withVagrant(dir, func(_ *console, m *vagrant.Machine) error {
		state, err := m.Status(ctx)
		if err == nil {
			_, err = fmt.Println(state)
		}
		return err
	})
}

// Destroy removes the virtual machine and all that is on it, after asking.
func (Vagrant) Destroy(ctx context.Context,
	dir *string, // folder of the Vagrantfile (default: this one)
	force *bool, // do not ask
) error {
	return withVagrant(dir, func(_ *console, m *vagrant.Machine) error {
		if !set(force) {
			if err := confirm("remove the virtual machine of "+m.Dir+" and all that is on it?", isTerminal(os.Stdin)); err != nil {
				return err
			}
		}
		return m.Destroy(ctx, os.Stderr)
	})
}

// withVagrant does something with the virtual machine of a folder.
func withVagrant(dir *string, do func(*console, *vagrant.Machine) error) error {
	c, err := newConsole()
	if err != nil {
		return err
	}
	m, err := c.vagrant(c.value("dir", dir, "", ""))
	if err != nil {
		return err
	}
	return errors.Join(do(c, m), m.Close())
}

// confirm asks the person at the terminal. Where there is none the answer is no.
func confirm(question string, terminal bool) error {
	if !terminal {
		return errors.New("nobody is there to be asked: say -force")
	}
	fmt.Fprint(os.Stderr, question+" [y/N] ")
	answer, err := bufio.NewReader(os.Stdin).ReadString('\n')
	if err != nil {
		return fmt.Errorf("read the answer: %w", err)
	}
	if answer := strings.ToLower(strings.TrimSpace(answer)); answer != "y" && answer != "yes" {
		return errors.New("left alone")
	}
	return nil
}
