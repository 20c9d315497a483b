package artifact

import (
	"context"
	"regexp"
	"strings"

	"github.com/2-coatl/cpython-prebuilt/cpython"
)

var pipVersion = regexp.MustCompile(`^pip [0-9][^ ]* from (.*) \(python ([0-9.]+)\)$`)

// checkPip is D06: pip of the tree runs, virtual environments can be made and
// wheels installed into them, without a network.
func checkPip(ctx context.Context, s *stage, r *reporter) error {
	output, problem, err := s.python(ctx, "-I", "-B", "-m", "pip", "--version")
	if err != nil {
		return err
	}
	output = strings.TrimSpace(output)
	m := pipVersion.FindStringSubmatch(output)
	switch {
	case problem != "":
		r.fail("pip", "python -m pip --version: %s", problem)
	case m == nil:
		r.add(cpython.Finding{Status: cpython.Fail, Subject: "pip", Message: "python -m pip --version says something else than its version", Found: output})
	case !strings.HasPrefix(m[1], s.tree+"/"):
		r.add(cpython.Finding{Status: cpython.Fail, Subject: "pip", Message: "it is not the tree's own", Found: m[1], Wanted: s.tree})
	case m[2] != s.info.Ref.Version.Series():
		r.add(cpython.Finding{Status: cpython.Fail, Subject: "pip", Message: "it runs on another Python", Found: m[2], Wanted: s.info.Ref.Version.Series()})
	}
	return s.probe(ctx, r, "d06_install", scratchArg)
}
