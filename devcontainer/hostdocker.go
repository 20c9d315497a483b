package devcontainer

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"

	"github.com/2-coatl/cpython-prebuilt/cpython"
)

// The oldest Docker that the Dev Container tools work with: older ones lack
// what their builds take for granted.
const (
	dockerMajor = 20
	dockerMinor = 10
)

// What an image and its container take at least, and what leaves room for more.
const (
	diskNeeded   = 1 << 30
	diskWanted   = 5 << 30
	memoryWanted = 2 << 30
)

// An engine is what the daemon says about itself.
type engine struct {
	ServerVersion string
	DockerRootDir string
	MemTotal      int64
	NCPU          int
}

// docker checks that the daemon answers. It returns nil where it does not.
func (h *host) docker(ctx context.Context) *engine {
	f := cpython.Finding{ID: HostDocker, Status: cpython.Fail, Wanted: fmt.Sprintf("Docker %d.%d or newer", dockerMajor, dockerMinor)}
	out, err := h.lines(ctx, "info", "--format", "{{json .}}")
	var e engine
	switch {
	case errors.Is(err, exec.ErrNotFound):
		f.Message, f.Found, f.Fix = "there is no "+h.Docker+" command", err.Error(), "install Docker, or start Docker Desktop once"
		h.add(f)
		return nil
	case err != nil || json.Unmarshal([]byte(out), &e) != nil || e.ServerVersion == "" && !h.podman(ctx):
		f.Message, f.Found, f.Fix = "the Docker daemon does not answer", strings.TrimSpace(out), "start it (Docker Desktop, or: sudo systemctl start docker)"
		if err != nil {
			f.Found = err.Error()
		}
		h.add(f)
		return nil
	case h.podman(ctx):
		f.Status, f.Message = cpython.Warn, "Podman answers to the name of Docker; its version is not judged"
	case !newEnough(e.ServerVersion):
		f.Message, f.Found, f.Fix = "Docker is too old", e.ServerVersion, "update Docker"
	default:
		f.Status, f.Message, f.Found = cpython.Pass, "Docker "+e.ServerVersion+" answers", e.ServerVersion
	}
	h.add(f)
	h.compose(ctx)
	return &e
}

// podman reports whether the docker command is Podman's.
func (h *host) podman(ctx context.Context) bool {
	out, err := h.lines(ctx, "--version")
	return err == nil && strings.Contains(strings.ToLower(out), "podman")
}

// newEnough reads "20.10.24+dfsg1".
func newEnough(version string) bool {
	major, rest, _ := strings.Cut(version, ".")
	minor, _, _ := strings.Cut(rest, ".")
	m, err := strconv.Atoi(major)
	n, _ := strconv.Atoi(strings.TrimRight(minor, "-+abcdefghijklmnopqrstuvwxyz"))
	return err == nil && (m > dockerMajor || m == dockerMajor && n >= dockerMinor)
}

// compose checks for Docker Compose where the file needs it.
func (h *host) compose(ctx context.Context) {
	if !h.checker.compose() {
		return
	}
	f := cpython.Finding{ID: HostDocker, Status: cpython.Pass, Message: "Docker Compose answers"}
	if _, err := h.lines(ctx, "compose", "version", "--short"); err != nil {
		other := *h
		other.Docker = "docker-compose"
		if _, err := other.lines(ctx, "version", "--short"); err != nil {
			f.Status, f.Message, f.Found, f.Fix = cpython.Fail, "there is no Docker Compose, which this file needs", err.Error(), "install the plugin docker-compose"
		}
	}
	h.add(f)
}

// disk checks the free space where images go, if this host can see that place,
// or else where the workspace lies.
func (h *host) disk(e *engine) {
	place := h.Workspace
	if e != nil && e.DockerRootDir != "" {
		if _, err := os.Stat(e.DockerRootDir); err == nil {
			place = e.DockerRootDir
		}
	}
	f := cpython.Finding{ID: HostDisk, Status: cpython.Pass, Subject: place}
	free, err := freeDisk(place)
	if err != nil {
		f.Status, f.Message, f.Found = cpython.Skip, "the free space is not known", err.Error()
		h.add(f)
		return
	}
	wanted := max(h.required("storage"), diskWanted)
	f.Message, f.Found, f.Wanted, f.Fix = size(free)+" free", size(free), size(wanted), "free some: docker system df says what Docker keeps"
	switch {
	case free < diskNeeded:
		f.Status, f.Message = cpython.Fail, "the disk is too full to build an image"
		f.Wanted = size(diskNeeded)
	case free < wanted:
		f.Status, f.Message = cpython.Warn, "the disk is rather full"
	}
	h.add(f)
}

// memory compares what containers can have with what the file asks for.
func (h *host) memory(e *engine) {
	f := cpython.Finding{ID: HostMemory, Status: cpython.Pass}
	if e == nil || e.MemTotal == 0 {
		f.Status, f.Message = cpython.Skip, "only the Docker daemon knows what containers can have"
		h.add(f)
		return
	}
	cpus, _ := get[float64](h.File, "/hostRequirements/cpus")
	wanted := max(h.required("memory"), memoryWanted)
	f.Message = fmt.Sprintf("%s and %d processors for containers", size(e.MemTotal), e.NCPU)
	f.Found, f.Wanted = f.Message, size(wanted)
	// What the kernel keeps for itself is missing from a machine of just that size.
	if e.MemTotal < wanted-wanted/8 || e.NCPU < int(cpus) {
		f.Status, f.Message, f.Fix = cpython.Warn, "this host has less than the container asks for", "give Docker's virtual machine more, or use another host"
		f.Wanted = fmt.Sprintf("%s and %d processors", size(wanted), max(1, int(cpus)))
	}
	h.add(f)
}

// required reads one of hostRequirements: "4gb".
func (h *host) required(name string) int64 {
	text, _ := get[string](h.File, pointerTo("hostRequirements", name))
	text = strings.ToLower(text)
	shift := 0
	for i, unit := range []string{"kb", "mb", "gb", "tb"} {
		if number, ok := strings.CutSuffix(text, unit); ok {
			text, shift = number, 10*(i+1)
			break
		}
	}
	n, err := strconv.ParseInt(strings.TrimSpace(text), 10, 64)
	if err != nil || n < 0 || n > 1<<62>>shift {
		return 0
	}
	return n << shift
}

// ports checks that the ports that the file asks for are free here.
func (h *host) ports(ctx context.Context) {
	forwarded, err := h.File.ForwardPorts()
	if err != nil {
		return // File.Check says so
	}
	var taken int
	published := h.published()
	for _, port := range published {
		taken += h.port(ctx, port, cpython.Fail, "a port that the container publishes (appPort) is taken: it will not start", "stop what listens there")
	}
	for _, port := range forwarded {
		if port.Host == "" {
			taken += h.port(ctx, port.Number, cpython.Warn, "a forwarded port is taken here: tools will choose another one", "stop what listens there, if it must be this one")
		}
	}
	if taken == 0 {
		h.add(cpython.Finding{ID: HostPorts, Status: cpython.Pass, Message: fmt.Sprintf("all %d ports are free", len(forwarded)+len(published))})
	}
}

// published returns the ports of this host in appPort: 3000, "3000", "8000:80",
// "127.0.0.1:8000:80".
func (h *host) published() []int {
	list, ok := h.checker.document["appPort"].([]any)
	if !ok {
		list = []any{h.checker.document["appPort"]}
	}
	var ports []int
	for _, port := range list {
		text, _, _ := strings.Cut(fmt.Sprint(port), "/") // "53:53/udp"
		parts := strings.Split(text, ":")
		if n, err := strconv.Atoi(parts[max(0, len(parts)-2)]); err == nil {
			ports = append(ports, n)
		}
	}
	return ports
}

// port checks one port. The container of this very workspace may hold it.
func (h *host) port(ctx context.Context, port int, status cpython.Status, message, fix string) int {
	listener, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
	if err == nil {
		listener.Close()
		return 0
	}
	if !errors.Is(err, syscall.EADDRINUSE) && !portTaken(err) {
		return 0 // low ports may be refused to this user, and not to Docker
	}
	out, err := h.lines(ctx, "ps", "--filter", "publish="+strconv.Itoa(port), "--format", `{{.Label "devcontainer.local_folder"}}`)
	if err == nil && out != "" && lowerDrive(out) == lowerDrive(h.Workspace) {
		return 0
	}
	h.add(cpython.Finding{ID: HostPorts, Status: status, Subject: fmt.Sprintf("127.0.0.1:%d", port), Message: message, Fix: fix})
	return 1
}

func size(bytes int64) string { return fmt.Sprintf("%.1f GB", float64(bytes)/(1<<30)) }
