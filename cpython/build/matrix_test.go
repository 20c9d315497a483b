package build_test

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/2-coatl/cpython-prebuilt/cpython/build"
)

func TestMatrixGolden(t *testing.T) {
	jobs, err := build.DefaultMatrix().Expand()
	if err != nil {
		t.Fatal(err)
	}
	got, err := json.MarshalIndent(jobs, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "matrix.json", string(got)+"\n")
}

func TestMatrixRefuses(t *testing.T) {
	good := build.Target{Platform: "debian12", Image: "debian:12"}
	for name, test := range map[string]struct {
		matrix build.Matrix
		want   string
	}{
		"empty":             {build.Matrix{}, "no versions"},
		"no platforms":      {build.Matrix{Versions: []string{"3.13.5"}}, "no platforms"},
		"a series":          {build.Matrix{Versions: []string{"3.13"}, Platforms: []build.Target{good}}, "names a series"},
		"an unknown one":    {build.Matrix{Versions: []string{"3.13.99"}, Platforms: []build.Target{good}}, "3.13.99"},
		"twice":             {build.Matrix{Versions: []string{"3.13.5", "3.13.5"}, Platforms: []build.Target{good}}, "is there twice"},
		"no image":          {build.Matrix{Versions: []string{"3.13.5"}, Platforms: []build.Target{{Platform: "debian12"}}}, "no image"},
		"no platform":       {build.Matrix{Versions: []string{"3.13.5"}, Platforms: []build.Target{{Platform: "Debian", Image: "x"}}}, "wanted a distribution"},
		"musl":              {build.Matrix{Versions: []string{"3.13.5"}, Platforms: []build.Target{{Platform: "alpine3.20", Image: "x"}}}, "only glibc"},
		"two architectures": {build.Matrix{Versions: []string{"3.13.5"}, Platforms: []build.Target{{Platform: "debian12", Image: "x", Arch: "arm64"}}}, "image for arm64"},
		"all at once":       {build.Matrix{Versions: []string{"3.13", "4"}, Platforms: []build.Target{good, {}}}, "no image"},
	} {
		if jobs, err := test.matrix.Expand(); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %d jobs, error %v, wanted %q", name, len(jobs), err, test.want)
		}
	}
}

func TestAll(t *testing.T) {
	jobs := []build.Job{{Version: "1"}, {Version: "2"}, {Version: "3"}, {Version: "4"}, {Version: "5"}}
	var running, most atomic.Int32
	broken := errors.New("broken")
	outcomes := build.All(t.Context(), jobs, 2, func(_ context.Context, j build.Job) (*build.Result, error) {
		most.Store(max(most.Load(), running.Add(1)))
		defer running.Add(-1)
		time.Sleep(5 * time.Millisecond)
		if j.Version == "2" {
			return nil, broken
		}
		return &build.Result{Path: j.Version}, nil
	})
	for i, o := range outcomes {
		if o.Job != jobs[i] || (o.Err != nil) != (i == 1) || o.Err == nil && o.Result.Path != jobs[i].Version || o.Took == 0 {
			t.Errorf("outcome %d is %+v", i, o)
		}
	}
	if !errors.Is(outcomes[1].Err, broken) || most.Load() > 2 {
		t.Errorf("error %v, %d at once", outcomes[1].Err, most.Load())
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(broken)
	for _, o := range build.All(ctx, jobs, 1, nil) {
		if !errors.Is(o.Err, broken) {
			t.Errorf("cancelled: %v", o.Err)
		}
	}
}
