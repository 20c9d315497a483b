package machinetest

import (
	"context"
	"errors"
	"io"
	"path"
	"path/filepath"
	"slices"
	"sync"
	"testing"

	"github.com/2-coatl/cpython-prebuilt/cpython/machine"
)

// A Handler answers a command of a Fake. root is the folder of this host that
// is the machine's "/"; paths in c are the machine's, see [Fake.Path]. A
// command that fails returns a *machine.ExitError, as a real one does.
type Handler func(ctx context.Context, c machine.Cmd, root string) error

// A Fake is a machine whose files lie in a folder of this host and whose
// commands are a Go function. It is made by [NewFake].
type Fake struct {
	root   string
	handle Handler

	mutex sync.Mutex
	runs  [][]string
}

var _ machine.Machine = (*Fake)(nil)

// NewFake returns a Fake with an empty file system, which is removed when the
// test ends. A nil handle succeeds at every command and does nothing.
func NewFake(t testing.TB, handle Handler) *Fake {
	return &Fake{root: t.TempDir(), handle: handle}
}

// Path returns where on this host a path of the machine is. The machine's
// working folder is "/", and nothing leads out of it.
func (f *Fake) Path(name string) string {
	return filepath.Join(f.root, filepath.FromSlash(path.Clean("/"+name)))
}

// Run notes the command and answers it by the handler.
func (f *Fake) Run(ctx context.Context, c machine.Cmd) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if len(c.Args) == 0 {
		return errors.New("run: the command names no program")
	}
	f.mutex.Lock()
	f.runs = append(f.runs, slices.Clone(c.Args))
	f.mutex.Unlock()
	if f.handle == nil {
		return nil
	}
	return f.handle(ctx, c, f.root)
}

// Runs returns the arguments of every command so far, in the order in which
// they began.
func (f *Fake) Runs() [][]string {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	return slices.Clone(f.runs)
}

// CopyIn unpacks a tar stream into a folder of the fake.
func (f *Fake) CopyIn(ctx context.Context, dst string, tar io.Reader) error {
	return machine.Local().CopyIn(ctx, f.Path(dst), tar)
}

// CopyOut packs a file or folder of the fake.
func (f *Fake) CopyOut(ctx context.Context, src string) (io.ReadCloser, error) {
	return machine.Local().CopyOut(ctx, f.Path(src))
}

// Close does nothing.
func (f *Fake) Close() error { return nil }
