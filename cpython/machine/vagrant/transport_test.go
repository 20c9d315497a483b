//go:build unix

package vagrant_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/2-coatl/cpython-prebuilt/cpython/machine"
	"github.com/2-coatl/cpython-prebuilt/cpython/machine/vagrant"
)

func TestExec(t *testing.T) {
	_, _, m := newMachine(t)
	exec := vagrant.Transport(m).Exec
	sh := func(script string) []string { return []string{"sh", "-c", script} }
	for _, row := range []struct {
		name, in string
		argv     []string
		want     string // standard output | standard error
		code     int
	}{
		{"output", "", []string{"printf", "%s.", "a b", "", "it's"}, "a b..it's.|", 0},
		{"errors", "", sh("echo out; echo err >&2"), "out\n|err\n", 0},
		{"input", "hello", []string{"cat"}, "hello|", 0},
		{"code", "", sh("exit 255"), "|", 255},
		{"not a builtin", "", []string{"exit", "0"}, "", 127},
		{"killed", "", sh("kill -KILL $$"), "|", 128 + 9},
		{"a signal that SSH has no name for", "", sh("kill -BUS $$"), "", 128 + 7},
		{"stopped by the user's shell", "", sh("kill -KILL $PPID; sleep 1"), "|", 128 + 9},
		{"what it leaves behind holds the output", "", sh("sleep 20 & echo done; exit 4"), "done\n|", 4},
		{"what it leaves behind still prints", "", sh("(sleep 1; echo more) & echo done"), "done\nmore\n|", 0},
	} {
		var out, errs bytes.Buffer
		began := time.Now()
		code, err := exec(t.Context(), false, row.argv, strings.NewReader(row.in), &out, &errs)
		if got := out.String() + "|" + errs.String(); err != nil || code != row.code || row.want != "" && got != row.want {
			t.Errorf("%s: Exec() = %d, %v, with %q, want %d with %q", row.name, code, err, got, row.code, row.want)
		}
		if took := time.Since(began); took > 10*time.Second {
			t.Errorf("%s: took %s", row.name, took)
		}
	}
}

func TestExecOneStreamKeepsItsOrder(t *testing.T) {
	_, _, m := newMachine(t)
	var both bytes.Buffer
	script := `i=0; while [ $i -lt 100 ]; do echo o$i; echo e$i >&2; i=$((i+1)); done`
	if _, err := vagrant.Transport(m).Exec(t.Context(), false, []string{"sh", "-c", script}, nil, &both, &both); err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(both.String(), "o0\ne0\no1\ne1\n") || !strings.HasSuffix(both.String(), "o99\ne99\n") {
		t.Errorf("the order is lost:\n%s", both.String())
	}
}

func TestExecRefuses(t *testing.T) {
	_, _, m := newMachine(t)
	for name, argv := range map[string][]string{
		"names no program": nil, "NUL byte": {"echo", "a\x00b"}, "bytes long": {"echo", strings.Repeat("x", 128<<10)},
	} {
		if code, err := vagrant.Transport(m).Exec(t.Context(), false, argv, nil, nil, nil); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("Exec() = %d, %v, want an error with %q", code, err, name)
		}
	}
}

func TestExecEndsWithItsContext(t *testing.T) {
	_, _, m := newMachine(t)
	ctx, cancel := context.WithCancel(t.Context())
	var after bytes.Buffer // not guarded: the race detector sees a Write after the return
	r, w := io.Pipe()
	defer w.Close()
	time.AfterFunc(300*time.Millisecond, cancel)
	began := time.Now()
	_, err := vagrant.Transport(m).Exec(ctx, false, []string{"sh", "-c", "for i in 1 2 3 4 5 6 7 8; do echo $i; sleep 0.1; done"}, r, &after, &after)
	if !errors.Is(err, context.Canceled) || time.Since(began) > 5*time.Second {
		t.Errorf("Exec() = %v after %s", err, time.Since(began))
	}
	after.Reset()
	time.Sleep(200 * time.Millisecond)
	if after.Len() > 0 {
		t.Errorf("%q was written after the return", after.String())
	}
}

func TestExecAsRoot(t *testing.T) {
	for _, row := range []struct{ name, id, sudo, want string }{
		{"root itself", "0", "exit 9", "I am 0"},
		{"sudo", "1000", `[ "$1 $2" = "-n --" ] && shift 2 && FAKE_ID=0 exec "$@"`, "I am 0"},
		{"sudo that asks", "1000", `echo "sudo: a password is required" >&2; exit 1`, "password is required"},
		{"no sudo", "1000", "", "wanted a user who need not give a password"},
	} {
		_, d, m := newMachine(t)
		bin := t.TempDir()
		program := func(name, script string) {
			if err := os.WriteFile(filepath.Join(bin, name), []byte("#!/bin/sh\n"+script+"\n"), 0o755); err != nil {
				t.Fatal(err)
			}
		}
		program("id", `echo "${FAKE_ID:-`+row.id+`}"`)
		program("sudo", row.sudo)
		if row.sudo == "" {
			program("sudo", "exit 127")
		}
		d.path = bin + ":/usr/bin:/bin"
		for range 2 { // the second time it is known
			var out bytes.Buffer
			_, err := vagrant.Transport(m).Exec(t.Context(), true, []string{"sh", "-c", `echo "I am $(id -u)"`}, nil, &out, nil)
			if strings.HasPrefix(row.want, "I am") {
				if err != nil || out.String() != row.want+"\n" {
					t.Errorf("%s: %q, %v, want %q", row.name, out.String(), err, row.want)
				}
			} else if !errors.Is(err, machine.ErrNoRoot) || !strings.Contains(err.Error(), row.want) {
				t.Errorf("%s: %v, want ErrNoRoot with %q", row.name, err, row.want)
			}
		}
	}
}

func TestKeepAliveNoticesADeadMachine(t *testing.T) {
	_, d, m := newMachine(t)
	client, err := m.Dial(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() { vagrant.KeepAlive(client, 10*time.Millisecond, 300*time.Millisecond); close(ended) }()
	select {
	case <-ended:
		t.Fatal("a connection that answers was closed")
	case <-time.After(time.Second):
	}
	d.set(func() { d.deaf = true })
	select {
	case <-ended:
	case <-time.After(10 * time.Second):
		t.Fatal("a connection that does not answer was not closed")
	}
}
