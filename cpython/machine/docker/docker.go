// Package docker is a [machine.Machine] in a container of Docker or Podman.
//
// [New] names an image; the container starts at first use and is removed by
// Close. [Check] says whether an engine is there and answers, [List] and
// [Remove] are for what was left behind.
//
// The engine is used through its command line, with the environment of this
// program, so that contexts, DOCKER_HOST and credentials work as everywhere.
// Files go in and out as streams: nothing of this host is mounted, so the
// daemon may be anywhere. Commands run as an ordinary user of the container,
// those with Root as its root.
//
// A container watches the program that started it: should that be killed, the
// container ends with everything in it and is removed.
package docker

import (
	"cmp"
	"context"
	"errors"
	"io"
	"log/slog"
	"sync"
	"time"

	"github.com/2-coatl/cpython-prebuilt/cpython/machine"
	"github.com/2-coatl/cpython-prebuilt/cpython/machine/internal/remote"
)

// Label is on every container, volume and image that this project makes.
const Label = "cpython-prebuilt"

// limit is how long the engine may take to answer, and to do what has no
// context of a caller.
const limit = 30 * time.Second

// closeLimit is how long Close may take. A container with a gigabyte of files
// on a busy disk took 12 seconds.
const closeLimit = 2 * time.Minute

// A Machine is a container. Its fields are set before its first use; only
// Image is needed. It must not be copied.
type Machine struct {
	// Image has sh, tar and env; it is pulled when the engine does not have it.
	Image string

	// Engine is docker or podman. Empty is whichever answers, docker first.
	Engine string

	// Arch is the processor of the container as Go calls it, such as arm64.
	// Empty is the engine's choice.
	Arch string

	// Network is the engine's network, such as host or none. Empty is its default.
	Network string

	// Volumes are kept between containers, for caches.
	Volumes []Volume

	// Keep leaves the container when the machine is closed, for a look at it;
	// it stops by itself after a day. It does not watch this program.
	Keep bool

	// Logger is told of the container's beginning and end. Nil is silent.
	Logger *slog.Logger

	mutex  sync.Mutex
	box    *container // nil until first use
	closed bool
}

var _ machine.Machine = (*Machine)(nil)

// A Volume is a named volume of the engine, which belongs to the container's
// ordinary user. It is made when it is not there.
type Volume struct {
	Name string
	Path string // absolute, in the container
}

// New returns a machine in a container of an image. Nothing happens before
// its first use.
func New(image string) *Machine { return &Machine{Image: image} }

// errClosed is what a machine says after Close.
var errClosed = errors.New("docker: the machine is closed")

// Run runs a command in the container. Arguments and variables that are not
// UTF-8 are an error: the engine cannot pass them on. See machine.Machine for
// the rest.
func (m *Machine) Run(ctx context.Context, c machine.Cmd) error {
	box, err := m.container(ctx)
	if err != nil {
		return err
	}
	return remote.New(box).Run(ctx, c)
}

// CopyIn unpacks a tar stream into a folder of the container, which then
// belongs to its ordinary user. Nothing is written outside of that folder.
func (m *Machine) CopyIn(ctx context.Context, dst string, tar io.Reader) error {
	box, err := m.container(ctx)
	if err != nil {
		return err
	}
	return remote.New(box).CopyIn(ctx, dst, tar)
}

// CopyOut packs a file or the content of a folder of the container.
func (m *Machine) CopyOut(ctx context.Context, src string) (io.ReadCloser, error) {
	box, err := m.container(ctx)
	if err != nil {
		return nil, err
	}
	return remote.New(box).CopyOut(ctx, src)
}

// Name returns the name of the container, or nothing before it has started.
func (m *Machine) Name() string {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	if m.box == nil {
		return ""
	}
	return m.box.name
}

// container returns the container, which it starts when there is none yet.
func (m *Machine) container(ctx context.Context) (*container, error) {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	if m.closed {
		return nil, errClosed
	}
	if m.box != nil {
		return m.box, nil
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	box, err := m.start(ctx)
	if err != nil {
		return nil, err
	}
	m.box = box
	m.logger().Info("container started", "name", box.name, "image", m.Image, "engine", box.engine.name)
	return box, nil
}

func (m *Machine) logger() *slog.Logger { return cmp.Or(m.Logger, slog.New(slog.DiscardHandler)) }

// Close removes the container, or leaves it where Keep is set and says its
// name. It takes no context because it must work when all others have ended.
func (m *Machine) Close() error {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	m.closed = true
	if m.box == nil {
		return nil
	}
	box := m.box
	m.box = nil
	if m.Keep {
		m.logger().Info("container kept", "name", box.name, "remove", box.engine.name+" rm -f "+box.name)
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), closeLimit)
	defer cancel()
	return box.remove(ctx)
}
