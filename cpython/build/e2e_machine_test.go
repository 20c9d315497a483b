//go:build e2e

package build_test

import (
	"context"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/2-coatl/cpython-prebuilt/cpython/artifact"
	"github.com/2-coatl/cpython-prebuilt/cpython/machine"
	"github.com/2-coatl/cpython-prebuilt/cpython/machine/docker"
)

// lab returns what the set-up of the end-to-end tests says in the environment.
func lab(t *testing.T, name string) string {
	t.Helper()
	value := os.Getenv(name)
	if value == "" {
		t.Skipf("%s is not set: mage e2e sets up what this needs", name)
	}
	return value
}

// TestE2EContainers builds in containers of an old and of a newer distribution.
// Later tests use these two artifacts.
func TestE2EContainers(t *testing.T) {
	for suite, platform := range map[string]string{"bullseye": "debian11", "bookworm": "debian12"} {
		t.Run(suite, func(t *testing.T) {
			image := lab(t, "CPYTHON_E2E_IMAGES") + ":" + suite
			args := []string{"build", "-machine=docker:" + image, "-optimize=none"}
			if suite == "bookworm" {
				killBuild(t, append(args, "-out="+t.TempDir()))
			}
			out, err := mage(t, append(args, "-out="+e2eOut)...)
			if err != nil {
				t.Fatal(err)
			}
			if want := e2eOut + "/cpython-3.13.5-" + platform + "-build1.tgz"; lastLine(out) != want {
				t.Errorf("built %s, wanted %s: the platform is the container's", lastLine(out), want)
			}
			out, err = mage(t, "validate", "-artifact="+lastLine(out), "-machine=docker:"+image)
			if err != nil || !strings.HasPrefix(lastLine(out), "[SUCCESS]") || strings.Contains(out, "D01   skip") {
				t.Errorf("validate in the container: %v\n%s", err, out)
			}
			wantNoContainers(t)
		})
	}
	checkAll(t)
	// The series that is built most differently from the others.
	image := lab(t, "CPYTHON_E2E_IMAGES") + ":bookworm"
	if _, err := mage(t, "build", "-version=3.11.2", "-machine=docker:"+image, "-optimize=none", "-out="+e2eOut); err != nil {
		t.Error(err)
	}
}

// checkAll builds a matrix of which one job is there already and one must fail.
func checkAll(t *testing.T) {
	t.Helper()
	images := lab(t, "CPYTHON_E2E_IMAGES")
	out, err := mage(t, "buildAll", "-versions=3.13.5", "-images="+images+":bookworm,"+images+":nosuchsuite", "-optimize=none", "-parallel=2", "-out="+e2eOut)
	if err == nil || !strings.Contains(out, "was there") || !strings.Contains(out, "failed: ") {
		t.Errorf("buildAll: %v, wanted one that was there and one that failed\n%s", err, out)
	}
}

// killBuild ends the program that drives a build in the middle of it, as the
// kernel does when memory is short, and finds nothing running a moment later.
func killBuild(t *testing.T, args []string) {
	t.Helper()
	cmd := exec.Command("go", append([]string{"tool", "mage"}, args...)...)
	cmd.Dir = "../.."
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	story, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	awaitText(t, story, " configure ")
	time.Sleep(3 * time.Second)
	if err := syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait() // it was killed
	for end := time.Now().Add(30 * time.Second); len(containers(t)) > 0; time.Sleep(time.Second) {
		if time.Now().After(end) {
			t.Fatalf("still there after the driver was killed: %s", containers(t))
		}
	}
}

// awaitText reads until a text comes.
func awaitText(t *testing.T, r interface{ Read([]byte) (int, error) }, text string) {
	t.Helper()
	var seen []byte
	buffer := make([]byte, 4096)
	for !strings.Contains(string(seen), text) {
		n, err := r.Read(buffer)
		seen = append(seen, buffer[:n]...)
		if err != nil {
			t.Fatalf("%q does not come: %v\n%s", text, err, seen)
		}
	}
}

func containers(t *testing.T) string {
	t.Helper()
	out, err := exec.Command("docker", "ps", "-aq", "--filter", "label=cpython-prebuilt", "--filter", "name=cpython-prebuilt").Output()
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(out))
}

func wantNoContainers(t *testing.T) {
	t.Helper()
	if left := containers(t); left != "" {
		t.Errorf("containers left: %s", left)
	}
}

// TestE2EVagrantBuild builds in a virtual machine: up, build, halt, build where
// it is halted (which starts it), destroy.
func TestE2EVagrantBuild(t *testing.T) {
	image := lab(t, "VAGRANT_IMAGE")
	dir := t.TempDir()
	t.Setenv("VAGRANT_DEFAULT_PROVIDER", "docker")
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
		defer cancel()
		cmd := exec.CommandContext(ctx, "vagrant", "destroy", "-f")
		cmd.Dir = dir
		_ = cmd.Run() // where the test has done it, there is nothing to do
	})
	must := func(args ...string) string {
		t.Helper()
		out, err := mage(t, args...)
		if err != nil {
			t.Fatal(err)
		}
		return lastLine(out)
	}
	must("vagrant:up", "-dir="+dir, "-image="+image, "-provider=docker")
	if got := must("vagrant:status", "-dir="+dir); got != "running" {
		t.Errorf("status after up: %s", got)
	}
	must("vagrant:halt", "-dir="+dir)
	if got := must("build", "-machine=vagrant:"+dir, "-optimize=none", "-out="+e2eOut+"-vagrant"); !strings.HasSuffix(got, "cpython-3.13.5-debian12-build1.tgz") {
		t.Errorf("built %s", got)
	}
	if _, err := mage(t, "vagrant:destroy", "-dir="+dir); err == nil {
		t.Error("destroy without -force asked nobody, and did it")
	}
	must("vagrant:destroy", "-dir="+dir, "-force")
	if got := must("vagrant:status", "-dir="+dir); got == "running" {
		t.Errorf("status after destroy: %s", got)
	}
}

// TestE2ESameResult compares what came out of a container, of a virtual machine
// and of a host of the same distribution, with the same packages.
func TestE2ESameResult(t *testing.T) {
	const name = "cpython-3.13.5-debian12-build1.tgz"
	image := lab(t, "CPYTHON_E2E_IMAGES") + ":bookworm"
	want, err := manifest(filepath.Join("../..", e2eOut, name))
	if err != nil {
		t.Fatalf("TestE2EContainers has not built it: %v", err)
	}
	host := buildInside(t, image)
	results := map[string]string{"a host": filepath.Join(host, name)}
	if os.Getenv("VAGRANT_IMAGE") != "" {
		results["a virtual machine"] = filepath.Join("../..", e2eOut+"-vagrant", name)
	}
	for where, file := range results {
		got, err := manifest(file)
		if err != nil {
			t.Error(err)
			continue
		}
		if !reflect.DeepEqual(got.Toolchain, want.Toolchain) {
			t.Errorf("%s has another toolchain: %+v, in the container %+v", where, got.Toolchain, want.Toolchain)
		}
		for _, difference := range differences(got, want) {
			t.Errorf("%s: %s", where, difference)
		}
	}
}

// buildInside makes a host of a container: this very program runs in it, and
// builds with -machine=local. What ccache has of the other builds is there.
func buildInside(t *testing.T, image string) string {
	t.Helper()
	dir := t.TempDir()
	compile := exec.Command("go", "tool", "mage", "-compile", filepath.Join(dir, "mage"))
	compile.Dir, compile.Env = "../..", append(os.Environ(), "CGO_ENABLED=0")
	if out, err := compile.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	m := docker.New(image)
	m.Network = os.Getenv("CPYTHON_PREBUILT_NETWORK")
	m.Volumes = []docker.Volume{{Name: docker.Label + "-ccache", Path: "/var/tmp/cache/ccache"}}
	defer m.Close()
	copied, err := machine.Local().CopyOut(t.Context(), dir)
	if err == nil {
		err = m.CopyIn(t.Context(), "/var/tmp/host", copied)
	}
	if err != nil {
		t.Fatal(err)
	}
	// ccache is installed by the machines that keep its cache; a host decides itself.
	for _, args := range [][]string{
		{"apt-get", "update", "-q"}, {"apt-get", "install", "-y", "-q", "ccache"},
		{"/var/tmp/host/mage", "build", "-machine=local", "-optimize=none", "-out=/var/tmp/host/out"},
	} {
		c := machine.Cmd{Args: args, Root: true, Stdout: t.Output(), Stderr: t.Output(), Dir: "/var/tmp",
			Env: []string{"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root", "CPYTHON_PREBUILT_CACHE=/var/tmp/cache", "DEBIAN_FRONTEND=noninteractive"}}
		if err := m.Run(t.Context(), c); err != nil {
			t.Fatal(err)
		}
	}
	out, err := m.CopyOut(t.Context(), "/var/tmp/host/out")
	if err == nil {
		err = machine.Local().CopyIn(t.Context(), filepath.Join(dir, "out"), out)
	}
	if err != nil {
		t.Fatal(err)
	}
	return filepath.Join(dir, "out")
}

func manifest(file string) (artifact.BuildInfo, error) {
	a, err := artifact.Open(file)
	if err != nil {
		return artifact.BuildInfo{}, err
	}
	defer a.Close()
	return a.Info(), nil
}

// differences names every file and link that two trees do not have in common.
func differences(got, want artifact.BuildInfo) []string {
	var list []string
	for _, pair := range []struct{ got, want map[string]string }{{got.Files, want.Files}, {got.Links, want.Links}} {
		names := slices.Concat(slices.Collect(maps.Keys(pair.got)), slices.Collect(maps.Keys(pair.want)))
		slices.Sort(names)
		for _, name := range slices.Compact(names) {
			if g, w := pair.got[name], pair.want[name]; g != w {
				list = append(list, fmt.Sprintf("%s is %.12q there and %.12q in the container", name, g, w))
			}
		}
	}
	return list
}
