package targets

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"text/tabwriter"
	"time"

	"github.com/2-coatl/cpython-prebuilt/cpython"
	"github.com/2-coatl/cpython-prebuilt/cpython/artifact"
	"github.com/2-coatl/cpython-prebuilt/cpython/build"
)

// errNotOK ends a target whose report says what is wrong already.
var errNotOK = errors.New("the report above has failures")

// printReport prints a report and returns an error when it is not OK, so that
// the exit code tells.
func printReport(report *cpython.Report, asJSON, asJUnit bool) error {
	write := report.WriteText
	switch {
	case asJSON:
		write = report.WriteJSON
	case asJUnit:
		write = report.WriteJUnit
	}
	if err := write(os.Stdout); err != nil {
		return err
	}
	if !report.OK() {
		return errNotOK
	}
	return nil
}

// printPlan prints what a build would do on its machine.
func printPlan(ctx context.Context, b build.Builder, recipe build.Recipe) error {
	plan, err := b.Plan(ctx, recipe)
	if err != nil {
		return err
	}
	_, err = fmt.Print(plan)
	return err
}

// printBuilt prints the path of an artifact and tells the story of its build.
func (c *console) printBuilt(r *build.Result) error {
	if r.Reused {
		c.logger.Info("nothing to do: the artifact is there, intact, and made from the same inputs")
	} else {
		for _, t := range r.Steps {
			c.println(fmt.Sprintf("  %-10s %8s", t.Step, t.Took.Round(100*time.Millisecond)))
		}
		c.logger.Info("built and verified", "bytes", r.Size, "sha256", r.SHA256, "logs", r.Logs)
	}
	path := r.Path
	if here, err := os.Getwd(); err == nil {
		if rel, err := filepath.Rel(here, path); err == nil && filepath.IsLocal(rel) {
			path = rel
		}
	}
	_, err := fmt.Println(path)
	return err
}

// printInspection prints an inspection as text or as JSON, or its SBOM.
func printInspection(w io.Writer, i *artifact.Inspection, asJSON, sbom bool) error {
	switch {
	case asJSON && sbom:
		return errors.New("-json and -sbom: wanted one of them")
	case sbom:
		text, err := i.SBOM()
		if err == nil {
			_, err = w.Write(text)
		}
		return err
	case asJSON:
		return i.WriteJSON(w)
	}
	return i.WriteText(w)
}

// printList prints what a folder holds as a table or as JSON.
func printList(w io.Writer, dir string, listed []artifact.Listed, asJSON bool) error {
	if asJSON {
		if listed == nil {
			listed = []artifact.Listed{}
		}
		encoder := json.NewEncoder(w)
		encoder.SetIndent("", "  ")
		return encoder.Encode(listed)
	}
	if len(listed) == 0 {
		_, err := fmt.Fprintf(w, "no artifacts in %s\n", dir)
		return err
	}
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "VERSION\tPLATFORM\tBUILD\tMB\tSOURCE OF\tSHA256\tSTATE")
	for _, l := range listed {
		digest := l.SHA256
		if len(digest) > 12 {
			digest = digest[:12]
		}
		fmt.Fprintf(t, "%s\t%s\t%d\t%.1f\t%s\t%s\t%s\n", l.Ref.Version, l.Ref.Platform, l.Ref.Build,
			float64(l.Size)/1e6, l.Date.Format(time.DateOnly), digest, l.State)
	}
	return t.Flush()
}
