//go:build unix

package remote_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/2-coatl/cpython-prebuilt/cpython/machine"
	"github.com/2-coatl/cpython-prebuilt/cpython/machine/internal/remote"
)

func TestRunKeepsOrderOfOneWriter(t *testing.T) {
	t.Parallel()
	got := shell(t, on(host{}), "for i in 1 2 3; do echo out; echo err >&2; done")
	if want := strings.Repeat("out\nerr\n", 3); got != want {
		t.Errorf("printed %q, wanted %q", got, want)
	}
}

func TestRunNotFound(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for _, test := range []struct {
		name  string
		cmd   machine.Cmd
		is    error
		wants []string
	}{
		{"given PATH", machine.Cmd{Args: []string{"sh"}, Env: []string{"PATH=" + dir}}, exec.ErrNotFound, []string{"sh", "searched in", dir}},
		{"relative PATH", machine.Cmd{Args: []string{"sh"}, Env: []string{"PATH=bin:."}, Dir: "/"}, exec.ErrNotFound, []string{"searched in"}},
		{"no PATH", machine.Cmd{Args: []string{"sh"}, Env: []string{}}, exec.ErrNotFound, []string{"sh", "has no PATH"}},
		{"own PATH", machine.Cmd{Args: []string{"no-such-program"}}, exec.ErrNotFound, []string{"no-such-program", "searched in", "/bin"}},
		{"with a folder", machine.Cmd{Args: []string{"./no-such-program"}, Dir: dir}, exec.ErrNotFound, []string{"./no-such-program"}},
		{"no folder", machine.Cmd{Args: []string{"sh"}, Dir: "/no/such/folder"}, os.ErrNotExist, []string{"run sh", "/no/such/folder"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			err := on(host{}).Run(t.Context(), test.cmd)
			if !errors.Is(err, test.is) {
				t.Fatalf("error is %v, wanted %v", err, test.is)
			}
			for _, want := range test.wants {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("error %q does not name %q", err, want)
				}
			}
		})
	}
}

func TestRunRefuses(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]machine.Cmd{
		"no NAME=value": {Args: []string{"env"}, Env: []string{"PATH=/bin", "oops"}},
		"zero byte":     {Args: []string{"printf", "a\x00b"}},
	} {
		if err := on(host{}).Run(t.Context(), c); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("error is %v, wanted %q in it", err, name)
		}
	}
}

func TestRunEndsWhatIsLeftOver(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ name, script string }{
		{"silent", "sleep 300 >/dev/null 2>&1 & echo $!"},
		{"holding the output", "sleep 300 & echo $!"},
		{"deaf", "trap '' TERM HUP; sleep 300 >/dev/null 2>&1 & echo $!"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			started := time.Now()
			number := strings.TrimSpace(shell(t, on(host{}), test.script))
			if took := time.Since(started); took > 8*time.Second {
				t.Errorf("Run took %s", took)
			}
			if got := shell(t, on(host{}), `kill -0 "$1" 2>/dev/null && cat "/proc/$1/stat" || :`, number); got != "" && !strings.Contains(got, ") Z") {
				t.Errorf("process %s is left: %s", number, got)
			}
		})
	}
}

// What left the group holds the output open, and Run returns all the same.
func TestRunDoesNotWaitForADaemon(t *testing.T) {
	t.Parallel()
	started := time.Now()
	out := shell(t, on(host{}), "setsid sleep 300 & sleep 0.2; echo $!")
	if took := time.Since(started); took > 8*time.Second {
		t.Errorf("Run took %s", took)
	}
	_ = exec.Command("kill", strings.TrimSpace(out)).Run()
}

func TestRunWaitsForOutputOfALateWriter(t *testing.T) {
	t.Parallel()
	if got := shell(t, on(host{}), "(sleep 0.2; echo late) & echo early"); got != "early\nlate\n" {
		t.Errorf("printed %q, wanted early and late", got)
	}
}

func TestRunDoesNotWaitForInput(t *testing.T) {
	t.Parallel()
	r, w := io.Pipe()
	defer w.Close()
	started := time.Now()
	if err := on(host{}).Run(t.Context(), machine.Cmd{Args: []string{"sh", "-c", "exit 0"}, Stdin: r}); err != nil {
		t.Error(err)
	}
	if took := time.Since(started); took > 5*time.Second {
		t.Errorf("Run took %s, though the command had ended", took)
	}
}

func TestRunGivesTheCause(t *testing.T) {
	t.Parallel()
	cause := errors.New("had enough")
	ctx, cancel := context.WithCancelCause(t.Context())
	time.AfterFunc(200*time.Millisecond, func() { cancel(cause) })
	err := on(host{}).Run(ctx, machine.Cmd{Args: []string{"sleep", "300"}})
	if !errors.Is(err, context.Canceled) || !errors.Is(err, cause) {
		t.Errorf("error is %v, wanted context.Canceled and its cause", err)
	}
}

func TestRunTakesManyArguments(t *testing.T) {
	t.Parallel()
	args := []string{"printf", `%s\n`}
	for i := range 5000 {
		args = append(args, fmt.Sprintf("argument %d", i))
	}
	var out bytes.Buffer
	started := time.Now()
	if err := on(host{}).Run(t.Context(), machine.Cmd{Args: args, Stdout: &out}); err != nil {
		t.Fatal(err)
	}
	if got := strings.Split(strings.TrimSpace(out.String()), "\n"); !slices.Equal(got, args[2:]) {
		t.Errorf("%d arguments arrived", len(got))
	}
	if took := time.Since(started); took > 5*time.Second {
		t.Errorf("Run took %s", took)
	}
}

func TestRunIsNotFooledByItsOwnMark(t *testing.T) {
	t.Parallel()
	if _, err := os.Stat("/proc/self/cmdline"); err != nil {
		t.Skip(err)
	}
	// A command that lists all processes prints the arguments of runScript.
	c := machine.Cmd{Args: []string{"sh", "-c", `tr '\0' ' ' </proc/$PPID/cmdline >&2; exit 7`}}
	err := on(host{}).Run(t.Context(), c)
	if exit := (*machine.ExitError)(nil); !errors.As(err, &exit) || exit.Code != 7 {
		t.Errorf("error is %v, wanted exit code 7", err)
	}
}

func TestRunTransportFails(t *testing.T) {
	t.Parallel()
	unreachable := errors.New("no route")
	m := on(host{fail: func([]string) (int, error) { return 0, unreachable }})
	if err := m.Run(t.Context(), machine.Cmd{Args: []string{"true"}}); !errors.Is(err, unreachable) {
		t.Errorf("error is %v, wanted that of the transport", err)
	}
	m = on(host{fail: func([]string) (int, error) { return 255, nil }})
	lost := (*remote.LostError)(nil)
	if err := m.Run(t.Context(), machine.Cmd{Args: []string{"true"}}); !errors.As(err, &lost) || lost.Started || lost.Code != 255 {
		t.Errorf("error is %v, wanted a LostError with code 255", err)
	}
	// Who ends the wrapper takes the command with it.
	c := machine.Cmd{Args: []string{"sh", "-c", `kill -KILL $PPID; exec sleep 300`}}
	if err := on(host{}).Run(t.Context(), c); !errors.As(err, &lost) || !lost.Started || lost.Code != 128+9 {
		t.Errorf("error is %v, wanted a LostError with code 137", err)
	}
}
