package targets

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/2-coatl/cpython-prebuilt/cpython/build"
)

type matrixFlags struct {
	versions, images, arch *string
	build                  *int
}

// matrix reads versions and images; what is not given is the project's own.
func (c *console) matrix(f matrixFlags) ([]build.Job, error) {
	m := build.DefaultMatrix()
	if list := c.value("versions", f.versions, "VERSIONS", ""); list != "" {
		m.Versions = strings.Split(list, ",")
	}
	if f.build != nil {
		m.Build = *f.build
	}
	arch := c.value("arch", f.arch, "", "")
	if list := c.value("images", f.images, "IMAGES", ""); list != "" {
		m.Platforms = nil
		for _, image := range strings.Split(list, ",") {
			m.Platforms = append(m.Platforms, build.Target{Image: image, Arch: arch})
		}
	}
	jobs, err := m.Expand()
	if err != nil || arch == "" {
		return jobs, err
	}
	var wanted []build.Job
	for _, job := range jobs {
		if job.Arch == arch {
			wanted = append(wanted, job)
		}
	}
	if len(wanted) == 0 {
		return nil, fmt.Errorf("nothing in the matrix is for the architecture %s", arch)
	}
	return wanted, nil
}

func runMatrix(f matrixFlags, asJSON bool) error {
	c, err := newConsole()
	if err != nil {
		return err
	}
	jobs, err := c.matrix(f)
	if err != nil {
		return err
	}
	return printMatrix(os.Stdout, jobs, asJSON)
}

// printMatrix prints jobs, as JSON in the form that GitHub's strategy takes.
func printMatrix(w io.Writer, jobs []build.Job, asJSON bool) error {
	if asJSON {
		return json.NewEncoder(w).Encode(map[string][]build.Job{"include": jobs})
	}
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "VERSION\tBUILD\tPLATFORM\tIMAGE\tARCHITECTURE\tRUNNER")
	for _, j := range jobs {
		fmt.Fprintf(t, "%s\t%d\t%s\t%s\t%s\t%s\n", j.Version, j.Build, j.Platform, j.Image, j.Arch, j.Runner)
	}
	return t.Flush()
}

type allFlags struct {
	matrixFlags
	machineFlags
	builderFlags
	optimize *string
	parallel *int
}

func runBuildAll(ctx context.Context, f allFlags) error {
	c, err := newConsole()
	if err != nil {
		return err
	}
	if f.matrixFlags.images == nil && f.matrixFlags.arch == nil {
		host := runtime.GOARCH // what the engine can run for sure
		f.matrixFlags.arch = &host
	}
	jobs, err := c.matrix(f.matrixFlags)
	if err != nil {
		return err
	}
	optimize, err := build.ParseOptimize(c.value("optimize", f.optimize, "", "full"))
	if err != nil {
		return err
	}
	n := 1
	if f.parallel != nil {
		n = *f.parallel
	}
	outcomes := build.All(ctx, jobs, n, func(ctx context.Context, j build.Job) (*build.Result, error) {
		return c.job(ctx, f, j, optimize)
	})
	c.end()
	if err := printOutcomes(os.Stdout, outcomes); err != nil {
		return err
	}
	failures := 0
	for _, o := range outcomes {
		if o.Err != nil {
			failures++
		}
	}
	if failures > 0 {
		return fmt.Errorf("%d of %d builds failed", failures, len(outcomes))
	}
	return nil
}

// job builds one artifact of the matrix in a container of its own.
func (c *console) job(ctx context.Context, f allFlags, j build.Job, optimize build.Optimize) (*build.Result, error) {
	of := c.of(j.String())
	f.machineFlags.arch = nil
	if j.Arch != "" {
		f.machineFlags.arch = &j.Arch
	}
	m := of.container(j.Image, f.machineFlags)
	b := of.builder(f.builderFlags, &place{m, "docker:" + j.Image, containerWork, true})
	ref, err := j.Ref()
	if err != nil {
		return nil, err
	}
	result, err := b.Build(ctx, build.Recipe{Ref: ref, Optimize: optimize})
	err = errors.Join(err, m.Close())
	of.end()
	if err != nil {
		of.logger.Error("failed", "error", err)
		return nil, err
	}
	of.logger.Info("done", "path", result.Path)
	return result, nil
}

// printOutcomes prints what became of the jobs.
func printOutcomes(w io.Writer, outcomes []build.Outcome) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "ARTIFACT\tMACHINE\tTIME\tMB\tRESULT")
	for _, o := range outcomes {
		name, size, result := o.Job.String(), "", "built"
		switch {
		case o.Err != nil:
			result = "failed: " + strings.SplitN(o.Err.Error(), "\n", 2)[0]
		default:
			name, size = o.Result.Ref.String(), fmt.Sprintf("%.1f", float64(o.Result.Size)/1e6)
			if o.Result.Reused {
				result = "was there"
			}
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\n", name, o.Job.Image, o.Took.Round(time.Second), size, result)
	}
	return t.Flush()
}
