package vagrant

import (
	"errors"
	"fmt"
	"os/exec"
	"strings"

	"github.com/2-coatl/cpython-prebuilt/cpython/machine"
)

// A StateError says that the virtual machine does not run.
type StateError struct {
	Dir   string // of the Vagrantfile
	State State
}

func (e *StateError) Error() string {
	return fmt.Sprintf("the virtual machine of %s is %s, wanted running: mage vagrant:up starts it", e.Dir, e.State)
}

// A HostKeyError says that the SSH server showed another key than at the first
// connection. Both keys are fingerprints as ssh prints them.
type HostKeyError struct {
	Dir       string // of the Vagrantfile
	File      string // where the key of the first connection is kept
	Want, Got string
}

func (e *HostKeyError) Error() string {
	return fmt.Sprintf("the SSH host key of the virtual machine of %s is %s, wanted %s as at the first connection: "+
		"somebody else answers, or the machine was made anew; mage vagrant:destroy and vagrant:up, or removing %s, accept a new key",
		e.Dir, e.Got, e.Want, e.File)
}

// ErrLost is the error of a command during which the connection ended while
// the virtual machine stayed up.
var ErrLost = errors.New("the SSH connection was lost")

// ErrNotInstalled is the error of everything that needs the vagrant program
// where that is not found.
var ErrNotInstalled = errors.New("vagrant is not installed: mage doctor says how to")

// troubles are sentences for what vagrant prints when it cannot work. The texts
// are those of its templates/locales/en.yml; the first match counts.
var troubles = []struct{ printed, sentence string }{
	{"requires the Vagrant version to satisfy", "this Vagrant is too old for the Vagrantfile; mage doctor says how to get a newer one"},
	{"Vagrant could not detect VirtualBox", "VirtualBox is not installed, or VBoxManage is not on the PATH; mage doctor says how to"},
	{"No usable default provider", "no provider is installed: VirtualBox is the usual one; mage doctor says how to"},
	{"isn't usable on this system", "the provider cannot be used on this host; mage doctor says why"},
	{"could not be found, but was requested to", "Vagrant lacks the plugin of this provider; mage doctor says how to install it"},
	{"cannot forward the specified ports", "a port of this host that the virtual machine wants is taken by another program"},
	{"port is already allocated", "a port of this host that the virtual machine wants is taken by another program"},
	{"could not be accessed in the remote catalog", "the box cannot be downloaded: its name is wrong or the network does not reach it"},
	{"An error occurred while downloading", "the box cannot be downloaded"},
	{"A URL to a Vagrant Cloud server is not set", "the box cannot be downloaded: this Vagrant knows no server; " +
		"add the box by `vagrant box add FILE --name NAME`, or set VAGRANT_SERVER_URL"},
	{"it is locked", "another vagrant works on this virtual machine; try again when that has ended"},
	{"waiting for the machine to boot", "the virtual machine did not boot in time"},
	{"Cannot connect to the Docker daemon", "the Docker daemon does not run"},
}

// explain puts a sentence before the error of a vagrant command.
func (m *Machine) explain(err error, command string) error {
	if err == nil {
		return nil
	}
	if errors.Is(err, exec.ErrNotFound) {
		return fmt.Errorf("%w (%w)", ErrNotInstalled, err)
	}
	if exit := (*machine.ExitError)(nil); errors.As(err, &exit) {
		// Vagrant breaks its lines at words.
		printed := strings.Join(strings.Fields(exit.Tail), " ")
		for _, trouble := range troubles {
			if strings.Contains(printed, trouble.printed) {
				return fmt.Errorf("%s: %w", trouble.sentence, err)
			}
		}
	}
	return fmt.Errorf("vagrant %s in %s: %w", command, m.name(), err)
}
