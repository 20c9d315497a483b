package artifact

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/2-coatl/cpython-prebuilt/cpython"
)

// A dynamicCheck is one check that runs the interpreter of the unpacked tree.
type dynamicCheck struct {
	id       string
	passed   string
	required bool // where the artifact can run on this host
	run      func(context.Context, *stage, *reporter) error
}

// dynamicChecks returns the checks that run the interpreter, in their order.
func dynamicChecks() []dynamicCheck {
	return []dynamicCheck{
		{"D01", "the interpreter runs and is what it should be", true, checkInterpreter},
		{"D02", "the interpreter finds its own tree from everywhere", true, checkPlaces},
		{"D03", "the loader finds every library", true, checkLoader},
		{"D04", "every module of this build can be imported", true, checkImports},
		{"D05", "modules work", false, checkWorks},
		{"D06", "pip installs, and virtual environments work", false, checkPip},
		{"D07", "extensions and embedding programs can be built", false, checkCompile},
		{"D08", "read-only, without privileges and with little stack it runs", false, checkConfined},
	}
}

// trusted are the static checks without which nothing is executed: they say
// that the file is the one that somebody answers for.
var trusted = []string{"S01", "S02", "S03", "S04", "S05", "S06"}

// untrusted returns the first of the trusted checks that did not pass.
func untrusted(report *cpython.Report) string {
	for _, f := range report.Findings {
		if slices.Contains(trusted, f.ID) && f.Status != cpython.Pass && f.Status != cpython.Warn {
			return f.ID
		}
	}
	return ""
}

// dynamic runs the checks that need the interpreter, or says why it cannot.
func (v *verifier) dynamic(ctx context.Context, report *cpython.Report) error {
	if v.scene.info == nil {
		skipDynamic(report, "there is no valid build-info.json to go by", false)
		return nil
	}
	if v.distrust != "" {
		skipDynamic(report, "nothing of a file that fails "+v.distrust+" is executed", true)
		return nil
	}
	s := v.newStage()
	reason, err := s.cannotRun(ctx, v.opts.Machine == nil)
	if err != nil {
		return fmt.Errorf("ask the machine what it is: %w", err)
	}
	if reason != "" {
		skipDynamic(report, reason, false)
		return nil
	}
	return errors.Join(s.play(ctx, v, report), s.strike(ctx))
}

// play unpacks the tree and runs the checks.
func (s *stage) play(ctx context.Context, v *verifier, report *cpython.Report) error {
	if err := s.set(ctx, v); err != nil {
		return fmt.Errorf("unpack for the dynamic checks: %w", err)
	}
	s.isolate(ctx)
	for _, c := range dynamicChecks() {
		if s.dead {
			report.Add(cpython.Finding{ID: c.id, Status: cpython.Skip, Required: c.required, Message: "the interpreter does not run"})
			continue
		}
		r := &reporter{id: c.id}
		if err := c.run(ctx, s, r); err != nil {
			return err
		}
		report.Add(r.result(c.passed)...)
	}
	return nil
}

// skipDynamic says of every dynamic check why it was not made. Where the fault
// is the artifact's, those that are required count as failed.
func skipDynamic(report *cpython.Report, reason string, fault bool) {
	for _, c := range dynamicChecks() {
		report.Add(cpython.Finding{ID: c.id, Status: cpython.Skip, Message: reason, Required: fault && c.required})
	}
}

// lastLine returns the last line that says something: Python's errors end in
// the one that matters.
func lastLine(texts ...string) string {
	for _, text := range texts {
		lines := strings.Split(strings.TrimSpace(text), "\n")
		if last := strings.TrimSpace(lines[len(lines)-1]); last != "" {
			return last[:min(len(last), 300)]
		}
	}
	return "nothing was printed"
}
