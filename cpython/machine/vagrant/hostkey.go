package vagrant

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/knownhosts"
)

// keyFile is the name of the file with the host key, in the folder where
// Vagrant keeps its own record of the machine and empties it when the machine
// is destroyed.
const keyFile = "cpython-prebuilt-host-key"

// A hostKey is the key of the first connection to one virtual machine.
type hostKey struct {
	dir  string // of the Vagrantfile
	file string // where it is kept
	id   string // of the virtual machine, by Vagrant's record
	key  []byte // as on the wire; nil before the first connection
}

// loadHostKey reads the key of the virtual machine that is there now. A key of
// another one is not this one's.
func (m *Machine) loadHostKey() (hostKey, error) {
	k := hostKey{dir: m.name()}
	// .vagrant/machines/NAME/PROVIDER/id; NAME is "default" unless the Vagrantfile says otherwise.
	ids, err := filepath.Glob(filepath.Join(globQuote(m.dir()), ".vagrant", "machines", "*", "*", "id"))
	if err != nil {
		return k, err
	}
	if len(ids) != 1 {
		// Vagrant was told to keep its records elsewhere. Ours then lasts until Destroy.
		k.file = filepath.Join(m.dir(), ".vagrant", keyFile)
	} else {
		id, err := os.ReadFile(ids[0])
		if err != nil {
			return k, err
		}
		k.file, k.id = filepath.Join(filepath.Dir(ids[0]), keyFile), strings.TrimSpace(string(id))
	}
	text, err := os.ReadFile(k.file)
	if errors.Is(err, fs.ErrNotExist) {
		return k, nil
	} else if err != nil {
		return k, err
	}
	id, encoded, _ := strings.Cut(strings.TrimSpace(string(text)), "\n")
	if id != "machine "+k.id {
		return k, nil
	}
	if k.key, err = base64.StdEncoding.DecodeString(strings.TrimSpace(encoded)); err != nil || len(k.key) == 0 {
		return k, fmt.Errorf("%s holds no SSH host key: remove it to accept the one of the next connection", k.file)
	}
	return k, nil
}

// globQuote makes a folder's name one that only stands for itself.
func globQuote(name string) string {
	if filepath.Separator == '\\' {
		return name // Windows has no way to quote
	}
	return strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`).Replace(name)
}

// check is an ssh.HostKeyCallback: it keeps the first key and wants it again.
func (k *hostKey) check(_ string, _ net.Addr, key ssh.PublicKey) error {
	got := key.Marshal()
	if k.key == nil {
		if err := os.MkdirAll(filepath.Dir(k.file), 0o755); err != nil {
			return err
		}
		text := "machine " + k.id + "\n" + base64.StdEncoding.EncodeToString(got) + "\n"
		return writeFile(k.file, text, 0o600)
	}
	if bytes.Equal(got, k.key) {
		return nil
	}
	changed := &HostKeyError{Dir: k.dir, File: k.file, Want: "unreadable", Got: ssh.FingerprintSHA256(key)}
	if want, err := ssh.ParsePublicKey(k.key); err == nil {
		changed.Want = ssh.FingerprintSHA256(want)
	}
	return changed
}

// algorithms returns what to ask the server for: of several keys that it has,
// the one that we know. Nil leaves the choice to both.
func (k *hostKey) algorithms() []string {
	want, err := ssh.ParsePublicKey(k.key)
	if err != nil {
		return nil
	}
	if want.Type() == ssh.KeyAlgoRSA {
		// RFC 8332: one key, three ways to sign with it.
		return []string{ssh.KeyAlgoRSASHA512, ssh.KeyAlgoRSASHA256, ssh.KeyAlgoRSA}
	}
	// Other keys may come too, so that a changed one is seen and named, not "no common algorithm".
	return []string{want.Type(), ssh.KeyAlgoED25519, ssh.KeyAlgoECDSA256, ssh.KeyAlgoECDSA384, ssh.KeyAlgoECDSA521,
		ssh.KeyAlgoRSASHA512, ssh.KeyAlgoRSASHA256}
}

// callback returns how to check the host key. A Vagrantfile that turned the
// checking on wants the user's own file of known hosts to decide.
func (k *hostKey) callback(c SSHConfig) (ssh.HostKeyCallback, error) {
	if c.KnownHostsFile == "" || c.KnownHostsFile == os.DevNull || c.StrictHostKeyChecking == "no" {
		return k.check, nil
	}
	known, err := knownhosts.New(c.KnownHostsFile)
	if err != nil {
		return nil, fmt.Errorf("known hosts of the virtual machine of %s: %w", k.dir, err)
	}
	return known, nil
}

// forgetHostKey removes what may be left of the keys of destroyed machines.
func (m *Machine) forgetHostKey() error {
	files, err := filepath.Glob(filepath.Join(globQuote(m.dir()), ".vagrant", "machines", "*", "*", keyFile))
	if err != nil {
		return err
	}
	var problems []error
	for _, file := range append(files, filepath.Join(m.dir(), ".vagrant", keyFile)) {
		if err := os.Remove(file); !errors.Is(err, fs.ErrNotExist) {
			problems = append(problems, err)
		}
	}
	return errors.Join(problems...)
}
