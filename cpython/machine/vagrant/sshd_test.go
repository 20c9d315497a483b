//go:build unix

package vagrant_test

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"testing"

	"golang.org/x/crypto/ssh"

	"github.com/2-coatl/cpython-prebuilt/cpython/machine/vagrant"
)

// An sshd is an SSH server in this process that runs commands on this host,
// like OpenSSH's: it refuses more sessions on a connection than most, tells the
// exit code before the output has ended, and does not kill what a client left.
type sshd struct {
	*testing.T
	address *net.TCPAddr
	most    int    // sessions on a connection
	path    string // PATH of the commands
	deaf    bool   // does not answer keepalives

	mutex    sync.Mutex
	hostKeys []ssh.Signer
	client   ssh.PublicKey // who may log in
	conns    map[net.Conn]bool
	logins   int
}

// newSSHD starts a server that lets key in.
func newSSHD(t *testing.T, key ssh.PublicKey) *sshd {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	d := &sshd{T: t, address: listener.Addr().(*net.TCPAddr), most: 10, path: os.Getenv("PATH"),
		hostKeys: []ssh.Signer{newKey(t)}, client: key, conns: map[net.Conn]bool{}}
	t.Cleanup(func() { listener.Close(); d.hangUp() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go d.serve(conn)
		}
	}()
	return d
}

// newKey returns a private key that nobody else has.
func newKey(t *testing.T) ssh.Signer {
	t.Helper()
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	key, err := ssh.NewSignerFromKey(private)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// newKeyFile writes a private key into a file.
func newKeyFile(t *testing.T, passphrase string) (name string, key ssh.PublicKey) {
	t.Helper()
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	var block *pem.Block
	if passphrase == "" {
		block, err = ssh.MarshalPrivateKey(private, "")
	} else {
		block, err = ssh.MarshalPrivateKeyWithPassphrase(private, "", []byte(passphrase))
	}
	if err != nil {
		t.Fatal(err)
	}
	name = filepath.Join(t.TempDir(), "private key")
	if err := os.WriteFile(name, pem.EncodeToMemory(block), 0o600); err != nil {
		t.Fatal(err)
	}
	signer, err := ssh.NewSignerFromKey(private)
	if err != nil {
		t.Fatal(err)
	}
	return name, signer.PublicKey()
}

// newMachine returns a running machine of a world of its own, and its server.
func newMachine(t *testing.T) (*world, *sshd, *vagrant.Machine) {
	t.Helper()
	w := newWorld(t)
	file, key := newKeyFile(t, "")
	d := newSSHD(t, key)
	m := vagrant.New(w.dir)
	t.Cleanup(func() { m.Close() })
	if err := m.Up(t.Context(), t.Output()); err != nil {
		t.Fatal(err)
	}
	w.says("ssh-config", d.config(file).String())
	return w, d, m
}

// config is how to reach the server.
func (d *sshd) config(keys ...string) vagrant.SSHConfig {
	return vagrant.SSHConfig{HostName: d.address.IP.String(), Port: d.address.Port, User: "vagrant", IdentityFiles: keys,
		KnownHostsFile: "/dev/null", StrictHostKeyChecking: "no"}
}

// hangUp closes every connection, as a machine does that is halted.
func (d *sshd) hangUp() {
	d.mutex.Lock()
	defer d.mutex.Unlock()
	for conn := range d.conns {
		conn.Close()
	}
	clear(d.conns)
}

// set changes something of the server while it runs.
func (d *sshd) set(change func()) {
	d.mutex.Lock()
	defer d.mutex.Unlock()
	change()
}

// serverConfig is that of a new connection.
func (d *sshd) serverConfig() *ssh.ServerConfig {
	d.mutex.Lock()
	defer d.mutex.Unlock()
	client := d.client
	config := &ssh.ServerConfig{PublicKeyCallback: func(_ ssh.ConnMetadata, key ssh.PublicKey) (*ssh.Permissions, error) {
		if string(key.Marshal()) != string(client.Marshal()) {
			return nil, errors.New("unknown key")
		}
		return nil, nil
	}}
	for _, key := range d.hostKeys {
		config.AddHostKey(key)
	}
	return config
}

func (d *sshd) serve(conn net.Conn) {
	d.set(func() { d.conns[conn] = true })
	c, channels, requests, err := ssh.NewServerConn(conn, d.serverConfig())
	if err != nil {
		conn.Close()
		return
	}
	d.set(func() { d.logins++ })
	defer c.Close()
	go func() {
		for request := range requests {
			d.mutex.Lock()
			deaf := d.deaf
			d.mutex.Unlock()
			if !deaf {
				request.Reply(false, nil)
			}
		}
	}()
	slots := make(chan struct{}, d.most)
	for channel := range channels {
		select {
		case slots <- struct{}{}:
			go func() {
				defer func() { <-slots }()
				d.session(channel)
			}()
		default:
			channel.Reject(ssh.ConnectionFailed, "open failed")
		}
	}
}

// session runs the command of one session.
func (d *sshd) session(opened ssh.NewChannel) {
	channel, requests, err := opened.Accept()
	if err != nil {
		return
	}
	defer channel.Close()
	request, ok := <-requests
	if !ok || request.Type != "exec" {
		return
	}
	var exec struct{ Command string }
	if err := ssh.Unmarshal(request.Payload, &exec); err != nil {
		return
	}
	request.Reply(true, nil)
	if err := d.command(exec.Command, channel, requests); err != nil {
		fmt.Fprintln(d.Output(), "sshd:", err)
	}
}

func (d *sshd) command(text string, channel ssh.Channel, requests <-chan *ssh.Request) error {
	cmd := exec.Command("sh", "-c", text)
	cmd.Env = []string{"PATH=" + d.path, "HOME=/", "USER=vagrant"}
	cmd.Dir = "/"
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return err
	}
	out, outWriter, err := os.Pipe()
	if err != nil {
		return err
	}
	errs, errsWriter, err := os.Pipe()
	if err != nil {
		return err
	}
	cmd.Stdout, cmd.Stderr = outWriter, errsWriter
	err = cmd.Start()
	outWriter.Close()
	errsWriter.Close()
	if err != nil {
		return err
	}
	go func() { io.Copy(stdin, channel); stdin.Close() }()
	var streams sync.WaitGroup
	streams.Go(func() { io.Copy(channel, out) })
	streams.Go(func() { io.Copy(channel.Stderr(), errs) })
	go func() { // until the client or the connection is gone
		ssh.DiscardRequests(requests)
		out.Close()
		errs.Close()
		stdin.Close()
	}()
	_ = cmd.Wait() // how it ended, its state says
	if err := exitMessage(channel, cmd.ProcessState); err != nil && err != io.EOF {
		return err
	}
	streams.Wait()
	return nil
}

// exitMessage tells how a command ended.
func exitMessage(channel ssh.Channel, state *os.ProcessState) error {
	if status := state.Sys().(syscall.WaitStatus); status.Signaled() {
		name := "SIG@openssh.com" // as OpenSSH says for those that RFC 4254 does not name
		if status.Signal() == syscall.SIGKILL {
			name = "KILL"
		}
		_, err := channel.SendRequest("exit-signal", false, ssh.Marshal(struct {
			Name              string
			Core              bool
			Message, Language string
		}{Name: name}))
		return err
	}
	_, err := channel.SendRequest("exit-status", false, ssh.Marshal(struct{ Code uint32 }{uint32(state.ExitCode())}))
	return err
}
