package build

import (
	"archive/tar"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/2-coatl/cpython-prebuilt/cpython"
	"github.com/2-coatl/cpython-prebuilt/cpython/artifact"
	"github.com/2-coatl/cpython-prebuilt/cpython/internal/filelock"
	"github.com/2-coatl/cpython-prebuilt/cpython/machine"
)

// A session is one build under way.
type session struct {
	Builder
	recipe  Recipe
	plan    Plan
	started time.Time

	info    artifact.BuildInfo // grows as the build goes on
	work    string             // the build's folder on the machine
	staging string             // the build's folder on this host: tree and packed artifact
	logs    string
	replace *strings.Replacer // {work} and the like
	jobs    int
	epoch   int64

	bundle []bundled // the libraries that go into the tree

	archive string   // path of the source archive on this host
	log     *os.File // of the step that runs
	packed  packed
	report  *cpython.Report
	timings []Timing
}

// packed is the artifact before it is moved to where it belongs.
type packed struct {
	path   string
	sha256 string
	size   int64
}

// stepFuncs are the steps that the Builder does itself.
var stepFuncs = map[string]func(*session, context.Context) error{
	"source":   (*session).fetchSource,
	"unpack":   (*session).unpackSource,
	"modules":  (*session).checkModules,
	"tree":     (*session).collectTree,
	"describe": (*session).describe,
	"pack":     (*session).pack,
	"verify":   (*session).verify,
}

func (s *session) run(ctx context.Context) (*Result, error) {
	if err := s.toolchain(ctx); err != nil {
		return nil, err
	}
	if found, err := s.existing(ctx); found != nil || err != nil {
		return found, err
	}
	key := s.key()
	unlock, err := s.lock(ctx, key, "another build of the same inputs is under way, waiting for it")
	if err != nil {
		return nil, err
	}
	defer unlock()
	if found, err := s.existing(ctx); found != nil || err != nil {
		return found, err // the build that was waited for made it
	}
	if err := s.prepare(ctx, key); err != nil {
		return nil, err
	}
	defer s.cleanUp(ctx)
	for i, step := range s.plan.Steps {
		if step.Name == "toolchain" {
			continue // done above: what it found decides whether there is anything to do
		}
		if err := s.step(ctx, i, step); err != nil {
			return nil, err
		}
	}
	return s.finish(ctx)
}

// finish moves the artifact to its place, unless a build of other inputs has
// put one of the same Ref there in the meantime.
func (s *session) finish(ctx context.Context) (*Result, error) {
	unlock, err := s.lock(ctx, s.recipe.Ref.String(), "another build of this artifact is about to finish, waiting for it")
	if err != nil {
		return nil, err
	}
	defer unlock()
	if found, err := s.existing(ctx); found != nil || err != nil {
		return found, err
	}
	name, err := publish(s.packed, s.Dir, s.recipe.Ref)
	if err != nil {
		return nil, err
	}
	return &Result{Ref: s.recipe.Ref, Path: name, SHA256: s.packed.sha256, Size: s.packed.size,
		Report: s.report, Steps: s.timings, Logs: s.logs}, nil
}

// lock takes a lock that all builds on this host share.
func (s *session) lock(ctx context.Context, name, waiting string) (unlock func(), err error) {
	unlock, err = filelock.Acquire(ctx, filepath.Join(s.Cache, "locks", name+".lock"), func() { s.Logger.Info(waiting) })
	if err != nil {
		return nil, fmt.Errorf("builder: lock: %w", err)
	}
	return unlock, nil
}

// key names the work folder, the lock and the logs of a build: builds of other
// inputs, into other folders or on other machines' folders have others.
func (s *session) key() string {
	sum := sha256.Sum256([]byte(s.info.Inputs + "\x00" + s.Work + "\x00" + s.Dir))
	return hex.EncodeToString(sum[:6])
}

// prepare makes the folders of the build, empty: what an interrupted build of
// the same inputs left behind goes.
func (s *session) prepare(ctx context.Context, key string) error {
	s.work = path.Join(s.Work, workPrefix+key)
	s.staging = filepath.Join(s.Cache, "staging", key)
	s.logs = filepath.Join(s.Cache, "logs", s.recipe.Ref.String()+"-"+key)
	for _, dir := range []string{s.staging, s.logs} {
		if err := os.RemoveAll(dir); err != nil {
			return fmt.Errorf("builder: %w", err)
		}
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return fmt.Errorf("builder: %w", err)
		}
	}
	if err := s.countJobs(ctx); err != nil {
		return err
	}
	s.setReplacer()
	if _, err := s.output(ctx, "rm", "-rf", s.work); err != nil {
		return fmt.Errorf("builder: clear the work folder: %w", err)
	}
	var folders bytes.Buffer
	w := tar.NewWriter(&folders)
	for _, name := range []string{"bin", "dest", "home", "lib", "src", "tmp"} {
		if err := w.WriteHeader(&tar.Header{Typeflag: tar.TypeDir, Name: name + "/", Mode: 0o755}); err != nil {
			return fmt.Errorf("builder: %w", err)
		}
	}
	if err := s.ccache(ctx, w); err != nil {
		return err
	}
	if err := w.Close(); err != nil {
		return fmt.Errorf("builder: %w", err)
	}
	if err := s.Machine.CopyIn(ctx, s.work, &folders); err != nil {
		s.cleanUp(ctx)
		return fmt.Errorf("builder: make the work folder %s: %w", s.work, err)
	}
	return nil
}

// ccache puts links named like the compilers before them on PATH, where the
// machine has ccache. CC stays a bare name that way.
func (s *session) ccache(ctx context.Context, w *tar.Writer) error {
	found, err := s.output(ctx, "sh", "-c", "command -v ccache")
	if err != nil || found == "" {
		return ctx.Err()
	}
	s.Logger.Info("compiling through ccache", "path", found)
	return w.WriteHeader(&tar.Header{Typeflag: tar.TypeSymlink, Name: "bin/gcc", Linkname: found, Mode: 0o777})
}

func (s *session) countJobs(ctx context.Context) error {
	if s.jobs = s.Jobs; s.jobs > 0 {
		return nil
	}
	text, err := s.output(ctx, "getconf", "_NPROCESSORS_ONLN")
	if err != nil {
		return fmt.Errorf("builder: number of processors: %w", err)
	}
	if s.jobs, err = strconv.Atoi(text); err != nil || s.jobs < 1 {
		return fmt.Errorf("builder: number of processors is %q", text)
	}
	return nil
}

func (s *session) setReplacer() {
	s.replace = strings.NewReplacer(workDir, s.work, "{ccache}", path.Join(s.Work, "ccache"), "{jobs}", strconv.Itoa(s.jobs), "{epoch}", strconv.FormatInt(s.epoch, 10))
}

// cleanUp removes the build's folders, also when ctx has ended.
func (s *session) cleanUp(ctx context.Context) {
	if s.Keep {
		s.Logger.Info("left behind for inspection", "work", s.work, "staging", s.staging)
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Minute)
	defer cancel()
	if _, err := s.output(ctx, "rm", "-rf", s.work); err != nil {
		s.Logger.Warn("the work folder could not be removed", "path", s.work, "error", err)
	}
	if err := os.RemoveAll(s.staging); err != nil {
		s.Logger.Warn("the staging folder could not be removed", "path", s.staging, "error", err)
	}
}

// step runs one step with a log of its own.
func (s *session) step(ctx context.Context, i int, step Step) (err error) {
	name := filepath.Join(s.logs, fmt.Sprintf("%02d-%s.log", i+1, step.Name))
	if s.log, err = os.Create(name); err != nil {
		return fmt.Errorf("builder: %w", err)
	}
	defer s.log.Close()
	started := time.Now()
	s.Logger.Info(step.Name, "step", fmt.Sprintf("%d/%d", i+1, len(s.plan.Steps)), "does", step.Summary)
	stop := s.reportProgress(i)
	err = s.perform(ctx, step)
	stop()
	s.timings = append(s.timings, Timing{step.Name, time.Since(started)})
	if err == nil {
		return nil
	}
	if ctx.Err() != nil {
		return fmt.Errorf("step %s: %w", step.Name, context.Cause(ctx))
	}
	if free, dfErr := s.freeDisk(ctx); dfErr == nil && free < 64<<20 {
		// Compilers and linkers that run out of space say it in many ways, some not at all.
		err = fmt.Errorf("%w\nthe disk is full: %s free in %s", err, gigabytes(free), s.Work)
	}
	fmt.Fprintln(s.log, err)
	return &StepError{step.Name, name, err}
}

func (s *session) perform(ctx context.Context, step Step) error {
	for _, f := range step.Files {
		if err := s.writeFile(ctx, s.replace.Replace(f.Path), f.Text); err != nil {
			return err
		}
	}
	for _, c := range step.Commands {
		if err := s.command(ctx, c); err != nil {
			return err
		}
	}
	if do := stepFuncs[step.Name]; do != nil {
		return do(s, ctx)
	}
	if len(step.Commands) == 0 {
		return errors.New("nobody knows how to do this step")
	}
	return nil
}

// command runs a command of the plan, with its output in the step's log.
func (s *session) command(ctx context.Context, c Command) error {
	args := make([]string, len(c.Args))
	for i, arg := range c.Args {
		args[i] = s.replace.Replace(arg)
	}
	env := make([]string, len(s.plan.Env))
	for i, v := range s.plan.Env {
		env[i] = s.replace.Replace(v)
	}
	return s.exec(ctx, machine.Cmd{Args: args, Dir: s.replace.Replace(c.Dir), Env: env, Stdin: strings.NewReader(c.Stdin)})
}

// exec runs a command with its output in the step's log and in Output.
func (s *session) exec(ctx context.Context, c machine.Cmd) error {
	var out io.Writer = io.Discard
	if s.log != nil {
		out = s.log
		fmt.Fprintf(out, "$ %s\n", strings.Join(quoted(c.Args), " "))
	}
	if s.Output != nil {
		out = io.MultiWriter(out, s.Output)
	}
	c.Stdout, c.Stderr = out, out
	return s.Machine.Run(ctx, c)
}

// writeFile writes a text on the machine.
func (s *session) writeFile(ctx context.Context, name, text string) error {
	var one bytes.Buffer
	w := tar.NewWriter(&one)
	header := &tar.Header{Typeflag: tar.TypeReg, Name: path.Base(name), Mode: 0o644, Size: int64(len(text)), ModTime: time.Unix(s.epoch, 0)}
	if err := w.WriteHeader(header); err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	if _, err := io.WriteString(w, text); err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	if err := w.Close(); err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	return s.Machine.CopyIn(ctx, path.Dir(name), &one)
}
