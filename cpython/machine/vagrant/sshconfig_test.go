package vagrant_test

import (
	"reflect"
	"strings"
	"testing"

	"github.com/2-coatl/cpython-prebuilt/cpython/machine/vagrant"
)

// printed is what Vagrant 2.3.4 prints, blank lines and all.
const printed = `Host default
  HostName 127.0.0.1
  User vagrant
  Port 2222
  UserKnownHostsFile /dev/null
  StrictHostKeyChecking no
  PasswordAuthentication no

  IdentityFile "/home/a b/.vagrant/machines/default/virtualbox/private_key"

  IdentityFile /home/plain/key
  IdentitiesOnly yes
  LogLevel FATAL

`

func TestParseSSHConfig(t *testing.T) {
	want := vagrant.SSHConfig{HostName: "127.0.0.1", User: "vagrant", Port: 2222,
		IdentityFiles:  []string{"/home/a b/.vagrant/machines/default/virtualbox/private_key", "/home/plain/key"},
		KnownHostsFile: "/dev/null", StrictHostKeyChecking: "no"}
	for name, text := range map[string]string{
		"as printed":       printed,
		"Windows":          strings.ReplaceAll(printed, "\n", "\r\n"),
		"after a greeting": "A new \"version\nHostess greets\n" + printed,
		"other spelling":   strings.NewReplacer("HostName ", "hostname=", "Port 2222", "PORT = 2222").Replace(printed),
		"first one counts": printed + "  User other\n",
		"no proxy":         printed + "  ProxyCommand none\n",
	} {
		if got, err := vagrant.ParseSSHConfig(text); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: ParseSSHConfig() = %+v, %v, want %+v", name, got, err, want)
		}
	}
}

func TestParseSSHConfigRefuses(t *testing.T) {
	for _, row := range []struct{ name, text, want string }{
		{"nothing", "", "names host"},
		{"no user", "Host default\nHostName h\n", `user ""`},
		{"proxy", printed + "  ProxyCommand ssh gateway -W %h:%p\n", "only a machine that is reached directly"},
		{"jump", printed + "  ProxyJump gateway\n", "only a machine that is reached directly"},
		{"include", printed + "  Include extra\n", "only a machine that is reached directly"},
		{"two machines", printed + printed, "a second machine"},
		{"port", strings.ReplaceAll(printed, "2222", "65536"), `port is "65536", wanted 1 to 65535`},
		{"port zero", strings.ReplaceAll(printed, "2222", "0"), `port is "0"`},
		{"open quote", printed + "  IdentityFile \"/a b\n", "is not closed"},
		{"no file", printed + "  IdentityFile\n", "names no file"},
		{"quote inside", printed + "  IdentityFile a\"b\n", "cannot be"},
	} {
		if c, err := vagrant.ParseSSHConfig(row.text); err == nil || !strings.Contains(err.Error(), row.want) {
			t.Errorf("%s: ParseSSHConfig() = %+v, %v, want an error with %q", row.name, c, err, row.want)
		}
	}
}

func FuzzParseSSHConfig(f *testing.F) {
	f.Add(printed)
	f.Add("Host a\nHostName=\"b c\"\nUser u\nIdentityFile \" \"\n")
	f.Fuzz(func(t *testing.T, text string) {
		c, err := vagrant.ParseSSHConfig(text)
		if err != nil {
			return
		}
		if again, err := vagrant.ParseSSHConfig(c.String()); err != nil || !reflect.DeepEqual(again, c) {
			t.Errorf("%+v printed as\n%s is read as %+v, %v", c, c, again, err)
		}
	})
}
