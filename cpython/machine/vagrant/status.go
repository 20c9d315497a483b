package vagrant

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
)

// A State is what a virtual machine does. Providers have more states than the
// constants; those keep the provider's own word.
type State string

// The states that all providers have under one name or another.
const (
	NotCreated State = "not_created" // nothing is there, or no Vagrantfile
	Running    State = "running"
	PowerOff   State = "poweroff" // also shutoff, stopped, aborted
	Saved      State = "saved"
)

// String returns the state in words.
func (s State) String() string {
	switch s {
	case NotCreated:
		return "not created"
	case PowerOff:
		return "powered off"
	}
	return strings.ReplaceAll(string(s), "_", " ")
}

// Status returns what the virtual machine does, as Vagrant says.
func (m *Machine) Status(ctx context.Context) (State, error) {
	if _, _, err := m.findVagrantfile(); errors.Is(err, fs.ErrNotExist) {
		// Vagrant would look into the folders above, and at another machine.
		return NotCreated, nil
	} else if err != nil {
		return "", err
	}
	var out bytes.Buffer
	if err := m.vagrant(ctx, &out, nil, "status", "--machine-readable"); err != nil {
		return "", err
	}
	return parseStatus(out.String())
}

// parseStatus reads the machine-readable output of vagrant status: lines of
// time, machine, type, data (developer.hashicorp.com/vagrant/docs/cli/machine-readable).
func parseStatus(text string) (State, error) {
	var found []string
	for line := range strings.Lines(text) {
		fields := strings.SplitN(strings.TrimRight(line, "\r\n"), ",", 4)
		if len(fields) == 4 && fields[1] != "" && fields[2] == "state" {
			found = append(found, fields[3])
		}
	}
	switch {
	case len(found) > 1:
		return "", fmt.Errorf("vagrant status: the Vagrantfile defines %d machines, wanted one", len(found))
	case len(found) == 0 || found[0] == "":
		return "", fmt.Errorf("vagrant status: no state in its output %q", text)
	case slices.Contains([]string{"shutoff", "stopped", "aborted"}, found[0]):
		return PowerOff, nil
	}
	return State(found[0]), nil
}
