package artifact

import (
	"context"
	"embed"
	"path"
	"strings"

	"github.com/2-coatl/cpython-prebuilt/cpython"
)

// probes are the questions that the dynamic checks have the interpreter answer.
//
//go:embed probes/*.py
var probes embed.FS

// probeNames returns the names of the probes; all begin with "report".
func probeNames() []string {
	return []string{"d02_places", "d03_loader", "d05_works", "d06_install", "d07_compile", "d08_confined"}
}

func probeText(name string) ([]byte, error) {
	head, err := probes.ReadFile("probes/report.py")
	if err != nil {
		return nil, err
	}
	body, err := probes.ReadFile("probes/" + name + ".py")
	return append(head, body...), err
}

// probe has the interpreter run the probe of a name with a folder to itself as
// the last argument, and adds a finding for every line that it prints.
func (s *stage) probe(ctx context.Context, r *reporter, name string, args ...string) error {
	file := path.Join(s.dir, "probes", name+".py")
	for i, arg := range args {
		if arg == scratchArg {
			args[i] = path.Join(s.dir, "tmp", name)
		}
	}
	output, problem, err := s.python(ctx, append([]string{"-I", "-B", file}, args...)...)
	if err != nil {
		return err
	}
	done := false
	for line := range strings.Lines(output) {
		status, rest, _ := strings.Cut(strings.TrimRight(line, "\n"), "\t")
		subject, message, _ := strings.Cut(rest, "\t")
		switch status {
		case "fail":
			r.add(cpython.Finding{Status: cpython.Fail, Subject: subject, Message: or(message, "does not work")})
		case "skip":
			r.add(cpython.Finding{Status: cpython.Skip, Subject: subject, Message: or(message, "could not be tried")})
		case "done":
			done = true
		}
	}
	if problem != "" {
		r.fail("", "the probe fails: %s", problem)
	} else if !done {
		r.fail("", "the probe does not come to its end")
	}
	return nil
}

// scratchArg stands for the folder that a probe has to itself.
const scratchArg = "{scratch}"

// checkPlaces is D02: from another path, through links, with another argv[0]
// and with a hostile LD_LIBRARY_PATH, the interpreter uses its own tree.
func checkPlaces(ctx context.Context, s *stage, r *reporter) error {
	return s.probe(ctx, r, "d02_places", s.tree, scratchArg)
}

// checkLoader is D03: the loader finds everything that any ELF file needs.
func checkLoader(ctx context.Context, s *stage, r *reporter) error {
	return s.probe(ctx, r, "d03_loader", s.tree, s.loader())
}

// checkWorks is D05: modules work, and are not only there.
func checkWorks(ctx context.Context, s *stage, r *reporter) error {
	return s.probe(ctx, r, "d05_works", s.info.Recipe.RequiredModules...)
}

// checkCompile is D07: extensions and embedding programs can be built, where
// there is a compiler.
func checkCompile(ctx context.Context, s *stage, r *reporter) error {
	return s.probe(ctx, r, "d07_compile", scratchArg)
}

// checkConfined is D08: the interpreter needs no right to write into its tree,
// no further privileges and little stack.
func checkConfined(ctx context.Context, s *stage, r *reporter) error {
	if s.open != "" {
		r.add(cpython.Finding{Status: cpython.Skip, Subject: "read-only tree", Message: s.open})
	}
	return s.probe(ctx, r, "d08_confined", s.tree, scratchArg)
}
