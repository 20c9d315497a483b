package build

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/2-coatl/cpython-prebuilt/cpython"
	"github.com/2-coatl/cpython-prebuilt/cpython/artifact"
	"github.com/2-coatl/cpython-prebuilt/cpython/fetch"
	"github.com/2-coatl/cpython-prebuilt/cpython/machine"
)

// A Builder builds recipes. Dir and Cache are needed; everything else has a
// default. A Builder may build several recipes at once.
type Builder struct {
	Machine machine.Machine // nil is this host

	Dir   string // where finished artifacts go; made when it is not there
	Cache string // this program's cache on this host: sources, locks, logs

	// Work is a folder on the machine, in which every build has a folder of
	// its own that is removed at the end, and ccache, where the machine has
	// it, its cache. Empty is /var/tmp.
	Work string

	// Sources are tried for the source archive before python.org: a file, a
	// folder, or the address of a mirror. The pinned digest decides, not
	// where it came from.
	Sources []string

	// Fetcher downloads source archives. Its cache folder is Cache's when it
	// names none. The zero value connects directly.
	Fetcher fetch.Fetcher

	// ProxyEnv is added to the environment of the machine's package manager
	// only: "http_proxy=..." and its like.
	ProxyEnv []string

	// Ccache installs ccache with the toolchain, where it is missing and may
	// be installed. What it keeps in Work serves later builds; the artifact is
	// the same. Without it ccache is used where the machine has it.
	Ccache bool

	Jobs  int  // commands at once; 0 is the number of the machine's processors
	Force bool // replace an artifact of the same Ref that was made from other inputs
	Keep  bool // leave the work folder behind for inspection

	Logger   *slog.Logger   // nil is silent
	Output   io.Writer      // what the tools print, as it comes; nil keeps it to the log files
	Progress func(Progress) // called from one goroutine at a time, about once a second; may be nil
}

// A Result is what a build came to.
type Result struct {
	Ref    cpython.Ref
	Path   string // of the artifact; its checksum file lies beside it
	SHA256 string
	Size   int64 // bytes

	// Reused is set when the artifact was there already, intact and made
	// from the same inputs: nothing was done.
	Reused bool

	Report *cpython.Report // of the verification; nil when reused
	Steps  []Timing        // how long each step took
	Logs   string          // folder of the log files, one for each step
}

// A Timing is how long a step took.
type Timing struct {
	Step string
	Took time.Duration
}

// A StepError says which step of a build failed. Err often is a
// *machine.ExitError with the last lines of what the tool printed.
type StepError struct {
	Step string
	Log  string // path of the step's whole log on this host
	Err  error
}

func (e *StepError) Error() string {
	return fmt.Sprintf("step %s: %s\nthe whole log: %s", e.Step, e.Err, e.Log)
}

func (e *StepError) Unwrap() error { return e.Err }

// An ExistsError says that an artifact of the same Ref exists and was made
// from other inputs.
type ExistsError struct {
	Path    string
	Differs []string // what is different, "name: there, here"
}

func (e *ExistsError) Error() string {
	return fmt.Sprintf("%s exists and was made from other inputs (%s); take another build number (-build=), or replace it (-force)",
		e.Path, strings.Join(e.Differs, "; "))
}

// Build builds the recipe and returns the finished artifact. When an intact
// artifact of the same inputs is in Dir already, it returns that. Problems of
// the recipe come before anything is done; a step that fails is a [*StepError],
// an artifact of other inputs an [*ExistsError], a machine that lacks packages a
// [*ToolchainError], a module that would be missing a [*ModuleError], a source
// that is not the pinned one a *cpython.DigestError.
func (b Builder) Build(ctx context.Context, recipe Recipe) (*Result, error) {
	b, err := b.withDefaults()
	if err != nil {
		return nil, err
	}
	plan, err := b.Plan(ctx, recipe)
	if err != nil {
		return nil, err
	}
	recipe.Ref.Platform = plan.Ref.Platform
	recipe = recipe.withDefaults()
	if err := prepareDir(b.Dir); err != nil {
		return nil, err
	}
	s := &session{Builder: b, recipe: recipe, plan: plan, started: time.Now()}
	return s.run(ctx)
}

// Plan returns what Build would do on the machine, without doing any of it.
func (b Builder) Plan(ctx context.Context, recipe Recipe) (Plan, error) {
	b, err := b.withDefaults()
	if err != nil {
		return Plan{}, err
	}
	if err := recipe.Validate(); err != nil {
		return Plan{}, err
	}
	if recipe.Ref.Platform, err = b.platform(ctx, recipe.Ref.Platform); err != nil {
		return Plan{}, err
	}
	return recipe.Plan()
}

func (b Builder) withDefaults() (Builder, error) {
	if b.Dir == "" || b.Cache == "" {
		return b, errors.New("builder: Dir and Cache are needed")
	}
	var err error
	if b.Dir, err = filepath.Abs(b.Dir); err != nil {
		return b, fmt.Errorf("builder: %w", err)
	}
	if b.Cache, err = filepath.Abs(b.Cache); err != nil {
		return b, fmt.Errorf("builder: %w", err)
	}
	if b.Machine == nil {
		b.Machine = machine.Local()
	}
	if b.Work == "" {
		b.Work = "/var/tmp"
	}
	if b.Fetcher.Cache == "" {
		b.Fetcher.Cache = filepath.Join(b.Cache, "sources")
	}
	if b.Logger == nil {
		b.Logger = slog.New(slog.DiscardHandler)
	}
	if b.Fetcher.Logger == nil {
		b.Fetcher.Logger = b.Logger
	}
	return b, nil
}

// platform returns the machine's platform, and refuses a wanted one that is another.
func (b Builder) platform(ctx context.Context, wanted cpython.Platform) (cpython.Platform, error) {
	osRelease, err := b.output(ctx, "cat", "/etc/os-release")
	if err != nil {
		return cpython.Platform{}, fmt.Errorf("platform of the machine: %w", err)
	}
	uname, err := b.output(ctx, "uname", "-m")
	if err != nil {
		return cpython.Platform{}, fmt.Errorf("platform of the machine: %w", err)
	}
	found, err := cpython.ParsePlatform(osRelease, uname)
	if err != nil {
		return cpython.Platform{}, fmt.Errorf("platform of the machine: %w", err)
	}
	if found.Libc() != "glibc" {
		return cpython.Platform{}, fmt.Errorf("platform of the machine: %s has %s, only glibc is supported", found, found.Libc())
	}
	if wanted == (cpython.Platform{}) {
		return found, nil
	}
	found.Level = wanted.Level // a level is the recipe's choice, not the machine's
	if found != wanted {
		return cpython.Platform{}, fmt.Errorf("recipe names platform %s, but the machine is %s; leave it out, or build on a machine of that platform", wanted, found)
	}
	return wanted, nil
}

// output runs a command of fixed arguments and returns what it printed.
func (b Builder) output(ctx context.Context, args ...string) (string, error) {
	var out strings.Builder
	err := b.Machine.Run(ctx, machine.Cmd{Args: args, Env: queryEnv, Stdout: &out})
	return strings.TrimSpace(out.String()), err
}

// queryEnv is the environment of commands that only ask the machine something.
var queryEnv = []string{"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C.UTF-8", "HOME=/nonexistent"}

// existing returns the artifact of ref in dir if it is there, intact and made
// from these inputs. One that is damaged counts as not there, since building
// puts a whole one in its place; one of other inputs is an *ExistsError.
func (s *session) existing(ctx context.Context) (*Result, error) {
	name := filepath.Join(s.Dir, s.recipe.Ref.File())
	if _, err := os.Lstat(name); errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	a, err := artifact.Open(name)
	if err != nil {
		s.Logger.Warn("an artifact is there but cannot be read, building it anew", "path", name, "error", err)
		return nil, nil
	}
	defer a.Close()
	if info := a.Info(); info.Inputs != s.info.Inputs {
		if s.Force {
			return nil, nil
		}
		return nil, &ExistsError{name, differences(info, s.info)}
	}
	digest, size, err := intact(ctx, name)
	if err != nil {
		s.Logger.Warn("an artifact is there but is not intact, building it anew", "path", name, "error", err)
		return nil, nil
	}
	return &Result{Ref: s.recipe.Ref, Path: name, SHA256: digest, Size: size, Reused: true}, nil
}
