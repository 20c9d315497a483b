package machinetest_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/2-coatl/cpython-prebuilt/cpython/machine"
	"github.com/2-coatl/cpython-prebuilt/cpython/machine/machinetest"
)

// touch is a Handler that knows the commands touch and false.
func touch(_ context.Context, c machine.Cmd, root string) error {
	switch c.Args[0] {
	case "touch":
		fmt.Fprintln(c.Stdout, "touched")
		return os.WriteFile(filepath.Join(root, filepath.FromSlash(c.Args[1])), []byte("made by touch"), 0o600)
	case "false":
		return &machine.ExitError{Cmd: c.Args, Code: 1}
	}
	return fmt.Errorf("unknown to this test: %q", c.Args)
}

func TestFakeRun(t *testing.T) {
	f := machinetest.NewFake(t, touch)
	var out bytes.Buffer
	if err := f.Run(t.Context(), machine.Cmd{Args: []string{"touch", "/file"}, Stdout: &out}); err != nil || out.String() != "touched\n" {
		t.Errorf("touch: %v, printed %q", err, out.String())
	}
	exit := (*machine.ExitError)(nil)
	if err := f.Run(t.Context(), machine.Cmd{Args: []string{"false"}}); !errors.As(err, &exit) || exit.Code != 1 {
		t.Errorf("false: %v, wanted exit code 1", err)
	}
	want := [][]string{{"touch", "/file"}, {"false"}}
	if got := f.Runs(); !slices.EqualFunc(got, want, slices.Equal) {
		t.Errorf("ran %q, wanted %q", got, want)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := f.Run(ctx, machine.Cmd{Args: []string{"touch"}}); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	if err := f.Run(t.Context(), machine.Cmd{}); err == nil {
		t.Error("no arguments were no error")
	}
	if err := machinetest.NewFake(t, nil).Run(t.Context(), machine.Cmd{Args: []string{"anything"}}); err != nil {
		t.Errorf("without a handler: %v", err)
	}
}

func TestFakeCopies(t *testing.T) {
	f := machinetest.NewFake(t, touch)
	if err := f.Run(t.Context(), machine.Cmd{Args: []string{"touch", "/file"}, Stdout: io.Discard}); err != nil {
		t.Fatal(err)
	}
	out, err := f.CopyOut(t.Context(), "/file")
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	if err := f.CopyIn(t.Context(), "/opt/below", out); err != nil {
		t.Fatal(err)
	}
	if got, err := os.ReadFile(f.Path("/opt/below/file")); err != nil || string(got) != "made by touch" {
		t.Errorf("copied file: %v, holds %q", err, got)
	}
}

func TestFakePathStaysInside(t *testing.T) {
	f := machinetest.NewFake(t, nil)
	root := f.Path("/")
	for _, name := range []string{"/a", "a", "../a", "/../../a", "/x/../a", "./a"} {
		if got, want := f.Path(name), filepath.Join(root, "a"); got != want {
			t.Errorf("Path(%q) is %s, wanted %s", name, got, want)
		}
	}
}
