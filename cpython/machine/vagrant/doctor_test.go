package vagrant_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/2-coatl/cpython-prebuilt/cpython"
	"github.com/2-coatl/cpython-prebuilt/cpython/machine/vagrant"
)

func TestCheck(t *testing.T) {
	for _, row := range []struct {
		name, provider string
		programs       string            // that are there
		says           map[string]string // what they print
		want           string            // ID=status of all but virtualisation
		fix            string            // a word of some fix
	}{
		{"nothing", "", "", nil, "vagrant=fail virtualbox=fail", "apt-get install vagrant"},
		{"VirtualBox", "", "vagrant VBoxManage", map[string]string{"VBoxManage.out": "7.0.14r161095\n"}, "vagrant=pass virtualbox=pass", ""},
		{"too old", "virtualbox", "vagrant VBoxManage", map[string]string{"VBoxManage.out": "5.2.0r1\n", "version.out": "Vagrant 2.2.6\n"},
			"vagrant=fail virtualbox=fail", "apt-get install virtualbox"},
		{"libvirt in place of VirtualBox", "", "vagrant", map[string]string{"plugin.out": "vagrant-libvirt (0.12.2, system)\n"}, "vagrant=pass libvirt=pass", ""},
		{"no libvirt", "libvirt", "vagrant", map[string]string{"plugin.out": "No plugins installed.\n"}, "vagrant=pass libvirt=fail", "vagrant plugin install vagrant-libvirt"},
		{"broken", "virtualbox", "vagrant VBoxManage", map[string]string{"version.err": "Ruby is broken\n", "VBoxManage.out": "hello\n"}, "vagrant=fail virtualbox=fail", "apt-get install"},
		{"docker", "docker", "vagrant docker", map[string]string{"docker.out": "20.10.24\n"}, "vagrant=pass docker=pass", ""},
		{"no docker", "docker", "vagrant docker", map[string]string{"docker.err": "Cannot connect to the Docker daemon\n"}, "vagrant=pass docker=fail", "docker.io"},
	} {
		t.Run(row.name, func(t *testing.T) {
			bin, work := t.TempDir(), t.TempDir()
			fakes(t, bin, strings.Fields(row.programs)...)
			t.Setenv("PATH", bin)
			t.Chdir(work) // Check needs no folder, so the fakes run in the working one
			if err := os.Mkdir(fakeDir, 0o755); err != nil {
				t.Fatal(err)
			}
			for name, text := range row.says {
				if err := os.WriteFile(filepath.Join(fakeDir, name), []byte(text), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			var got, fixes []string
			for _, f := range (&vagrant.Machine{Provider: row.provider}).Check(t.Context()) {
				if f.Message == "" || (f.Status == cpython.Fail) != (f.Fix != "") && f.ID != "virtualisation" {
					t.Errorf("%+v: wanted a message, and a fix where it failed", f)
				}
				if f.ID != "virtualisation" {
					got = append(got, f.ID+"="+string(f.Status))
					fixes = append(fixes, f.Fix)
				}
			}
			if got := strings.Join(got, " "); got != row.want {
				t.Errorf("findings are %s, want %s", got, row.want)
			}
			if !strings.Contains(strings.Join(fixes, "\n"), row.fix) {
				t.Errorf("fixes are %q, want %q in them", fixes, row.fix)
			}
		})
	}
}
