package remote

import (
	"context"
	"errors"
	"io"

	"github.com/2-coatl/cpython-prebuilt/cpython/machine"
)

// A Machine is the Run, CopyIn and CopyOut of a machine over its transport.
type Machine struct {
	transport Transport
}

// New returns a machine over a transport.
func New(t Transport) *Machine { return &Machine{t} }

// Run runs a command, as machine.Machine says.
func (m *Machine) Run(ctx context.Context, c machine.Cmd) error { return errors.ErrUnsupported }

// CopyIn unpacks a tar stream into a folder, as machine.Machine says.
func (m *Machine) CopyIn(ctx context.Context, dst string, tar io.Reader) error {
	return errors.ErrUnsupported
}

// CopyOut packs a file or the content of a folder, as machine.Machine says.
func (m *Machine) CopyOut(ctx context.Context, src string) (io.ReadCloser, error) {
	return nil, errors.ErrUnsupported
}
