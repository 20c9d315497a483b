package machinetest

import (
	"bufio"
	"context"
	"errors"
	"io"
	"strings"
	"time"

	"github.com/2-coatl/cpython-prebuilt/cpython/machine"
)

// patience is how long a Run may take to return after its context ended, and
// what it started to be gone.
const patience = 10 * time.Second

// children is a script that starts a child and a grandchild, prints their
// process numbers and waits. All of them hold the output open.
const children = `sh -c 'sleep 300 & printf "%s\n" $!; wait' &
printf "%s\n" $!; wait`

func (s *suite) cancelledBefore() {
	ctx, cancel := context.WithCancel(s.Context())
	cancel()
	s.copyIn(s.dir)
	c := shell("printf x >ran")
	c.Dir = s.dir
	if err := s.machine.Run(ctx, c); !errors.Is(err, context.Canceled) {
		s.Errorf("error is %v, wanted context.Canceled", err)
	}
	if s.there(s.dir + "/ran") {
		s.Error("the command ran")
	}
}

func (s *suite) cancelledGroup() { s.cancelled(shell(children)) }

func (s *suite) cancelledDeaf() { s.cancelled(shell(`trap "" TERM; ` + children)) }

func (s *suite) cancelledInput() {
	r, w := io.Pipe()
	defer w.Close()
	c := shell(children)
	c.Stdin = r
	s.cancelled(c)
}

func (s *suite) cancelledRoot() {
	if err := s.machine.Run(s.Context(), machine.Cmd{Args: []string{"id"}, Root: true}); errors.Is(err, machine.ErrNoRoot) {
		s.Skip("this machine cannot become root:", err)
	}
	c := shell(`trap "" TERM; ` + children)
	c.Root = true
	s.cancelled(c)
}

// cancelled runs a command that starts two processes and prints their numbers,
// ends its context, and checks that all ends soon.
func (s *suite) cancelled(c machine.Cmd) {
	ctx, cancel := context.WithCancel(s.Context())
	defer cancel()
	r, w := io.Pipe()
	c.Stdout = w
	done := make(chan error, 1)
	go func() {
		err := s.machine.Run(ctx, c)
		w.CloseWithError(errors.Join(err, io.EOF))
		done <- err
	}()
	lines := bufio.NewScanner(r)
	var numbers []string
	for len(numbers) < 2 && lines.Scan() {
		numbers = append(numbers, lines.Text())
	}
	if len(numbers) < 2 {
		s.Fatalf("the command printed %q, wanted two process numbers; %v", numbers, lines.Err())
	}
	go func() { _, _ = io.Copy(io.Discard, r) }()
	cancel()
	select {
	case err := <-done:
		if !errors.Is(err, context.Canceled) {
			s.Errorf("error is %v, wanted context.Canceled", err)
		}
	case <-time.After(patience):
		s.Fatalf("Run did not return within %s", patience)
	}
	s.wantGone(c.Root, numbers...)
}

// wantGone waits until processes of the machine have ended. A process that
// nobody has waited for yet, a zombie, has ended; kill -0 still finds it. It
// finds no processes of root's for anybody else.
func (s *suite) wantGone(root bool, numbers ...string) {
	s.Helper()
	const look = `kill -0 "$1" 2>/dev/null || exit 0; cat "/proc/$1/stat" 2>/dev/null || printf "%s (?) R" "$1"`
	for _, number := range numbers {
		for end := time.Now().Add(patience); ; time.Sleep(20 * time.Millisecond) {
			c := shell(look, number)
			c.Root = root
			stat := s.output(c)
			if _, state, _ := strings.Cut(stat, ") "); stat == "" || strings.HasPrefix(state, "Z") {
				break
			}
			if time.Now().After(end) {
				s.Errorf("process %s still runs: %s", number, stat)
				break
			}
		}
	}
}

func (s *suite) deadline() {
	ctx, cancel := context.WithTimeout(s.Context(), 50*time.Millisecond)
	defer cancel()
	started := time.Now()
	if err := s.machine.Run(ctx, machine.Cmd{Args: []string{"sleep", "300"}}); !errors.Is(err, context.DeadlineExceeded) {
		s.Errorf("error is %v, wanted context.DeadlineExceeded", err)
	}
	if took := time.Since(started); took > patience {
		s.Errorf("Run returned after %s", took)
	}
}
