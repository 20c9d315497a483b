package build

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/2-coatl/cpython-prebuilt/cpython"
	"github.com/2-coatl/cpython-prebuilt/cpython/machine"
)

// A fakeMachine is a Debian machine whose files are below a folder of this
// host and whose commands are Go functions.
type fakeMachine struct {
	root    string
	full    bool     // no space is left
	noRoot  bool     // nobody becomes root without a password
	missing []string // packages that are not installed, until apt-get installs them
	handle  func(ctx context.Context, c machine.Cmd) error

	mu  sync.Mutex
	ran []string // the commands that were no questions
}

var _ machine.Machine = (*fakeMachine)(nil)

func (m *fakeMachine) at(name string) string { return filepath.Join(m.root, filepath.FromSlash(name)) }

func (m *fakeMachine) CopyIn(ctx context.Context, dst string, tar io.Reader) error {
	return machine.Local().CopyIn(ctx, m.at(dst), tar)
}

func (m *fakeMachine) CopyOut(ctx context.Context, src string) (io.ReadCloser, error) {
	return machine.Local().CopyOut(ctx, m.at(src))
}

func (m *fakeMachine) Close() error { return nil }

func (m *fakeMachine) Run(ctx context.Context, c machine.Cmd) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if c.Root && m.noRoot {
		return fmt.Errorf("run %s: %w: a password is required", c.Args[0], machine.ErrNoRoot)
	}
	line := strings.Join(c.Args, " ")
	answers := map[string]string{
		"cat /etc/os-release":       "ID=debian\nVERSION_ID=\"12\"\n",
		"uname -m":                  "x86_64\n",
		"gcc --version":             "gcc (Debian 12.2.0-14) 12.2.0\nmore\n",
		"ld --version":              "GNU ld 2.40\n",
		"getconf GNU_LIBC_VERSION":  "glibc 2.36\n",
		"getconf _NPROCESSORS_ONLN": "2\n",
		"ldconfig -p":               "",
		"apt-get indextargets --format $(REPO_URI)": "",
	}
	if text, ok := answers[line]; ok {
		_, err := io.WriteString(c.Stdout, text)
		return err
	}
	switch {
	case c.Args[0] == "rm" || strings.Contains(line, "&& rm -rf"):
		return os.RemoveAll(m.at(c.Args[len(c.Args)-1]))
	case strings.Contains(line, "cpython-verify-"): // its tree runs nowhere
		return &machine.ExitError{Cmd: c.Args, Code: 1}
	case c.Args[0] == "dpkg-query":
		return m.query(c)
	case line == "sh -c command -v ccache":
		return &machine.ExitError{Cmd: c.Args, Code: 1}
	case c.Args[0] == "test" || c.Args[0] == "true":
		return nil
	case c.Args[0] == "df":
		free := 100_000_000
		if m.full {
			free = 1000
		}
		_, err := fmt.Fprintf(c.Stdout, "Filesystem 1024-blocks Used Available Capacity Mounted on\n/dev/x 9 9 %d 9%% /\n", free)
		return err
	}
	if c.Root {
		line = "root " + c.Env[len(c.Env)-1] + " " + line
	}
	m.mu.Lock()
	m.ran = append(m.ran, line)
	if strings.Contains(line, " install -y") {
		m.missing = nil
	}
	m.mu.Unlock()
	fmt.Fprintf(c.Stdout, "output of %s\n", c.Args[0])
	return m.handle(ctx, c)
}

func (m *fakeMachine) query(c machine.Cmd) error {
	for _, name := range c.Args[4:] {
		if !slices.Contains(m.missing, name) {
			fmt.Fprintf(c.Stdout, "ii \t%s\t1.0\n", name)
		}
	}
	if len(m.missing) > 0 {
		return &machine.ExitError{Cmd: c.Args, Code: 1}
	}
	return nil
}

// toolchain is configure, make and the rest in small: a tree comes out.
func (m *fakeMachine) toolchain(makefile string) func(context.Context, machine.Cmd) error {
	return func(_ context.Context, c machine.Cmd) error {
		work := filepath.Dir(m.at(c.Dir))
		switch {
		case c.Args[0] == "./configure":
			return os.WriteFile(filepath.Join(m.at(c.Dir), "Makefile"), []byte(makefile), 0o644)
		case slices.Contains(c.Args, "install") && c.Args[0] == "make":
			return installFake(filepath.Join(work, "dest", "opt", "python-3.13.5"), makefile)
		}
		return nil
	}
}

func installFake(prefix, makefile string) error {
	for name, text := range map[string]string{
		"bin/python3.13":        "#!/bin/sh\n",
		"bin/python3.13-config": "prefix_real=$(installed_prefix \"$0\")\n",
		"lib/python3.13/config-3.13-x86_64-linux-gnu/Makefile": makefile,
		"lib/python3.13/os.py":                                 "",
	} {
		full := filepath.Join(prefix, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(full), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(full, []byte(text), 0o755); err != nil {
			return err
		}
	}
	return nil
}

// allModules is a Makefile in which every module is found.
func allModules() string {
	var b strings.Builder
	for _, name := range commonModules {
		fmt.Fprintf(&b, "MODULE_%s_STATE=yes\n", strings.ToUpper(name))
	}
	return b.String()
}

// newBuilder returns a builder on a fake machine, and a recipe whose source it has.
func newBuilder(t *testing.T) (Builder, Recipe, *fakeMachine) {
	t.Helper()
	m := &fakeMachine{root: t.TempDir()}
	m.handle = m.toolchain(allModules())
	zone := m.at(zoneDir + "/Europe/Berlin")
	if err := errors.Join(os.MkdirAll(filepath.Dir(zone), 0o755), os.WriteFile(zone, []byte("TZif"), 0o644)); err != nil {
		t.Fatal(err)
	}
	source := gzipped(t, sourceTar(t, patchlevel3135))
	sum := sha256.Sum256(source)
	name := filepath.Join(t.TempDir(), "source.tgz")
	if err := os.WriteFile(name, source, 0o644); err != nil {
		t.Fatal(err)
	}
	v, err := cpython.ParseVersion("3.13.5")
	if err != nil {
		t.Fatal(err)
	}
	b := Builder{Machine: m, Dir: filepath.Join(t.TempDir(), "out"), Cache: t.TempDir(), Work: "/work", Sources: []string{name}}
	return b, Recipe{Ref: cpython.Ref{Version: v}, SourceSHA256: hex.EncodeToString(sum[:])}, m
}

// steps runs a build as far as the fake tree goes: to just before it is
// verified, which wants a real one.
func (b Builder) steps(t *testing.T, ctx context.Context, recipe Recipe) error {
	t.Helper()
	_, err := b.Build(ctx, recipe)
	var step *StepError
	if errors.As(err, &step) && step.Step == "verify" {
		return nil
	}
	if err == nil {
		t.Fatal("the fake tree passed verification")
	}
	return err
}

func names(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	var list []string
	for _, entry := range entries {
		list = append(list, entry.Name())
	}
	return list
}

// checkClean finds no trace of a build but its logs.
func checkClean(t *testing.T, b Builder, m *fakeMachine) {
	t.Helper()
	for _, dir := range []string{m.at("/work"), filepath.Join(b.Cache, "staging"), b.Dir} {
		if left := names(t, dir); len(left) > 0 {
			t.Errorf("left behind: %q", left)
		}
	}
}

func TestBuildRunsThePlan(t *testing.T) {
	b, recipe, m := newBuilder(t)
	m.missing = []string{"libffi-dev"}
	var seen []string
	b.Progress = func(p Progress) { seen = append(seen, p.Step) }
	if err := b.steps(t, t.Context(), recipe); err != nil {
		t.Fatal(err)
	}
	work := "/work/cpython-prebuilt-build-"
	want := []string{"root DEBIAN_FRONTEND=noninteractive apt-get -o Acquire::Retries=3 update", "root DEBIAN_FRONTEND=noninteractive apt-get -o Acquire::Retries=3 install -y -q --no-install-recommends libffi-dev",
		"patch -p1", "patch -p1", "./configure --enable-option-checking=fatal", "make -j2 profile-gen-stamp PHASE=train", "make -j2 profile-run-stamp PHASE=train",
		"make -j2 all", "make install DESTDIR=" + work, "chmod -R u+w " + work, work, "strip", "find", "find", work}
	if len(m.ran) != len(want) {
		t.Fatalf("ran\n%s\nwant %d commands", strings.Join(m.ran, "\n"), len(want))
	}
	for i := range want {
		if !strings.HasPrefix(m.ran[i], want[i]) {
			t.Errorf("command %d is %q, want %q...", i, m.ran[i], want[i])
		}
		if strings.ContainsAny(m.ran[i], "{}") && !strings.Contains(m.ran[i], " {} +") {
			t.Errorf("command %d has a placeholder left: %q", i, m.ran[i])
		}
	}
	if !slices.Contains(seen, "compile") || seen[len(seen)-1] != "verify" {
		t.Errorf("progress told of %q", seen)
	}
	checkClean(t, b, m)
}

func TestBuildStopsAtMissingModules(t *testing.T) {
	b, recipe, m := newBuilder(t)
	m.handle = m.toolchain(strings.Replace(allModules(), "MODULE__CTYPES_STATE=yes", "MODULE__CTYPES_STATE=missing", 1))
	_, err := b.Build(t.Context(), recipe)
	var missing *ModuleError
	if !errors.As(err, &missing) || !slices.Equal(missing.Missing, []string{"_ctypes"}) {
		t.Fatalf("Build() = %v, want a ModuleError of _ctypes", err)
	}
	for _, want := range []string{"step modules", "_ctypes (missing)", "libffi-dev on apt", "apt-get install -y -q --no-install-recommends libffi-dev"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("the error does not say %q:\n%v", want, err)
		}
	}
	if slices.ContainsFunc(m.ran, func(c string) bool { return strings.HasPrefix(c, "make") }) {
		t.Errorf("something was compiled: %q", m.ran)
	}
	checkClean(t, b, m)
}

func TestBuildProbesWhatConfigureDoesNotTell(t *testing.T) {
	b, recipe, m := newBuilder(t)
	source := gzipped(t, sourceTar(t, `#define PY_VERSION "3.11.2"`))
	if err := os.WriteFile(b.Sources[0], source, 0o644); err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(source)
	recipe.SourceSHA256 = hex.EncodeToString(sum[:])
	recipe.Ref.Version.Minor, recipe.Ref.Version.Micro = 11, 2
	inner := m.toolchain("MODULE__SSL_STATE=yes\n")
	m.handle = func(ctx context.Context, c machine.Cmd) error {
		if c.Args[0] != "gcc" {
			return inner(ctx, c)
		}
		program, err := io.ReadAll(c.Stdin)
		if err != nil {
			return err
		}
		if strings.Contains(string(program), "ffi_call") {
			return &machine.ExitError{Cmd: c.Args, Code: 1, Tail: "ffi.h: No such file or directory"}
		}
		return nil
	}
	recipe.RequiredModules = []string{"ssl", "ctypes", "readline"}
	_, err := b.Build(t.Context(), recipe)
	var missing *ModuleError
	if !errors.As(err, &missing) || !slices.Equal(missing.Missing, []string{"_ctypes", "_hashlib"}) {
		t.Fatalf("Build() = %v, want a ModuleError of _ctypes and _hashlib", err)
	}
	checkClean(t, b, m)
}

func TestBuildStepFailure(t *testing.T) {
	b, recipe, m := newBuilder(t)
	inner := m.handle
	m.handle = func(ctx context.Context, c machine.Cmd) error {
		if slices.Contains(c.Args, "all") {
			m.full = true
			return &machine.ExitError{Cmd: c.Args, Code: 2, Tail: "ld: internal error"}
		}
		return inner(ctx, c)
	}
	_, err := b.Build(t.Context(), recipe)
	var step *StepError
	var exit *machine.ExitError
	if !errors.As(err, &step) || step.Step != "compile" || !errors.As(err, &exit) || exit.Code != 2 {
		t.Fatalf("Build() = %v", err)
	}
	if !strings.Contains(err.Error(), "ld: internal error\nthe disk is full: 0.0 GB free in /work") || !strings.Contains(err.Error(), step.Log) {
		t.Errorf("the error does not tell the end of the output and where the log is: %v", err)
	}
	log, readErr := os.ReadFile(step.Log)
	if readErr != nil || !strings.Contains(string(log), "$ make -j2 all\noutput of make\n") {
		t.Errorf("the log holds %q, %v", log, readErr)
	}
	checkClean(t, b, m)
}

// TestBuildInterrupted ends the context in each of the commands.
func TestBuildInterrupted(t *testing.T) {
	for at := range 11 {
		t.Run(fmt.Sprint(at), func(t *testing.T) {
			b, recipe, m := newBuilder(t)
			ctx, cancel := context.WithCancel(t.Context())
			inner := m.handle
			m.handle = func(ctx context.Context, c machine.Cmd) error {
				if len(m.ran) == at+1 {
					cancel()
					return ctx.Err()
				}
				return inner(ctx, c)
			}
			if _, err := b.Build(ctx, recipe); !errors.Is(err, context.Canceled) {
				t.Fatalf("Build() = %v, want it to be interrupted", err)
			}
			checkClean(t, b, m)
			m.handle = inner
			if err := b.steps(t, t.Context(), recipe); err != nil {
				t.Errorf("building again: %v", err)
			}
		})
	}
}

func TestBuildRefusesTheSourceOfAnotherVersion(t *testing.T) {
	b, recipe, m := newBuilder(t)
	recipe.Ref.Version.Micro = 6
	_, err := b.Build(t.Context(), recipe)
	if err == nil || !strings.Contains(err.Error(), "holds CPython 3.13.5, wanted 3.13.6") {
		t.Errorf("Build() = %v", err)
	}
	checkClean(t, b, m)
}

func TestBuildRefusesAChangedSource(t *testing.T) {
	b, recipe, m := newBuilder(t)
	data, err := os.ReadFile(b.Sources[0])
	if err != nil {
		t.Fatal(err)
	}
	data[len(data)/2] ^= 1
	if err := os.WriteFile(b.Sources[0], data, 0o644); err != nil {
		t.Fatal(err)
	}
	b.Fetcher.Retries = -1
	b.Fetcher.Proxy = nowhere
	_, err = b.Build(t.Context(), recipe)
	var digest *cpython.DigestError
	if !errors.As(err, &digest) || !strings.Contains(digest.Name, b.Sources[0]) || digest.Want != recipe.SourceSHA256 {
		t.Errorf("Build() = %v, want a DigestError that names %s", err, b.Sources[0])
	}
	checkClean(t, b, m)
}

func TestBuildRefusesAnotherPlatform(t *testing.T) {
	b, recipe, _ := newBuilder(t)
	recipe.Ref.Platform = cpython.Platform{OS: "ubuntu20.04", Arch: "amd64"}
	if _, err := b.Build(t.Context(), recipe); err == nil || !strings.Contains(err.Error(), "names platform ubuntu20.04, but the machine is debian12") {
		t.Errorf("Build() = %v", err)
	}
}

// TestBuildFindsWhatIsThere puts an artifact into the output folder first.
func TestBuildFindsWhatIsThere(t *testing.T) {
	b, recipe, m := newBuilder(t)
	b.Keep = true // the packed artifact is taken from the staging folder
	if err := b.steps(t, t.Context(), recipe); err != nil {
		t.Fatal(err)
	}
	packed, err := filepath.Glob(filepath.Join(b.Cache, "staging", "*", "*.tgz*"))
	if err != nil || len(packed) != 2 {
		t.Fatalf("packed %q, %v", packed, err)
	}
	for _, name := range packed {
		if err := os.Rename(name, filepath.Join(b.Dir, filepath.Base(name))); err != nil {
			t.Fatal(err)
		}
	}
	m.ran = nil
	result, err := b.Build(t.Context(), recipe)
	if err != nil || !result.Reused || len(m.ran) > 0 {
		t.Fatalf("Build() = %+v, %v after %q; want the one that is there", result, err, m.ran)
	}

	t.Run("other inputs", func(t *testing.T) {
		other := recipe
		other.Optimize = None
		_, err := b.Build(t.Context(), other)
		var exists *ExistsError
		if !errors.As(err, &exists) || !strings.Contains(err.Error(), "optimisation: full there, none here") {
			t.Errorf("Build() = %v, want an ExistsError", err)
		}
		forced := b
		forced.Force = true
		if err := forced.steps(t, t.Context(), other); err != nil {
			t.Errorf("with Force: %v", err)
		}
	})
	t.Run("damaged", func(t *testing.T) {
		sidecar := result.Path + cpython.SidecarSuffix
		wrong := strings.Repeat("0", 64) + "  " + filepath.Base(result.Path) + "\n"
		if err := os.WriteFile(sidecar, []byte(wrong), 0o644); err != nil {
			t.Fatal(err)
		}
		if err := b.steps(t, t.Context(), recipe); err != nil {
			t.Errorf("Build() = %v, want it to build anew", err)
		}
	})
}

func TestBuildNeedsAnOutputFolder(t *testing.T) {
	b, recipe, _ := newBuilder(t)
	b.Dir = b.Sources[0] // a file
	if _, err := b.Build(t.Context(), recipe); err == nil || !strings.Contains(err.Error(), "output folder") {
		t.Errorf("Build() = %v", err)
	}
}

func TestDoctor(t *testing.T) {
	b, recipe, m := newBuilder(t)
	m.missing, m.full = []string{"libffi-dev"}, true
	m.handle = func(_ context.Context, c machine.Cmd) error {
		_, err := fmt.Fprint(c.Stdout, "MemTotal: 9 kB\nMemAvailable: 8000000 kB\n")
		return err
	}
	report, err := Doctor(t.Context(), b, recipe)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]cpython.Status{"platform": cpython.Pass, "toolchain": cpython.Warn, "disk": cpython.Fail, "memory": cpython.Pass, "output": cpython.Pass}
	for _, f := range report.Findings {
		if f.Status != want[f.ID] {
			t.Errorf("%+v, want %s", f, want[f.ID])
		}
		delete(want, f.ID)
	}
	if len(want) > 0 {
		t.Errorf("nothing was found out about %v", want)
	}
}

func TestDoctorWithoutRoot(t *testing.T) {
	b, recipe, m := newBuilder(t)
	m.missing, m.noRoot = []string{"libffi-dev"}, true
	m.handle = func(context.Context, machine.Cmd) error { return nil }
	var err error
	if recipe.Ref.Platform, err = b.platform(t.Context(), cpython.Platform{}); err != nil {
		t.Fatal(err)
	}
	f, err := checkToolchain(t.Context(), b, recipe.withDefaults())
	if err != nil {
		t.Fatal(err)
	}
	if f.Status != cpython.Fail || !strings.Contains(f.Message, "a password is required") || !strings.HasPrefix(f.Fix, "sudo apt-get install") {
		t.Errorf("%+v, want a failure that says why and what to run", f)
	}
}

func TestBuildWithoutRoot(t *testing.T) {
	b, recipe, m := newBuilder(t)
	m.missing, m.noRoot = []string{"libffi-dev"}, true
	_, err := b.Build(t.Context(), recipe)
	var missing *ToolchainError
	if !errors.As(err, &missing) || !errors.Is(err, machine.ErrNoRoot) || !slices.Equal(missing.Missing, []string{"libffi-dev"}) {
		t.Fatalf("Build() = %v, want a ToolchainError of libffi-dev that wraps ErrNoRoot", err)
	}
	if !strings.Contains(err.Error(), "sudo apt-get install") || len(m.ran) > 0 {
		t.Errorf("after %q: %v, want the command to run", m.ran, err)
	}
	checkClean(t, b, m)
}

// nowhere is a proxy that keeps a test from the network.
func nowhere(*http.Request) (*url.URL, error) { return url.Parse("http://127.0.0.1:1") }
