package artifact

import (
	"archive/tar"
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/2-coatl/cpython-prebuilt/cpython"
	"github.com/2-coatl/cpython-prebuilt/cpython/machine"
)

// A stage is an unpacked tree and where its interpreter runs.
type stage struct {
	dir     string // private to this run, on the machine
	tree    string // the unpacked tree, in dir
	info    BuildInfo
	machine machine.Machine
	dead    bool // the interpreter does not run at all

	wrap []string // goes before every command, so that it is isolated
	open string   // why that is not possible
}

// newStage returns a stage on the machine of the options, with nothing there yet.
func (v *verifier) newStage() *stage {
	s := &stage{info: *v.scene.info, machine: v.opts.Machine}
	parent := v.opts.TempDir
	if s.machine == nil {
		s.machine = machine.Local()
		parent = or(parent, os.TempDir())
	}
	s.dir = path.Join(or(parent, "/var/tmp"), "cpython-verify-"+rand.Text())
	s.tree = path.Join(s.dir, v.scene.root)
	return s
}

// loader returns the program interpreter that glibc installs. Where the file is
// not there, nothing that needs it can run.
func (s *stage) loader() string {
	m, _ := elfMachineOf(s.info.Ref.Platform.Arch)
	return m.loader
}

// cannotRun says why the machine cannot run the artifact, or nothing when it
// can. The error is that of a machine that cannot be asked.
func (s *stage) cannotRun(ctx context.Context, local bool) (reason string, err error) {
	if local && runtime.GOOS != "linux" {
		return "this host is no Linux", nil
	}
	where := "this host"
	if !local {
		where = "the machine"
	}
	var release, uname bounded
	for _, ask := range []struct {
		args []string
		to   *bounded
	}{{[]string{"cat", "/etc/os-release"}, &release}, {[]string{"uname", "-m"}, &uname}} {
		if err := s.ask(ctx, ask.to, ask.args...); err != nil {
			return "", err
		}
	}
	found, err := cpython.ParsePlatform(release.String(), uname.String())
	if err != nil {
		return where + " does not say what it is: " + err.Error(), nil
	}
	arch := s.info.Ref.Platform.Arch
	if found.Arch != arch {
		return fmt.Sprintf("the artifact is for %s and %s is %s", arch, where, found.Arch), nil
	}
	err = s.ask(ctx, io.Discard, "test", "-e", s.loader())
	if exit := (*machine.ExitError)(nil); errors.As(err, &exit) {
		return where + " has no glibc: " + s.loader() + " is not there", nil
	}
	return "", err
}

func (s *stage) ask(ctx context.Context, out io.Writer, args ...string) error {
	return s.machine.Run(ctx, machine.Cmd{Args: args, Env: []string{"PATH=/usr/bin:/bin:/usr/sbin:/sbin", "LC_ALL=C"}, Stdout: out})
}

// set makes the private folder, with the probes and a folder for each in it,
// and unpacks the tree.
func (s *stage) set(ctx context.Context, v *verifier) error {
	var out bytes.Buffer
	w := tar.NewWriter(&out)
	name := path.Base(s.dir)
	folders := []string{"", "home", "tmp", "probes"}
	texts := map[string][]byte{}
	for _, probe := range probeNames() {
		text, err := probeText(probe)
		if err != nil {
			return err
		}
		folders = append(folders, "tmp/"+probe)
		texts["probes/"+probe+".py"] = text
	}
	for _, folder := range folders {
		if err := w.WriteHeader(&tar.Header{Typeflag: tar.TypeDir, Name: path.Join(name, folder) + "/", Mode: 0o700, ModTime: time.Now()}); err != nil {
			return err
		}
	}
	for file, text := range sorted(texts) {
		if err := w.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: path.Join(name, file), Mode: 0o600, Size: int64(len(text))}); err != nil {
			return err
		}
		if _, err := w.Write(text); err != nil {
			return err
		}
	}
	if err := w.Close(); err != nil {
		return err
	}
	if err := s.machine.CopyIn(ctx, path.Dir(s.dir), &out); err != nil {
		return err
	}
	return v.copyTree(ctx, s)
}

// copyTree unpacks the artifact, which has passed its static checks, on the
// machine. It is read again for that; should it have changed meanwhile, that is
// an error.
func (v *verifier) copyTree(ctx context.Context, s *stage) error {
	if _, err := v.file.Seek(0, io.SeekStart); err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	sum := sha256.New()
	in := &input{ctx: ctx, r: io.TeeReader(io.LimitReader(v.file, v.size), sum)}
	g, err := newGunzip(in, runtime.GOMAXPROCS(0))
	if err != nil {
		return err
	}
	r, w := io.Pipe()
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer g.Close()
		w.CloseWithError(inflateTo(w, g))
	}()
	err = s.machine.CopyIn(ctx, s.dir, r)
	r.Close()
	<-done
	if err != nil {
		return err
	}
	if _, err := io.Copy(io.Discard, in); err != nil {
		return err
	}
	if got := fmt.Sprintf("%x", sum.Sum(nil)); got != v.digest {
		return &cpython.DigestError{Name: v.path, Want: v.digest, Got: got}
	}
	return nil
}

// inflateTo writes all that a gunzip returns.
func inflateTo(w io.Writer, g *gunzip) error {
	for {
		part, err := g.next()
		if _, err := w.Write(part); err != nil {
			return err
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// strike removes the private folder, also when ctx has ended.
func (s *stage) strike(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Minute)
	defer cancel()
	// A folder that nobody may write cannot be emptied; and it may not be there.
	const script = `[ ! -e "$1" ] || { chmod -R u+w "$1" && rm -rf "$1"; }`
	if err := s.ask(ctx, io.Discard, "sh", "-c", script, "sh", s.dir); err != nil {
		return fmt.Errorf("remove %s: %w", s.dir, err)
	}
	return nil
}

// python runs the interpreter with an empty environment and returns what it
// printed. When it ran and failed, problem says how.
func (s *stage) python(ctx context.Context, args ...string) (output, problem string, err error) {
	name := path.Join(s.tree, "bin", "python"+s.info.Ref.Version.LD())
	probe, cancel := context.WithTimeout(ctx, probeTime)
	defer cancel()
	var stdout, stderr bounded
	err = s.machine.Run(probe, machine.Cmd{
		Args: slices.Concat(s.wrap, []string{name}, args), Dir: s.dir,
		Env:    []string{"HOME=" + path.Join(s.dir, "home"), "TMPDIR=" + path.Join(s.dir, "tmp"), "PATH=/usr/bin:/bin"},
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

// Bounds on what the interpreter may take and say.
const (
	probeTime   = 2 * time.Minute
	probeOutput = 1 << 20
)

// bounded keeps the beginning of what is written to it.
type bounded struct{ strings.Builder }

func (b *bounded) Write(p []byte) (int, error) {
	if room := probeOutput - b.Len(); room > 0 {
		b.Builder.Write(p[:min(len(p), room)])
	}
	return len(p), nil
}
