package artifact

import (
	"context"
	"encoding/json"
	"strings"

	"github.com/2-coatl/cpython-prebuilt/cpython"
)

// identityProbe prints what the interpreter is, as one JSON object.
const identityProbe = `import json, platform, sys, sysconfig
print(json.dumps({"version": platform.python_version(), "machine": platform.machine(),
"soabi": sysconfig.get_config_var("SOABI"), "debug": hasattr(sys, "gettotalrefcount"), "prefix": sys.prefix}))`

// machines are what uname -m says, by Go's names of architectures.
var machines = map[string]string{
	"amd64": "x86_64", "arm64": "aarch64", "arm": "armv7l", "386": "i686", "ppc64le": "ppc64le", "riscv64": "riscv64", "s390x": "s390x",
}

// checkInterpreter is D01: the interpreter starts, and says it is what the
// artifact claims to hold.
func checkInterpreter(ctx context.Context, s *stage, r *reporter) error {
	output, problem, err := s.python(ctx, "-I", "-B", "-c", identityProbe)
	if err != nil {
		return err
	}
	if problem != "" {
		s.dead = true
		r.fail("", "the interpreter does not run: %s", problem)
		return nil
	}
	var got struct {
		Version, Machine, SOABI, Prefix string
		Debug                           bool
	}
	if err := json.Unmarshal([]byte(output), &got); err != nil {
		r.add(cpython.Finding{Status: cpython.Fail, Message: "the interpreter does not say what it is", Found: lastLine(output)})
		return nil
	}
	ref := s.info.Ref
	tag := strings.TrimPrefix(ref.Version.ABITag(), "cp")
	for _, row := range []struct{ what, found, wanted string }{
		{"version", got.Version, ref.Version.Source()},
		{"machine", got.Machine, machines[ref.Platform.Arch]},
		{"SOABI", got.SOABI, "cpython-" + tag + "-" + triplets[ref.Platform.Arch]},
		{"prefix", got.Prefix, s.tree},
	} {
		if row.found != row.wanted {
			r.add(cpython.Finding{Status: cpython.Fail, Message: "the interpreter has another " + row.what, Found: row.found, Wanted: row.wanted})
		}
	}
	if got.Debug {
		r.fail("", "the interpreter is a debug build")
	}
	return nil
}
