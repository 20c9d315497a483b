package artifact

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/2-coatl/cpython-prebuilt/cpython"
	"github.com/2-coatl/cpython-prebuilt/cpython/machine"
)

// A dynamicCheck is one check that runs the interpreter of the unpacked tree.
type dynamicCheck struct {
	id       string
	passed   string
	required bool // where the artifact can run on this host
	run      func(context.Context, *stage, *reporter) error
}

// dynamicChecks returns the checks that run the interpreter, in their order.
func dynamicChecks() []dynamicCheck {
	return []dynamicCheck{
		{"D01", "the interpreter runs and is what it should be", true, checkInterpreter},
		{"D02", "the interpreter finds its own tree from everywhere", true, checkPlaces},
		{"D03", "the loader finds every library", true, checkLoader},
		{"D04", "every module of this build can be imported", true, checkImports},
		{"D05", "modules work", false, checkWorks},
		{"D06", "pip installs, and virtual environments work", false, checkPip},
		{"D07", "extensions and embedding programs can be built", false, checkCompile},
		{"D08", "read-only, without privileges and with little stack it runs", false, checkConfined},
	}
}

// trusted are the static checks without which nothing is executed: they say
// that the file is the one that somebody answers for.
var trusted = []string{"S01", "S02", "S03", "S04", "S05", "S06"}

// A stage is an unpacked tree and where its interpreter runs.
type stage struct {
	dir     string // private to this run
	tree    string // the unpacked tree, in dir
	info    BuildInfo
	machine machine.Machine
	dead    bool // the interpreter does not run at all

	wrap []string // goes before every command, so that it is isolated
	open string   // why that is not possible
}

// dynamic runs the checks that need the interpreter, or says why it cannot.
func (v *verifier) dynamic(ctx context.Context, report *cpython.Report) error {
	reason, required := v.cannotRun(), false
	for _, f := range report.Findings {
		if slices.Contains(trusted, f.ID) && f.Status != cpython.Pass && f.Status != cpython.Warn {
			reason, required = "nothing of a file that fails "+f.ID+" is executed", true
			break
		}
	}
	if reason != "" {
		for _, c := range dynamicChecks() {
			report.Add(cpython.Finding{ID: c.id, Status: cpython.Skip, Message: reason, Required: required && c.required})
		}
		return nil
	}
	dir, err := os.MkdirTemp(v.opts.TempDir, "cpython-verify-")
	if err != nil {
		return fmt.Errorf("folder for the dynamic checks: %w", err)
	}
	defer os.RemoveAll(dir)
	s := &stage{dir: dir, tree: filepath.Join(dir, v.scene.root), info: *v.scene.info, machine: v.opts.Machine}
	if s.machine == nil {
		s.machine = machine.Local()
	}
	for _, name := range []string{"home", "tmp"} {
		if err := os.Mkdir(filepath.Join(dir, name), 0o700); err != nil {
			return fmt.Errorf("folder for the dynamic checks: %w", err)
		}
	}
	if err := v.unpack(ctx, dir); err != nil {
		return fmt.Errorf("unpack for the dynamic checks: %w", err)
	}
	s.isolate(ctx)
	for _, c := range dynamicChecks() {
		if s.dead {
			report.Add(cpython.Finding{ID: c.id, Status: cpython.Skip, Required: c.required, Message: "the interpreter does not run"})
			continue
		}
		r := &reporter{id: c.id}
		if err := c.run(ctx, s, r); err != nil {
			return err
		}
		report.Add(r.result(c.passed)...)
	}
	return nil
}

// loaders are the program interpreters that glibc installs, by Go's names of
// architectures. Where the file is not there, nothing that needs it can run.
var loaders = map[string]string{
	"amd64":   "/lib64/ld-linux-x86-64.so.2",
	"arm64":   "/lib/ld-linux-aarch64.so.1",
	"arm":     "/lib/ld-linux-armhf.so.3",
	"386":     "/lib/ld-linux.so.2",
	"ppc64le": "/lib64/ld64.so.2",
	"riscv64": "/lib/ld-linux-riscv64-lp64d.so.1",
	"s390x":   "/lib/ld64.so.1",
}

// cannotRun says why this host cannot run the artifact, or nothing when it can.
func (v *verifier) cannotRun() string {
	if v.scene.info == nil {
		return "there is no valid build-info.json to go by"
	}
	p := v.scene.info.Ref.Platform
	switch {
	case runtime.GOOS != "linux":
		return "this host is no Linux"
	case runtime.GOARCH != p.Arch:
		return fmt.Sprintf("the artifact is for %s and this host is %s", p.Arch, runtime.GOARCH)
	}
	if _, err := os.Stat(loaders[p.Arch]); err != nil {
		return "this host has no glibc: " + loaders[p.Arch] + " is not there"
	}
	return ""
}

// Bounds on what the interpreter may take and say.
const (
	probeTime   = 2 * time.Minute
	probeOutput = 1 << 20
)

// python runs the interpreter with an empty environment and returns what it
// printed. When it ran and failed, problem says how.
func (s *stage) python(ctx context.Context, args ...string) (output, problem string, err error) {
	name := filepath.Join(s.tree, "bin", "python"+s.info.Ref.Version.LD())
	probe, cancel := context.WithTimeout(ctx, probeTime)
	defer cancel()
	var stdout, stderr bounded
	err = s.machine.Run(probe, machine.Cmd{
		Args: slices.Concat(s.wrap, []string{name}, args), Dir: s.dir,
		Env:    []string{"HOME=" + filepath.Join(s.dir, "home"), "TMPDIR=" + filepath.Join(s.dir, "tmp"), "PATH=/usr/bin:/bin"},
		Stdout: &stdout, Stderr: &stderr,
	})
	var exit *machine.ExitError
	switch {
	case err == nil:
		return stdout.String(), "", nil
	case ctx.Err() != nil:
		return "", "", context.Cause(ctx)
	case probe.Err() != nil:
		return "", fmt.Sprintf("did not end within %s", probeTime), nil
	case errors.As(err, &exit):
		return stdout.String(), fmt.Sprintf("exit code %d: %s", exit.Code, lastLine(stderr.String(), stdout.String())), nil
	}
	return "", "does not start: " + err.Error(), nil
}

// lastLine returns the last line that says something: Python's errors end in
// the one that matters.
func lastLine(texts ...string) string {
	for _, text := range texts {
		lines := strings.Split(strings.TrimSpace(text), "\n")
		if last := strings.TrimSpace(lines[len(lines)-1]); last != "" {
			return last[:min(len(last), 300)]
		}
	}
	return "nothing was printed"
}

// bounded keeps the beginning of what is written to it.
type bounded struct{ strings.Builder }

func (b *bounded) Write(p []byte) (int, error) {
	if room := probeOutput - b.Len(); room > 0 {
		b.Builder.Write(p[:min(len(p), room)])
	}
	return len(p), nil
}
