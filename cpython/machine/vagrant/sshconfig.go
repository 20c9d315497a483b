package vagrant

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode"
)

// An SSHConfig is how to reach the virtual machine, as vagrant ssh-config
// prints it.
type SSHConfig struct {
	HostName      string
	User          string
	Port          int      // 22 where none is given
	IdentityFiles []string // private keys, in the order in which they are tried

	// KnownHostsFile and StrictHostKeyChecking are empty where none is given,
	// and /dev/null and no when the Vagrantfile leaves them alone.
	KnownHostsFile        string
	StrictHostKeyChecking string
}

// String returns the configuration as ParseSSHConfig reads it.
func (c SSHConfig) String() string {
	var b strings.Builder
	line := func(key, value string) {
		if strings.ContainsFunc(value, unicode.IsSpace) || strings.HasPrefix(value, "=") {
			value = `"` + value + `"`
		}
		fmt.Fprintf(&b, "  %s %s\n", key, value)
	}
	b.WriteString("Host default\n")
	line("HostName", c.HostName)
	line("User", c.User)
	line("Port", strconv.Itoa(c.Port))
	if c.KnownHostsFile != "" {
		line("UserKnownHostsFile", c.KnownHostsFile)
	}
	if c.StrictHostKeyChecking != "" {
		line("StrictHostKeyChecking", c.StrictHostKeyChecking)
	}
	for _, file := range c.IdentityFiles {
		line("IdentityFile", file)
	}
	return b.String()
}

// SSHConfig asks Vagrant how to reach the virtual machine. While that is not
// running, the error is a *StateError.
func (m *Machine) SSHConfig(ctx context.Context) (SSHConfig, error) {
	var out bytes.Buffer
	var err error
	if _, _, err = m.findVagrantfile(); err == nil {
		err = m.vagrant(ctx, &out, nil, "ssh-config")
	}
	if err == nil {
		return ParseSSHConfig(out.String())
	}
	if ctx.Err() != nil || errors.Is(err, ErrNotInstalled) {
		return SSHConfig{}, err
	}
	// Vagrant says no more than that the machine is not ready for SSH.
	if state, status := m.Status(ctx); status == nil && state != Running {
		return SSHConfig{}, &StateError{Dir: m.name(), State: state}
	}
	return SSHConfig{}, err
}

// ParseSSHConfig reads what vagrant ssh-config prints for one machine. Settings
// that only concern the ssh program are passed over; those that change the way
// to the machine, ProxyCommand and the like, are an error.
func ParseSSHConfig(text string) (SSHConfig, error) {
	c := SSHConfig{Port: 22}
	host := false
	for number, line := range strings.Split(text, "\n") {
		key, value, err := setting(line)
		switch {
		case err == nil && key == "host" && host:
			err = errors.New("a second machine, wanted one")
		case key == "host":
			host = true
		case host && err == nil && key != "": // before the first Host, Vagrant may greet
			err = c.set(key, value)
		case !host:
			err = nil
		}
		if err != nil {
			return SSHConfig{}, fmt.Errorf("ssh-config, line %d: %w", number+1, err)
		}
	}
	if !host || c.HostName == "" || c.User == "" {
		return SSHConfig{}, fmt.Errorf("ssh-config names host %q and user %q, wanted both", c.HostName, c.User)
	}
	return c, nil
}

// setting takes a line apart (ssh_config(5)): a keyword in any case, then space
// or one =, then the value, which may be in double quotes.
func setting(line string) (key, value string, err error) {
	line = strings.TrimSpace(line)
	if line == "" || line[0] == '#' {
		return "", "", nil
	}
	end := strings.IndexFunc(line, func(r rune) bool { return r == '=' || unicode.IsSpace(r) })
	if end < 0 {
		return strings.ToLower(line), "", nil
	}
	key, value = strings.ToLower(line[:end]), strings.TrimSpace(line[end:])
	if rest, ok := strings.CutPrefix(value, "="); ok {
		value = strings.TrimSpace(rest)
	}
	// Vagrant puts paths with spaces in quotes, and escapes nothing.
	if inner, ok := strings.CutPrefix(value, `"`); ok {
		if value, ok = strings.CutSuffix(inner, `"`); !ok {
			return key, "", fmt.Errorf("the quote in %s is not closed", line)
		}
	}
	if strings.ContainsFunc(value, func(r rune) bool { return r == '"' || unicode.IsControl(r) }) {
		return key, "", fmt.Errorf("a value that cannot be: %q", value)
	}
	return key, value, nil
}

// set notes one setting. Of those given twice ssh takes the first.
func (c *SSHConfig) set(key, value string) error {
	first := func(field *string) {
		if *field == "" {
			*field = value
		}
	}
	switch key {
	case "hostname":
		first(&c.HostName)
	case "user":
		first(&c.User)
	case "userknownhostsfile":
		first(&c.KnownHostsFile)
	case "stricthostkeychecking":
		first(&c.StrictHostKeyChecking)
	case "identityfile":
		if value == "" {
			return errors.New("IdentityFile names no file")
		}
		c.IdentityFiles = append(c.IdentityFiles, value)
	case "port":
		port, err := strconv.ParseUint(value, 10, 16)
		if err != nil || port == 0 {
			return fmt.Errorf("port is %q, wanted 1 to 65535", value)
		}
		c.Port = int(port)
	case "proxycommand", "proxyjump", "include":
		if value != "none" {
			return fmt.Errorf("%s %s: only a machine that is reached directly is supported; "+
				"take it out of the Vagrantfile, or connect through a forwarded port", key, value)
		}
	}
	return nil
}
