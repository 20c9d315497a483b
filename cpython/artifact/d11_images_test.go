package artifact_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/2-coatl/cpython-prebuilt/cpython"
	"github.com/2-coatl/cpython-prebuilt/cpython/artifact"
	"github.com/2-coatl/cpython-prebuilt/cpython/artifact/artifacttest"
	"github.com/2-coatl/cpython-prebuilt/cpython/machine"
	"github.com/2-coatl/cpython-prebuilt/cpython/machine/machinetest"
)

// within answers the questions of a preflight from below a folder of this host.
func within(ctx context.Context, c machine.Cmd, root string) error {
	args := slices.Clone(c.Args)
	if last := len(args) - 1; filepath.IsAbs(args[last]) {
		args[last] = filepath.Join(root, args[last])
	}
	c.Args = args
	return machine.Local().Run(ctx, c)
}

// rootMachine is a machine whose files are below a folder, and that runs nothing.
func rootMachine(t *testing.T, root string) *machinetest.Fake {
	return machinetest.NewFake(t, func(ctx context.Context, c machine.Cmd, _ string) error { return within(ctx, c, root) })
}

func TestVerifyImages(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("the interpreter cannot run here")
	}
	path := artifacttest.Make(t)
	report := verify(t, path, artifact.VerifyOptions{Images: []artifact.Image{
		{Name: "here", Machine: machine.Local()},
		{Name: "alpine", Machine: rootMachine(t, artifact.MuslRoot(t))},
	}})
	passed, refused := false, false
	for _, f := range report.Findings {
		switch {
		case f.ID != "D11":
		case strings.HasPrefix(f.Subject, "here"):
			passed = passed || f.Status == cpython.Pass
			if f.Status == cpython.Fail {
				t.Errorf("here: %+v", f)
			}
		case f.Status == cpython.Fail && strings.Contains(f.Message, "musl"):
			refused = true
		}
	}
	if !passed || !refused || report.OK() {
		t.Errorf("wanted this host to pass and musl to be refused in words:\n%s", text(t, report))
	}
}

// What is wrong with the file keeps it from being run in images too.
func TestVerifyImagesOfBrokenFile(t *testing.T) {
	path := artifacttest.Make(t)
	if err := os.Remove(path + cpython.SidecarSuffix); err != nil {
		t.Fatal(err)
	}
	fake := machinetest.NewFake(t, nil)
	report := verify(t, path, artifact.VerifyOptions{Images: []artifact.Image{{Name: "image", Machine: fake}}})
	if len(fake.Runs()) > 0 || !slices.Contains(ids(report, cpython.Skip), "D11") {
		t.Errorf("%d commands ran:\n%s", len(fake.Runs()), text(t, report))
	}
}

// A machine says the same as the folder that it is made of.
func TestPreflightMachine(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("needs cat, test, ls and head of Linux")
	}
	ref := artifacttest.Ref(t, "3.13.5")
	for name, req := range map[string]artifact.Requirements{
		"enough":   {Symbols: map[string]string{"GLIBC": "2.17"}, Interpreter: "/lib64/ld-linux-x86-64.so.2"},
		"too new":  {Symbols: map[string]string{"GLIBC": "2.99"}},
		"a soname": {Sonames: []string{"libnone.so.1"}},
	} {
		for _, root := range []string{artifact.InstallRoot(t), artifact.MuslRoot(t)} {
			want, err := artifact.Preflight(req, ref.Platform, root)
			if err != nil {
				t.Fatal(err)
			}
			got, err := artifact.PreflightMachine(t.Context(), req, ref.Platform, rootMachine(t, root))
			if err != nil {
				t.Fatal(err)
			}
			if g, w := ids(got, cpython.Fail), ids(want, cpython.Fail); !slices.Equal(g, w) || got.Subject != want.Subject {
				t.Errorf("%s: %s fails %v, wanted %s to fail %v", name, got.Subject, g, want.Subject, w)
			}
		}
	}
	gone := errors.New("the container is gone")
	lost := machinetest.NewFake(t, func(context.Context, machine.Cmd, string) error { return gone })
	if _, err := artifact.PreflightMachine(t.Context(), artifact.Requirements{}, ref.Platform, lost); !errors.Is(err, gone) {
		t.Errorf("error %v, wanted that of the machine", err)
	}
}
