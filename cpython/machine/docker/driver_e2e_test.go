//go:build e2e

package docker_test

import (
	"bufio"
	"os"
	"os/exec"
	"syscall"
	"testing"
	"time"
)

// A driver that is killed can tidy up nothing; its container must end by itself.
func TestE2EDriverKilled(t *testing.T) { endDriver(t, syscall.SIGKILL) }

// A driver that is interrupted, as by Ctrl-C, removes its container.
func TestE2EDriverInterrupted(t *testing.T) { endDriver(t, syscall.SIGINT) }

// endDriver starts this program as a driver, ends it, and looks for what is left.
func endDriver(t *testing.T, how syscall.Signal) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	driver := exec.CommandContext(t.Context(), self)
	driver.Env = append(os.Environ(), "DOCKER_TEST_DRIVER="+image())
	driver.Stderr = os.Stderr
	out, err := driver.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := driver.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	if !lines.Scan() {
		t.Fatalf("the driver printed no name: %v", lines.Err())
	}
	name := lines.Text()
	if got := engine(t, "ps", "-q", "--filter", "name="+name); got == "" {
		t.Fatalf("container %q does not run", name)
	}
	if err := driver.Process.Signal(how); err != nil {
		t.Fatal(err)
	}
	ended := time.Now()
	err = driver.Wait()
	if how == syscall.SIGINT && err != nil {
		t.Errorf("the interrupted driver ended with %v", err)
	}
	for engine(t, "ps", "-aq", "--filter", "name="+name) != "" {
		if time.Since(ended) > 15*time.Second {
			t.Fatalf("container %s is still there", name)
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Logf("the container was gone after %s", time.Since(ended).Round(10*time.Millisecond))
}
