package vagrant

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"
	"time"

	"golang.org/x/crypto/ssh"
)

const (
	dialTimeout = 20 * time.Second // of the TCP connection and, anew, of the handshake

	// A machine that is gone without a word is noticed after both together.
	keepaliveEvery  = 10 * time.Second
	keepaliveAnswer = 20 * time.Second
)

// dial makes an SSH connection to the virtual machine.
func (m *Machine) dial(ctx context.Context) (*connection, error) {
	c, ok := m.pool.known()
	if !ok {
		var err error
		if c, err = m.SSHConfig(ctx); err != nil {
			return nil, err
		}
	}
	keys, err := m.readKeys(c.IdentityFiles)
	if err != nil {
		return nil, err
	}
	host, err := m.loadHostKey()
	if err != nil {
		return nil, err
	}
	check, err := host.callback(c)
	if err != nil {
		return nil, err
	}
	address := net.JoinHostPort(c.HostName, strconv.Itoa(c.Port))
	client, err := handshake(ctx, address, &ssh.ClientConfig{
		User: c.User, Auth: []ssh.AuthMethod{ssh.PublicKeys(keys...)},
		HostKeyCallback: check, HostKeyAlgorithms: host.algorithms(),
	})
	if err != nil {
		return nil, m.whyNoConnection(ctx, err, c, address)
	}
	m.logger().Debug("connected", "address", address, "user", c.User)
	return &connection{client: client, config: c}, nil
}

// handshake connects, and gives up when the context ends.
func handshake(ctx context.Context, address string, config *ssh.ClientConfig) (*ssh.Client, error) {
	dialer := net.Dialer{Timeout: dialTimeout}
	conn, err := dialer.DialContext(ctx, "tcp", address)
	if err != nil {
		return nil, err
	}
	stop := context.AfterFunc(ctx, func() { conn.Close() })
	defer stop()
	err = conn.SetDeadline(time.Now().Add(dialTimeout))
	if err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	c, channels, requests, err := ssh.NewClientConn(conn, address, config)
	if err != nil {
		conn.Close() // its error is a consequence of the other
		return nil, err
	}
	if err := conn.SetDeadline(time.Time{}); err != nil {
		return nil, errors.Join(err, c.Close())
	}
	return ssh.NewClient(c, channels, requests), nil
}

// readKeys reads the private keys. Vagrant names several when it cannot know
// which is the right one, so one that can be read is enough.
func (m *Machine) readKeys(files []string) ([]ssh.Signer, error) {
	var keys []ssh.Signer
	var problems []error
	for _, file := range files {
		key, err := readKey(file)
		if err != nil {
			problems = append(problems, err)
			continue
		}
		keys = append(keys, key)
	}
	if len(keys) == 0 {
		problems = append(problems, fmt.Errorf("no private key for the virtual machine of %s can be read, of %d that Vagrant names", m.name(), len(files)))
		return nil, errors.Join(problems...)
	}
	for _, problem := range problems {
		m.logger().Warn("a private key is left out", "problem", problem)
	}
	return keys, nil
}

func readKey(file string) (ssh.Signer, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("private key: %w", err)
	}
	key, err := ssh.ParsePrivateKey(text)
	if locked := (*ssh.PassphraseMissingError)(nil); errors.As(err, &locked) {
		return nil, fmt.Errorf("private key %s: wanted one without a passphrase", file)
	} else if err != nil {
		return nil, fmt.Errorf("private key %s: %w", file, err)
	}
	return key, nil
}

// whyNoConnection turns the error of a connection into one that says what to do.
func (m *Machine) whyNoConnection(ctx context.Context, err error, c SSHConfig, address string) error {
	changed := (*HostKeyError)(nil)
	switch {
	case ctx.Err() != nil:
		return fmt.Errorf("connect to the virtual machine of %s: %w", m.name(), ctx.Err())
	case errors.As(err, &changed):
		return changed
	case strings.Contains(err.Error(), "unable to authenticate"): // x/crypto/ssh has no type for it
		return fmt.Errorf("the virtual machine of %s refuses user %s with %s: mage vagrant:destroy and vagrant:up make one with a new key: %w",
			m.name(), c.User, strings.Join(c.IdentityFiles, ", "), err)
	}
	if state, status := m.Status(ctx); status == nil && state != Running {
		return &StateError{Dir: m.name(), State: state}
	}
	return fmt.Errorf("the virtual machine of %s runs, but its SSH server at %s does not answer as it should: %w", m.name(), address, err)
}

// keepAlive asks the server from time to time whether it is there, and closes
// the connection when it says nothing. It returns when the connection ends.
func keepAlive(client *ssh.Client, every, answer time.Duration) {
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = client.Wait() // why it ended, its users see themselves
	}()
	for {
		select {
		case <-ended:
			return
		case <-time.After(every):
		}
		dead := time.AfterFunc(answer, func() { client.Close() })
		// Any answer will do, also that this request is not known.
		_, _, err := client.SendRequest("keepalive@openssh.com", true, nil)
		dead.Stop()
		if err != nil {
			client.Close()
		}
	}
}
