package machine_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/2-coatl/cpython-prebuilt/cpython/machine"
	"github.com/2-coatl/cpython-prebuilt/cpython/machine/machinetest"
)

func TestLocal(t *testing.T) {
	t.Parallel()
	needShell(t)
	machinetest.Conform(t, machine.Local(), machinetest.Options{
		Dir:      t.TempDir(),
		UTF8Only: runtime.GOOS == "darwin",
		Files:    2_000,
	})
}

func needShell(t *testing.T) {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("needs a POSIX shell")
	}
}

// run runs a shell script that must succeed and returns what it printed.
func run(t *testing.T, script string, args ...string) string {
	t.Helper()
	var out bytes.Buffer
	c := machine.Cmd{Args: append([]string{"sh", "-c", script, "sh"}, args...), Stdout: &out, Stderr: &out}
	if err := machine.Local().Run(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func TestLocalKeepsOrderOfOneWriter(t *testing.T) {
	t.Parallel()
	needShell(t)
	got := run(t, "for i in 1 2 3; do echo out; echo err >&2; done")
	if want := strings.Repeat("out\nerr\n", 3); got != want {
		t.Errorf("printed %q, wanted %q", got, want)
	}
}

func TestLocalTailOfTwoWriters(t *testing.T) {
	t.Parallel()
	needShell(t)
	for _, test := range []struct {
		name, script, want string
	}{
		{"errors stand last", "echo error >&2; echo out; exit 1", "out\nerror"},
		{"errors have priority", "i=0; while [ $i -lt 99 ]; do i=$((i+1)); echo $i; [ $i -gt 2 ] || echo error $i >&2; done; exit 1",
			"82\n83\n84\n85\n86\n87\n88\n89\n90\n91\n92\n93\n94\n95\n96\n97\n98\n99\nerror 1\nerror 2"},
		{"only errors", "i=0; while [ $i -lt 20 ]; do i=$((i+1)); echo e >&2; done; echo out; exit 1", strings.Repeat("\ne", 20)[1:]},
	} {
		t.Run(test.name, func(t *testing.T) {
			var out bytes.Buffer
			err := machine.Local().Run(t.Context(), machine.Cmd{Args: []string{"sh", "-c", test.script}, Stdout: &out})
			exit := (*machine.ExitError)(nil)
			if !errors.As(err, &exit) || exit.Tail != test.want {
				t.Errorf("error is %v, wanted an ExitError with tail %q", err, test.want)
			}
		})
	}
}

// A list is a writer that cannot be compared: == on two of them panics.
type list []io.Writer

func (l list) Write(p []byte) (int, error) { return io.MultiWriter(l...).Write(p) }

func TestLocalTakesWritersThatCannotBeCompared(t *testing.T) {
	t.Parallel()
	needShell(t)
	var out bytes.Buffer
	c := machine.Cmd{Args: []string{"sh", "-c", "echo out"}, Stdout: list{&out}, Stderr: list{io.Discard}}
	if err := machine.Local().Run(t.Context(), c); err != nil || out.String() != "out\n" {
		t.Errorf("%v, printed %q", err, out.String())
	}
}

func TestLocalTail(t *testing.T) {
	t.Parallel()
	needShell(t)
	for _, test := range []struct {
		name, script, want string
	}{
		{"nothing", "exit 1", ""},
		{"both streams in one pipe", "echo a; echo b >&2; echo c; exit 1", "a\nb\nc"},
		{"no newline at the end", "printf 'a\nb'; exit 1", "a\nb"},
		{"twenty lines", "seq=0; while [ $seq -lt 99 ]; do seq=$((seq+1)); echo $seq; done; exit 1",
			"80\n81\n82\n83\n84\n85\n86\n87\n88\n89\n90\n91\n92\n93\n94\n95\n96\n97\n98\n99"},
		{"bytes that are no text", `printf 'a\377b\n'; exit 1`, "a\ufffdb"},
	} {
		t.Run(test.name, func(t *testing.T) {
			err := machine.Local().Run(t.Context(), machine.Cmd{Args: []string{"sh", "-c", test.script}})
			exit := (*machine.ExitError)(nil)
			if !errors.As(err, &exit) {
				t.Fatalf("error is %v, wanted an ExitError", err)
			}
			if exit.Tail != test.want {
				t.Errorf("tail is %q, wanted %q", exit.Tail, test.want)
			}
		})
	}
}

func TestLocalTailIsBounded(t *testing.T) {
	t.Parallel()
	needShell(t)
	for _, line := range []int{10, 1000, 5000, 100_000} {
		input := strings.Repeat(strings.Repeat("x", line)+"\n", 40)
		c := machine.Cmd{Args: []string{"sh", "-c", "cat; exit 1"}, Stdin: strings.NewReader(input)}
		exit := (*machine.ExitError)(nil)
		if err := machine.Local().Run(t.Context(), c); !errors.As(err, &exit) {
			t.Fatalf("error is %v, wanted an ExitError", err)
		}
		if n := len(exit.Tail); n > 8<<10 || n < min(8<<10, 20*line)/2 {
			t.Errorf("tail of lines of %d bytes has %d bytes", line, n)
		}
		if first, _, _ := strings.Cut(exit.Tail, "\n"); line <= 5000 && len(first) != line {
			t.Errorf("first line of the tail has %d bytes, wanted a whole one of %d", len(first), line)
		}
	}
}

func TestLocalFindsProgramInPathOfCmd(t *testing.T) {
	t.Parallel()
	needShell(t)
	first, second := t.TempDir(), t.TempDir()
	script := func(dir, name string, mode fs.FileMode) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, name), []byte("#!/bin/sh\necho "+filepath.Base(dir)+"\n"), mode); err != nil {
			t.Fatal(err)
		}
	}
	script(first, "tool", 0o644) // no program
	script(second, "tool", 0o755)
	script(first, "other", 0o755)
	path := func(dirs ...string) []string { return []string{"PATH=" + strings.Join(dirs, ":")} }
	for _, test := range []struct {
		name, program string
		env           []string
		want          string
	}{
		{"in a later folder", "tool", path(first, second), filepath.Base(second)},
		{"last PATH counts", "other", append(path("/nowhere"), path(first)...), filepath.Base(first)},
		{"relative folders do not", "other", path(".", "", first), filepath.Base(first)},
	} {
		t.Run(test.name, func(t *testing.T) {
			var out bytes.Buffer
			c := machine.Cmd{Args: []string{test.program}, Env: test.env, Dir: second, Stdout: &out}
			if err := machine.Local().Run(t.Context(), c); err != nil || out.String() != test.want+"\n" {
				t.Errorf("%v, printed %q, wanted %q", err, out.String(), test.want)
			}
		})
	}
}

func TestLocalProgramNotFound(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for _, test := range []struct {
		name  string
		cmd   machine.Cmd
		wants []string
	}{
		{"given PATH", machine.Cmd{Args: []string{"sh"}, Env: []string{"PATH=" + dir}}, []string{"sh", "searched in", filepath.Base(dir)}},
		{"no PATH", machine.Cmd{Args: []string{"sh"}, Env: []string{}}, []string{"sh", "has no PATH"}},
		{"own PATH", machine.Cmd{Args: []string{"no-such-program"}}, []string{"no-such-program", "searched in"}},
		{"with a folder", machine.Cmd{Args: []string{"./no-such-program"}, Dir: dir}, []string{"./no-such-program"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			err := machine.Local().Run(t.Context(), test.cmd)
			if !errors.Is(err, exec.ErrNotFound) {
				t.Fatalf("error is %v, wanted exec.ErrNotFound", err)
			}
			for _, want := range test.wants {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("error %q does not name %q", err, want)
				}
			}
		})
	}
}

func TestLocalNilEnvIsThisProgramsOwn(t *testing.T) {
	needShell(t)
	t.Setenv("MACHINE_TEST", "own")
	if got := run(t, "echo $MACHINE_TEST"); got != "own\n" {
		t.Errorf("variable of this program is %q in the command", got)
	}
}

func TestLocalEndsWhatIsLeftOver(t *testing.T) {
	t.Parallel()
	needShell(t)
	for _, test := range []struct {
		name, script string
	}{
		{"silent", "sleep 300 >/dev/null 2>&1 & echo $!"},
		{"holding the output", "sleep 300 & echo $!"},
		{"deaf", "trap '' TERM HUP; sleep 300 >/dev/null 2>&1 & echo $!"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			started := time.Now()
			number := strings.TrimSpace(run(t, test.script))
			if took := time.Since(started); took > 8*time.Second {
				t.Errorf("Run took %s", took)
			}
			if got := run(t, `kill -0 "$1" 2>/dev/null && cat "/proc/$1/stat" || :`, number); got != "" && !strings.Contains(got, ") Z") {
				t.Errorf("process %s is left: %s", number, got)
			}
		})
	}
}

func TestLocalWaitsForOutputOfALateWriter(t *testing.T) {
	t.Parallel()
	needShell(t)
	if got := run(t, "(sleep 0.2; echo late) & echo early"); got != "early\nlate\n" {
		t.Errorf("printed %q, wanted early and late", got)
	}
}

func TestLocalGivesTimeToEnd(t *testing.T) {
	t.Parallel()
	needShell(t)
	file := filepath.Join(t.TempDir(), "tidy")
	ctx, cancel := context.WithCancelCause(t.Context())
	defer cancel(nil)
	cause := errors.New("had enough")
	c := machine.Cmd{
		// The group's second member tidies up after the leader has gone.
		Args:   []string{"sh", "-c", `(trap 'sleep 0.2; echo tidy >"$1"; exit' TERM; echo ready; while :; do sleep 0.05; done) & wait`, "sh", file},
		Stdout: writerFunc(func(p []byte) (int, error) { cancel(cause); return len(p), nil }),
	}
	if err := machine.Local().Run(ctx, c); !errors.Is(err, context.Canceled) || !errors.Is(err, cause) {
		t.Errorf("error is %v, wanted context.Canceled and its cause", err)
	}
	if _, err := os.Stat(file); err != nil {
		t.Errorf("the command had no time to tidy up: %v", err)
	}
}

type writerFunc func(p []byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }

func TestLocalHasNoTerminal(t *testing.T) {
	t.Parallel()
	needShell(t)
	err := machine.Local().Run(t.Context(), machine.Cmd{Args: []string{"sh", "-c", "exec </dev/tty"}})
	if err == nil {
		t.Error("a command could open a terminal")
	}
}

func TestLocalHandsOverAFile(t *testing.T) {
	t.Parallel()
	needShell(t)
	name := filepath.Join(t.TempDir(), "input")
	if err := os.WriteFile(name, []byte("first\nsecond\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	// read takes single bytes of a pipe and of a file, so the rest is left.
	if err := machine.Local().Run(t.Context(), machine.Cmd{Args: []string{"sh", "-c", "read line"}, Stdin: f}); err != nil {
		t.Fatal(err)
	}
	if rest, err := io.ReadAll(f); err != nil || string(rest) != "second\n" {
		t.Errorf("%v, the command left %q, wanted the second line", err, rest)
	}
}

func TestLocalDoesNotWaitForInput(t *testing.T) {
	t.Parallel()
	needShell(t)
	r, w := io.Pipe()
	defer w.Close()
	started := time.Now()
	if err := machine.Local().Run(t.Context(), machine.Cmd{Args: []string{"sh", "-c", "exit 0"}, Stdin: r}); err != nil {
		t.Error(err)
	}
	if took := time.Since(started); took > 5*time.Second {
		t.Errorf("Run took %s, though the command had ended", took)
	}
}

// Programs are written and run at once, as fork and O_CLOEXEC allow it.
func TestLocalRunsWhatWasJustCopied(t *testing.T) {
	t.Parallel()
	needShell(t)
	dir := t.TempDir()
	errs := make(chan error)
	const n = 8
	for i := range n {
		go func() {
			for j := range 10 {
				name := filepath.Join(dir, fmt.Sprintf("program%d-%d", i, j))
				err := os.WriteFile(name, []byte("#!/bin/sh\nexit 0\n"), 0o755)
				err = errors.Join(err, machine.Local().Run(t.Context(), machine.Cmd{Args: []string{name}}))
				if err != nil {
					errs <- err
					return
				}
			}
			errs <- nil
		}()
	}
	for range n {
		if err := <-errs; err != nil {
			t.Errorf("text file busy: %t: %v", errors.Is(err, syscall.ETXTBSY), err)
		}
	}
}

func TestExitErrorText(t *testing.T) {
	err := &machine.ExitError{Cmd: []string{"make", "-j2"}, Code: 2, Tail: "cc: no such file"}
	if got, want := err.Error(), "make -j2: exit code 2\ncc: no such file"; got != want {
		t.Errorf("text is %q, wanted %q", got, want)
	}
	err.Tail = ""
	if got, want := err.Error(), "make -j2: exit code 2"; got != want {
		t.Errorf("text is %q, wanted %q", got, want)
	}
}

func ExampleLocal() {
	var out bytes.Buffer
	err := machine.Local().Run(context.Background(), machine.Cmd{
		Args:   []string{"sh", "-c", "echo 3.13.5; echo no such module >&2; exit 1"},
		Stdout: &out,
	})
	if exit := (*machine.ExitError)(nil); errors.As(err, &exit) {
		fmt.Println("printed:", strings.TrimSpace(out.String()))
		fmt.Println("code:", exit.Code)
		fmt.Println("tail:", slices.Collect(strings.Lines(exit.Tail)))
	}
	// Output:
	// printed: 3.13.5
	// code: 1
	// tail: [3.13.5
	//  no such module]
}
