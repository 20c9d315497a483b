package build

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/2-coatl/cpython-prebuilt/cpython/artifact"
	"github.com/2-coatl/cpython-prebuilt/cpython/fetch"
	"github.com/2-coatl/cpython-prebuilt/cpython/machine"
)

// toolchain sees to the packages that the recipe needs and takes down what
// decides the content of the artifact: the recipe, its plan and the tools.
func (s *session) toolchain(ctx context.Context) (err error) {
	name := filepath.Join(s.Cache, "logs", s.recipe.Ref.String()+"-toolchain.log")
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		return fmt.Errorf("builder: %w", err)
	}
	if s.log, err = os.Create(name); err != nil {
		return fmt.Errorf("builder: %w", err)
	}
	defer s.log.Close()
	run := func(c machine.Cmd) error {
		s.Logger.Info("toolchain", "runs", strings.Join(c.Args, " "))
		return s.exec(ctx, c)
	}
	unlock, err := s.lock(ctx, "packages", "another build is installing packages, waiting for it")
	if err != nil {
		return err
	}
	env := slices.Concat(queryEnv, s.ProxyEnv)
	versions, err := s.recipe.packages().ensure(ctx, s.Machine, run, env)
	if err == nil && s.Ccache {
		p := s.recipe.packages()
		if _, err := (packages{p.manager, p.known, []string{"ccache"}}).ensure(ctx, s.Machine, run, env); err != nil {
			s.Logger.Warn("compiling without ccache", "reason", err)
		}
	}
	unlock()
	if err := cmp.Or(err, ctx.Err()); err != nil {
		return err
	}
	tools := artifact.Toolchain{Packages: versions}
	for _, ask := range []struct {
		to   *string
		args []string
	}{
		{&tools.Compiler, []string{"gcc", "--version"}},
		{&tools.Linker, []string{"ld", "--version"}},
		{&tools.Libc, []string{"getconf", "GNU_LIBC_VERSION"}},
	} {
		text, err := s.output(ctx, ask.args...)
		if err != nil {
			return &ToolchainError{[]string{ask.args[0]}, "", err}
		}
		*ask.to, _, _ = strings.Cut(text, "\n")
	}
	return s.begin(tools)
}

// begin starts the build-info with what is known before the build.
func (s *session) begin(tools artifact.Toolchain) error {
	r := s.recipe
	recipe := artifact.Recipe{
		Optimize: r.Optimize.String(), Link: r.link(), ConfigureArgs: r.configureArgs(), RequiredModules: r.RequiredModules,
		KeepTests: r.KeepTests, KeepStatic: r.KeepStatic, KeepDebug: r.KeepDebug,
	}
	for _, p := range r.Patches {
		recipe.Patches = append(recipe.Patches, artifact.Patch{Name: p.Name, SHA256: p.SHA256, Reason: p.Reason})
	}
	s.info = artifact.BuildInfo{Schema: artifact.Schema, Ref: r.Ref, Recipe: recipe, Toolchain: tools, Prefix: r.Prefix()}
	inputs, err := json.Marshal(struct {
		TreeRevision int
		Plan         string
		Toolchain    artifact.Toolchain
	}{treeRevision, s.plan.String(), tools})
	if err != nil {
		return fmt.Errorf("builder: %w", err)
	}
	sum := sha256.Sum256(inputs)
	s.info.Inputs = hex.EncodeToString(sum[:])
	return nil
}

// differences says in words what differs between the inputs of an artifact
// that is there and those of the one to build.
func differences(there, here artifact.BuildInfo) []string {
	var list []string
	add := func(name, was, is string) {
		if was != is {
			list = append(list, fmt.Sprintf("%s: %s there, %s here", name, cmp.Or(was, "none"), cmp.Or(is, "none")))
		}
	}
	add("optimisation", there.Recipe.Optimize, here.Recipe.Optimize)
	add("linking", there.Recipe.Link, here.Recipe.Link)
	add("required modules", only(there.Recipe.RequiredModules, here.Recipe.RequiredModules), only(here.Recipe.RequiredModules, there.Recipe.RequiredModules))
	add("configure arguments", only(there.Recipe.ConfigureArgs, here.Recipe.ConfigureArgs), only(here.Recipe.ConfigureArgs, there.Recipe.ConfigureArgs))
	add("compiler", there.Toolchain.Compiler, here.Toolchain.Compiler)
	add("linker", there.Toolchain.Linker, here.Toolchain.Linker)
	add("C library", there.Toolchain.Libc, here.Toolchain.Libc)
	names := slices.Sorted(maps.Keys(here.Toolchain.Packages))
	for _, name := range names {
		add("package "+name, there.Toolchain.Packages[name], here.Toolchain.Packages[name])
	}
	if len(list) == 0 {
		list = []string{"patches, or the steps of the build"}
	}
	return list
}

// only returns what the first list has and the second has not.
func only(list, other []string) string {
	return strings.Join(slices.DeleteFunc(slices.Clone(list), func(item string) bool { return slices.Contains(other, item) }), " ")
}

// fetchSource gets the first of the recipe's archives that any origin has.
func (s *session) fetchSource(ctx context.Context) error {
	sources, err := s.recipe.sources()
	if err != nil {
		return err
	}
	mirrors := s.aptMirrors(ctx)
	var problems []error
	for _, source := range sources {
		fmt.Fprintf(s.log, "%s, sha256 %s\n", source.File, source.SHA256)
		name, err := s.Fetcher.Fetch(ctx, fetch.File{
			Name: source.File, SHA256: source.SHA256, Origins: source.origins(s.recipe.Ref, s.Sources, mirrors),
		})
		if err == nil {
			s.archive = name
			s.info.Source = artifact.Source{Archive: source.File, SHA256: source.SHA256}
			return nil
		}
		if ctx.Err() != nil {
			return err
		}
		problems = append(problems, err)
	}
	return fmt.Errorf("%w\nif you have the archive, name it (-source=FILE, or a folder or mirror that holds it)", errors.Join(problems...))
}

// aptMirrors returns the addresses that the machine's apt is configured with,
// or none where there is no apt.
func (s *session) aptMirrors(ctx context.Context) []string {
	text, err := s.output(ctx, "apt-get", "indextargets", "--format", "$(REPO_URI)")
	if err != nil {
		return nil
	}
	var mirrors []string
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if strings.HasPrefix(line, "http") && !slices.Contains(mirrors, line) {
			mirrors = append(mirrors, line)
		}
	}
	return mirrors
}

// unpackSource unpacks the archive on the machine. The version inside of it
// decides whether it is the right one, not its name.
func (s *session) unpackSource(ctx context.Context) error {
	archive, err := openArchive(s.archive)
	if err != nil {
		return err
	}
	defer archive.Close()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	r, w := io.Pipe()
	var tree sourceTree
	go func() {
		var err error
		if tree, err = copySource(ctx, w, archive); err == nil {
			err = w.Close()
		}
		w.CloseWithError(err)
	}()
	if err := s.Machine.CopyIn(ctx, s.work+"/src", r); err != nil {
		return fmt.Errorf("source archive %s: %w", s.archive, err)
	}
	if _, err := io.Copy(io.Discard, r); err != nil { // what follows the end of the tar stream; then tree is there
		return fmt.Errorf("source archive %s: %w", s.archive, err)
	}
	if got, want := tree.version.String(), s.recipe.Ref.Version.Source(); got != want {
		return fmt.Errorf("source archive %s holds CPython %s, wanted %s", s.archive, got, want)
	}
	s.epoch = tree.newest.Unix()
	s.info.Source.Date = tree.newest.UTC()
	s.setReplacer()
	return nil
}

// checkModules stops the build when a required module would be missing: its
// state is known once configure has run.
func (s *session) checkModules(ctx context.Context) error {
	makefile, err := s.readFile(ctx, path.Join(s.work, "src", "Makefile"))
	if err != nil {
		return err
	}
	states := artifact.ModuleStates(string(makefile))
	for _, name := range s.recipe.unstatedModules() {
		if states[name], err = s.probe(ctx, name); err != nil {
			return err
		}
	}
	var missing []string
	for _, name := range s.recipe.RequiredModules {
		state, ok := states[name]
		if !ok {
			states[name] = "unknown to this version of CPython"
		}
		if state != "yes" {
			missing = append(missing, name)
		}
	}
	if len(missing) == 0 {
		return nil
	}
	return &ModuleError{missing, states, s.moduleCommand(missing)}
}

func (s *session) moduleCommand(missing []string) string {
	p := s.recipe.packages()
	var names []string
	for _, name := range missing {
		if d, ok := dependencies[name]; ok {
			names = append(names, p.manager.choose(d))
		}
	}
	slices.Sort(names)
	if names = slices.Compact(names); len(names) == 0 {
		return ""
	}
	return p.commandLine(names)
}

// probe compiles and links a program against the library of a module whose
// state configure does not tell.
func (s *session) probe(ctx context.Context, module string) (string, error) {
	d := dependencies[module]
	args := []string{"gcc", "-w", "-x", "c", "-", "-o", "/dev/null", "-x", "none"}
	err := s.command(ctx, Command{Args: append(args, strings.Fields(d.library)...), Dir: workDir, Stdin: d.probe()})
	if exit := (*machine.ExitError)(nil); errors.As(err, &exit) {
		return "missing", nil
	}
	return "yes", err
}

// readFile reads one file of the machine.
func (s *session) readFile(ctx context.Context, name string) ([]byte, error) {
	stream, err := s.Machine.CopyOut(ctx, name)
	if err != nil {
		return nil, err
	}
	defer stream.Close()
	return firstFile(stream)
}

// verify checks the packed artifact as everybody else would, and has it run on
// the machine that it was built on.
func (s *session) verify(ctx context.Context) error {
	opts := artifact.VerifyOptions{TempDir: s.staging}
	if s.Machine != machine.Local() {
		opts = artifact.VerifyOptions{Machine: s.Machine, TempDir: s.Work}
	}
	report, err := artifact.Verify(ctx, s.packed.path, opts)
	if err != nil {
		return err
	}
	s.report = report
	if err := report.WriteText(s.log); err != nil {
		return fmt.Errorf("verify: %w", err)
	}
	if !report.OK() {
		var text strings.Builder
		if err := report.WriteText(&text); err != nil {
			return fmt.Errorf("verify: %w", err)
		}
		return fmt.Errorf("the artifact does not pass its own checks:\n%s", text.String())
	}
	return nil
}
