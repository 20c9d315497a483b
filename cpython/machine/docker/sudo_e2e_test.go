//go:build e2e

package docker_test

import (
	"archive/tar"
	"bytes"
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/2-coatl/cpython-prebuilt/cpython/machine"
	"github.com/2-coatl/cpython-prebuilt/cpython/machine/machinetest"
)

// TestE2ELocalRoot runs itself in a container, as an ordinary user, before and
// after sudo asks for no password: that is machine.Local with a real sudo.
func TestE2ELocalRoot(t *testing.T) {
	if os.Getenv("DOCKER_TEST_INSIDE") != "" {
		machinetest.Conform(t, machine.Local(), machinetest.Options{Dir: t.TempDir()})
		return
	}
	m := newMachine(t)
	m.Network = os.Getenv("CPYTHON_E2E_NETWORK")
	var body bytes.Buffer
	self, err := os.ReadFile(os.Args[0])
	if err != nil {
		t.Fatal(err)
	}
	archive := tar.NewWriter(&body)
	err = archive.WriteHeader(&tar.Header{Name: "test", Mode: 0o755, Size: int64(len(self))})
	if err == nil {
		_, err = archive.Write(self)
	}
	if err := errors.Join(err, archive.Close(), m.CopyIn(t.Context(), "/tmp/inside", &body)); err != nil {
		t.Fatal(err)
	}
	inside := machine.Cmd{Args: []string{"env", "DOCKER_TEST_INSIDE=1", "/tmp/inside/test", "-test.run=^TestE2ELocalRoot$", "-test.v"}}
	want := func(text string) {
		t.Helper()
		if got := output(t, m, inside); !strings.Contains(got, text) {
			t.Errorf("inside the container:\n%s\nwanted %q in it", got, text)
		}
	}
	want("this machine cannot become root: run sh: no rights of root without asking for them: not root, and there is no sudo")
	for _, args := range [][]string{
		{"apt-get", "update", "-q"},
		{"env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "install", "-y", "-q", "--no-install-recommends", "sudo"},
	} {
		if err := m.Run(t.Context(), machine.Cmd{Args: args, Root: true}); err != nil {
			t.Fatal(err)
		}
	}
	want("a password is required")
	c := machine.Cmd{Args: []string{"tee", "/etc/sudoers.d/cpython"}, Root: true, Stdin: strings.NewReader("cpython ALL=(ALL) NOPASSWD: ALL\n")}
	if err := m.Run(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	want("--- PASS: TestE2ELocalRoot/Conform/cancelled_as_root")
	want("--- PASS: TestE2ELocalRoot/Conform/root ")
}
