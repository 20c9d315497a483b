//go:build unix

package docker_test

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/2-coatl/cpython-prebuilt/cpython"
	"github.com/2-coatl/cpython-prebuilt/cpython/machine"
	"github.com/2-coatl/cpython-prebuilt/cpython/machine/docker"
)

var (
	works = fake{Says: map[string]answer{"version": {Out: "28.2.2\n"}, "info": {Out: "4.3.1\n"}}}
	down  = fake{Says: map[string]answer{"version": {Err: "Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?\n", Code: 1}}}
)

// call returns the first call that begins with words.
func call(t *testing.T, calls [][]string, words ...string) []string {
	t.Helper()
	for _, c := range calls {
		if len(c) >= len(words) && slices.Equal(c[:len(words)], words) {
			return c
		}
	}
	t.Fatalf("nobody called %q; the calls are\n%q", words, calls)
	return nil
}

func TestRun(t *testing.T) {
	calls := install(t, map[string]fake{"docker": works})
	m := docker.New("debian:12")
	m.Arch, m.Network, m.Volumes = "arm64", "host", []docker.Volume{{Name: "ccache", Path: "/ccache"}}
	if m.Name() != "" || len(calls()) > 0 {
		t.Error("something was done before the first use")
	}
	var out bytes.Buffer
	if err := m.Run(t.Context(), machine.Cmd{Args: []string{"sh", "-c", "echo hello"}, Stdout: &out}); err != nil || out.String() != "hello\n" {
		t.Fatalf("%v, printed %q", err, out.String())
	}
	if err := m.Run(t.Context(), machine.Cmd{Args: []string{"id"}, Root: true, Stdin: strings.NewReader("")}); err != nil {
		t.Fatal(err)
	}
	name := m.Name()
	if err := errors.Join(m.Close(), m.Close()); err != nil {
		t.Fatal(err)
	}
	all := calls()
	call(t, all, "docker", "volume", "create", "--label", "cpython-prebuilt", "ccache")
	run := call(t, all, "docker", "run", "--name", name, "--label", "cpython-prebuilt")
	for _, want := range []string{"--platform linux/arm64", "--network host", "--volume ccache:/ccache", "--rm --interactive debian:12 -c"} {
		if !strings.Contains(strings.Join(run, " "), want) {
			t.Errorf("%q lacks %q", run, want)
		}
	}
	user := call(t, all, "docker", "exec", "--user", "0:0", name)
	if got := user[len(user)-2:]; !slices.Equal(got, []string{"/home/cpython", "/ccache"}) {
		t.Errorf("folders of the user are %q", got)
	}
	call(t, all, "docker", "exec", "--user", "1000:1000", "--env", "HOME=/home/cpython", "--workdir", "/home/cpython", name, "sh")
	call(t, all, "docker", "exec", "--user", "0:0", "--workdir", "/", "--interactive", name, "sh")
	if slices.ContainsFunc(all, func(c []string) bool { return c[1] == "rm" }) {
		t.Error("a container that ended by itself was removed once more")
	}
	if err := m.Run(t.Context(), machine.Cmd{Args: []string{"true"}}); err == nil || !strings.Contains(err.Error(), "closed") {
		t.Errorf("after Close: %v", err)
	}
}

func TestKeep(t *testing.T) {
	calls := install(t, map[string]fake{"docker": works})
	var log bytes.Buffer
	m := docker.New("debian:12")
	m.Keep, m.Logger = true, logger(&log)
	if err := m.Run(t.Context(), machine.Cmd{Args: []string{"sh", "-c", "exit 0"}}); err != nil {
		t.Fatal(err)
	}
	name := m.Name()
	if err := m.Close(); err != nil {
		t.Fatal(err)
	}
	if run := call(t, calls(), "docker", "run"); !slices.Contains(run, "--detach") || slices.Contains(run, "--rm") {
		t.Errorf("%q, wanted a container that stays", run)
	}
	if !strings.Contains(log.String(), "docker rm -f "+name) {
		t.Errorf("the log does not say how to remove it:\n%s", log.String())
	}
}

func TestEngineIsChosen(t *testing.T) {
	for _, test := range []struct {
		name   string
		wanted string
		fakes  map[string]fake
		engine string // that runs the container
		err    string
	}{
		{"docker first", "", map[string]fake{"docker": works, "podman": works}, "docker", ""},
		{"podman alone", "", map[string]fake{"podman": works}, "podman", ""},
		{"docker is down", "", map[string]fake{"docker": down, "podman": works}, "podman", ""},
		{"as wanted", "podman", map[string]fake{"docker": works, "podman": works}, "podman", ""},
		{"none", "", nil, "", "neither docker nor podman is on PATH"},
		{"wanted is not there", "podman", map[string]fake{"docker": works}, "", "podman is not on PATH"},
		{"docker is down, no podman", "", map[string]fake{"docker": down}, "", "daemon at unix:///var/run/docker.sock does not answer; start it"},
		{"wanted is down", "docker", map[string]fake{"docker": down, "podman": works}, "", "does not answer"},
		{"unknown", "rkt", nil, "", `engine "rkt" is not known`},
	} {
		t.Run(test.name, func(t *testing.T) {
			calls := install(t, test.fakes)
			m := docker.New("debian:12")
			m.Engine = test.wanted
			defer m.Close()
			err := m.Run(t.Context(), machine.Cmd{Args: []string{"sh", "-c", "exit 0"}})
			if test.err != "" {
				if err == nil || !strings.Contains(err.Error(), test.err) {
					t.Errorf("error is %v, wanted %q in it", err, test.err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			call(t, calls(), test.engine, "run")
		})
	}
}

func TestStartFails(t *testing.T) {
	for name, test := range map[string]struct {
		says map[string]answer
		kind error
	}{
		"image": {map[string]answer{"run": {Err: "Unable to find image 'x:latest' locally\ndocker: Error response from daemon: manifest unknown.\n", Code: 125}}, docker.ErrNoImage},
		"here for another": {map[string]answer{
			"run":   {Err: "Unable to find image 'x:latest' locally\ndocker: Error response from daemon: manifest unknown.\n", Code: 125},
			"image": {Out: "linux/amd64\n"}}, docker.ErrArch},
		"ends at once": {map[string]answer{"exec": {Err: "Error response from daemon: Container 1 is not running\n", Code: 1}}, docker.ErrGone},
	} {
		t.Run(name, func(t *testing.T) {
			test.says["version"] = answer{Out: "28.2.2\n"}
			if name == "image" {
				test.says["image"] = answer{Code: 1, Err: "Error: No such image: x"}
			}
			calls := install(t, map[string]fake{"docker": {Says: test.says}})
			m := docker.New("x")
			m.Arch = "arm64"
			err := m.Run(t.Context(), machine.Cmd{Args: []string{"true"}})
			if !errors.Is(err, test.kind) {
				t.Errorf("error is %v, wanted %v", err, test.kind)
			}
			if err := m.Close(); err != nil || m.Name() != "" {
				t.Errorf("close: %v, name %q", err, m.Name())
			}
			call(t, calls(), "docker", "run")
		})
	}
}

func TestRefusesWhatIsNotUTF8(t *testing.T) {
	install(t, map[string]fake{"docker": works})
	m := docker.New("debian:12")
	defer m.Close()
	err := m.Run(t.Context(), machine.Cmd{Args: []string{"printf", "\xff"}})
	if err == nil || !strings.Contains(err.Error(), "not UTF-8") {
		t.Errorf("error is %v, wanted one that says why", err)
	}
}

func TestCancelledBeforeItStarts(t *testing.T) {
	calls := install(t, map[string]fake{"docker": works})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := docker.New("debian:12").Run(ctx, machine.Cmd{Args: []string{"true"}}); !errors.Is(err, context.Canceled) {
		t.Errorf("error is %v, wanted context.Canceled", err)
	}
	if len(calls()) > 0 {
		t.Errorf("the engine was called: %q", calls())
	}
}

func TestCheck(t *testing.T) {
	install(t, map[string]fake{"docker": works})
	if f := docker.Check(t.Context(), "")[0]; f.Status != cpython.Pass || f.Subject != "docker" || f.Found != "28.2.2" {
		t.Errorf("%+v, wanted a pass with the version", f)
	}
	install(t, map[string]fake{"docker": down})
	if f := docker.Check(t.Context(), "")[0]; f.Status != cpython.Fail || !strings.Contains(f.Message, "does not answer") || f.Fix != "sudo systemctl start docker" {
		t.Errorf("%+v, wanted a failure with its fix", f)
	}
}

func TestListAndRemove(t *testing.T) {
	says := map[string]answer{
		"version": {Out: "28.2.2\n"},
		"ps":      {Out: "12\tcpython-prebuilt-abc\trunning\t5MB (virtual 200MB)\n"},
		"images":  {Out: "34\tcpython-prebuilt/debian:bookworm\t\t199MB\n"},
		"rmi":     {Err: "Error response from daemon: conflict: unable to remove\n", Code: 1},
		"rm":      {Err: "Error response from daemon: No such container: 12\n", Code: 1},
	}
	calls := install(t, map[string]fake{"docker": {Says: says}})
	found, err := docker.List(t.Context(), "")
	want := []docker.Leftover{
		{Kind: "container", ID: "12", Name: "cpython-prebuilt-abc", State: "running", Size: "5MB (virtual 200MB)"},
		{Kind: "image", ID: "34", Name: "cpython-prebuilt/debian:bookworm", Size: "199MB"},
	}
	if err != nil || !slices.Equal(found, want) {
		t.Fatalf("%v, found %+v, wanted %+v", err, found, want)
	}
	err = docker.Remove(t.Context(), "", append(found, docker.Leftover{Kind: "volume", ID: "ccache"})...)
	if err == nil || !strings.Contains(err.Error(), "conflict") || strings.Contains(err.Error(), "is gone") {
		t.Errorf("error is %v, wanted only that of the image", err)
	}
	call(t, calls(), "docker", "rm", "--force", "12")
	call(t, calls(), "docker", "volume", "rm", "ccache")
}

func ExampleNew() {
	m := docker.New("debian:12")
	defer m.Close()
	m.Volumes = []docker.Volume{{Name: "cpython-prebuilt-ccache", Path: "/var/cache/ccache"}}
	_ = m.Run(context.Background(), machine.Cmd{Args: []string{"apt-get", "update"}, Root: true})
}
