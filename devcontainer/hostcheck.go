package devcontainer

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/2-coatl/cpython-prebuilt/cpython"
	"github.com/2-coatl/cpython-prebuilt/cpython/machine"
)

// The checks of [HostCheck], by the stable IDs of their findings.
const (
	HostDocker  = "docker"  // the daemon answers and is new enough, Docker Compose is there where it is needed; fails
	HostDisk    = "disk"    // free space; fails where a build cannot fit, warns below hostRequirements.storage
	HostMemory  = "memory"  // what containers can have, against hostRequirements.memory and cpus; warns
	HostPorts   = "ports"   // ports that are published (appPort) fail where they are taken, forwarded ones warn
	HostFiles   = "files"   // what the file names: Dockerfiles, Docker Compose files, local Features; fails. Bind mounts warn
	HostScripts = "scripts" // scripts of lifecycle commands are there and executable, and their line endings are Unix's
)

// HostOptions say what [HostCheck] checks for, and where.
type HostOptions struct {
	// File is the devcontainer.json. Nil is the one that [Find] finds in
	// Workspace.
	File *File
	// Workspace is the folder that tools open, by default the one that the file
	// belongs to, or the working folder. Tools run initializeCommand there.
	Workspace string
	// Machine runs the docker command; nil is [machine.Local].
	Machine machine.Machine
	// Docker is the command; empty is "docker".
	Docker string
	// Env is the host's environment, for ${localEnv:NAME} in mounts. Nil: what
	// holds such a variable is not looked at.
	Env map[string]string
	// Fix makes scripts executable that are not, where it is plain that they are
	// scripts. Nothing else on the host is ever changed.
	Fix bool
}

// A host is what the checks share.
type host struct {
	HostOptions
	checker *checker
	report  *cpython.Report
}

// HostCheck checks whether this host can make and start the container of a
// devcontainer.json: it is made for initializeCommand, which tools run on the
// host before all else. It fails only for what would break that, and warns
// about the rest.
func HostCheck(ctx context.Context, o HostOptions) *cpython.Report {
	h, err := newHost(o)
	if err != nil {
		return &cpython.Report{Subject: "this host", Findings: []cpython.Finding{
			{ID: HostFiles, Status: cpython.Fail, Subject: o.Workspace, Message: "there is no devcontainer.json that can be read", Found: err.Error()}}}
	}
	engine := h.docker(ctx)
	h.disk(engine)
	h.memory(engine)
	h.ports(ctx)
	h.files()
	h.scripts()
	return h.report
}

func newHost(o HostOptions) (*host, error) {
	if o.File == nil {
		name, err := Find(cmp.Or(o.Workspace, "."))
		if err != nil {
			return nil, err
		}
		if o.File, err = Load(name); err != nil {
			return nil, err
		}
	}
	path, err := filepath.Abs(o.File.Path())
	if err != nil {
		return nil, err
	}
	folder, name := WorkspaceOf(path)
	o.Workspace = cmp.Or(o.Workspace, folder)
	if o.Workspace, err = filepath.Abs(o.Workspace); err != nil {
		return nil, err
	}
	if rel, err := filepath.Rel(o.Workspace, path); err == nil && filepath.IsLocal(rel) {
		name = filepath.ToSlash(rel)
	}
	o.Docker = cmp.Or(o.Docker, "docker")
	if o.Machine == nil {
		o.Machine = machine.Local()
	}
	c := &checker{f: o.File, files: os.DirFS(o.Workspace), name: name}
	if _, err := o.File.Get("", &c.document); err != nil {
		return nil, err
	}
	return &host{HostOptions: o, checker: c, report: &cpython.Report{Subject: "this host, for " + o.File.Path()}}, nil
}

func (h *host) add(f cpython.Finding) { h.report.Add(f) }

// lines runs docker and returns what it says.
func (h *host) lines(ctx context.Context, args ...string) (string, error) {
	var out strings.Builder
	err := h.Machine.Run(ctx, machine.Cmd{Args: append([]string{h.Docker}, args...), Stdout: &out})
	return strings.TrimSpace(out.String()), err
}

// variables are those that are known on the host.
func (h *host) variables() Variables {
	return Variables{LocalEnv: h.Env, LocalWorkspaceFolder: h.Workspace, Windows: runtime.GOOS == "windows",
		IDLabels: IDLabels(h.Workspace, filepath.Join(h.Workspace, filepath.FromSlash(h.checker.name)))}
}

// files checks what the file names; see [File.Check].
func (h *host) files() {
	c := h.checker
	c.findings = nil
	c.localFeatures()
	c.namedFiles()
	found := c.findings
	for _, f := range found {
		f.ID = HostFiles
		h.add(f)
	}
	mounts := h.mounts()
	if len(found)+mounts == 0 {
		h.add(cpython.Finding{ID: HostFiles, Status: cpython.Pass, Message: "all that the file names is there"})
	}
}

// mounts warns about folders of the host that are not there. Docker refuses to
// start with such a bind mount; but a path like that of the daemon's socket may
// be one of the virtual machine that Docker runs in.
func (h *host) mounts() (warned int) {
	mounts, err := h.File.Mounts()
	if err != nil {
		return 0 // File.Check says so
	}
	for i, mount := range mounts {
		source := Resolve(mount.Source, h.variables())
		if mount.Type != "bind" || strings.Contains(source, "${") || !filepath.IsAbs(source) {
			continue
		}
		if _, err := os.Stat(source); err != nil {
			line, column, _ := h.File.Position(fmt.Sprintf("/mounts/%d", i))
			h.add(cpython.Finding{ID: HostFiles, Status: cpython.Warn, Subject: fmt.Sprintf("%s:%d:%d", h.File.Path(), line, column),
				Message: "the source of a bind mount is not there", Found: source, Fix: "make the folder: the container does not start without it"})
			warned++
		}
	}
	return warned
}
