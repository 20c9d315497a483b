package targets

import (
	"context"
	"fmt"

	"github.com/2-coatl/cpython-prebuilt/cpython"
	"github.com/2-coatl/cpython-prebuilt/cpython/build"
	"github.com/2-coatl/cpython-prebuilt/cpython/machine"
	"github.com/2-coatl/cpython-prebuilt/cpython/machine/docker"
)

func runDoctor(ctx context.Context, what recipeFlags, only *string, how builderFlags, asJSON bool) error {
	c, err := newConsole()
	if err != nil {
		return err
	}
	recipe, err := c.recipe(what)
	if err != nil {
		return err
	}
	report, err := c.diagnose(ctx, recipe, c.value("machine", only, "", ""), how)
	if err != nil {
		return err
	}
	return printReport(report, asJSON, false)
}

// diagnose looks at every way to build, or at the one that is named.
func (c *console) diagnose(ctx context.Context, recipe build.Recipe, only string, how builderFlags) (*cpython.Report, error) {
	ways := []struct {
		name  string
		check func() ([]cpython.Finding, error)
	}{
		{"local", func() ([]cpython.Finding, error) {
			report, err := build.Doctor(ctx, c.builder(how, &place{Machine: machine.Local(), work: c.cache}), recipe)
			if err != nil {
				return nil, err
			}
			return report.Findings, nil
		}},
		{"docker", func() ([]cpython.Finding, error) { return docker.Check(ctx, ""), nil }},
		{"vagrant", func() ([]cpython.Finding, error) {
			m, err := c.vagrant("")
			if err != nil {
				return nil, err
			}
			return m.Check(ctx), nil
		}},
	}
	var checked []diagnosis
	for _, way := range ways {
		if only != "" && only != way.name {
			continue
		}
		findings, err := way.check()
		if err != nil {
			return nil, err
		}
		checked = append(checked, diagnosis{way.name, findings})
	}
	if len(checked) == 0 {
		return nil, fmt.Errorf("machine %q, wanted local, docker or vagrant", only)
	}
	return verdict(checked), nil
}

// A diagnosis is what was found out about one way to build.
type diagnosis struct {
	way      string
	findings []cpython.Finding
}

// verdict puts the ways together. One that works is enough: then what keeps
// another from working is a warning.
func verdict(checked []diagnosis) *cpython.Report {
	report := &cpython.Report{Subject: "ways to build"}
	works := ""
	for _, d := range checked {
		if works == "" && !failed(d.findings) {
			works = d.way
		}
	}
	for _, d := range checked {
		for _, f := range d.findings {
			f.ID = d.way + "/" + f.ID
			if works != "" && f.Status == cpython.Fail {
				f.Status = cpython.Warn
				f.Message += " (needed for " + d.way + " only; " + works + " works)"
			}
			report.Add(f)
		}
	}
	return report
}
