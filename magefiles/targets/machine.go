package targets

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/2-coatl/cpython-prebuilt/cpython"
	"github.com/2-coatl/cpython-prebuilt/cpython/build"
	"github.com/2-coatl/cpython-prebuilt/cpython/machine"
	"github.com/2-coatl/cpython-prebuilt/cpython/machine/docker"
	"github.com/2-coatl/cpython-prebuilt/cpython/machine/vagrant"
)

// defaultImage is what is built in where a container is chosen by itself: the
// oldest distribution that artifacts have to run on.
const defaultImage = "ubuntu:20.04"

// A place is a machine to build on, and where on it.
type place struct {
	machine.Machine
	name string // for people: "docker:debian:12"
	work string // folder for builds on it
	kept bool   // what ccache keeps is still there at the next build
}

type machineFlags struct {
	machine, arch, engine, network *string
	keep                           *bool
}

// machine returns the machine that a flag, the environment or this host's
// abilities choose. The caller closes it.
func (c *console) machine(ctx context.Context, f machineFlags) (*place, error) {
	way, where, _ := strings.Cut(c.value("machine", f.machine, "MACHINE", "auto"), ":")
	if way == "auto" {
		if where != "" {
			return nil, fmt.Errorf("machine auto:%s, wanted docker:%[1]s or vagrant:%[1]s", where)
		}
		var err error
		if way, where, err = c.choose(ctx, f); err != nil {
			return nil, err
		}
	}
	if way != "docker" && way != "podman" {
		for name, flag := range map[string]*string{"arch": f.arch, "engine": f.engine, "network": f.network} {
			if flag != nil {
				return nil, fmt.Errorf("-%s=%s is for containers, the machine is %s; name an image (-machine=docker:IMAGE)", name, *flag, way)
			}
		}
	}
	switch way {
	case "local":
		if where != "" {
			return nil, fmt.Errorf("machine local:%s, wanted local", where)
		}
		return &place{machine.Local(), "local", c.cache, false}, nil
	case "docker", "podman":
		m := c.container(cmp.Or(where, defaultImage), f)
		if way == "podman" {
			m.Engine = way
		}
		return &place{m, "docker:" + m.Image, containerWork, true}, nil
	case "vagrant":
		return c.virtual(ctx, where)
	}
	return nil, fmt.Errorf("machine %q, wanted local, docker:IMAGE, vagrant, vagrant:FOLDER or auto", way)
}

// choose is -machine=auto: this host where it can build, else a container,
// else a virtual machine.
func (c *console) choose(ctx context.Context, f machineFlags) (way, where string, err error) {
	if f.arch != nil || f.engine != nil {
		return "docker", "", nil
	}
	if platform, err := cpython.HostPlatform(); err == nil && build.Supported(platform) {
		return "local", "", nil
	}
	if !failed(docker.Check(ctx, "")) {
		c.logger.Info("machine", "is", "docker:"+defaultImage, "because", "this host cannot build by itself")
		return "docker", "", nil
	}
	if !failed(vagrant.New("").Check(ctx)) {
		c.logger.Info("machine", "is", "vagrant", "because", "this host cannot build by itself and has no container engine")
		return "vagrant", "", nil
	}
	return "", "", fmt.Errorf("%s cannot build by itself, and has neither Docker nor Podman nor Vagrant: install Docker (https://docs.docker.com/engine/install/); mage doctor says more", runtime.GOOS)
}

func failed(findings []cpython.Finding) bool {
	for _, f := range findings {
		if f.Status == cpython.Fail {
			return true
		}
	}
	return false
}

// containerWork is where builds go in a container. What ccache keeps below it
// is a volume, so that it outlives the container.
const containerWork = "/var/tmp"

func (c *console) container(image string, f machineFlags) *docker.Machine {
	m := docker.New(image)
	m.Engine, m.Arch, m.Network = c.value("engine", f.engine, "", ""), c.value("arch", f.arch, "", ""), c.value("network", f.network, "CPYTHON_PREBUILT_NETWORK", "")
	m.Keep, m.Logger = set(f.keep), c.logger
	m.Volumes = []docker.Volume{{Name: docker.Label + "-ccache", Path: containerWork + "/ccache"}}
	return m
}

// virtual returns the virtual machine of a folder, started.
func (c *console) virtual(ctx context.Context, dir string) (*place, error) {
	m, err := c.vagrant(dir)
	if err != nil {
		return nil, err
	}
	state, err := m.Status(ctx)
	if err != nil {
		return nil, err
	}
	if state != vagrant.Running {
		c.logger.Info("starting the virtual machine", "folder", m.Dir, "was", state.String())
		if err := m.Up(ctx, os.Stderr); err != nil {
			return nil, err
		}
	}
	return &place{m, "vagrant:" + m.Dir, "/var/tmp", true}, nil
}

func (c *console) vagrant(dir string) (*vagrant.Machine, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	m := vagrant.New(dir)
	m.Logger = c.logger
	m.Provider = c.value("provider", nil, "VAGRANT_DEFAULT_PROVIDER", "")
	m.Box, m.Image = c.value("box", nil, "VAGRANT_BOX", ""), c.value("image", nil, "VAGRANT_IMAGE", "")
	return m, nil
}
