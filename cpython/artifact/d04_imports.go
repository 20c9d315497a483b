package artifact

import (
	"context"
	"slices"
	"strings"

	"github.com/2-coatl/cpython-prebuilt/cpython"
)

// importProbe imports the modules that its arguments name, one after the
// other, and prints a line for each that cannot be. It runs in a process of its
// own for each required module, so that none is there only because of another.
const importProbe = `import importlib, sys
for name in sys.argv[1:]:
    try:
        importlib.import_module(name)
    except BaseException as e:
        print(name, type(e).__name__ + ":", " ".join(str(e).split()))`

// criticalModules are what the users of an artifact cannot do without. Each
// stands for an extension module that needs a library.
var criticalModules = []string{"bz2", "ctypes", "lzma", "sqlite3", "ssl", "uuid", "zlib"}

// checkImports is D04: each required module can be imported on its own, then
// every module that this build has.
func checkImports(ctx context.Context, s *stage, r *reporter) error {
	required := slices.Concat(criticalModules, s.info.Recipe.RequiredModules)
	slices.Sort(required)
	required = slices.Compact(required)
	var all []string
	for name, state := range sorted(s.info.Modules) {
		if (state == "shared" || state == "builtin") && !slices.Contains(required, name) {
			all = append(all, name)
		}
	}
	runs := [][]string{}
	for _, name := range required {
		runs = append(runs, []string{name})
	}
	if len(all) > 0 {
		runs = append(runs, all)
	}
	for _, names := range runs {
		output, problem, err := s.python(ctx, append([]string{"-I", "-B", "-c", importProbe}, names...)...)
		if err != nil {
			return err
		}
		if problem != "" {
			r.fail(strings.Join(names, " "), "importing ends the interpreter: %s", problem)
			continue
		}
		for line := range strings.Lines(output) {
			name, reason, _ := strings.Cut(strings.TrimSpace(line), " ")
			if slices.Contains(names, name) {
				r.add(cpython.Finding{Status: cpython.Fail, Subject: name, Message: "cannot be imported", Found: reason})
			}
		}
	}
	return nil
}
