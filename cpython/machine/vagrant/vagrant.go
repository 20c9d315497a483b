// Package vagrant runs commands in a virtual machine that Vagrant manages.
//
// A [Machine] is the virtual machine of one folder. [Machine.Up] writes a
// Vagrantfile there, when there is none, and starts it; [Machine.Halt] and
// [Machine.Destroy] end it; in between it is a [machine.Machine] whose commands
// and files go over one SSH connection, made at the first use and made again
// when it was lost. No folder is shared with the virtual machine, so the same
// code serves VirtualBox, libvirt and the docker provider. [Machine.Check] says
// what the host lacks.
//
// Vagrant trusts whatever answers at the machine's address. This package does
// not: the host key of the first connection is kept beside Vagrant's own record
// of the virtual machine, and another key is refused until that machine is
// destroyed.
//
// A Vagrantfile that was changed by hand, or never was ours, is used as it is
// and not written to. One that defines several machines is refused.
package vagrant

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/2-coatl/cpython-prebuilt/cpython/machine"
	"github.com/2-coatl/cpython-prebuilt/cpython/machine/internal/remote"
)

// A Machine is the virtual machine of a folder. Its fields are set before the
// first call; the zero value is the machine of the working folder, with the
// defaults named below. A Machine is not copied.
type Machine struct {
	Dir string // folder of the Vagrantfile; empty is the working folder

	// What the generated Vagrantfile says. Changes take effect at the next
	// start; another Box or Image, when the machine was destroyed.
	Box      string // empty is ubuntu/focal64, Ubuntu 20.04
	Memory   int    // MB; 0 is 4096
	CPUs     int    // 0 is 4
	Provider string // virtualbox, libvirt or docker; empty is Vagrant's own choice of the first two
	Image    string // of the docker provider: an image with an SSH server

	Logger *slog.Logger // nil is silent

	once   sync.Once
	remote *remote.Machine
	pool   pool
}

var _ machine.Machine = (*Machine)(nil)

// New returns the virtual machine of a folder. Nothing is started or written.
func New(dir string) *Machine { return &Machine{Dir: dir} }

// The defaults are those of the team's builder.
const (
	defaultBox    = "ubuntu/focal64"
	defaultMemory = 4096
	defaultCPUs   = 4
)

var providers = []string{"virtualbox", "libvirt", "docker"}

// Run runs a command on the virtual machine. While that is not running, the
// error is a *StateError.
func (m *Machine) Run(ctx context.Context, c machine.Cmd) error { return m.overSSH().Run(ctx, c) }

// CopyIn unpacks a tar stream into a folder of the virtual machine.
func (m *Machine) CopyIn(ctx context.Context, dst string, tar io.Reader) error {
	return m.overSSH().CopyIn(ctx, dst, tar)
}

// CopyOut packs a file or folder of the virtual machine.
func (m *Machine) CopyOut(ctx context.Context, src string) (io.ReadCloser, error) {
	return m.overSSH().CopyOut(ctx, src)
}

// Close closes the connections. The virtual machine stays as it is; a later
// call connects again.
func (m *Machine) Close() error {
	m.pool.closeAll()
	return nil
}

func (m *Machine) overSSH() *remote.Machine {
	m.once.Do(func() { m.remote = remote.New(transport{m}) })
	return m.remote
}

// dir is the folder, never empty.
func (m *Machine) dir() string { return cmp.Or(m.Dir, ".") }

// name is the folder as errors show it.
func (m *Machine) name() string {
	if full, err := filepath.Abs(m.dir()); err == nil {
		return full
	}
	return m.dir()
}

func (m *Machine) logger() *slog.Logger {
	if m.Logger == nil {
		return slog.New(slog.DiscardHandler)
	}
	return m.Logger
}

// validate reports everything that is wrong with the fields.
func (m *Machine) validate() error {
	var problems []error
	if m.Memory < 0 {
		problems = append(problems, fmt.Errorf("memory is %d MB, wanted a positive number", m.Memory))
	}
	if m.CPUs < 0 {
		problems = append(problems, fmt.Errorf("number of CPUs is %d, wanted a positive number", m.CPUs))
	}
	if m.Provider != "" && !slices.Contains(providers, m.Provider) {
		problems = append(problems, fmt.Errorf("provider is %q, wanted one of %s", m.Provider, strings.Join(providers, ", ")))
	}
	if m.Provider == "docker" && m.Image == "" {
		problems = append(problems, errors.New("the docker provider needs an image with an SSH server"))
	}
	if m.Provider != "docker" && m.Image != "" {
		problems = append(problems, fmt.Errorf("an image (%s) is for the docker provider only", m.Image))
	}
	return errors.Join(problems...)
}
