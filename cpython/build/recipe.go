package build

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/2-coatl/cpython-prebuilt/cpython"
)

// Optimize says how a build is optimised. The zero value is the default,
// PGO | LTO.
type Optimize uint8

// The optimisations.
const (
	PGO  Optimize = 1 << iota // guided by a profile of CPython's own training run
	LTO                       // at link time, over the whole interpreter
	None                      // neither, and compiled for speed of compiling: for trying things out
)

// ParseOptimize reads "none", "pgo" or "full".
func ParseOptimize(text string) (Optimize, error) {
	for _, o := range []Optimize{None, PGO, PGO | LTO} {
		if o.String() == text {
			return o, nil
		}
	}
	return 0, &cpython.ParseError{Kind: "optimisation", Text: text, Reason: "wanted none, pgo or full"}
}

// String returns the text that ParseOptimize reads.
func (o Optimize) String() string {
	switch o {
	case 0, PGO | LTO:
		return "full"
	case PGO:
		return "pgo"
	case None:
		return "none"
	}
	return fmt.Sprintf("invalid(%d)", uint8(o))
}

func (o Optimize) has(flag Optimize) bool {
	if o == 0 {
		o = PGO | LTO
	}
	return o&flag != 0
}

// A Patch is a change to the source, in the form of diff -u with paths that
// patch -p1 understands.
type Patch struct {
	Name   string // a file name: "cafile.patch"
	SHA256 string // of Data, lower-case hexadecimal
	Reason string // why it is there; recorded in build-info
	Data   []byte
}

// A Recipe says what to build. Only Ref.Version is needed: a zero platform is
// the machine's own and a zero build number is 1.
type Recipe struct {
	Ref      cpython.Ref
	Optimize Optimize

	// ConfigureArgs are added after the recipe's own arguments of configure.
	ConfigureArgs []string

	// RequiredModules are the modules without which the build stops after
	// configure, by the name of the module ("ssl") or of the extension
	// behind it ("_ssl"). Nil is what [DefaultModules] returns.
	RequiredModules []string

	// Patches are applied after those that every source gets.
	Patches []Patch

	// SourceSHA256 pins the digest of the source archive by hand, for a
	// version that the table in this module does not know.
	SourceSHA256 string

	// SystemLibraries links to the libraries of the machine instead of
	// putting them into the tree, which then runs only where the same
	// libraries are installed.
	SystemLibraries bool

	// Tkinter builds _tkinter, with Tcl and Tk. What it shows needs an X server
	// and at least one font on the machine that it runs on.
	Tkinter bool

	KeepTests  bool // keep CPython's own test packages
	KeepStatic bool // keep the static libpython
	KeepDebug  bool // keep debug information
}

// link returns how the recipe links, as build-info calls it.
func (r Recipe) link() string {
	if r.SystemLibraries {
		return "system"
	}
	return "bundled"
}

// withDefaults returns the recipe with everything filled in that has a default.
func (r Recipe) withDefaults() Recipe {
	if r.Ref.Build == 0 {
		r.Ref.Build = 1
	}
	if r.Optimize == 0 {
		r.Optimize = PGO | LTO
	}
	if r.RequiredModules == nil {
		r.RequiredModules = DefaultModules(r.Ref.Version)
	}
	var required []string
	for _, name := range r.RequiredModules {
		required = append(required, extensionsOf(name)...)
	}
	if r.Tkinter {
		required = append(required, "_tkinter")
	}
	slices.Sort(required)
	r.RequiredModules = slices.Compact(required)
	r.Patches = append(r.ownPatches(), r.Patches...)
	return r
}

// Validate returns everything that is wrong with the recipe at once, or nil.
// A zero platform or build number is not wrong: see [Recipe].
func (r Recipe) Validate() error {
	var problems []error
	report := func(format string, args ...any) {
		problems = append(problems, fmt.Errorf(format, args...))
	}
	if r.Ref.Version.IsZero() {
		report("recipe: no version, wanted one as in 3.13.5")
	} else if _, err := seriesOf(r.Ref.Version); err != nil {
		problems = append(problems, err)
	} else if _, err := r.sources(); err != nil {
		problems = append(problems, err)
	}
	if r.Ref.Build < 0 {
		report("recipe: build number %d, wanted 1 or more", r.Ref.Build)
	}
	if p := r.Ref.Platform; p != (cpython.Platform{}) && p.Libc() != "glibc" {
		report("recipe: platform %s has %s, only glibc is supported", p, p.Libc())
	}
	if !slices.Contains([]Optimize{0, None, PGO, PGO | LTO}, r.Optimize) {
		report("recipe: optimisation %d, wanted None, PGO or PGO | LTO", r.Optimize)
	}
	for _, name := range r.RequiredModules {
		if !moduleName.MatchString(name) {
			report("recipe: required module %q is not a module name", name)
		}
	}
	if slices.Contains(r.RequiredModules, "_tkinter") && !r.Tkinter {
		report("recipe: _tkinter is required but Tkinter is not set")
	}
	problems = append(problems, r.validateArgs()...)
	problems = append(problems, r.validatePatches()...)
	return errors.Join(problems...)
}

// ownedOptions are the arguments of configure that the recipe's other fields
// decide; given by hand as well, one of the two would silently lose.
var ownedOptions = []string{
	"--prefix", "--exec-prefix", "--enable-shared", "--disable-shared", "--enable-optimizations", "--disable-optimizations",
	"--with-lto", "--without-lto", "--disable-gil", "--enable-gil", "--with-ensurepip", "--without-ensurepip",
	"--disable-test-modules", "--enable-test-modules", "--with-static-libpython", "--without-static-libpython",
	"--with-readline", "--without-readline", "--host", "--build", "--srcdir", "--platlibdir", "--with-platlibdir",
	"CFLAGS_NODIST", "LDFLAGS_NODIST", "CC",
}

func (r Recipe) validateArgs() []error {
	var problems []error
	for _, arg := range r.ConfigureArgs {
		name, _, _ := strings.Cut(arg, "=")
		switch {
		case slices.Contains(ownedOptions, name):
			problems = append(problems, fmt.Errorf("recipe: configure argument %q is decided by the recipe itself", arg))
		case !strings.HasPrefix(arg, "--") && !strings.Contains(arg, "="), strings.ContainsAny(arg, "\n\x00"):
			problems = append(problems, fmt.Errorf("recipe: configure argument %q, wanted --option or NAME=value", arg))
		}
	}
	return problems
}

func (r Recipe) validatePatches() []error {
	var problems []error
	for i, p := range r.Patches {
		name := fmt.Sprintf("recipe: patch %d (%s)", i+1, p.Name)
		if p.Name == "" || path.Base(p.Name) != p.Name {
			problems = append(problems, fmt.Errorf("%s: the name is not a plain file name", name))
		}
		if p.Reason == "" {
			problems = append(problems, fmt.Errorf("%s: no reason given", name))
		}
		sum := sha256.Sum256(p.Data)
		if got := hex.EncodeToString(sum[:]); got != p.SHA256 {
			problems = append(problems, &cpython.DigestError{Name: name, Want: p.SHA256, Got: got})
		}
	}
	return problems
}

// Prefix returns the prefix that is compiled in. A tree unpacked there works
// as it is; an installer rewrites the few files that hold it.
func (r Recipe) Prefix() string { return r.Ref.Prefix("/opt/python") }
