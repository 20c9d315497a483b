package build

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/2-coatl/cpython-prebuilt/cpython"
)

// A Matrix is which artifacts to build: every version for every platform.
type Matrix struct {
	Versions  []string // "3.13.5", "3.13.5t"
	Platforms []Target
	Build     int // build number; 0 is 1
}

// A Target is a platform and where it is built.
type Target struct {
	Platform string // "ubuntu20.04-arm64"; empty is what the image turns out to be
	Image    string // the container image to build in: "ubuntu:20.04"
	Arch     string // of the image, in Go's spelling; empty is the platform's, or the engine's own
	Runner   string // the label of the CI system's runner that has this processor; may be empty
}

// DefaultMatrix is what this project builds: on the oldest distribution that
// its users have, for both architectures of GitHub's runners.
func DefaultMatrix() Matrix {
	return Matrix{
		Versions: []string{"3.11.2", "3.13.5", "3.13.5t"},
		Platforms: []Target{
			{Platform: "ubuntu20.04", Image: "ubuntu:20.04", Runner: "ubuntu-24.04"},
			{Platform: "ubuntu20.04-arm64", Image: "ubuntu:20.04", Runner: "ubuntu-24.04-arm"},
		},
	}
}

// A Job is one artifact of a matrix. As JSON it is an entry of what CI systems
// call a matrix: strings and a number.
type Job struct {
	Version  string `json:"version"`
	Build    int    `json:"build"`
	Platform string `json:"platform,omitempty"`
	Image    string `json:"image"`
	Arch     string `json:"arch,omitempty"`
	Runner   string `json:"runner,omitempty"`
}

// String returns what tells the job from others of its matrix.
func (j Job) String() string {
	text := cmp.Or(j.Platform, j.Image)
	if j.Platform == "" && j.Arch != "" {
		text += " (" + j.Arch + ")"
	}
	return fmt.Sprintf("%s build %d for %s", j.Version, j.Build, text)
}

// Ref returns the artifact that the job makes. Its platform is zero where only
// the image will tell.
func (j Job) Ref() (cpython.Ref, error) {
	version, err := cpython.ParseVersion(j.Version)
	ref := cpython.Ref{Version: version, Build: j.Build}
	if j.Platform != "" && err == nil {
		ref.Platform, err = cpython.PlatformNamed(j.Platform)
	}
	return ref, err
}

// Expand returns the jobs of the matrix, version by version in the order given.
// The error says everything that is wrong with it.
func (m Matrix) Expand() ([]Job, error) {
	var problems []error
	if len(m.Versions) == 0 {
		problems = append(problems, errors.New("matrix: no versions"))
	}
	if len(m.Platforms) == 0 {
		problems = append(problems, errors.New("matrix: no platforms"))
	}
	var jobs []Job
	for _, version := range m.Versions {
		for _, target := range m.Platforms {
			job, err := target.job(version, cmp.Or(m.Build, 1))
			if err != nil {
				problems = append(problems, fmt.Errorf("matrix: %w", err))
			} else if slices.Contains(jobs, job) {
				problems = append(problems, fmt.Errorf("matrix: %s is there twice", job))
			}
			jobs = append(jobs, job)
		}
	}
	if err := errors.Join(problems...); err != nil {
		return nil, err
	}
	return jobs, nil
}

func (t Target) job(version string, build int) (Job, error) {
	job := Job{Version: version, Build: build, Platform: t.Platform, Image: t.Image, Arch: t.Arch, Runner: t.Runner}
	if t.Image == "" {
		return job, fmt.Errorf("platform %q has no image to build in", t.Platform)
	}
	ref, err := job.Ref()
	if err != nil {
		return job, err
	}
	if p := ref.Platform; p != (cpython.Platform{}) {
		if t.Arch != "" && t.Arch != p.Arch {
			return job, fmt.Errorf("platform %s is built in an image for %s", p, t.Arch)
		}
		job.Arch = p.Arch
	}
	return job, Recipe{Ref: ref}.Validate()
}

// An Outcome is what became of a job.
type Outcome struct {
	Job    Job
	Result *Result // nil where it failed
	Err    error
	Took   time.Duration
}

// All does jobs, n at a time, and goes on after a failure. It returns their
// outcomes in the order of the jobs. When ctx ends, what has not begun fails
// with its reason.
func All(ctx context.Context, jobs []Job, n int, do func(context.Context, Job) (*Result, error)) []Outcome {
	outcomes := make([]Outcome, len(jobs))
	places := make(chan struct{}, max(n, 1))
	var wait sync.WaitGroup
	for i, job := range jobs {
		places <- struct{}{}
		wait.Go(func() {
			defer func() { <-places }()
			started := time.Now()
			o := Outcome{Job: job, Err: context.Cause(ctx)}
			if o.Err == nil {
				o.Result, o.Err = do(ctx, job)
			}
			o.Took = time.Since(started)
			outcomes[i] = o
		})
	}
	wait.Wait()
	return outcomes
}
