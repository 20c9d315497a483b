package vagrant

import (
	"context"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/2-coatl/cpython-prebuilt/cpython/machine/internal/remote"
)

// Transport is what runs the commands of m, for tests of it alone.
func Transport(m *Machine) remote.Transport { return transport{m} }

// Dial makes a connection of its own.
func (m *Machine) Dial(ctx context.Context) (*ssh.Client, error) { return m.dial(ctx) }

// KeepAlive is keepAlive.
func KeepAlive(client *ssh.Client, every, answer time.Duration) { keepAlive(client, every, answer) }
