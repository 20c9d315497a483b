//go:build mage

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/magefile/mage/mg"

	"github.com/2-coatl/cpython-prebuilt/cpython/build"
	"github.com/2-coatl/cpython-prebuilt/cpython/machine"
	"github.com/2-coatl/cpython-prebuilt/magefiles/lab"
)

// The linters run at these versions, without being in go.mod.
const (
	staticcheck = "honnef.co/go/tools/cmd/staticcheck@v0.7.0"
	actionlint  = "github.com/rhysd/actionlint/cmd/actionlint@v1.7.7"
)

// Test runs every hermetic test with the race detector.
func Test(ctx context.Context) error {
	if err := compiler(ctx); err != nil {
		return err
	}
	return run(ctx, []string{"CGO_ENABLED=1"}, "go", "test", "-race", "./...")
}

// compiler sees to the C compiler that the race detector needs.
func compiler(ctx context.Context) error { return programs(ctx, "gcc", "gcc", "libc6-dev") }

// readers sees to programs that the end-to-end checks have read artifacts.
func readers(ctx context.Context) error {
	return errors.Join(programs(ctx, "bsdtar", "libarchive-tools"), programs(ctx, "busybox", "busybox"), programs(ctx, "node", "nodejs"), programs(ctx, "npm", "npm"))
}

// programs installs packages unless a program of them is there.
func programs(ctx context.Context, program string, packages ...string) error {
	if _, err := exec.LookPath(program); err == nil || runtime.GOOS != "linux" {
		return nil
	}
	return build.InstallPackages(ctx, build.Builder{Output: os.Stderr, ProxyEnv: os.Environ()}, packages...)
}

// Lint runs gofmt, go vet for every system, staticcheck, and actionlint.
func Lint(ctx context.Context) error {
	out, err := exec.CommandContext(ctx, "gofmt", "-l", ".").Output()
	if err != nil {
		return fmt.Errorf("gofmt: %w", err)
	}
	if files := strings.TrimSpace(string(out)); files != "" {
		return fmt.Errorf("gofmt would change:\n%s", files)
	}
	for _, system := range []string{"linux", "darwin", "windows"} {
		if err := run(ctx, []string{"GOOS=" + system, "CGO_ENABLED=0"}, "go", "vet", "./..."); err != nil {
			return err
		}
	}
	if err := run(ctx, nil, "go", "vet", "-tags=mage,e2e", "./..."); err != nil {
		return err
	}
	if err := run(ctx, nil, "go", "run", staticcheck, "-tags=mage,e2e", "./..."); err != nil {
		return err
	}
	workflows, err := filepath.Glob(".github/workflows/*.yml")
	if err != nil {
		return err
	}
	return run(ctx, nil, append([]string{"go", "run", actionlint}, workflows...)...)
}

// E2e sets up containers and a virtual machine, builds real artifacts there and here, and checks them. It takes many minutes.
func E2e(ctx context.Context) error {
	mg.SerialCtxDeps(ctx, compiler, readers)
	env, err := laboratory(ctx)
	if err != nil {
		return err
	}
	return run(ctx, env, "go", "test", "-tags=e2e", "-count=1", "-p=1", "-timeout=80m", "-v", "-run=^TestE2E",
		"./magefiles/lab", "./cpython/machine", "./cpython/machine/docker", "./cpython/machine/vagrant", "./cpython/build", "./devcontainer")
}

// laboratory sets up what the end-to-end tests run in, and says so in the
// environment that it returns for them.
func laboratory(ctx context.Context) ([]string, error) {
	if err := lab.Engine(ctx, os.Stderr); err != nil {
		return nil, err
	}
	for _, suite := range []string{"bullseye", "bookworm", "trixie"} {
		if _, err := lab.Image(ctx, os.Stderr, suite); err != nil {
			return nil, err
		}
	}
	musl, err := lab.MuslImage(ctx, os.Stderr)
	if err != nil {
		return nil, err
	}
	network, err := lab.Network(ctx)
	if err != nil {
		return nil, err
	}
	env := []string{"CPYTHON_E2E_IMAGES=cpython-prebuilt/debian", "CPYTHON_E2E_MUSL=" + musl, "CPYTHON_PREBUILT_NETWORK=" + network}
	image, err := lab.VagrantImage(ctx, os.Stderr)
	if errors.Is(err, lab.ErrNoBridge) {
		fmt.Fprintln(os.Stderr, err)
		return env, nil
	}
	return append(env, "VAGRANT_IMAGE="+image), err
}

// Bench measures packing, checking and installing the newest artifact against other tools, as a table.
func Bench(ctx context.Context) error {
	return run(ctx, nil, "go", "run", "./magefiles/bench")
}

// Tidy brings go.mod and go.sum in line with the imports.
func Tidy(ctx context.Context) error {
	return run(ctx, nil, "go", "mod", "tidy")
}

// run runs a command with its output on this program's.
func run(ctx context.Context, env []string, args ...string) error {
	return machine.Local().Run(ctx, machine.Cmd{Args: args, Env: append(os.Environ(), env...), Stdout: os.Stdout, Stderr: os.Stderr})
}
