//go:build e2e

package docker_test

import (
	"archive/tar"
	"bytes"
	"cmp"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/2-coatl/cpython-prebuilt/cpython/machine"
	"github.com/2-coatl/cpython-prebuilt/cpython/machine/docker"
	"github.com/2-coatl/cpython-prebuilt/cpython/machine/machinetest"
)

// image is what the end-to-end tests run in; package lab of the magefiles makes it.
func image() string {
	return cmp.Or(os.Getenv("CPYTHON_E2E_IMAGE"), "cpython-prebuilt/debian:bookworm")
}

// newMachine returns a machine that is closed when the test ends.
func newMachine(t *testing.T) *docker.Machine {
	t.Helper()
	m := docker.New(image())
	m.Engine = os.Getenv("CPYTHON_E2E_ENGINE")
	t.Cleanup(func() {
		if err := m.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
		if name := m.Name(); name != "" {
			t.Errorf("after Close the container is %s", name)
		}
	})
	return m
}

// engine runs the command line and returns what it printed.
func engine(t *testing.T, args ...string) string {
	t.Helper()
	out, err := exec.Command(cmp.Or(os.Getenv("CPYTHON_E2E_ENGINE"), "docker"), args...).CombinedOutput()
	if err != nil {
		t.Fatalf("engine: %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return strings.TrimSpace(string(out))
}

// output runs a command that must succeed and returns what it printed.
func output(t *testing.T, m machine.Machine, c machine.Cmd) string {
	t.Helper()
	var out bytes.Buffer
	c.Stdout = &out
	if err := m.Run(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(out.String())
}

func TestE2EConform(t *testing.T) {
	started := time.Now()
	machinetest.Conform(t, newMachine(t), machinetest.Options{Dir: "/tmp/conform", UTF8Only: true, Files: 10_000, Large: 1 << 30})
	t.Logf("took %s", time.Since(started).Round(10*time.Millisecond))
}

func TestE2EUser(t *testing.T) {
	m := newMachine(t)
	m.Volumes = []docker.Volume{{Name: "cpython-prebuilt-e2e", Path: "/var/cache/e2e"}}
	defer func() { _ = exec.Command(cmp.Or(m.Engine, "docker"), "volume", "rm", "cpython-prebuilt-e2e").Run() }()
	script := `id -u; id -un; echo $HOME; pwd; touch /var/cache/e2e/x /tmp/x x && echo written; id -u -n 0`
	got := output(t, m, machine.Cmd{Args: []string{"sh", "-c", script}})
	if want := "1000\ncpython\n/home/cpython\n/home/cpython\nwritten\nroot"; got != want {
		t.Errorf("printed %q, wanted %q", got, want)
	}
	if got := output(t, m, machine.Cmd{Args: []string{"id", "-u"}, Root: true}); got != "0" {
		t.Errorf("uid of Root is %s", got)
	}
	if got := engine(t, "ps", "-q", "--filter", "label="+docker.Label, "--filter", "name="+m.Name()); got == "" {
		t.Error("the container has no label")
	}
	if err := m.Close(); err != nil {
		t.Fatal(err)
	}
	if err := m.Run(t.Context(), machine.Cmd{Args: []string{"true"}}); err == nil || !strings.Contains(err.Error(), "closed") {
		t.Errorf("after Close: %v", err)
	}
}

// Orphans that nobody waits for must not pile up as zombies.
func TestE2EReapsOrphans(t *testing.T) {
	m := newMachine(t)
	output(t, m, machine.Cmd{Args: []string{"sh", "-c", "(sleep 0.1 &) ; sleep 0.3"}})
	got := output(t, m, machine.Cmd{Args: []string{"sh", "-c", "cat /proc/[0-9]*/stat 2>/dev/null"}})
	for line := range strings.Lines(got) {
		if strings.Contains(line, ") Z ") {
			t.Errorf("a zombie: %s", line)
		}
	}
}

func TestE2EKeep(t *testing.T) {
	var log bytes.Buffer
	m := docker.New(image())
	m.Keep, m.Logger = true, logger(&log)
	output(t, m, machine.Cmd{Args: []string{"sh", "-c", "echo kept >/tmp/file"}})
	name := m.Name()
	defer engine(t, "rm", "-f", name)
	if err := m.Close(); err != nil {
		t.Fatal(err)
	}
	if got := engine(t, "exec", name, "cat", "/tmp/file"); got != "kept" {
		t.Errorf("the kept container holds %q", got)
	}
	if !strings.Contains(log.String(), "docker rm -f "+name) {
		t.Errorf("the log does not say how to remove it:\n%s", log.String())
	}
}

func TestE2ECloseAfterTheContext(t *testing.T) {
	m := docker.New(image())
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	c := machine.Cmd{Args: []string{"sh", "-c", "echo started; exec sleep 300"}, Stdout: writerFunc(func(p []byte) (int, error) { cancel(); return len(p), nil })}
	if err := m.Run(ctx, c); !errors.Is(err, context.Canceled) {
		t.Errorf("error is %v, wanted context.Canceled", err)
	}
	name := m.Name()
	if err := m.Close(); err != nil {
		t.Error(err)
	}
	if got := engine(t, "ps", "-aq", "--filter", "name="+name); name == "" || got != "" {
		t.Errorf("container %s is still there: %s", name, got)
	}
}

type writerFunc func(p []byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }

// Whenever the context ends while the container starts, nothing is left of it.
func TestE2ECancelledStart(t *testing.T) {
	volume := docker.Volume{Name: "cpython-prebuilt-e2e-start", Path: "/mnt"} // by which to know them
	defer func() {
		_ = exec.Command(cmp.Or(os.Getenv("CPYTHON_E2E_ENGINE"), "docker"), "volume", "rm", volume.Name).Run()
	}()
	for after := 50 * time.Millisecond; after < 1200*time.Millisecond; after += 150 * time.Millisecond {
		m := docker.New(image())
		m.Engine, m.Volumes = os.Getenv("CPYTHON_E2E_ENGINE"), []docker.Volume{volume}
		ctx, cancel := context.WithTimeout(t.Context(), after)
		err := m.Run(ctx, machine.Cmd{Args: []string{"sleep", "300"}})
		cancel()
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("after %s: %v, wanted context.DeadlineExceeded", after, err)
		}
		if err := m.Close(); err != nil {
			t.Errorf("close after %s: %v", after, err)
		}
		if left := engine(t, "ps", "-aq", "--filter", "volume="+volume.Name); left != "" {
			t.Errorf("after %s containers are left: %q", after, left)
		}
	}
}

func TestE2EErrors(t *testing.T) {
	t.Run("no such image", func(t *testing.T) {
		wantKind(t, docker.New("localhost:1/cpython-prebuilt/none"), docker.ErrNoImage)
	})
	t.Run("no such engine", func(t *testing.T) {
		t.Setenv("PATH", t.TempDir())
		wantKind(t, docker.New(image()), docker.ErrNoEngine)
	})
	t.Run("no daemon", func(t *testing.T) {
		t.Setenv("DOCKER_HOST", "unix:///nonexistent/docker.sock")
		m := docker.New(image())
		m.Engine = "docker"
		wantKind(t, m, docker.ErrUnreachable)
	})
	t.Run("image of another processor", func(t *testing.T) {
		m := docker.New(image())
		m.Arch = "s390x"
		wantKind(t, m, docker.ErrArch)
	})
	t.Run("programs of another processor", func(t *testing.T) {
		if _, err := os.Stat("/proc/sys/fs/binfmt_misc/qemu-s390x"); err == nil {
			t.Skip("this machine runs programs of s390x")
		}
		importImage(t, "cpython-prebuilt/e2e:s390x", "sh", program(t, "s390x"))
		wantKind(t, docker.New("cpython-prebuilt/e2e:s390x"), docker.ErrArch)
	})
	t.Run("no shell", func(t *testing.T) {
		importImage(t, "cpython-prebuilt/e2e:empty", "file", nil)
		wantKind(t, docker.New("cpython-prebuilt/e2e:empty"), docker.ErrNoShell)
	})
	t.Run("stopped by somebody", func(t *testing.T) { wantGone(t, "kill", "--signal", "TERM") })
	t.Run("killed by somebody", func(t *testing.T) { wantGone(t, "kill") })
	t.Run("removed by somebody", func(t *testing.T) { wantGone(t, "rm", "-f") })
}

// program compiles a program that does nothing, for a processor.
func program(t *testing.T, arch string) []byte {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "main.go"), []byte("package main\n\nfunc main() {}\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	build := exec.Command("go", "build", "-o", "program", "main.go")
	build.Dir, build.Env = dir, append(os.Environ(), "GOOS=linux", "GOARCH="+arch, "CGO_ENABLED=0", "GOFLAGS=")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	text, err := os.ReadFile(filepath.Join(dir, "program"))
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// importImage makes an image of one program, and removes it when the test ends.
func importImage(t *testing.T, name, file string, body []byte) {
	t.Helper()
	var b bytes.Buffer
	archive := tar.NewWriter(&b)
	err := archive.WriteHeader(&tar.Header{Name: "bin/" + file, Mode: 0o755, Size: int64(len(body))})
	if err == nil {
		_, err = archive.Write(body)
	}
	if err := errors.Join(err, archive.Close()); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("docker", "import", "-", name)
	cmd.Stdin = &b
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("docker import: %v\n%s", err, out)
	}
	t.Cleanup(func() { engine(t, "rmi", name) })
}

// wantKind starts the machine, which must fail with an error of that kind.
func wantKind(t *testing.T, m *docker.Machine, kind error) {
	t.Helper()
	started := time.Now()
	err := m.Run(t.Context(), machine.Cmd{Args: []string{"true"}})
	trouble := (*docker.Error)(nil)
	if !errors.As(err, &trouble) || !errors.Is(err, kind) {
		t.Fatalf("error is %v, wanted %v", err, kind)
	}
	t.Logf("after %s: %v", time.Since(started).Round(time.Millisecond), err)
	if strings.Contains(trouble.Message, "\n") {
		t.Errorf("message is more than a line: %q", trouble.Message)
	}
	if err := m.Close(); err != nil {
		t.Error(err)
	}
}

// wantGone takes the container away while a command runs in it.
func wantGone(t *testing.T, how ...string) {
	t.Helper()
	m := newMachine(t)
	output(t, m, machine.Cmd{Args: []string{"true"}})
	time.AfterFunc(500*time.Millisecond, func() { _ = exec.Command(cmp.Or(m.Engine, "docker"), append(how, m.Name())...).Run() })
	started := time.Now()
	err := m.Run(t.Context(), machine.Cmd{Args: []string{"sleep", "300"}})
	if !errors.Is(err, docker.ErrGone) {
		t.Errorf("while it runs: %v, wanted ErrGone", err)
	}
	t.Logf("after %s: %v", time.Since(started).Round(time.Millisecond), err)
	if err := m.Run(t.Context(), machine.Cmd{Args: []string{"true"}}); !errors.Is(err, docker.ErrGone) {
		t.Errorf("afterwards: %v, wanted ErrGone", err)
	}
}
