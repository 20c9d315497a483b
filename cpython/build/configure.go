package build

import (
	"fmt"
	"path"
	"strings"
	"time"
)

// hardenC and hardenLink make what is built here hard to exploit: no
// executable stack, everything relocated read-only before main, stack
// canaries and checked string functions. Link flags apply to every ELF file.
// Canaries stand in functions with buffers only: those of
// -fstack-protector-strong cost the interpreter 1 % (pyperformance, 3.13.5).
const (
	hardenC    = "-fstack-protector -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2"
	hardenLink = "-Wl,-z,relro -Wl,-z,now -Wl,-z,noexecstack"
)

// ldflags are for everything that is linked here. Besides hardening it, they
// have the linker note in each file that it needs newer processors, where the
// platform does: the compiler leaves no such note. For the baseline there is
// none: GNU ld 2.40 ends with an internal error when given -z x86-64-baseline.
func (r Recipe) ldflags() string {
	flags := hardenLink + " -Wl,--as-needed"
	if p := r.Ref.Platform; p.Arch == "amd64" && p.Level != "" {
		flags += " -Wl,-z,x86-64-" + p.Level
	}
	return flags
}

// cflags are for the interpreter and the standard library's extensions only.
// They are not part of what sysconfig gives to extensions built by users.
func (r Recipe) cflags() string {
	var flags []string
	if r.Optimize.has(None) {
		flags = append(flags, "-O1")
	}
	if !r.KeepDebug {
		flags = append(flags, "-g0") // after the -g of OPT: debug information would only be made to be stripped
	}
	if r.Ref.Platform.Level != "" {
		flags = append(flags, "-march=x86-64-"+r.Ref.Platform.Level)
	}
	return strings.Join(append(flags, hardenC), " ")
}

// zoneFolders are where distributions have the time zone database. The tree's
// own comes last: the system's is newer.
const zoneFolders = "/usr/share/zoneinfo:/usr/lib/zoneinfo:/usr/share/lib/zoneinfo:/etc/zoneinfo"

func (r Recipe) configureArgs() []string {
	args := []string{
		"--enable-option-checking=fatal", // an option that a series does not know would only warn
		"--prefix=" + r.Prefix(),
		"--enable-shared",
		"--enable-loadable-sqlite-extensions",
		"--with-readline=editline", // libedit: readline's licence would bind the whole artifact
		"--without-system-libmpdec",
		"--with-ensurepip=no", // it would look at the machine's own prefix; see installSteps
		"--with-platlibdir=lib",
		"--with-openssl-rpath=no",
		"--with-tzpath=" + zoneFolders + ":" + r.Prefix() + "/share/zoneinfo",
	}
	if r.Ref.Version.FreeThreaded {
		args = append(args, "--disable-gil")
	}
	if r.Optimize.has(PGO) {
		args = append(args, "--enable-optimizations")
	}
	if r.Optimize.has(LTO) {
		args = append(args, "--with-lto=full")
	}
	if !r.KeepTests {
		args = append(args, "--disable-test-modules")
	}
	if !r.KeepStatic {
		args = append(args, "--without-static-libpython")
	}
	for _, name := range r.disabledModules() {
		args = append(args, "py_cv_module_"+name+"=n/a") // so that the Makefile says so too
	}
	args = append(args, "CC=gcc", "CFLAGS_NODIST="+r.cflags(), "LDFLAGS_NODIST="+r.ldflags())
	return append(args, r.ConfigureArgs...)
}

// prefixMap keeps the folder of the build out of what __FILE__ and debug
// information say; setup.py of 3.11 compiles by absolute paths. Not
// -ffile-prefix-map: newer compilers apply that to the names of profiles too.
// The flags are taken out of the finished tree again, see tree.scrub.
func prefixMap(src string) string {
	return fmt.Sprintf(" -fmacro-prefix-map=%s=%s -fdebug-prefix-map=%[1]s=%[2]s", src, sourcePath)
}

func (r Recipe) configureStep() Step {
	args := []string{"./configure"}
	for _, arg := range r.configureArgs() {
		if strings.HasPrefix(arg, "CFLAGS_NODIST=") {
			arg += prefixMap(srcDir)
		}
		args = append(args, arg)
	}
	return Step{
		Name: "configure", Summary: "configure", Expect: 23 * time.Second,
		Files: []File{
			{path.Join(srcDir, "Modules", "Setup.local"), setupLocal(r.disabledModules())},
			{path.Join(srcDir, "GNUmakefile"), r.gnumakefile()},
		},
		Commands: []Command{{Args: args, Dir: srcDir}},
	}
}

// setupLocal is Modules/Setup.local, the place CPython has for local choices:
// 3.11 decides on some modules only there.
func setupLocal(disabled []string) string {
	return "*disabled*\n" + strings.Join(disabled, "\n") + "\n"
}

// gnumakefile goes before CPython's own Makefile: GNU make prefers a file of
// this name, in recursive calls too. It changes how things are linked without
// changing the Makefile that is installed and that sysconfig reads.
//
// The interpreter is linked from the objects of libpython instead of against
// it: calls inside of it then need no indirection, and no foreign libpython
// can take its place. The two passes that are off for the evaluation loop would
// merge the jumps at the end of its instructions, which makes them hard to
// predict. Training runs on a build without LTO, which takes a
// third of the time to make and gives the same counts: they are taken before
// link-time optimisation. And CPython asks for a link in one partition, on one
// core; the default partitions use all of them.
//
// The library of the stable ABI needs libpython and gets a run path to it: who
// loads it then gets the libpython beside it and no other.
func (r Recipe) gnumakefile() string {
	var b strings.Builder
	b.WriteString("include Makefile\n\n")
	b.WriteString("$(BUILDPYTHON): private LINK_PYTHON_OBJS = $(LIBRARY_OBJS)\n")
	b.WriteString("$(BUILDPYTHON): private LINKFORSHARED += -pie\n")
	b.WriteString("libpython3.so libpython3t.so: private BLDSHARED += -Wl,--disable-new-dtags,-rpath,'$$ORIGIN'\n")
	if !r.SystemLibraries {
		b.WriteString(r.modulePath())
	}
	if r.Optimize.has(PGO) {
		b.WriteString("Python/ceval.o: private PY_CORE_CFLAGS += -fno-gcse -fno-crossjumping\n")
	}
	if !r.Optimize.has(LTO) {
		return b.String()
	}
	debug := ""
	if !r.KeepDebug {
		debug = " -g" // configure adds it after our -g0
	}
	b.WriteString("\nifeq ($(PHASE),train)\n")
	for _, name := range []string{"CONFIGURE_CFLAGS_NODIST", "CONFIGURE_LDFLAGS_NODIST"} {
		fmt.Fprintf(&b, "%s := $(filter-out -flto%% -fuse-linker-plugin -ffat-lto-objects%s,$(%[1]s))\n", name, debug)
	}
	b.WriteString("else\n")
	fmt.Fprintf(&b, "CONFIGURE_CFLAGS_NODIST := $(filter-out -flto-partition=none%s,$(CONFIGURE_CFLAGS_NODIST))\n", debug)
	fmt.Fprintf(&b, "CONFIGURE_LDFLAGS_NODIST := $(filter-out -flto -flto-partition=none%s,$(CONFIGURE_LDFLAGS_NODIST)) -flto=auto\n", debug)
	b.WriteString("endif\n")
	return b.String()
}

// modulePath gives extension modules a run path to the tree's libraries, of the
// kind that LD_LIBRARY_PATH does not override. The rules of 3.11 hand it to
// setup.py between quotes, those of later series to the shell.
func (r Recipe) modulePath() string {
	const flags = " private BLDSHARED += -Wl,--disable-new-dtags,-rpath,"
	if r.Ref.Version.Series() == "3.11" {
		return "sharedmods:" + flags + "$$ORIGIN/../..\n"
	}
	return "Modules/%.so:" + flags + "'$$ORIGIN/../..'\n"
}

// compileSteps make everything. With PGO that is three: compile with counters,
// run the training, compile again with what was counted.
func (r Recipe) compileSteps() []Step {
	run := func(args ...string) []Command {
		return []Command{{Args: append([]string{"make", "-j{jobs}"}, args...), Dir: srcDir}}
	}
	if !r.Optimize.has(PGO) {
		return []Step{{Name: "compile", Summary: "compile", Commands: run("all"), Expect: 90 * time.Second}}
	}
	final := 150 * time.Second
	if r.Optimize.has(LTO) {
		final = 300 * time.Second
	}
	return []Step{
		{Name: "instrument", Summary: "compile with counters", Commands: run("profile-gen-stamp", "PHASE=train"), Expect: 200 * time.Second},
		{Name: "train", Summary: "run CPython's training task to fill them", Commands: run("profile-run-stamp", "PHASE=train"), Expect: 90 * time.Second},
		{Name: "compile", Summary: "compile with what was counted", Commands: run("all"), Expect: final},
	}
}
