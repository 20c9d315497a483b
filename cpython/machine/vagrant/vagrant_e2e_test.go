//go:build e2e

package vagrant_test

import (
	"bytes"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/2-coatl/cpython-prebuilt/cpython"
	"github.com/2-coatl/cpython-prebuilt/cpython/machine"
	"github.com/2-coatl/cpython-prebuilt/cpython/machine/machinetest"
	"github.com/2-coatl/cpython-prebuilt/cpython/machine/vagrant"
	"github.com/2-coatl/cpython-prebuilt/magefiles/lab"
)

// upForReal starts a machine of Vagrant's docker provider.
func upForReal(t *testing.T) *vagrant.Machine {
	t.Helper()
	image, err := lab.VagrantImage(t.Context(), t.Output())
	if errors.Is(err, lab.ErrNoBridge) {
		t.Skip(err)
	} else if err != nil {
		t.Fatal(err)
	}
	t.Setenv("VAGRANT_HOME", t.TempDir())
	m := &vagrant.Machine{Dir: filepath.Join(t.TempDir(), "a folder"), Provider: "docker", Image: image}
	t.Cleanup(func() { m.Close(); removeAll(t, image) })
	up(t, m)
	return m
}

// up starts the machine and says how long it took.
func up(t *testing.T, m *vagrant.Machine) {
	t.Helper()
	began := time.Now()
	if err := m.Up(t.Context(), t.Output()); err != nil {
		t.Fatal(err)
	}
	t.Logf("up: %s", time.Since(began).Round(10*time.Millisecond))
}

// containers returns the containers made from an image, running or not.
func containers(t *testing.T, image string) string {
	t.Helper()
	out, err := exec.Command("docker", "ps", "--all", "--quiet", "--filter", "ancestor="+image).Output()
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

// output runs a command that must succeed.
func output(t *testing.T, m *vagrant.Machine, args ...string) string {
	t.Helper()
	var out bytes.Buffer
	if err := m.Run(t.Context(), machine.Cmd{Args: args, Stdout: &out}); err != nil {
		t.Fatalf("run %q: %v", args, err)
	}
	return strings.TrimSpace(out.String())
}

func TestE2EVagrant(t *testing.T) {
	m := upForReal(t)
	for _, f := range m.Check(t.Context()) {
		if f.Status != cpython.Pass {
			t.Errorf("Check: %+v", f)
		}
	}
	if state, err := m.Status(t.Context()); err != nil || state != vagrant.Running {
		t.Fatalf("Status() = %v, %v", state, err)
	}
	if user := output(t, m, "id", "-un"); user != "vagrant" {
		t.Errorf("commands run as %s, want vagrant", user)
	}
	var root bytes.Buffer
	if err := m.Run(t.Context(), machine.Cmd{Args: []string{"id", "-un"}, Root: true, Stdout: &root}); err != nil || root.String() != "root\n" {
		t.Errorf("as root: %q, %v", root.String(), err)
	}
	machinetest.Conform(t, m, machinetest.Options{Dir: "/tmp/conform", Files: 10_000, Large: 1 << 30})

	began := time.Now()
	if err := m.Halt(t.Context(), t.Output()); err != nil {
		t.Fatal(err)
	}
	t.Logf("halt: %s", time.Since(began).Round(10*time.Millisecond))
	off := (*vagrant.StateError)(nil)
	if err := says(t, m); !errors.As(err, &off) || off.State != vagrant.PowerOff {
		t.Errorf("a command on a machine that is off: %v", err)
	}
	up(t, m)
	if err := says(t, m); err != nil {
		t.Errorf("up again: %v", err)
	}
	freezeUnderACommand(t, m)
	haltUnderACommand(t, m)
	up(t, m)
	changeHostKey(t, m)

	if err := m.Destroy(t.Context(), t.Output()); err != nil {
		t.Fatal(err)
	}
	if left := containers(t, m.Image); left != "" {
		t.Errorf("Destroy left containers %s", left)
	}
	if left, _ := filepath.Glob(filepath.Join(m.Dir, ".vagrant", "machines", "*", "*", "*")); len(left) > 0 {
		t.Errorf("Destroy left %q", left)
	}
	if state, err := m.Status(t.Context()); err != nil || state != vagrant.NotCreated {
		t.Errorf("Status() = %v, %v", state, err)
	}
	up(t, m) // with the first host key again, which is a new one now
	if err := says(t, m); err != nil {
		t.Errorf("made anew: %v", err)
	}
	if err := m.Destroy(t.Context(), t.Output()); err != nil {
		t.Fatal(err)
	}
}

// running starts a command that does not end, and returns when it runs.
func running(t *testing.T, m *vagrant.Machine) <-chan error {
	t.Helper()
	done := make(chan error, 1)
	r, w := io.Pipe()
	go func() {
		done <- m.Run(t.Context(), machine.Cmd{Args: []string{"sh", "-c", "echo on; sleep 300"}, Stdout: w})
	}()
	if _, err := r.Read(make([]byte, 10)); err != nil {
		t.Fatal(err)
	}
	return done
}

// freezeUnderACommand stops the machine so that nobody hears of it.
func freezeUnderACommand(t *testing.T, m *vagrant.Machine) {
	done, id := running(t, m), strings.TrimSpace(containers(t, m.Image))
	docker := func(verb string) {
		if out, err := exec.Command("docker", verb, id).CombinedOutput(); err != nil {
			t.Fatalf("docker %s: %v\n%s", verb, err, out)
		}
	}
	docker("pause")
	began := time.Now()
	select {
	case err := <-done:
		if !errors.Is(err, vagrant.ErrLost) {
			t.Errorf("frozen under a command: %v", err)
		}
	case <-time.After(60 * time.Second):
		t.Error("the command of a machine that is frozen does not end")
	}
	t.Logf("a frozen machine was noticed after %s", time.Since(began).Round(100*time.Millisecond))
	docker("unpause")
	if err := says(t, m); err != nil {
		t.Errorf("thawed: %v", err)
	}
}

// haltUnderACommand ends the machine while something runs on it.
func haltUnderACommand(t *testing.T, m *vagrant.Machine) {
	done := running(t, m)
	cmd := exec.CommandContext(t.Context(), "vagrant", "halt")
	cmd.Dir = m.Dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	select {
	case err := <-done:
		off := (*vagrant.StateError)(nil)
		if !errors.Is(err, vagrant.ErrLost) || !errors.As(err, &off) || off.State != vagrant.PowerOff {
			t.Errorf("halted under a command: %v", err)
		}
		t.Log(err)
	case <-time.After(60 * time.Second):
		t.Error("the command of a machine that was halted does not end")
	}
}

// changeHostKey gives the SSH server another key.
func changeHostKey(t *testing.T, m *vagrant.Machine) {
	const script = "rm /etc/ssh/ssh_host_* && ssh-keygen -A >/dev/null && kill -HUP 1"
	if err := m.Run(t.Context(), machine.Cmd{Args: []string{"sh", "-c", script}, Root: true}); err != nil {
		t.Fatal(err)
	}
	m.Close()
	time.Sleep(time.Second) // sshd starts itself anew
	changed := (*vagrant.HostKeyError)(nil)
	if err := says(t, m); !errors.As(err, &changed) {
		t.Errorf("another host key: %v, want a *HostKeyError", err)
	} else {
		t.Log(err)
	}
}

// removeAll is for a test that failed half-way.
func removeAll(t *testing.T, image string) {
	for _, id := range strings.Fields(containers(t, image)) {
		if out, err := exec.Command("docker", "rm", "--force", id).CombinedOutput(); err != nil {
			t.Errorf("docker rm: %v\n%s", err, out)
		}
	}
}

// driverDir is set in the environment of a process that TestE2EVagrantDriverKilled kills.
const driverDir = "VAGRANT_TEST_DRIVER_DIR"

func TestE2EVagrantDriverKilled(t *testing.T) {
	if dir := os.Getenv(driverDir); dir != "" {
		m := vagrant.New(dir)
		t.Fatal(m.Run(t.Context(), machine.Cmd{Root: os.Getenv("VAGRANT_TEST_ROOT") != "", Stdout: t.Output(),
			Args: []string{"sh", "-c", `sleep 300 & echo "$$ $!" >/tmp/driver; wait`}}))
	}
	m := upForReal(t)
	for _, root := range []string{"", "root"} {
		killDriver(t, m, root)
	}
	if err := m.Destroy(t.Context(), t.Output()); err != nil {
		t.Fatal(err)
	}
}

// killDriver starts a process that runs a command, kills it, and sees what is left.
func killDriver(t *testing.T, m *vagrant.Machine, root string) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	output(t, m, "sudo", "rm", "-f", "/tmp/driver")
	driver := exec.CommandContext(t.Context(), self, "-test.run=^"+t.Name()+"$")
	driver.Env = append(os.Environ(), driverDir+"="+m.Dir, "VAGRANT_TEST_ROOT="+root)
	driver.Stdout, driver.Stderr = t.Output(), t.Output()
	if err := driver.Start(); err != nil {
		t.Fatal(err)
	}
	numbers := output(t, m, "sh", "-c", "while ! [ -s /tmp/driver ]; do sleep 0.1; done; cat /tmp/driver")
	if err := driver.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = driver.Wait() // it was killed
	began := time.Now()
	left := numbers
	for left != "" && time.Since(began) < 30*time.Second {
		time.Sleep(200 * time.Millisecond)
		left = output(t, m, "sh", "-c", "for n in "+numbers+"; do [ -d /proc/$n ] && cat /proc/$n/stat; done; true")
	}
	if left != "" {
		t.Errorf("root %q: 30 s after the driver was killed there runs\n%s", root, left)
	} else {
		t.Logf("root %q: all ended %s after the driver was killed", root, time.Since(began).Round(100*time.Millisecond))
	}
	// What ran around the command waits two seconds for the rest of it, and names it among its arguments.
	processes := output(t, m, "ps", "ax", "-o", "pid,ppid,args")
	for strings.Contains(processes, "sleep 300") && time.Since(began) < 60*time.Second {
		time.Sleep(200 * time.Millisecond)
		processes = output(t, m, "ps", "ax", "-o", "pid,ppid,args")
	}
	if strings.Contains(processes, "sleep 300") {
		t.Errorf("root %q: left over:\n%s", root, processes)
	}
	t.Logf("root %q: and all around them after %s", root, time.Since(began).Round(100*time.Millisecond))
}
