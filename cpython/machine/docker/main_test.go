package docker_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/2-coatl/cpython-prebuilt/cpython/machine"
	"github.com/2-coatl/cpython-prebuilt/cpython/machine/docker"
)

// What this program is when it is run again: an engine's command line, by the
// name it is called, or a driver that starts a container and waits.
func TestMain(m *testing.M) {
	switch name := filepath.Base(os.Args[0]); {
	case name == "docker" || name == "podman":
		os.Exit(fakeEngine(name, os.Args[1:]))
	case os.Getenv("DOCKER_TEST_DRIVER") != "":
		os.Exit(drive(os.Getenv("DOCKER_TEST_DRIVER")))
	}
	os.Exit(m.Run())
}

// drive starts a command in a container of an image, prints the container's
// name, and ends as a program does that is interrupted.
func drive(image string) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	m := docker.New(image)
	r, w := io.Pipe()
	go func() {
		if bufio.NewScanner(r).Scan() {
			fmt.Println(m.Name())
		}
	}()
	err := m.Run(ctx, machine.Cmd{Args: []string{"sh", "-c", "echo started; exec sleep 300"}, Stdout: w})
	if err := errors.Join(err, m.Close()); !errors.Is(err, context.Canceled) {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

// A fake is what the engine of a test does.
type fake struct {
	Says map[string]answer // by the first word of its arguments that is there
	Log  string            // a file that gets the arguments of every call as JSON
}

type answer struct {
	Out, Err string
	Code     int
}

// fakeEngine answers as the fake in the environment says. A container is a
// process of this host: run waits for the end of its input, exec runs.
func fakeEngine(name string, args []string) int {
	var f fake
	if err := json.Unmarshal([]byte(os.Getenv("DOCKER_TEST_FAKE_"+strings.ToUpper(name))), &f); err != nil {
		fmt.Fprintln(os.Stderr, "the fake engine has no fake:", err)
		return 99
	}
	if line, err := json.Marshal(append([]string{name}, args...)); err == nil && f.Log != "" {
		log, err := os.OpenFile(f.Log, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
		if err == nil {
			fmt.Fprintf(log, "%s\n", line)
			log.Close()
		}
	}
	if a, ok := f.Says[args[0]]; ok {
		fmt.Print(a.Out)
		fmt.Fprint(os.Stderr, a.Err)
		return a.Code
	}
	switch args[0] {
	case "run":
		fmt.Println("ready")
		if !slices.Contains(args, "--detach") {
			_, _ = io.Copy(io.Discard, os.Stdin)
		}
	case "exec":
		return fakeExec(args)
	}
	return 0
}

// fakeExec runs a command of docker exec on this host.
func fakeExec(args []string) int {
	at := slices.IndexFunc(args, func(arg string) bool { return strings.HasPrefix(arg, "cpython-prebuilt-") })
	if slices.Contains(args, "/home/cpython") && !slices.Contains(args, "--workdir") {
		fmt.Println("user 1000:1000")
		return 0
	}
	cmd := exec.Command(args[at+1], args[at+2:]...)
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	if slices.Contains(args, "--interactive") {
		cmd.Stdin = os.Stdin
	}
	err := cmd.Run()
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
		return exit.ExitCode()
	} else if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 126
	}
	return 0
}

// install puts fake engines at the front of PATH and returns what reads the
// arguments of every call so far. An engine without a fake is not there.
func install(t *testing.T, fakes map[string]fake) (calls func() [][]string) {
	t.Helper()
	bin := t.TempDir()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	log := filepath.Join(bin, "log")
	for name, f := range fakes {
		f.Log = log
		text, err := json.Marshal(f)
		if err == nil {
			err = os.Symlink(self, filepath.Join(bin, name))
		}
		if err != nil {
			t.Skip("this test makes links to programs:", err)
		}
		t.Setenv("DOCKER_TEST_FAKE_"+strings.ToUpper(name), string(text))
	}
	for _, tool := range []string{"sh", "sleep", "env", "setsid", "id", "tar", "mkdir", "readlink"} {
		if program, err := exec.LookPath(tool); err == nil {
			_ = os.Symlink(program, filepath.Join(bin, tool))
		}
	}
	t.Setenv("GORACE", "atexit_sleep_ms=0") // the race detector lets every program sleep at its end
	t.Setenv("PATH", bin)                   // and nothing of the host's: it may have engines
	return func() [][]string {
		text, err := os.ReadFile(log)
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			t.Fatal(err)
		}
		var all [][]string
		for line := range strings.Lines(string(text)) {
			var call []string
			if err := json.Unmarshal([]byte(line), &call); err != nil {
				t.Fatal(err)
			}
			all = append(all, call)
		}
		return all
	}
}

func logger(w io.Writer) *slog.Logger { return slog.New(slog.NewTextHandler(w, nil)) }
