//go:build unix

package remote_test

import (
	"archive/tar"
	"bytes"
	"cmp"
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/2-coatl/cpython-prebuilt/cpython/machine"
	"github.com/2-coatl/cpython-prebuilt/cpython/machine/internal/remote"
	"github.com/2-coatl/cpython-prebuilt/cpython/machine/machinetest"
)

// A host is a transport to this host, with no more than a transport must do.
type host struct {
	path string // where it finds programs; empty is the PATH of this one
	fail func(argv []string) (int, error)
}

func (h host) Exec(ctx context.Context, root bool, argv []string, stdin io.Reader, stdout, stderr io.Writer) (int, error) {
	if root && os.Geteuid() != 0 {
		return 0, machine.ErrNoRoot
	}
	if h.fail != nil {
		if code, err := h.fail(argv); code != 0 || err != nil {
			return code, err
		}
	}
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
	if h.path != "" {
		cmd.Path, cmd.Err = filepath.Join(h.path, argv[0]), nil
		cmd.Env = []string{"PATH=" + h.path}
	}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	cmd.Stdout, cmd.Stderr, cmd.WaitDelay = stdout, stderr, 5*time.Second
	var feed io.WriteCloser
	if stdin != nil {
		feed, _ = cmd.StdinPipe()
	}
	if err := cmd.Start(); err != nil {
		return 0, err
	}
	if feed != nil {
		go func() { _, _ = io.Copy(feed, stdin); feed.Close() }()
	}
	err := cmd.Wait()
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) && ctx.Err() == nil {
		if status := exit.Sys().(syscall.WaitStatus); status.Signaled() {
			return 128 + int(status.Signal()), nil
		}
		return exit.ExitCode(), nil
	}
	return 0, errors.Join(err, ctx.Err())
}

// whole makes a machine.Machine of a remote one.
type whole struct{ *remote.Machine }

func (whole) Close() error { return nil }

func on(h host) machine.Machine { return whole{remote.New(h)} }

func TestConform(t *testing.T) {
	t.Parallel()
	machinetest.Conform(t, on(host{}), machinetest.Options{Dir: t.TempDir(), Files: 2_000})
}

// small returns a transport to this host that finds only what is needed:
// programs of the host, or one program that is all of them.
func small(t *testing.T, all, without string) host {
	t.Helper()
	bin := t.TempDir()
	for _, name := range []string{"sh", "cat", "sleep", "env", "printf", "id", "tar", "mkdir", "readlink", "rm", "setsid"} {
		program, err := exec.LookPath(cmp.Or(all, name))
		if err != nil {
			t.Skip(err)
		}
		if name == without {
			continue
		}
		if err := os.Symlink(program, filepath.Join(bin, name)); err != nil {
			t.Fatal(err)
		}
	}
	return host{path: bin}
}

func TestConformWithoutSetsid(t *testing.T) {
	t.Parallel()
	h := small(t, "", "setsid")
	machinetest.Conform(t, on(h), machinetest.Options{Dir: t.TempDir(), Path: h.path})
}

// The tar of busybox knows neither PAX nor how to put a file where a folder
// is, and so is not all that Conform asks for.
func TestBusybox(t *testing.T) {
	t.Parallel()
	m := on(small(t, "busybox", ""))
	if got := shell(t, m, "for i in 1 2; do echo out; echo err >&2; done"); got != "out\nerr\nout\nerr\n" {
		t.Errorf("printed %q", got)
	}
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(200*time.Millisecond, cancel)
	if err := m.Run(ctx, machine.Cmd{Args: []string{"sh", "-c", "trap '' TERM; sleep 300"}}); !errors.Is(err, context.Canceled) {
		t.Errorf("error is %v, wanted context.Canceled", err)
	}
	dst, long := t.TempDir(), strings.Repeat("long größe ", 15)
	when := time.Date(2001, 2, 3, 4, 5, 6, 0, time.UTC)
	for range 2 {
		err := m.CopyIn(t.Context(), dst, archive(t,
			tar.Header{Typeflag: tar.TypeDir, Name: "a", Mode: 0o750, ModTime: when},
			tar.Header{Name: "a/" + long, Mode: 0o640, Size: 9, ModTime: when}))
		if err != nil {
			t.Fatal(err)
		}
	}
	for name, mode := range map[string]os.FileMode{"a": 0o750, "a/" + long: 0o640} {
		if info, err := os.Stat(filepath.Join(dst, name)); err != nil || info.Mode().Perm() != mode || !info.ModTime().Equal(when) {
			t.Errorf("%s: %v, %v", name, info, err)
		}
	}
	if err := os.Symlink(t.TempDir(), filepath.Join(dst, "out")); err != nil {
		t.Fatal(err)
	}
	if err := m.CopyIn(t.Context(), dst, archive(t, tar.Header{Name: "out/evil"})); err == nil || !strings.Contains(err.Error(), "escapes") {
		t.Errorf("error is %v, wanted one of a path that escapes", err)
	}
	stream, err := m.CopyOut(t.Context(), dst)
	if err != nil {
		t.Fatal(err)
	}
	defer stream.Close()
	if err := machine.Local().CopyIn(t.Context(), t.TempDir(), stream); err != nil {
		t.Error(err)
	}
}

// shell runs a script that must succeed and returns what it printed.
func shell(t *testing.T, m machine.Machine, script string, args ...string) string {
	t.Helper()
	var out bytes.Buffer
	err := m.Run(t.Context(), machine.Cmd{Args: append([]string{"sh", "-c", script, "sh"}, args...), Stdout: &out, Stderr: &out})
	if err != nil {
		t.Fatal(err)
	}
	return out.String()
}
