// Package machinetest has what tests of machines and of their users need, in
// the manner of net/http/httptest.
//
// [Conform] is what every [machine.Machine] must pass: Local, a container, a
// virtual machine. A [Fake] is a machine for the tests of a package that uses
// one: its commands are Go functions, its files lie in a temporary folder, so
// that CopyIn and CopyOut are the real ones. It expects nothing and so never
// fails a test by itself.
//
// Neither is for programs: the package imports testing.
package machinetest

import (
	"cmp"
	"path"
	"strings"
	"testing"

	"github.com/2-coatl/cpython-prebuilt/cpython/machine"
)

// Options says what a machine is like and how much Conform asks of it. Only
// Dir is needed.
type Options struct {
	// Dir is an absolute folder on the machine that is the caller's to
	// remove afterwards. It is made when it is not there.
	Dir string

	// Path is the PATH where the machine has sh, cat, sleep, env, id and printf.
	// Empty is /usr/local/bin:/usr/bin:/bin.
	Path string

	// UTF8Only is set where arguments and file names in other bytes cannot
	// get through, as with the Docker API and the file systems of macOS.
	UTF8Only bool

	Output int64 // bytes that one command prints; 0 is 64 MiB
	Large  int64 // bytes of the largest file that is copied; 0 is 8 MiB
	Files  int   // number of files that are copied at once; 0 is 500
}

// Conform tests that m keeps the contract of machine.Machine. Of the machine
// it needs sh, cat, sleep, env, id and printf as POSIX has them. It does not close
// m. The tests run in parallel and all end before Conform returns.
func Conform(t *testing.T, m machine.Machine, opts Options) {
	t.Helper()
	if !path.IsAbs(opts.Dir) {
		t.Fatalf("machinetest.Options.Dir is %q, wanted an absolute folder on the machine", opts.Dir)
	}
	opts.Path = cmp.Or(opts.Path, "/usr/local/bin:/usr/bin:/bin")
	opts.Output = cmp.Or(opts.Output, 64<<20)
	opts.Large = cmp.Or(opts.Large, 8<<20)
	opts.Files = cmp.Or(opts.Files, 500)
	t.Run("Conform", func(t *testing.T) {
		for _, test := range conformance {
			t.Run(test.name, func(t *testing.T) {
				t.Parallel()
				dir := path.Join(opts.Dir, strings.ReplaceAll(test.name, " ", "-"))
				test.run(&suite{t, m, opts, dir})
			})
		}
	})
}

// conformance is everything that Conform tests.
var conformance = []struct {
	name string
	run  func(*suite)
}{
	{"exit code", (*suite).exitCode},
	{"signal", (*suite).signal},
	{"tail", (*suite).tail},
	{"no such program", (*suite).noProgram},
	{"no such folder", (*suite).noFolder},
	{"arguments", (*suite).arguments},
	{"environment given", (*suite).environmentGiven},
	{"environment of the machine", (*suite).environmentOwn},
	{"working folder", (*suite).workingFolder},
	{"root", (*suite).root},
	{"binary data", (*suite).binaryData},
	{"large output", (*suite).largeOutput},
	{"input empty", (*suite).inputEmpty},
	{"input not wanted", (*suite).inputNotWanted},
	{"input breaks", (*suite).inputBreaks},
	{"output and errors", (*suite).outputAndErrors},
	{"output refused", (*suite).outputRefused},
	{"concurrent commands", (*suite).concurrent},

	{"cancelled before", (*suite).cancelledBefore},
	{"cancelled group", (*suite).cancelledGroup},
	{"cancelled group that ignores SIGTERM", (*suite).cancelledDeaf},
	{"cancelled while input waits", (*suite).cancelledInput},
	{"cancelled as root", (*suite).cancelledRoot},
	{"deadline", (*suite).deadline},

	{"copy kinds and modes", (*suite).copyKinds},
	{"copy odd names", (*suite).copyNames},
	{"copy many files", (*suite).copyMany},
	{"copy a large file", (*suite).copyLarge},
	{"copy over what is there", (*suite).copyOver},
	{"copy into a new folder", (*suite).copyNew},
	{"copy a single file", (*suite).copySingle},
	{"copy an empty folder", (*suite).copyEmpty},
	{"copy what is missing", (*suite).copyMissing},
	{"copy a broken stream", (*suite).copyBroken},
	{"copy out, closed early", (*suite).copyClosed},
	{"copy stays inside", (*suite).copyInside},
}

// A suite is one running test of Conform.
type suite struct {
	*testing.T
	machine machine.Machine
	opts    Options
	dir     string // a folder on the machine for this test alone; not made yet
}

// output runs a command that must succeed and returns what it printed.
func (s *suite) output(c machine.Cmd) string {
	s.Helper()
	var out, errors strings.Builder
	c.Stdout, c.Stderr = &out, &errors
	if err := s.machine.Run(s.Context(), c); err != nil {
		s.Fatalf("run %q: %v", c.Args, err)
	}
	if errors.Len() > 0 {
		s.Errorf("run %q printed on standard error: %s", c.Args, errors.String())
	}
	return out.String()
}

// shell is a command that runs a script, whose arguments are $1, $2, ...
func shell(script string, args ...string) machine.Cmd {
	return machine.Cmd{Args: append([]string{"sh", "-c", script, "sh"}, args...)}
}
