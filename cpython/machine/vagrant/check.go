package vagrant

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"runtime"
	"strconv"
	"strings"

	"github.com/2-coatl/cpython-prebuilt/cpython"
	"github.com/2-coatl/cpython-prebuilt/cpython/machine"
)

// The oldest versions that are known to work.
var (
	minVagrant    = version{2, 3}
	minVirtualBox = version{6, 1}
)

const (
	fixVagrant    = "apt-get install vagrant (Debian 12, Ubuntu 23.04 or newer), or https://developer.hashicorp.com/vagrant/install"
	fixVirtualBox = "apt-get install virtualbox (Ubuntu), or https://www.virtualbox.org/wiki/Downloads"
	fixLibvirt    = "apt-get install vagrant-libvirt libvirt-daemon-system (Debian, Ubuntu), or vagrant plugin install vagrant-libvirt"
	fixDocker     = "apt-get install docker.io (Debian, Ubuntu), start the service, and be a member of the group docker"
)

// Check looks at what this host needs for the virtual machine: "vagrant", the
// provider under its own name ("virtualbox", "libvirt", "docker"), and
// "virtualisation" by the processor.
func (m *Machine) Check(ctx context.Context) []cpython.Finding {
	findings := []cpython.Finding{checkVersion(ctx, "vagrant", minVagrant, fixVagrant, "vagrant", "--version")}
	switch m.Provider {
	case "docker":
		return append(findings, checkDocker(ctx))
	case "libvirt":
		findings = append(findings, checkLibvirt(ctx))
	case "virtualbox":
		findings = append(findings, checkVirtualBox(ctx))
	default:
		provider := checkVirtualBox(ctx)
		if provider.Status != cpython.Pass {
			if libvirt := checkLibvirt(ctx); libvirt.Status == cpython.Pass {
				provider = libvirt
			}
		}
		findings = append(findings, provider)
	}
	return append(findings, checkVirtualisation(os.DirFS("/"), runtime.GOOS))
}

func checkVirtualBox(ctx context.Context) cpython.Finding {
	return checkVersion(ctx, "virtualbox", minVirtualBox, fixVirtualBox, "VBoxManage", "--version")
}

func checkLibvirt(ctx context.Context) cpython.Finding {
	f := cpython.Finding{ID: "libvirt", Subject: "vagrant plugin list", Wanted: "vagrant-libvirt"}
	out, err := output(ctx, "vagrant", "plugin", "list")
	switch {
	case err != nil:
		f.Status, f.Message, f.Found, f.Fix = cpython.Fail, "the plugins of Vagrant cannot be listed", lastLine(err), fixLibvirt
	case !strings.Contains("\n"+out, "\nvagrant-libvirt "):
		f.Status, f.Message, f.Fix = cpython.Fail, "Vagrant's plugin for libvirt is not installed", fixLibvirt
	default:
		f.Status, f.Message = cpython.Pass, "Vagrant has its plugin for libvirt"
	}
	return f
}

func checkDocker(ctx context.Context) cpython.Finding {
	f := cpython.Finding{ID: "docker", Status: cpython.Pass, Subject: "docker"}
	out, err := output(ctx, "docker", "version", "--format", "{{.Server.Version}}")
	if err != nil {
		f.Status, f.Message, f.Found, f.Fix = cpython.Fail, "the Docker daemon does not answer", lastLine(err), fixDocker
		return f
	}
	f.Found = strings.TrimSpace(out)
	f.Message = "the Docker daemon answers, version " + f.Found
	return f
}

// checkVersion checks that a program is there and not too old.
func checkVersion(ctx context.Context, id string, least version, fix string, argv ...string) cpython.Finding {
	f := cpython.Finding{ID: id, Status: cpython.Fail, Subject: argv[0], Wanted: least.String() + " or newer", Fix: fix}
	out, err := output(ctx, argv...)
	if errors.Is(err, exec.ErrNotFound) {
		f.Message = argv[0] + " is not installed, or not on the PATH"
		return f
	} else if err != nil {
		f.Message, f.Found = argv[0]+" does not run", lastLine(err)
		return f
	}
	have, text, ok := parseVersion(out)
	if f.Found = text; !ok {
		f.Message = "no version in what " + strings.Join(argv, " ") + " prints"
	} else if have.less(least) {
		f.Message = fmt.Sprintf("%s %s is too old", argv[0], text)
	} else {
		f.Status, f.Message, f.Fix = cpython.Pass, fmt.Sprintf("%s %s is installed", argv[0], text), ""
	}
	return f
}

// output runs a program of this host and returns what it printed.
func output(ctx context.Context, argv ...string) (string, error) {
	var out bytes.Buffer
	err := machine.Local().Run(ctx, machine.Cmd{Args: argv, Stdout: &out})
	return out.String(), err
}

// lastLine is the last line that a program printed before it failed, or the error.
func lastLine(err error) string {
	if exit := (*machine.ExitError)(nil); errors.As(err, &exit) && exit.Tail != "" {
		return exit.Tail[strings.LastIndexByte(exit.Tail, '\n')+1:]
	}
	return err.Error()
}

// A version is the first two numbers of one.
type version struct{ major, minor int }

func (v version) String() string { return fmt.Sprintf("%d.%d", v.major, v.minor) }

func (v version) less(w version) bool {
	return v.major < w.major || v.major == w.major && v.minor < w.minor
}

// versionText finds "2.3.4" in "Vagrant 2.3.4" and "7.0.14r161095". VBoxManage
// prints warnings first, so it must stand at the end of a line.
var versionText = regexp.MustCompile(`(?m)(?:^|\s)((\d{1,6})\.(\d{1,6})\S*)\s*$`)

func parseVersion(text string) (v version, full string, ok bool) {
	all := versionText.FindAllStringSubmatch(text, -1)
	if len(all) == 0 {
		return version{}, "", false
	}
	last := all[len(all)-1]
	v.major, _ = strconv.Atoi(last[2]) // at most six digits
	v.minor, _ = strconv.Atoi(last[3])
	return v, last[1], true
}
