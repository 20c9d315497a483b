package devcontainer_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/2-coatl/cpython-prebuilt/cpython"
	"github.com/2-coatl/cpython-prebuilt/cpython/machine"
	"github.com/2-coatl/cpython-prebuilt/devcontainer"
)

// A dockerCLI is a machine that has nothing but a docker command: what it says,
// by the first words of its arguments. It fails where nothing is said.
type dockerCLI map[string]string

func (d dockerCLI) Run(_ context.Context, c machine.Cmd) error {
	if d == nil {
		return fmt.Errorf("run %s: %w", c.Args[0], exec.ErrNotFound)
	}
	for words, says := range d {
		if strings.HasPrefix(strings.Join(c.Args, " "), words) {
			_, err := io.WriteString(c.Stdout, says)
			return err
		}
	}
	return &machine.ExitError{Cmd: c.Args, Code: 1, Tail: "Cannot connect to the Docker daemon"}
}

func (dockerCLI) CopyIn(context.Context, string, io.Reader) error { return errors.ErrUnsupported }

func (dockerCLI) CopyOut(context.Context, string) (io.ReadCloser, error) {
	return nil, errors.ErrUnsupported
}

func (dockerCLI) Close() error { return nil }

func daemon(version string) dockerCLI {
	return dockerCLI{"docker info": `{"ServerVersion": "` + version + `", "MemTotal": 8000000000, "NCPU": 4}`, "docker --version": "Docker version " + version, "docker ps": ""}
}

// newWorkspace writes files into a folder, .devcontainer/devcontainer.json among
// them, and loads that one.
func newWorkspace(t *testing.T, text string, files map[string]string) *devcontainer.File {
	t.Helper()
	folder := t.TempDir()
	name := filepath.Join(folder, ".devcontainer", "devcontainer.json")
	write := func(name, text string) {
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write(name, text)
	for name, text := range files {
		write(filepath.Join(folder, filepath.FromSlash(name)), text)
	}
	f, err := devcontainer.Load(name)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func TestHostCheck(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	taken := listener.Addr().(*net.TCPAddr).Port
	scripts := map[string]string{"run.sh": "#!/bin/sh\n", "dos.sh": "#!/bin/sh\r\n", "data": "x", "scripts/a.py": ""}
	plain := `{"image": "a"}`
	for _, test := range []struct {
		name, text string
		docker     dockerCLI
		want       []string // "ID status: words"
		unix       bool     // there are no executable files elsewhere
	}{
		{"all is well", plain, daemon("20.10.24+dfsg1"), nil, false},
		{"no docker", plain, nil, []string{"docker fail: no docker command", "memory skip: daemon"}, false},
		{"no daemon", plain, dockerCLI{"docker --version": "Docker version 28.2.2"}, []string{"docker fail: does not answer", "memory skip: daemon"}, false},
		{"old", plain, daemon("19.03.1"), []string{"docker fail: too old"}, false},
		{"podman", plain, dockerCLI{"docker info": `{"host": {}}`, "docker --version": "podman version 5.0"}, []string{"docker warn: Podman", "memory skip: daemon"}, false},
		{"no compose", `{"dockerComposeFile": "devcontainer.json", "service": "a"}`, daemon("28.0.0"), []string{"docker fail: Compose"}, false},
		{"memory", `{"image": "a", "hostRequirements": {"memory": "64gb", "cpus": 2}}`, daemon("28.0.0"), []string{"memory warn: 64.0 GB"}, false},
		{"processors", `{"image": "a", "hostRequirements": {"cpus": 16}}`, daemon("28.0.0"), []string{"memory warn: 16 processors"}, false},
		{"storage", `{"image": "a", "hostRequirements": {"storage": "9000tb"}}`, daemon("28.0.0"), []string{"disk warn: full"}, false},
		{"ports", fmt.Sprintf(`{"image": "a", "forwardPorts": [%d, "db:%d"]}`, taken, taken), daemon("28.0.0"), []string{"ports warn: taken"}, false},
		{"published", fmt.Sprintf(`{"image": "a", "appPort": ["%d:80"]}`, taken), daemon("28.0.0"), []string{"ports fail: taken"}, false},
		{"files", `{"build": {"dockerfile": "Dockerfile"}, "features": {"./x": {}}}`, daemon("28.0.0"), []string{"files fail: not there", "files fail: Dockerfile"}, false},
		{"mounts", `{"image": "a", "mounts": ["source=${localEnv:HOME}/no/such,target=/x,type=bind", {"type": "volume", "source": "v", "target": "/y"}]}`, daemon("28.0.0"),
			[]string{"files warn: bind mount"}, true},
		{"scripts", `{"image": "a", "initializeCommand": "./none.sh", "onCreateCommand": ["./later.sh"], "postCreateCommand": {"a": "bash run.sh && python3 -u scripts/a.py", "b": "echo x | tee ./data"}}`,
			daemon("28.0.0"), []string{"scripts fail: none.sh", "scripts warn: later.sh"}, false},
		{"not executable", `{"image": "a", "postStartCommand": "sudo ${containerWorkspaceFolder}/run.sh; ./data"}`, daemon("28.0.0"), []string{"scripts fail: run.sh", "scripts fail: data"}, true},
		{"line endings", `{"image": "a", "postStartCommand": "bash dos.sh"}`, daemon("28.0.0"), []string{"scripts fail: Windows"}, false},
		{"elsewhere", `{"image": "a", "postStartCommand": "cd sub && ./run.sh", "postAttachCommand": "make ./run.sh"}`, daemon("28.0.0"), nil, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			if test.unix && runtime.GOOS == "windows" {
				t.Skip("Windows has other paths, and no mode that makes a file executable")
			}
			report := devcontainer.HostCheck(t.Context(), devcontainer.HostOptions{File: newWorkspace(t, test.text, scripts), Machine: test.docker, Env: map[string]string{"HOME": "/home/nobody"}})
			var got []string
			ids := map[string]bool{}
			for _, f := range report.Findings {
				ids[f.ID] = true
				if f.Status != cpython.Pass {
					got = append(got, fmt.Sprintf("%s %s: %s | %s | %s", f.ID, f.Status, f.Message, f.Found, f.Wanted))
				}
			}
			if len(ids) != 6 {
				t.Errorf("the report has only %v", ids)
			}
			if len(got) != len(test.want) {
				t.Fatalf("found\n%s\nwanted %d findings", strings.Join(got, "\n"), len(test.want))
			}
			for i, want := range test.want {
				id, words, _ := strings.Cut(want, ": ")
				if !strings.HasPrefix(got[i], id+": ") || !strings.Contains(got[i], words) {
					t.Errorf("finding %d is %q, wanted %q", i, got[i], want)
				}
			}
		})
	}
}

// TestHostCheckOwnPort leaves the ports of the container of this very workspace
// alone: the check runs at each start.
func TestHostCheckOwnPort(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	f := newWorkspace(t, fmt.Sprintf(`{"image": "a", "appPort": %d}`, listener.Addr().(*net.TCPAddr).Port), nil)
	folder, _ := devcontainer.WorkspaceOf(f.Path())
	docker := daemon("28.0.0")
	docker["docker ps"] = folder + "\n"
	if report := devcontainer.HostCheck(t.Context(), devcontainer.HostOptions{File: f, Machine: docker}); !report.OK() {
		t.Errorf("the report is %+v", report.Findings)
	}
}

func TestHostCheckFix(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("there is no mode that makes a file executable")
	}
	f := newWorkspace(t, `{"image": "a", "postStartCommand": "./run.sh && ./data && ./link"}`, map[string]string{"run.sh": "#!/bin/sh\n", "data": "no script"})
	folder, _ := devcontainer.WorkspaceOf(f.Path())
	outside := filepath.Join(t.TempDir(), "outside.sh")
	if err := os.WriteFile(outside, []byte("#!/bin/sh\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(outside, filepath.Join(folder, "link")); err != nil {
		t.Fatal(err)
	}
	report := devcontainer.HostCheck(t.Context(), devcontainer.HostOptions{File: f, Machine: daemon("28.0.0"), Fix: true})
	if report.Count(cpython.Warn) != 2 || report.Count(cpython.Fail) != 1 {
		t.Errorf("the report is %+v", report.Findings)
	}
	for name, want := range map[string]os.FileMode{filepath.Join(folder, "run.sh"): 0o755, filepath.Join(folder, "data"): 0o644, outside: 0o644} {
		if info, err := os.Stat(name); err != nil || info.Mode().Perm() != want {
			t.Errorf("%s has the mode %v (%v), wanted %v", name, info.Mode(), err, want)
		}
	}
}

func TestHostCheckWithoutFile(t *testing.T) {
	report := devcontainer.HostCheck(t.Context(), devcontainer.HostOptions{Workspace: t.TempDir(), Machine: daemon("28.0.0")})
	if report.OK() {
		t.Error("a folder without a devcontainer.json is OK")
	}
	if _, err := devcontainer.CheckAll(t.Context(), "", devcontainer.HostOptions{Workspace: t.TempDir()}); err == nil {
		t.Error("CheckAll wanted no file")
	}
}
