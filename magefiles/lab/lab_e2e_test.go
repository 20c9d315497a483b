//go:build e2e

package lab

import (
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestE2EImages makes every image that the end-to-end tests use. Where they
// are there already it takes no time.
func TestE2EImages(t *testing.T) {
	if err := Engine(t.Context(), t.Output()); err != nil {
		t.Fatal(err)
	}
	for _, suite := range []string{"bullseye", "bookworm", "trixie"} {
		started := time.Now()
		name, err := Image(t.Context(), t.Output(), suite)
		if err != nil {
			t.Error(err)
			continue
		}
		t.Logf("%s after %s", name, time.Since(started).Round(10*time.Millisecond))
		size, err := output(t.Context(), "docker", "image", "inspect", "--format", "{{.Size}} {{.Config.Labels}}", name)
		if err != nil || !strings.Contains(size, "cpython-prebuilt") {
			t.Errorf("%v, size and labels are %s", err, size)
		}
		t.Logf("%s: size and labels %s", name, strings.TrimSpace(size))
	}
}

// TestE2EStartDaemon starts a daemon of its own beside the one that may be
// there, without a bridge. It runs itself again in a network of its own: a
// daemon without a bridge removes the one that it finds, and with it the
// network of all containers of the other daemon.
func TestE2EStartDaemon(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root starts a daemon")
	}
	if _, err := exec.LookPath("dockerd"); err != nil {
		t.Skip(err)
	}
	if os.Getenv("LAB_TEST_ALONE") == "" {
		cmd := exec.Command("unshare", "--net", os.Args[0], "-test.run=^"+t.Name()+"$", "-test.v")
		cmd.Env = append(os.Environ(), "LAB_TEST_ALONE=1")
		out, err := cmd.CombinedOutput()
		if err != nil || !strings.Contains(string(out), "--- PASS: "+t.Name()) {
			t.Errorf("%v\n%s", err, out)
		}
		return
	}
	dir, err := os.MkdirTemp("", "lab") // a socket's path must be short
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	t.Setenv("DOCKER_HOST", "unix://"+filepath.Join(dir, "socket"))
	t.Setenv("TMPDIR", dir)
	own := []string{"--host", os.Getenv("DOCKER_HOST"), "--data-root", filepath.Join(dir, "data"), "--exec-root", filepath.Join(dir, "exec"),
		"--pidfile", filepath.Join(dir, "pid")}
	if err := startDaemon(t.Context(), t.Output(), append(own, "--no-such-flag")); err == nil || !strings.Contains(err.Error(), "no-such-flag") {
		t.Errorf("error is %v, wanted what dockerd said", err)
	}
	if err := startDaemon(t.Context(), t.Output(), append(own, daemons[1]...)); err != nil {
		t.Fatal(err)
	}
	defer stopDaemon(t, filepath.Join(dir, "pid"))
	if got, err := Network(t.Context()); err != nil || got != "host" {
		t.Errorf("network %q, %v; wanted host", got, err)
	}
}

// stopDaemon ends a daemon and waits until it has let go of its files.
func stopDaemon(t *testing.T, file string) {
	text, err := os.ReadFile(file)
	if err != nil {
		t.Error(err)
		return
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		t.Error(err)
		return
	}
	for range 200 {
		if syscall.Kill(pid, syscall.SIGTERM) != nil {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Errorf("daemon %d does not end", pid)
}
