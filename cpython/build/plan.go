package build

import (
	"fmt"
	"path"
	"strings"
	"time"

	"github.com/2-coatl/cpython-prebuilt/cpython"
)

// A Plan is the list of steps that a recipe comes to. It is the same on every
// machine: folders and numbers that are the machine's own stand in it as
// {work}, {ccache},
// {jobs} and {epoch}.
type Plan struct {
	Ref   cpython.Ref
	Env   []string // environment of every command
	Steps []Step
}

// A Step is one part of a build. Its files are written first, then its
// commands run one after the other; a step without commands is done by the
// Builder itself.
type Step struct {
	Name     string // "configure"
	Summary  string
	Files    []File
	Commands []Command

	// Expect is how long the step takes on two cores. Only the proportions
	// matter: the estimate shown while building is scaled by what was done.
	Expect time.Duration
}

// A File is a text that a step writes on the machine.
type File struct {
	Path string
	Text string
}

// A Command is one command of a step.
type Command struct {
	Args  []string
	Dir   string
	Stdin string
}

// The folders of a build on its machine. The name of the work folder holds
// "cpython-prebuilt-build", which artifact.Verify looks for in finished trees.
const (
	workDir = "{work}"
	srcDir  = workDir + "/src"
	destDir = workDir + "/dest"
)

// Plan returns the steps that build the recipe, without doing anything. The
// recipe needs a platform; the error is that of Validate.
func (r Recipe) Plan() (Plan, error) {
	if err := r.Validate(); err != nil {
		return Plan{}, err
	}
	r = r.withDefaults()
	if err := r.Ref.Validate(); err != nil {
		return Plan{}, fmt.Errorf("recipe: %w", err)
	}
	sources, err := r.sources()
	if err != nil {
		return Plan{}, err
	}
	var archives []string
	for _, s := range sources {
		archives = append(archives, s.File+" (sha256 "+s.SHA256+")")
	}
	steps := []Step{
		{Name: "toolchain", Summary: "see to " + strings.Join(r.packages().names, " "), Expect: 2 * time.Second},
		{Name: "source", Summary: "fetch " + strings.Join(archives, " or "), Expect: 2 * time.Second},
		{Name: "unpack", Summary: "unpack it to " + srcDir + ", and check that it is CPython " + r.Ref.Version.Source(), Expect: 4 * time.Second},
	}
	if len(r.Patches) > 0 {
		steps = append(steps, r.patchStep())
	}
	steps = append(steps, r.configureStep(),
		Step{Name: "modules", Summary: "stop unless configure found " + strings.Join(r.RequiredModules, " "), Expect: time.Second})
	steps = append(steps, r.compileSteps()...)
	steps = append(steps, r.installSteps()...)
	steps = append(steps,
		Step{Name: "tree", Summary: "fetch the tree from the machine, make it slim and independent of its place", Expect: 3 * time.Second},
		Step{Name: "describe", Summary: "write build-info.json", Expect: time.Second},
		Step{Name: "pack", Summary: "pack " + r.Ref.File(), Expect: 5 * time.Second},
		Step{Name: "verify", Summary: "verify it", Expect: 8 * time.Second},
	)
	return Plan{Ref: r.Ref, Env: planEnv(), Steps: steps}, nil
}

// planEnv is the whole environment of the commands: nothing of the machine's
// or the user's own can have a say in the result.
func planEnv() []string {
	return []string{
		"PATH=" + workDir + "/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
		"HOME=" + workDir + "/home",
		"TMPDIR=" + workDir + "/tmp",
		"LC_ALL=C.UTF-8",
		"TZ=UTC",
		"SOURCE_DATE_EPOCH={epoch}",
		"CCACHE_DIR={ccache}", // only used where the machine has ccache
		"CCACHE_BASEDIR=" + workDir,
		"CCACHE_NOHASHDIR=1",
	}
}

func (r Recipe) patchStep() Step {
	step := Step{Name: "patch", Expect: time.Second}
	var names []string
	for _, p := range r.Patches {
		names = append(names, fmt.Sprintf("%s (%s)", p.Name, p.Reason))
		step.Commands = append(step.Commands, Command{
			Args: []string{"patch", "-p1", "--batch", "--forward", "--fuzz=0"}, Dir: srcDir, Stdin: string(p.Data),
		})
	}
	step.Summary = "apply " + strings.Join(names, ", ")
	return step
}

// tree returns the folder that the finished tree is put together in.
func (r Recipe) tree() string { return destDir + r.Prefix() }

func (r Recipe) python() string {
	return path.Join(r.tree(), "bin", "python"+r.Ref.Version.LD())
}

// installSteps put the tree together below destDir. The tree's own interpreter
// finds everything in the tree itself there, whatever the machine has
// installed at the final prefix.
func (r Recipe) installSteps() []Step {
	lib := path.Join(r.tree(), "lib", "python"+r.Ref.Version.LD())
	steps := []Step{
		{
			Name: "install", Summary: "install into " + destDir, Expect: 8 * time.Second,
			Commands: []Command{
				// -h keeps the three runs of compileall from compiling: that is a step of its own.
				{Args: []string{"make", "install", "DESTDIR=" + destDir, "COMPILEALL_OPTS=-h"}, Dir: srcDir},
				{Args: []string{"chmod", "-R", "u+w", destDir}},
			},
		},
		{
			Name: "pip", Summary: "install the pip that comes with CPython, from its own wheel", Expect: 5 * time.Second,
			Commands: []Command{{Args: []string{r.python(), "-I", "-B", "-m", "ensurepip", "--default-pip"}, Dir: workDir}},
		},
	}
	if !r.KeepDebug {
		steps = append(steps, Step{
			Name: "strip", Summary: "strip debug information and symbols that nothing links against", Expect: time.Second,
			Commands: []Command{
				{Args: []string{"strip", "--strip-unneeded", r.python()}},
				{Args: []string{"find", path.Join(r.tree(), "lib"), "-type", "f", "-name", "*.so*", "-exec", "strip", "--strip-unneeded", "{}", "+"}},
			},
		})
	}
	return append(steps, Step{
		Name: "bytecode", Summary: "compile the library to .pyc, tied to its source by hash and not checked at start-up", Expect: 12 * time.Second,
		Commands: []Command{
			{Args: []string{"find", r.tree(), "-depth", "-type", "d", "-name", "__pycache__", "-exec", "rm", "-rf", "{}", "+"}},
			{Args: []string{
				r.python(), "-I", "-B", "-m", "compileall", "-q", "-f", "-j", "{jobs}", "--invalidation-mode", "unchecked-hash",
				"-s", destDir, "-p", "/", "-x", bytecodeExclude, lib,
			}},
		},
	})
}

// bytecodeExclude matches what gets no .pyc: files that hold the prefix and
// are rewritten on installing, and test data that is no Python on purpose.
const bytecodeExclude = `_sysconfigdata_|/lib/python[^/]*/config-|bad_coding|badsyntax|/tests?/data/`

// String returns the plan as people read it: each step with its files and commands.
func (p Plan) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n\nenvironment of every command:\n", p.Ref)
	for _, v := range p.Env {
		fmt.Fprintf(&b, "  %s\n", v)
	}
	for i, step := range p.Steps {
		fmt.Fprintf(&b, "\n%d. %s: %s\n", i+1, step.Name, step.Summary)
		for _, f := range step.Files {
			fmt.Fprintf(&b, "  write %s\n", f.Path)
			for line := range strings.Lines(f.Text) {
				fmt.Fprintf(&b, "    | %s", line)
			}
		}
		for _, c := range step.Commands {
			if c.Dir != "" {
				fmt.Fprintf(&b, "  in %s\n", c.Dir)
			}
			fmt.Fprintf(&b, "  run %s\n", wrapped(quoted(c.Args)))
			for line := range strings.Lines(c.Stdin) {
				fmt.Fprintf(&b, "    < %s", line)
			}
		}
	}
	return b.String()
}

// wrapped joins arguments on one line, or on a line each where that is long.
func wrapped(args []string) string {
	if line := strings.Join(args, " "); len(line) <= 120 {
		return line
	}
	return strings.Join(args, " \\\n      ")
}

// quoted marks arguments that hold spaces, for reading only: nothing here is
// ever given to a shell.
func quoted(args []string) []string {
	out := make([]string, len(args))
	for i, arg := range args {
		if arg == "" || strings.ContainsAny(arg, " \t\n'\"") {
			arg = fmt.Sprintf("%q", arg)
		}
		out[i] = arg
	}
	return out
}
