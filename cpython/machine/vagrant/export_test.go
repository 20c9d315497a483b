package vagrant

import (
	"context"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/2-coatl/cpython-prebuilt/cpython/machine/internal/remote"
)

// Transport is what runs the commands of m, for tests of it alone.
func Transport(m *Machine) remote.Transport { return transport{m} }

// CommandText is commandText of a command whose two outputs are apart.
func CommandText(argv ...string) (string, error) { return commandText(nil, argv, false) }

// Dial makes a connection of its own.
func (m *Machine) Dial(ctx context.Context) (*ssh.Client, error) {
	c, err := m.dial(ctx)
	if err != nil {
		return nil, err
	}
	return c.client, nil
}

// KeepAlive is keepAlive.
func KeepAlive(client *ssh.Client, every, answer time.Duration) { keepAlive(client, every, answer) }
