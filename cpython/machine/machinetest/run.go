package machinetest

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing/iotest"

	"github.com/2-coatl/cpython-prebuilt/cpython/machine"
)

// wantExit checks that err is an ExitError with the code.
func (s *suite) wantExit(err error, code int) *machine.ExitError {
	s.Helper()
	exit := (*machine.ExitError)(nil)
	if !errors.As(err, &exit) {
		s.Fatalf("error is %v, wanted a *machine.ExitError", err)
	}
	if exit.Code != code {
		s.Errorf("exit code is %d, wanted %d (%v)", exit.Code, code, err)
	}
	return exit
}

func (s *suite) exitCode() {
	if err := s.machine.Run(s.Context(), shell("exit 0")); err != nil {
		s.Errorf("exit 0: %v", err)
	}
	for _, code := range []int{1, 2, 42, 255} {
		c := shell(`exit "$1"`, fmt.Sprint(code))
		exit := s.wantExit(s.machine.Run(s.Context(), c), code)
		if !slices.Equal(exit.Cmd, c.Args) {
			s.Errorf("command of the error is %q, wanted %q", exit.Cmd, c.Args)
		}
	}
}

func (s *suite) signal() {
	s.wantExit(s.machine.Run(s.Context(), shell("kill -KILL $$")), 128+9)
	s.wantExit(s.machine.Run(s.Context(), shell("kill -TERM $$")), 128+15)
}

func (s *suite) tail() {
	var out strings.Builder
	c := shell(`i=0; while [ $i -lt 5000 ]; do printf "line %s\n" $i; i=$((i+1)); done; printf "no such thing\n" >&2; exit 3`)
	c.Stdout = &out
	exit := s.wantExit(s.machine.Run(s.Context(), c), 3)
	if !strings.Contains(exit.Tail, "no such thing") || !strings.Contains(exit.Tail, "line 4999") {
		s.Errorf("tail lacks the last lines:\n%s", exit.Tail)
	}
	if lines := strings.Count(exit.Tail, "\n"); lines > 100 {
		s.Errorf("tail has %d lines, wanted the last ones", lines)
	}
	if lines := strings.Count(out.String(), "\n"); lines != 5000 {
		s.Errorf("%d lines were passed on, wanted all 5000", lines)
	}
}

func (s *suite) noProgram() {
	for _, name := range []string{"no-such-program-anywhere", "/no/such/program-anywhere"} {
		err := s.machine.Run(s.Context(), machine.Cmd{Args: []string{name}})
		if err == nil || !strings.Contains(err.Error(), name) {
			s.Errorf("error is %v, wanted one that names %s", err, name)
		}
	}
	if err := s.machine.Run(s.Context(), machine.Cmd{}); err == nil {
		s.Error("no arguments at all were no error")
	}
}

func (s *suite) noFolder() {
	c := shell("exit 0")
	c.Dir = s.dir + "/no-such-folder"
	if err := s.machine.Run(s.Context(), c); err == nil {
		s.Error("a working folder that is not there was no error")
	}
}

// oddTexts must get through as arguments, as values of the environment and,
// but for the empty one, as names.
func (s *suite) oddTexts() []string {
	texts := []string{
		"", " ", "two words", " edges ", "tab\there", "new\nline", "trailing\n", "return\r", "-n", "--", "--help",
		`"double"`, `'single'`, "`back`", `back\slash`, `end\`, "$HOME", "${x}", "$(exit 9)", "a;b", "a&b", "a|b", "<in>out",
		"*", "?", "[a-z]", "{a,b}", "~", "!history", "#comment", "%s%d", "a=b", "(parenthesis)", "^caret",
		"größe", "日本語", "🐍", "e\u0301", "\u202eright to left", "bell\a",
	}
	if !s.opts.UTF8Only {
		texts = append(texts, "\xff\xfe", "latin1 \xe4")
	}
	return texts
}

func (s *suite) arguments() {
	want := s.oddTexts()
	got := s.output(machine.Cmd{Args: append([]string{"printf", `%s\0`}, want...)})
	if got := strings.Split(strings.TrimSuffix(got, "\x00"), "\x00"); !slices.Equal(got, want) {
		s.Errorf("arguments arrived as\n%q, wanted\n%q", got, want)
	}
}

func (s *suite) environmentGiven() {
	env := []string{"PATH=" + s.opts.Path}
	for i, text := range s.oddTexts() {
		env = append(env, fmt.Sprintf("V%d=%s", i, text))
	}
	lines := func(text string) []string { return slices.Sorted(strings.Lines(text)) }
	got := lines(s.output(machine.Cmd{Args: []string{"env"}, Env: env}))
	if want := lines(strings.Join(env, "\n") + "\n"); !slices.Equal(got, want) {
		s.Errorf("environment is\n%q, wanted exactly\n%q", got, want)
	}
}

func (s *suite) environmentOwn() {
	if got := s.output(machine.Cmd{Args: []string{"env"}}); !strings.Contains("\n"+got, "\nPATH=") {
		s.Errorf("the machine's own environment has no PATH:\n%s", got)
	}
}

func (s *suite) workingFolder() {
	dir := s.dir + "/it's a \"folder\" $HOME"
	s.copyIn(dir, file("here", 0o644, "found"), file("program", 0o755, "#!/bin/sh\ncat here\n"))
	if got := s.output(machine.Cmd{Args: []string{"cat", "here"}, Dir: dir}); got != "found" {
		s.Errorf("cat here printed %q, wanted found", got)
	}
	if got := s.output(machine.Cmd{Args: []string{"./program"}, Dir: dir}); got != "found" {
		s.Errorf("./program printed %q, wanted found", got)
	}
}

// root needs no rights of root of the machine, but where it says that it has
// none it must have run nothing.
func (s *suite) root() {
	s.copyIn(s.dir)
	c := shell(`printf x >ran; printf "%s %s" "$(id -u)" "$V"`)
	c.Dir, c.Env, c.Root = s.dir, []string{"PATH=" + s.opts.Path, "V=it's given"}, true
	var out strings.Builder
	c.Stdout = &out
	err := s.machine.Run(s.Context(), c)
	if errors.Is(err, machine.ErrNoRoot) {
		if s.there(s.dir + "/ran") {
			s.Errorf("the command ran, and yet: %v", err)
		}
		s.Skip("this machine cannot become root:", err)
	}
	if err != nil || out.String() != "0 it's given" {
		s.Errorf("%v, printed %q, wanted uid 0 and the value of V", err, out.String())
	}
	c = shell(`exit 3`)
	c.Root = true
	if exit := s.wantExit(s.machine.Run(s.Context(), c), 3); !slices.Equal(exit.Cmd, c.Args) {
		s.Errorf("command of the error is %q, wanted %q", exit.Cmd, c.Args)
	}
	c = shell(`rm ran`) // so that an ordinary user can remove the folder
	c.Dir, c.Root = s.dir, true
	if err := s.machine.Run(s.Context(), c); err != nil {
		s.Error(err)
	}
}

func (s *suite) binaryData() {
	var want []byte
	for i := range 1 << 16 {
		want = append(want, byte(i), byte(i>>8))
	}
	want = append(want, "\r\n\n\r\x1a\x00\x04"...) // no newline at the end
	c := machine.Cmd{Args: []string{"cat"}, Stdin: bytes.NewReader(want)}
	if got := s.output(c); got != string(want) {
		s.Errorf("%d bytes came back differently, as %d bytes", len(want), len(got))
	}
}

func (s *suite) largeOutput() {
	for _, script := range []string{"exec cat", "exec cat >&2"} {
		want, got := sha256.New(), sha256.New()
		var n counter
		c := shell(script)
		c.Stdin = io.TeeReader(random(s.opts.Output), want)
		c.Stdout = io.MultiWriter(got, &n)
		if strings.Contains(script, ">&2") {
			c.Stdout, c.Stderr = nil, c.Stdout
		}
		if err := s.machine.Run(s.Context(), c); err != nil {
			s.Fatal(err)
		}
		if int64(n) != s.opts.Output || !bytes.Equal(got.Sum(nil), want.Sum(nil)) {
			s.Errorf("%s: %d of %d bytes, or others, came back", script, n, s.opts.Output)
		}
	}
}

func (s *suite) inputEmpty() {
	if got := s.output(machine.Cmd{Args: []string{"cat"}}); got != "" {
		s.Errorf("without Stdin cat printed %q", got)
	}
}

func (s *suite) inputNotWanted() {
	c := shell("exit 0")
	c.Stdin = random(1 << 40)
	if err := s.machine.Run(s.Context(), c); err != nil {
		s.Errorf("a command that reads no input: %v", err)
	}
}

func (s *suite) inputBreaks() {
	broken := errors.New("the input broke")
	c := machine.Cmd{Args: []string{"cat"}}
	c.Stdin = io.MultiReader(random(100_000), iotest.ErrReader(broken))
	if err := s.machine.Run(s.Context(), c); !errors.Is(err, broken) {
		s.Errorf("error is %v, wanted the one of Stdin", err)
	}
}

func (s *suite) outputAndErrors() {
	const script = `printf "out 1\n"; printf "err 1\n" >&2; printf "out 2\n"; printf "err 2\n" >&2`
	var out, errs, both strings.Builder
	c := shell(script)
	c.Stdout, c.Stderr = &out, &errs
	if err := s.machine.Run(s.Context(), c); err != nil {
		s.Fatal(err)
	}
	if out.String() != "out 1\nout 2\n" || errs.String() != "err 1\nerr 2\n" {
		s.Errorf("standard output %q, standard error %q", out.String(), errs.String())
	}
	// One writer that takes no care of concurrent calls: the race detector sees them.
	c = shell(script)
	c.Stdout, c.Stderr = &both, &both
	if err := s.machine.Run(s.Context(), c); err != nil {
		s.Fatal(err)
	}
	if got := slices.Sorted(strings.Lines(both.String())); len(got) != 4 || got[0] != "err 1\n" || got[3] != "out 2\n" {
		s.Errorf("both in one writer: %q", both.String())
	}
}

func (s *suite) outputRefused() {
	full := errors.New("no space left")
	c := machine.Cmd{Args: []string{"cat"}, Stdin: random(1 << 20), Stdout: writerFunc(func([]byte) (int, error) { return 0, full })}
	if err := s.machine.Run(s.Context(), c); !errors.Is(err, full) {
		s.Errorf("error is %v, wanted the one of Stdout", err)
	}
}

func (s *suite) concurrent() {
	var group sync.WaitGroup
	for i := range 16 {
		group.Go(func() {
			want := strings.Repeat(fmt.Sprintf("command %d\n", i), 1000)
			var out bytes.Buffer
			c := machine.Cmd{Args: []string{"cat"}, Stdin: strings.NewReader(want), Stdout: &out}
			if err := s.machine.Run(s.Context(), c); err != nil || out.String() != want {
				s.Errorf("command %d: %v, %d bytes, wanted %d", i, err, out.Len(), len(want))
			}
		})
	}
	group.Wait()
}

// random returns n bytes that no compression or run-length gets hold of.
func random(n int64) io.Reader { return io.LimitReader(rand.NewChaCha8([32]byte{1}), n) }

type counter int64

func (c *counter) Write(p []byte) (int, error) { *c += counter(len(p)); return len(p), nil }

type writerFunc func(p []byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }
