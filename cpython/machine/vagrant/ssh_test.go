//go:build unix

package vagrant_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/2-coatl/cpython-prebuilt/cpython/machine"
	"github.com/2-coatl/cpython-prebuilt/cpython/machine/machinetest"
	"github.com/2-coatl/cpython-prebuilt/cpython/machine/vagrant"
)

func TestConform(t *testing.T) {
	_, d, m := newMachine(t)
	machinetest.Conform(t, m, machinetest.Options{Dir: t.TempDir(), Output: 8 << 20, UTF8Only: true})
	d.set(func() {
		if d.logins < 1 || d.logins > 8 {
			t.Errorf("%d connections were made", d.logins)
		}
	})
}

// says runs a command that prints "yes".
func says(t *testing.T, m *vagrant.Machine) error {
	t.Helper()
	var out bytes.Buffer
	err := m.Run(t.Context(), machine.Cmd{Args: []string{"printf", "yes"}, Stdout: &out})
	if err == nil && out.String() != "yes" {
		return fmt.Errorf("printf yes printed %q", out.String())
	}
	return err
}

func TestConnectionIsKeptAndMadeAgain(t *testing.T) {
	w, d, m := newMachine(t)
	w.log()
	for range 3 {
		if err := says(t, m); err != nil {
			t.Fatal(err)
		}
	}
	if log := w.log(); log != "vagrant ssh-config\n" {
		t.Errorf("three commands ran\n%swant one look for the way", log)
	}
	d.hangUp()
	if err := says(t, m); err != nil {
		t.Errorf("after the connection was lost: %v", err)
	}
	if err := m.Close(); err != nil {
		t.Error(err)
	}
	if err := says(t, m); err != nil {
		t.Errorf("after Close: %v", err)
	}
	d.set(func() {
		if d.logins != 3 {
			t.Errorf("%d connections were made, want 3", d.logins)
		}
	})
}

func TestConnectionLostUnderACommand(t *testing.T) {
	w, d, m := newMachine(t)
	for _, state := range []string{"running", "poweroff"} {
		w.says("state", "running")
		started := make(chan error, 1)
		line := writer(func(p []byte) (int, error) { started <- nil; return len(p), nil })
		done := make(chan error, 1)
		go func() {
			done <- m.Run(t.Context(), machine.Cmd{Args: []string{"sh", "-c", "echo on; sleep 3; echo off"}, Stdout: line})
		}()
		<-started
		w.says("state", state)
		if state == "poweroff" {
			w.says("ssh-config.err", "The provider for this Vagrant-managed machine is reporting that it\nis not yet ready for SSH.")
		}
		d.hangUp()
		err, off := <-done, (*vagrant.StateError)(nil)
		if !errors.Is(err, vagrant.ErrLost) {
			t.Errorf("%s: Run() = %v, want ErrLost", state, err)
		}
		if halted := errors.As(err, &off); halted != (state == "poweroff") {
			t.Errorf("%s: Run() = %v", state, err)
		} else if halted && (off.State != vagrant.PowerOff || !strings.Contains(err.Error(), "mage vagrant:up")) {
			t.Errorf("Run() = %v, want it to say what to do", err)
		}
	}
	off := (*vagrant.StateError)(nil)
	if err := says(t, m); !errors.As(err, &off) || off.State != vagrant.PowerOff {
		t.Errorf("a command on a machine that is off: %v, want a *StateError", err)
	}
}

func TestServerWithFewSessions(t *testing.T) {
	_, d, m := newMachine(t)
	d.most = 2
	var group sync.WaitGroup
	for range 12 {
		group.Go(func() {
			if err := says(t, m); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
}

func TestHostKeyIsRemembered(t *testing.T) {
	w, d, m := newMachine(t)
	if err := says(t, m); err != nil {
		t.Fatal(err)
	}
	const file = ".vagrant/machines/default/virtualbox/cpython-prebuilt-host-key"
	if w.read(file) == "" {
		t.Fatalf("%s is not there", file)
	}
	first := d.hostKeys[0]
	changed := (*vagrant.HostKeyError)(nil)

	d.set(func() { d.hostKeys = []ssh.Signer{newKey(t)} })
	want, got := ssh.FingerprintSHA256(first.PublicKey()), ssh.FingerprintSHA256(d.hostKeys[0].PublicKey())
	for range 2 {
		d.hangUp()
		if err := says(t, m); !errors.As(err, &changed) || changed.Want != want || changed.Got != got {
			t.Errorf("another host key: %v, want a *HostKeyError with %s and %s", err, want, got)
		}
	}
	if !strings.Contains(changed.Error(), "mage vagrant:destroy") || !strings.Contains(changed.Error(), changed.File) {
		t.Errorf("the error does not say how to accept: %v", changed)
	}
	d.set(func() { d.hostKeys = []ssh.Signer{first} })
	if err := says(t, m); err != nil {
		t.Errorf("the first host key again: %v", err)
	}

	d.hangUp()
	d.set(func() { d.hostKeys = []ssh.Signer{newKey(t)} })
	id := filepath.Join(w.dir, filepath.Dir(file), "id")
	if err := os.WriteFile(id, []byte("made anew by vagrant itself"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := says(t, m); err != nil {
		t.Errorf("the host key of a new machine: %v", err)
	}
	if err := m.Destroy(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	if w.read(file) != "" {
		t.Error("Destroy left the host key")
	}
}

// TestHostKeyWithoutARecord is for a Vagrant that keeps its records elsewhere (VAGRANT_DOTFILE_PATH).
func TestHostKeyWithoutARecord(t *testing.T) {
	w, d, m := newMachine(t)
	if err := os.RemoveAll(filepath.Join(w.dir, ".vagrant")); err != nil {
		t.Fatal(err)
	}
	if err := says(t, m); err != nil {
		t.Fatal(err)
	}
	d.hangUp()
	d.set(func() { d.hostKeys = []ssh.Signer{newKey(t)} })
	changed := (*vagrant.HostKeyError)(nil)
	if err := says(t, m); !errors.As(err, &changed) {
		t.Errorf("another host key: %v, want a *HostKeyError", err)
	}
	if err := m.Destroy(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	if err := m.Up(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	if err := says(t, m); err != nil {
		t.Errorf("the machine made anew: %v", err)
	}
}

func TestKnownHostsDecideWhereAsked(t *testing.T) {
	w, d, m := newMachine(t)
	known := filepath.Join(t.TempDir(), "known_hosts")
	c, err := vagrant.ParseSSHConfig(w.read(filepath.Join(fakeDir, "ssh-config")))
	if err != nil {
		t.Fatal(err)
	}
	c.KnownHostsFile, c.StrictHostKeyChecking = known, "yes"
	w.says("ssh-config", c.String())
	if err := says(t, m); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no file of known hosts: %v", err)
	}
	line := fmt.Sprintf("[127.0.0.1]:%d %s", d.address.Port, ssh.MarshalAuthorizedKey(d.hostKeys[0].PublicKey()))
	for _, row := range []struct {
		text string
		ok   bool
	}{{"", false}, {line, true}} {
		if err := os.WriteFile(known, []byte(row.text), 0o644); err != nil {
			t.Fatal(err)
		}
		if err := says(t, m); (err == nil) != row.ok {
			t.Errorf("known hosts %q: %v", row.text, err)
		}
	}
}

func TestLoginTrouble(t *testing.T) {
	locked, _ := newKeyFile(t, "secret")
	stranger, _ := newKeyFile(t, "")
	garbage := filepath.Join(t.TempDir(), "garbage")
	if err := os.WriteFile(garbage, []byte("no key"), 0o600); err != nil {
		t.Fatal(err)
	}
	w, d, m := newMachine(t)
	good, err := vagrant.ParseSSHConfig(w.read(filepath.Join(fakeDir, "ssh-config")))
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct {
		name string
		keys []string
		want string // empty: works
	}{
		{"refused", []string{stranger}, "refuses user vagrant with " + stranger},
		{"missing", []string{"/no/such/key"}, "open /no/such/key"},
		{"with a passphrase", []string{locked}, "wanted one without a passphrase"},
		{"no key at all", []string{garbage}, "private key " + garbage},
		{"none named", nil, "of 0 that Vagrant names"},
		{"one of several", append([]string{"/no/such/key", stranger}, good.IdentityFiles...), ""},
	} {
		w.says("ssh-config", d.config(row.keys...).String())
		err := says(t, m)
		if row.want == "" && err != nil || row.want != "" && (err == nil || !strings.Contains(err.Error(), row.want)) {
			t.Errorf("%s: %v, want %q", row.name, err, row.want)
		}
	}
}

// TestServerThatSaysNothing is for a machine that is booting.
func TestServerThatSaysNothing(t *testing.T) {
	w, d, m := newMachine(t)
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	d.address = silent.Addr().(*net.TCPAddr)
	key, _ := newKeyFile(t, "")
	w.says("ssh-config", d.config(key).String())
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	began := time.Now()
	_, err = vagrant.Transport(m).Exec(ctx, false, []string{"true"}, nil, nil, nil)
	if !errors.Is(err, context.DeadlineExceeded) || time.Since(began) > 5*time.Second {
		t.Errorf("Exec() = %v after %s, want it to end with its context", err, time.Since(began))
	}
	silent.Close()
	if err := says(t, m); err == nil || !strings.Contains(err.Error(), "runs, but its SSH server") {
		t.Errorf("nobody listens: %v", err)
	}
}

type writer func(p []byte) (int, error)

func (w writer) Write(p []byte) (int, error) { return w(p) }
