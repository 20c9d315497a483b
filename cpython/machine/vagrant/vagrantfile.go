package vagrant

import (
	"cmp"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"unicode"
	"unicode/utf8"
)

// mark begins the line of the first comment that holds the digest of all
// lines below it.
const mark = "# cpython-prebuilt, sha256 of the lines below: "

const heading = `# Written by cpython-prebuilt, and brought up to date by it. Change anything and the
# file is yours: it is then used as it is. Delete it to get a new one.
`

// vagrantfile returns the text of the Vagrantfile.
func (m *Machine) vagrantfile() string {
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	line(`Vagrant.require_version ">= 2.3"`)
	line("")
	line(`Vagrant.configure("2") do |config|`)
	if m.Provider != "docker" {
		line("  config.vm.box = %s", ruby(cmp.Or(m.Box, defaultBox)))
	}
	line("  # Files travel over SSH, so that every provider does the same.")
	line(`  config.vm.synced_folder ".", "/vagrant", disabled: true`)
	for _, provider := range providers {
		if m.Provider == provider || m.Provider == "" && provider != "docker" {
			line("")
			line("  config.vm.provider %s do |v|", ruby(provider))
			m.provider(provider, line)
			line("  end")
		}
	}
	line("end")
	body := b.String()
	return heading + mark + digest(body) + "\n" + body
}

// provider writes the settings of one provider.
func (m *Machine) provider(name string, line func(string, ...any)) {
	if name != "docker" {
		line("    v.memory = %d", cmp.Or(m.Memory, defaultMemory))
		line("    v.cpus = %d", cmp.Or(m.CPUs, defaultCPUs))
		return
	}
	line("    v.image = %s", ruby(m.Image))
	line("    v.has_ssh = true")
	line("    v.remains_running = true")
	line("    v.privileged = false")
	// Docker refuses more processors than the host has, so only what was asked for.
	var limits []string
	if m.Memory > 0 {
		limits = append(limits, ruby(fmt.Sprintf("--memory=%dm", m.Memory)))
	}
	if m.CPUs > 0 {
		limits = append(limits, ruby(fmt.Sprintf("--cpus=%d", m.CPUs)))
	}
	if len(limits) > 0 {
		line("    v.create_args = [%s]", strings.Join(limits, ", "))
	}
}

// ruby returns text as a string literal of Ruby in which nothing is
// interpolated. A byte that is not part of UTF-8 stays that byte.
func ruby(text string) string {
	var b strings.Builder
	b.WriteByte('"')
	for len(text) > 0 {
		r, size := utf8.DecodeRuneInString(text)
		switch part := text[:size]; {
		case strings.ContainsRune("\"\\#", r):
			b.WriteString(`\` + part)
		case r == utf8.RuneError && size == 1 || !unicode.IsPrint(r):
			for _, c := range []byte(part) {
				fmt.Fprintf(&b, `\x%02X`, c)
			}
		default:
			b.WriteString(part)
		}
		text = text[size:]
	}
	b.WriteByte('"')
	return b.String()
}

// digest is that of a text whose line ends an editor or git may have turned
// into those of Windows.
func digest(text string) string {
	return fmt.Sprintf("%x", sha256.Sum256([]byte(strings.ReplaceAll(text, "\r\n", "\n"))))
}

// ours reports whether a Vagrantfile is one that we wrote and nobody changed.
func ours(text string) bool {
	text = strings.ReplaceAll(text, "\r\n", "\n")
	rest, ok := strings.CutPrefix(text, heading+mark)
	if !ok {
		return false
	}
	sum, body, _ := strings.Cut(rest, "\n")
	return sum == digest(body)
}

// findVagrantfile returns the Vagrantfile of the folder, under either of the
// names that Vagrant looks for, and an error for which errors.Is(err,
// fs.ErrNotExist) holds when there is none.
func (m *Machine) findVagrantfile() (name, text string, err error) {
	for _, base := range []string{"Vagrantfile", "vagrantfile"} {
		name = filepath.Join(m.dir(), base)
		var content []byte
		if content, err = os.ReadFile(name); !errors.Is(err, fs.ErrNotExist) {
			return name, string(content), err
		}
	}
	return "", "", err
}

// writeVagrantfile sees to a Vagrantfile that is up to date, or somebody else's.
func (m *Machine) writeVagrantfile() error {
	name, text, err := m.findVagrantfile()
	want := m.vagrantfile()
	switch {
	case errors.Is(err, fs.ErrNotExist):
		name = filepath.Join(m.dir(), "Vagrantfile")
		m.logger().Info("write the Vagrantfile", "file", name)
	case err != nil:
		return err
	case !ours(text):
		m.logger().Info("use the Vagrantfile as it is: it is not ours, or was changed", "file", name)
		return nil
	case strings.ReplaceAll(text, "\r\n", "\n") == want:
		return nil
	default:
		m.logger().Info("bring the Vagrantfile up to date", "file", name)
	}
	if err := os.MkdirAll(m.dir(), 0o777); err != nil {
		return err
	}
	return writeFile(name, want, 0o644)
}

// writeFile writes a small file that is there whole or not at all.
func writeFile(name, text string, mode fs.FileMode) error {
	beside, err := os.CreateTemp(filepath.Dir(name), "."+filepath.Base(name)+"-*")
	if err != nil {
		return err
	}
	_, err = beside.WriteString(text)
	err = errors.Join(err, beside.Sync(), beside.Close())
	if err == nil {
		err = os.Chmod(beside.Name(), mode)
	}
	if err == nil {
		err = os.Rename(beside.Name(), name)
	}
	if err != nil {
		return errors.Join(fmt.Errorf("write %s: %w", name, err), os.Remove(beside.Name()))
	}
	return nil
}
